"""Where readers of the event table stand. Ids are given out before commit, so a lower id may appear after a higher one.

A number that is missing may be a transaction still running, or one that was rolled back. It is waited for, 20 seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from itertools import pairwise

from django.db.models import Q
from django.utils import timezone

from messagecenter.live.models import Event, EventQuerySet

PATIENCE_SECONDS = 20.0
MOST_MISSING = 200
MOST_ROWS = 2000


class Tail:
    """A reader that follows the table and misses no event, however late its transaction commits."""

    def __init__(self, newest: int, missing: Iterable[int], now: float) -> None:
        """Start behind event ``newest``; ``missing`` may still appear. ``now`` is a monotonic clock in seconds."""
        self.newest = newest
        self._missing = dict.fromkeys(missing, now)

    @property
    def cursor(self) -> int:
        """The id from which a reader can go on later without missing anything."""
        return min(self._missing) - 1 if self._missing else self.newest

    def unread(self) -> EventQuerySet:
        """Return the events to ``take`` next."""
        events = Event.objects.filter(Q(pk__gt=self.newest) | Q(pk__in=list(self._missing)))
        return events.order_by("pk")[:MOST_ROWS]

    def take(self, events: Iterable[Event], now: float) -> list[Event]:
        """Return those of ``events`` that were not taken before, and note what is missing between them."""
        fresh = []
        for event in events:
            if event.pk > self.newest:
                self._missing |= dict.fromkeys(range(max(self.newest + 1, event.pk - MOST_MISSING), event.pk), now)
                self.newest = event.pk
                fresh.append(event)
            elif self._missing.pop(event.pk, None) is not None:
                fresh.append(event)
        waited_for = [(pk, since) for pk, since in self._missing.items() if now - since < PATIENCE_SECONDS]
        self._missing = dict(sorted(waited_for)[-MOST_MISSING:])
        return fresh


def position() -> tuple[int, list[int]]:
    """Return the newest event's id, and the lower ids that may still appear. One query."""
    newest_first = list(Event.objects.order_by("-pk").values_list("pk", "created_at")[:MOST_MISSING])
    recent = timezone.now() - timedelta(seconds=PATIENCE_SECONDS)
    missing = [
        pk
        for (higher, created_at), (lower, _) in pairwise(newest_first)
        if created_at > recent
        for pk in range(max(lower + 1, higher - MOST_MISSING), higher)
    ]
    return (newest_first[0][0] if newest_first else 0), sorted(missing)[-MOST_MISSING:]


def cursor_of(newest: int, missing: Collection[int]) -> int:
    """Return the id from which a reader can go on later without missing anything."""
    return min(missing) - 1 if missing else newest
