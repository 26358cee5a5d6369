"""Counters of pinned filters that no transaction can keep: a worker counts them for who looks, a page never does."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from messagecenter.accounts.models import Mailbox
from messagecenter.doorbell import Doorbell
from messagecenter.filing.models import FilterCount, SavedFilter
from messagecenter.live.actions import announce
from messagecenter.live.models import Event

# Gives how many unread threads of a mailbox a filter shows, up to a number; None for one that cannot be counted.
Counting = Callable[[Mailbox, Mapping[str, str], int], int | None]

TOLD = "counters"  # the kind of event that says that there are new numbers
LOOKED_AT = timedelta(minutes=10)  # who had the menu on a page so long ago may still look at it
# An order's state or a product's name changes without an event; what is older than this is counted anyway.
OLDEST = timedelta(minutes=15)
RING_SECONDS = 30.0  # between two rings for one mailbox, in each process

_waiting: set[uuid.UUID] = set()
_rung: dict[uuid.UUID, float] = {}
_lock = threading.Lock()


def _ask() -> None:
    with _lock:
        mailboxes = sorted(map(str, _waiting))
        _waiting.clear()
    if mailboxes:
        current_app.send_task("messagecenter.threads.periodic.count_filters", [mailboxes], expires=60)


_bell = Doorbell("filters", _ask)


def look_at_counts(mailbox_id: uuid.UUID, *, at_once: bool = False) -> None:
    """Say that somebody looks at a mailbox's counters: a worker counts what has changed. Never waits, never raises.

    Asked again within half a minute it does nothing, unless ``at_once`` says that there is something new to count.
    """
    now = time.monotonic()
    with _lock:
        if not at_once and now - _rung.get(mailbox_id, -RING_SECONDS) < RING_SECONDS:
            return
        if len(_rung) > 10_000:
            _rung.clear()
        _rung[mailbox_id] = now
        _waiting.add(mailbox_id)
    _bell.press_after_commit()


def watched_mailboxes() -> list[uuid.UUID]:
    """Return the mailboxes whose counts somebody may be looking at, the longest uncounted first."""
    counts = FilterCount.objects.looked_at_since(timezone.now() - LOOKED_AT).order_by("counted_at")
    return list(dict.fromkeys(counts.values_list("saved__mailbox", flat=True)))


def note_looks(mailbox_ids: Collection[uuid.UUID]) -> None:
    """Write down that somebody looks at these mailboxes' counts now."""
    FilterCount.objects.filter(saved__mailbox__in=mailbox_ids).update(seen_at=timezone.now())


def recount_filters(*, mailbox: Mailbox, counting: Counting, until: float) -> int:
    """Count a mailbox's pinned filters whose numbers may have changed, and tell its open pages; return how many.

    ``until`` is when (``time.monotonic``) to stop: what is left is older, and comes first the next time. Safe to repeat
    and to run many times at once: the later count is written.
    """
    counts = {one.saved_id: one for one in FilterCount.objects.of_mailbox(mailbox)}
    pinned = sorted(
        SavedFilter.objects.of_mailbox(mailbox).pinned(),
        key=lambda one: str(counts[one.pk].counted_at or "") if one.pk in counts else "",
    )
    done, differs = 0, False
    for saved in pinned:
        if time.monotonic() > until:
            break
        begun, newest = timezone.now(), _newest_event(mailbox)
        count = counts.get(saved.pk)
        if count and count.counted_at and count.up_to >= newest and begun - count.counted_at < OLDEST:
            continue
        number = counting(mailbox, saved.as_data(), FilterCount.MOST)
        if number is None:
            continue
        _write(saved, number=number, counted_at=begun, up_to=newest)
        done += 1
        differs = differs or count is None or count.number != number
    if differs:
        announce(kind=TOLD, mailbox_ids=[mailbox.pk], thread_id=uuid.UUID(int=0))
    return done


@transaction.atomic
def _write(saved: SavedFilter, **values: Any) -> None:
    """Write a count, unless its filter was deleted or unpinned while it was counted."""
    still_pinned = SavedFilter.objects.select_for_update(no_key=True).pinned().filter(pk=saved.pk)
    if still_pinned.first():
        FilterCount.objects.update_or_create(saved_id=saved.pk, defaults=values)


def _newest_event(mailbox: Mailbox) -> int:
    """Return the number of the newest event that may have changed what a filter shows, 0 when there is none."""
    events = Event.objects.for_mailboxes([mailbox.pk]).exclude(kind__in=(TOLD, "presence", "note"))
    return events.aggregate(newest=Max("id"))["newest"] or 0
