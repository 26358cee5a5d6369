"""What a message that goes out or comes in does to its side's entry: the clock, the counters, and back to the inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..models import Entry, Place
from ..thanks import is_thanks


def departure(entry: Entry, now: datetime) -> dict[str, Any]:
    """Return what changes for the side that wrote: it has answered, and waits now. Needs the entry's thread."""
    values = {
        "last_message_at": now,
        "last_sent_at": now,
        "unread": 0,
        "needs_reply_since": None,
        "thanked_at": None,
        "awaiting_since": entry.awaiting_since or now,
        "has_files": entry.thread.files > 0,
    }
    if entry.place == Place.TRASH:
        values |= {"place": Place.INBOX, "trashed_at": None}
    return values


def arrival(entry: Entry, now: datetime, *, text: str = "") -> dict[str, Any]:
    """Return what changes for the side that got a message. Needs the entry's thread.

    What was put away comes back, unless it is muted; into its folder when it lay in one. What is gone comes back with
    what is new. A message whose whole ``text`` is a thank-you starts no clock; one that runs goes on.
    """
    rests = entry.needs_reply_since is None and is_thanks(text)
    starts = not rests and not entry.thread.is_closed
    values = {
        "last_message_at": now,
        "last_received_at": now,
        "unread": entry.unread + 1,
        "needs_reply_since": (entry.needs_reply_since or now) if starts else None,
        "thanked_at": now if rests and not entry.thread.is_closed else None,
        "awaiting_since": None,
        "has_files": entry.thread.files > 0,
    }
    if entry.place != Place.INBOX and (not entry.is_muted or entry.place == Place.GONE):
        values |= {"place": Place.INBOX, "trashed_at": None}
    return values
