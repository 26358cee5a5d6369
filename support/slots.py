"""Which appointments for a call-back are free: opening hours in quarters of an hour, less what is booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Count

from messagecenter.hours.week import Window

from .models import Call, Queue

#: An appointment is not sooner than this, so that somebody sees it coming, nor later than so many days.
NOTICE = timedelta(minutes=30)
DAYS_AHEAD = 14


def free_slots(queue: Queue, day: date, now: datetime) -> list[Window]:
    """Return the free appointments of a local day (the queue's time zone), in order: one query."""
    open_slots = [
        slot
        for slot in queue.hours.slots(day, Call.MINUTES)
        if now + NOTICE <= slot.start <= now + timedelta(days=DAYS_AHEAD)
    ]
    if not open_slots or not queue.calls_at_once:
        return []
    booked = Call.objects.booked().filter(
        queue=queue, starts_at__gte=open_slots[0].start, starts_at__lte=open_slots[-1].start
    )
    taken = dict(booked.values_list("starts_at").annotate(number=Count("pk")))
    return [slot for slot in open_slots if taken.get(slot.start, 0) < queue.calls_at_once]


def days_with_slots(queue: Queue, now: datetime, *, most: int = 5) -> list[tuple[date, Sequence[Window]]]:
    """Return the next days that have free appointments, with them; at most ``most`` days."""
    found: list[tuple[date, Sequence[Window]]] = []
    first = now.astimezone(queue.hours.zone).date()
    for ahead in range(DAYS_AHEAD + 1):
        day = first + timedelta(days=ahead)
        slots = free_slots(queue, day, now)
        if slots:
            found.append((day, slots))
        if len(found) == most:
            break
    return found


def is_slot(queue: Queue, starts_at: datetime, now: datetime) -> bool:
    """Return whether an appointment begins at a moment, taken or not, and is neither too soon nor too late."""
    if not now + NOTICE <= starts_at <= now + timedelta(days=DAYS_AHEAD):
        return False
    day = starts_at.astimezone(queue.hours.zone).date()
    return any(slot.start == starts_at for slot in queue.hours.slots(day, Call.MINUTES))


def next_free(queue: Queue, after: datetime, now: datetime) -> datetime | None:
    """Return the first free appointment from a moment on, None when there is none in the days that can be booked."""
    first = after.astimezone(queue.hours.zone).date()
    for ahead in range(DAYS_AHEAD + 1):
        for slot in free_slots(queue, first + timedelta(days=ahead), now):
            if slot.start >= after:
                return slot.start
    return None
