"""What a mailbox's counters know of an entry, and which of them it counts for: views, folders, pinned filters."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from .models import Entry, Place, Priority

UNREAD, NEEDS_REPLY, THREADS = range(3)  # the places of the numbers behind a key
Labels = frozenset[str]  # hex ids
NO_LABELS: Labels = frozenset()

# The columns that ``Facts`` is made of, in its order.
COLUMNS = (
    "place",
    "folder_id",
    "unread",
    "needs_reply_since",
    "awaiting_since",
    "holds",
    "is_starred",
    "assignee_id",
    "priority",
    "topic",
    "other_id",
    "order_number",
    "has_files",
    "last_sent_at",
    "last_received_at",
)
_read = attrgetter(*COLUMNS)

# What of a filter can be counted as entries change; words, days, products and orders' states cannot.
COUNTABLE = frozenset({"box", "folder", "label", "priority", "topic", "other", "order", "files", "sort"})
FEWEST_OF_A_NUMBER = 3  # as in ``filters``


def labels_from(ids: Iterable[uuid.UUID]) -> Labels:
    """Return labels as counters compare them."""
    return frozenset(label_id.hex for label_id in ids)


class Facts(NamedTuple):
    """What counts of an entry."""

    place: int
    folder: uuid.UUID | None
    is_unread: bool
    needs_reply: bool
    awaits: bool
    is_held: bool
    is_starred: bool
    assignee: uuid.UUID | None
    priority: int
    topic: str
    other: uuid.UUID
    order_number: str
    has_files: bool
    has_sent: bool
    has_received: bool


def facts_from(values: Iterable[Any]) -> Facts:
    """Return the facts of an entry from its ``COLUMNS``."""
    place, folder, unread, since, awaiting, holds, star, assignee, priority, topic, other, number, files, sent, got = (
        values
    )
    return Facts(
        int(place),
        folder,
        unread > 0,
        since is not None,
        awaiting is not None,
        holds > 0,
        star,
        assignee,
        int(priority),
        topic,
        other,
        number,
        files,
        sent is not None,
        got is not None,
    )


def facts_of(entry: Entry) -> Facts:
    """Return the facts of an entry as it is in memory."""
    return facts_from(_read(entry))


def keys_of(facts: Facts) -> Iterator[str]:
    """Yield the views, folders and people whose counters an entry counts for."""
    if facts.place == Place.GONE:
        return
    yield "all"
    if facts.is_held:
        yield "held"
    if facts.place == Place.TRASH:
        yield "trash"
        return
    if facts.is_starred:
        yield "starred"
    if facts.place == Place.ARCHIVE:
        yield "archive"
        return
    yield "current"
    yield f"folder:{facts.folder.hex}" if facts.folder else "inbox"
    if facts.awaits:
        yield "waiting"
    if facts.assignee:
        yield f"mine:{facts.assignee.hex}"


def counted(facts: Facts, labels: Labels, pinned: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, int]]:
    """Yield which numbers of which keys an entry counts for; ``pinned`` are the queries of pinned filters by key."""
    keys = [*keys_of(facts), *(key for key, query in pinned.items() if fits(query, facts, labels))]
    for key in keys:
        yield key, THREADS
        if facts.is_unread:
            yield key, UNREAD
        if facts.needs_reply:
            yield key, NEEDS_REPLY


def is_countable(query: Mapping[str, str]) -> bool:
    """Return whether a filter can have a counter: it asks only what ``Facts`` and labels know, the same of everybody.

    The databases do not agree on capitals in a part of an order number, so one with letters is not counted.
    """
    if not set(query) <= COUNTABLE or (query.get("box") == "mine" and not query.get("folder")):
        return False
    number, other = query.get("order", ""), query.get("other", "")
    return number.lower() == number.upper() and (not other or _id_in(other) is not None)


def needs_labels(query: Mapping[str, str]) -> bool:
    """Return whether a filter asks for a label."""
    return bool(query.get("label"))


def fits(query: Mapping[str, str], facts: Facts, labels: Labels) -> bool:
    """Return whether a countable filter shows an entry: the same answer as ``filters.narrowed`` gives."""
    if not _in_view(query, facts):
        return False
    if "label" in query and uuid.UUID(query["label"]).hex not in labels:
        return False
    if "priority" in query and facts.priority != Priority[query["priority"].upper()]:
        return False
    if "topic" in query and facts.topic != query["topic"]:
        return False
    if "files" in query and not facts.has_files:
        return False
    if "other" in query and facts.other != _id_in(query["other"]):
        return False
    if query.get("sort") == "waiting" and not facts.needs_reply:
        return False
    if query.get("sort") == "order" and not facts.order_number:
        return False
    return "order" not in query or _has_number(facts.order_number, query["order"])


def _in_view(query: Mapping[str, str], facts: Facts) -> bool:
    if "folder" in query:
        return facts.place == Place.INBOX and facts.folder == uuid.UUID(query["folder"])
    is_current, is_kept, is_here = facts.place == Place.INBOX, facts.place < Place.TRASH, facts.place < Place.GONE
    return {
        "inbox": is_current and facts.folder is None,
        "unread": is_current and facts.is_unread,
        "needs_reply": is_here and facts.needs_reply,
        "waiting": is_current and facts.awaits,
        "starred": is_kept and facts.is_starred,
        "sent": is_kept and facts.has_sent,
        "received": is_kept and facts.has_received,
        "held": is_here and facts.is_held,
        "archive": facts.place == Place.ARCHIVE,
        "trash": facts.place == Place.TRASH,
        "all": is_kept,
    }.get(query.get("box", "inbox"), False)


def _has_number(number: str, part: str) -> bool:
    return part in number if len(part) >= FEWEST_OF_A_NUMBER else number.startswith(part)


def _id_in(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
