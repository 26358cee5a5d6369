"""What a reader has missed, and how an event is told: ids only."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from messagecenter.live.models import Event
from messagecenter.live.tail import cursor_of, position

MOST_MISSED = 500
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Missed:
    """What to tell a reader who comes back: events, or ``reload`` when there are too many or they are not kept."""

    cursor: int
    events: list[Event]
    reload: bool = False

    def as_data(self) -> list[dict[str, Any]]:
        """Return what the page's script gets."""
        return [{"id": self.cursor, "kind": "reload"}] if self.reload else [as_data(event) for event in self.events]


def cursor_from(text: str) -> int | None:
    """Return the event id a browser names, or None when it names none or something else."""
    if not text.isascii() or not text.isdecimal() or len(text) > 19:
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None


def missed(mailbox_ids: Collection[uuid.UUID], after: int | None) -> Missed:
    """Return what happened in these mailboxes since event ``after``; nothing when the reader is new (None)."""
    newest, missing = position()
    cursor = cursor_of(newest, missing)
    if after is None:
        return Missed(cursor, [])
    oldest = Event.objects.order_by("pk").values_list("pk", flat=True).first() or 0
    if after > newest or after < oldest - 1:
        return Missed(cursor, [], reload=True)
    events = list(Event.objects.for_mailboxes(mailbox_ids).filter(pk__gt=after).order_by("pk")[: MOST_MISSED + 1])
    return Missed(cursor, [], reload=True) if len(events) > MOST_MISSED else Missed(cursor, events)


def as_data(event: Event) -> dict[str, Any]:
    """Return an event for the page's script."""
    return {
        "id": event.pk,
        "kind": event.kind,
        "mailbox": str(event.mailbox_id),
        "thread": str(event.thread_id),
        "message": str(event.message_id) if event.message_id else None,
    }
