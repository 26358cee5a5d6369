"""The reply clock's arithmetic: until when an answer is due, and how much of the time is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from messagecenter.hours.week import ALWAYS, Hours


@dataclass(frozen=True)
class ReplyRule:
    """How long an answer may take: ``hours`` of the time in which ``counted`` is open.

    Around the clock by default; with ``working_days`` a message of Friday 15:00 is due on Monday 15:00, one of the
    weekend when Monday ends.
    """

    hours: int = 24
    counted: Hours = ALWAYS


def due_at(since: datetime, rule: ReplyRule) -> datetime:
    """Return the moment (UTC) at which the answer to a message of ``since`` is due; an answer then is in time.

    Raises ``hours.errors.NeverOpen`` for a rule whose hours never come together.
    """
    return rule.counted.add_working(since, timedelta(hours=rule.hours))


def left(due: datetime, rule: ReplyRule, now: datetime) -> timedelta:
    """Return the counted time left until ``due``; negative when it is over, 0 while it is over but nothing counts."""
    return rule.counted.working_between(now, due)
