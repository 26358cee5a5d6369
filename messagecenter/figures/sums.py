"""The figures of the reply clock: a shop's waits of its last days added up. Pure: which waits is decided elsewhere.

A *wait* is one time somebody waited for the shop: from the first unanswered message to what ended the clock. For a
period of N days before ``now`` the rules are:

* A wait counts when it **started** in the period: after ``now`` less N times 24 hours, and not after ``now``.
* What happened after ``now`` has not happened yet: a wait that ended later is open, so a report made for an earlier
  moment shows what was seen then.
* Every wait that counts has one outcome. **In time**: it ended at or before its due moment, by an answer, by "no
  response needed" or by closing. **Late**: it ended after it, by any of these. **Unanswered**: it has not ended and its
  due moment is past. **Running**: it has not ended and the moment is not past.
* The rate is in time / (in time + late + unanswered); running waits are not in it. Without any there is no rate.
* Average and median are of the first answers: waits ended by an answer, in time or late, from start to end as clocks
  run, whatever hours the due moment was counted by. What was closed or needed no answer is not in them.
* By hour: the weekday (Monday 0) and hour at which the wait **started**, on the clocks of a time zone; an hour that
  comes twice is one. By topic: the wait's. By member: who answered; None for waits that no member answered, so its late
  and unanswered ones are the whole shop's.

Every figure is a sum over the waits that ``counted`` yields with the same arguments, so the list behind a figure can be
shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

PERIODS = (7, 30, 90)  # days

Key = TypeVar("Key")


class End(StrEnum):
    """What ended a wait."""

    ANSWERED = "answered"
    NO_RESPONSE = "no_response"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What became of a wait."""

    IN_TIME = "in_time"
    LATE = "late"
    UNANSWERED = "unanswered"
    RUNNING = "running"


@dataclass(frozen=True)
class Wait:
    """One time somebody waited for a shop; the fields in this order, so that a row of the database makes one.

    Moments are aware. ``member`` answered; None when nobody did. ``end`` is of ``End``, None or "" while it is open.
    """

    mailbox: UUID
    thread: UUID
    topic: str
    member: UUID | None
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None = None
    end: str | None = None

    def has_ended(self, now: datetime) -> bool:
        """Return whether it has ended by ``now``."""
        return self.ended_at is not None and self.ended_at <= now

    def outcome(self, now: datetime) -> Outcome:
        """Return what has become of it by ``now``."""
        if self.ended_at is not None and self.ended_at <= now:
            return Outcome.IN_TIME if self.ended_at <= self.due_at else Outcome.LATE
        return Outcome.UNANSWERED if self.due_at < now else Outcome.RUNNING

    def answer_time(self, now: datetime) -> timedelta | None:
        """Return how long the first answer took; None when there has been none by ``now``."""
        if self.ended_at is None or self.ended_at > now or self.end != End.ANSWERED:
            return None
        return self.ended_at - self.started_at


@dataclass(frozen=True)
class Figures:
    """What some waits add up to; ``average`` and ``median`` are None without answers."""

    in_time: int = 0
    late: int = 0
    unanswered: int = 0
    running: int = 0
    answers: int = 0  # what average and median are of
    average: timedelta | None = None
    median: timedelta | None = None

    @property
    def waits(self) -> int:
        """All of them."""
        return self.in_time + self.late + self.unanswered + self.running

    @property
    def judged(self) -> int:
        """Those the rate is of."""
        return self.in_time + self.late + self.unanswered

    @property
    def rate(self) -> float | None:
        """The share that ended in time, 0 to 1; None when nothing can be said yet."""
        return self.in_time / self.judged if self.judged else None


@dataclass(frozen=True)
class Report:
    """The figures of one period: of all its waits, and apart by when they started, who ended them and what about.

    Only hours, members and topics that have waits are in it.
    """

    days: int
    since: datetime  # not included
    until: datetime
    total: Figures
    by_hour: Mapping[tuple[int, int], Figures]
    by_member: Mapping[UUID | None, Figures]
    by_topic: Mapping[str, Figures]


def reports(
    waits: Iterable[Wait], now: datetime, time_zone: ZoneInfo, periods: Sequence[int] = PERIODS
) -> dict[int, Report]:
    """Return the report of each of ``periods`` (days before ``now``), in one walk over the waits, in any order."""
    shortest_first = sorted(set(periods))
    sums = {days: _Sums() for days in shortest_first}
    for wait in waits:
        age = now - wait.started_at
        if age < timedelta(0):
            continue
        local = wait.started_at.astimezone(time_zone)
        for days in reversed(shortest_first):
            if age >= timedelta(days=days):
                break
            sums[days].add(wait, (local.weekday(), local.hour), now)
    return {days: sums[days].report(days, now) for days in periods}


def counted(waits: Iterable[Wait], now: datetime, days: int) -> Iterator[Wait]:
    """Yield the waits that the report of the last ``days`` counts."""
    since = now - timedelta(days=days)
    return (wait for wait in waits if since < wait.started_at <= now)


@dataclass
class _Group:
    """Waits being added up."""

    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    answers: list[timedelta] = field(default_factory=list)

    def figures(self) -> Figures:
        answers = sorted(self.answers)
        count, half = len(answers), len(answers) // 2
        return Figures(
            in_time=self.outcomes[Outcome.IN_TIME],
            late=self.outcomes[Outcome.LATE],
            unanswered=self.outcomes[Outcome.UNANSWERED],
            running=self.outcomes[Outcome.RUNNING],
            answers=count,
            average=sum(answers, timedelta(0)) / count if answers else None,
            median=(answers[half] + answers[count - 1 - half]) / 2 if answers else None,
        )


class _Sums:
    """One period being added up."""

    def __init__(self) -> None:
        self.total = _Group()
        self.by_hour: dict[tuple[int, int], _Group] = defaultdict(_Group)
        self.by_member: dict[UUID | None, _Group] = defaultdict(_Group)
        self.by_topic: dict[str, _Group] = defaultdict(_Group)

    def add(self, wait: Wait, hour: tuple[int, int], now: datetime) -> None:
        outcome, answer = wait.outcome(now), wait.answer_time(now)
        member = wait.member if wait.has_ended(now) else None
        for group in (self.total, self.by_hour[hour], self.by_member[member], self.by_topic[wait.topic]):
            group.outcomes[outcome] += 1
            if answer is not None:
                group.answers.append(answer)

    def report(self, days: int, now: datetime) -> Report:
        return Report(
            days=days,
            since=now - timedelta(days=days),
            until=now,
            total=self.total.figures(),
            by_hour=_figures(self.by_hour),
            by_member=_figures(self.by_member),
            by_topic=_figures(self.by_topic),
        )


def _figures(groups: Mapping[Key, _Group]) -> dict[Key, Figures]:
    return {key: group.figures() for key, group in groups.items()}
