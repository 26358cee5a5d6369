"""Reads a shop's waits for answers, and narrows them to those behind one figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from messagecenter.accounts.models import Mailbox, User
from messagecenter.threads.models import Wait as Row

from .sums import PERIODS, Outcome, Wait, counted

# A shop with more in 90 days has the newest counted, and is told so: a page must stay a page.
MOST_WAITS = 200_000
COLUMNS = ("mailbox_id", "thread_id", "topic", "answered_by_id", "started_at", "due_at", "ended_at", "end")


def read_waits(reader: User, shop: Mailbox, now: datetime, days: int = max(PERIODS)) -> list[Wait]:
    """Return the waits that began in the last ``days``, newest first: one query."""
    rows = Row.objects.visible_to(reader).of_mailbox(shop).filter(started_at__gt=now - timedelta(days=days))
    return [Wait(*row) for row in rows.order_by("-started_at", "-pk").values_list(*COLUMNS)[:MOST_WAITS]]


@dataclass(frozen=True)
class Narrowing:
    """Which waits of a period are asked for: of one outcome, topic or member; empty means all."""

    days: int = 30
    outcome: str = ""
    topic: str = ""
    member: str = ""

    def as_data(self) -> dict[str, str]:
        """Return it as parameters of an address."""
        told = {"days": str(self.days), "outcome": self.outcome, "topic": self.topic, "member": self.member}
        return {name: value for name, value in told.items() if value}


def read_narrowing(query: Mapping[str, str]) -> Narrowing:
    """Read what an address asks for; what it cannot mean is left out."""
    days = query.get("days", "")
    outcome = query.get("outcome", "")
    return Narrowing(
        days=int(days) if days in {str(one) for one in PERIODS} else 30,
        outcome=outcome if outcome in set(Outcome) else "",
        topic=query.get("topic", "")[:40],
        member=query.get("member", "")[:36],
    )


def behind(waits: list[Wait], narrowing: Narrowing, now: datetime) -> Iterator[Wait]:
    """Yield the waits that a figure counts."""
    for wait in counted(waits, now, narrowing.days):
        if narrowing.outcome and wait.outcome(now) != narrowing.outcome:
            continue
        if narrowing.topic and wait.topic != narrowing.topic:
            continue
        if narrowing.member and _member_of(wait, now) != narrowing.member:
            continue
        yield wait


def _member_of(wait: Wait, now: datetime) -> str:
    member: UUID | None = wait.member if wait.has_ended(now) else None
    return str(member) if member else "none"
