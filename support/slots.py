"""Which appointments for a call-back are free: opening hours in quarters of an hour, less what is booked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby, islice

from django.db.models import Count

from messagecenter.hours.week import Window

from .models import Call, Queue

#: An appointment is not sooner than this, so that somebody sees it coming, nor later than so many days.
NOTICE = timedelta(minutes=30)
DAYS_AHEAD = 14


def days_with_slots(
    queue: Queue, now: datetime, *, most: int = 5, after: datetime | None = None, zone: tzinfo | None = None
) -> list[tuple[date, Sequence[Window]]]:
    """Return the next days that have free appointments, with them; at most ``most`` days. One query.

    Days are those of ``zone``, by default the queue's own; the first appointments are those from ``after`` on.
    """
    begin, clock = max(after or now, now), zone or queue.hours.zone
    found = (slot for _day, slots in _days(queue, begin, now) for slot in slots if slot.start >= begin)
    days = groupby(found, lambda slot: slot.start.astimezone(clock).date())
    return [(day, list(slots)) for day, slots in islice(days, most)]


def is_slot(queue: Queue, starts_at: datetime, now: datetime) -> bool:
    """Return whether an appointment begins at a moment, taken or not, and is neither too soon nor too late."""
    if not now + NOTICE <= starts_at <= now + timedelta(days=DAYS_AHEAD):
        return False
    day = starts_at.astimezone(queue.hours.zone).date()
    return any(slot.start == starts_at for slot in queue.hours.slots(day, Call.MINUTES))


def next_free(queue: Queue, after: datetime, now: datetime) -> datetime | None:
    """Return the first free appointment from a moment on, None when there is none in the days that can be booked.

    One query.
    """
    return next((slot.start for _day, slots in _days(queue, after, now) for slot in slots if slot.start >= after), None)


def _days(queue: Queue, after: datetime, now: datetime) -> Iterator[tuple[date, Sequence[Window]]]:
    """Yield the days from a moment on that have free appointments, with them."""
    first = after.astimezone(queue.hours.zone).date()
    taken = _taken(queue, now, now + timedelta(days=DAYS_AHEAD))
    for ahead in range(DAYS_AHEAD + 1):
        day = first + timedelta(days=ahead)
        if slots := _free(queue, _open_slots(queue, day, now), taken):
            yield day, slots


def _open_slots(queue: Queue, day: date, now: datetime) -> list[Window]:
    """Return the appointments of a local day that can be booked, taken or not, in order."""
    return [
        slot
        for slot in queue.hours.slots(day, Call.MINUTES)
        if now + NOTICE <= slot.start <= now + timedelta(days=DAYS_AHEAD)
    ]


def _taken(queue: Queue, first: datetime, last: datetime) -> dict[datetime, int]:
    """Return how many telephones are booked, by the moment."""
    booked = Call.objects.booked().filter(queue=queue, starts_at__gte=first, starts_at__lte=last)
    return dict(booked.values_list("starts_at").annotate(number=Count("pk")))


def _free(queue: Queue, slots: Sequence[Window], taken: Mapping[datetime, int]) -> list[Window]:
    return [slot for slot in slots if taken.get(slot.start, 0) < queue.calls_at_once]
