"""The views of a mailbox and the orders they can be sorted in: each walks an index and counts nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from .cursors import BadCursor, cursor_of, parse_cursor
from .models import Entry, EntryQuerySet, Priority


@dataclass(frozen=True)
class Box:
    """A view: its key in the address, its name, what an empty one says, its entries, and the moment it is sorted by.

    ``counter`` is the key of its numbers in the mailbox's tally, and ``shows`` which of them stands beside its name.
    """

    key: str
    label: Promise
    empty: Promise
    entries: Callable[[EntryQuerySet], EntryQuerySet]
    moment: str = "last_message_at"
    counter: str = ""
    shows: str = "unread"


BOXES = {
    box.key: box
    for box in (
        Box(
            "inbox",
            pgettext_lazy("box", "Inbox"),
            pgettext_lazy("box", "No messages here. Well done."),
            EntryQuerySet.inbox,
            counter="inbox",
        ),
        Box(
            "unread",
            pgettext_lazy("box", "Unread"),
            pgettext_lazy("box", "Everything has been read."),
            EntryQuerySet.unread,
            counter="current",
        ),
        Box(
            "needs_reply",
            pgettext_lazy("box", "Needs reply"),
            pgettext_lazy("box", "Nobody is waiting for an answer."),
            EntryQuerySet.needs_reply,
            counter="all",
            shows="needs_reply",
        ),
        Box(
            "waiting",
            pgettext_lazy("box", "Waiting for the other side"),
            pgettext_lazy("box", "You are not waiting for anybody."),
            EntryQuerySet.waiting,
        ),
        Box(
            "mine",
            pgettext_lazy("box", "Assigned to me"),
            pgettext_lazy("box", "Nothing is assigned to you."),
            EntryQuerySet.current,  # narrowed to the person by the filter
            counter="mine",
            shows="threads",
        ),
        Box(
            "starred",
            pgettext_lazy("box", "Starred"),
            pgettext_lazy("box", "No conversation has a star."),
            EntryQuerySet.starred,
        ),
        Box(
            "sent",
            pgettext_lazy("box", "Sent"),
            pgettext_lazy("box", "You have not written a message yet."),
            EntryQuerySet.sent,
            moment="last_sent_at",
        ),
        Box(
            "received",
            pgettext_lazy("box", "Received"),
            pgettext_lazy("box", "Nobody has written to you yet."),
            EntryQuerySet.received,
            moment="last_received_at",
        ),
        Box(
            "held",
            pgettext_lazy("box", "Being checked"),
            pgettext_lazy("box", "None of your messages is being checked."),
            EntryQuerySet.held,
            counter="held",
            shows="threads",
        ),
        Box(
            "archive",
            pgettext_lazy("box", "Archive"),
            pgettext_lazy("box", "The archive is empty."),
            EntryQuerySet.archived,
            counter="archive",
        ),
        Box(
            "trash",
            pgettext_lazy("box", "Trash"),
            pgettext_lazy("box", "The trash is empty. What lies here for 30 days is removed."),
            EntryQuerySet.thrown_away,
        ),
        Box(
            "all",
            pgettext_lazy("box", "All"),
            pgettext_lazy("box", "No messages yet."),
            EntryQuerySet.kept,
        ),
    )
}


@dataclass(frozen=True)
class Sort:
    """An order of a list and how it goes on after a row."""

    key: str
    label: Promise

    def apply(self, entries: EntryQuerySet, moment: str) -> EntryQuerySet:
        """Return ``entries`` in this order; ``moment`` is the field a view goes by."""
        match self.key:
            case "oldest":
                return entries.order_by(moment, "pk")
            case "waiting":
                return entries.filter(needs_reply_since__isnull=False).order_by("needs_reply_since", "pk")
            case "priority":
                return entries.order_by("priority", "-last_message_at", "-pk")
            case "order":
                return entries.exclude(order_number="").order_by("order_number", "-last_message_at", "-pk")
        return entries.order_by(f"-{moment}", "-pk")

    def cursor(self, entry: Entry, moment: str) -> str:
        """Return the place after a row: what the list is sorted by there, and the row's key."""
        match self.key:
            case "waiting":
                return cursor_of(entry.needs_reply_since or entry.last_message_at, entry.pk)
            case "priority":
                return f"{int(entry.priority)}~{cursor_of(entry.last_message_at, entry.pk)}"
            case "order":
                return f"{entry.order_number}~{cursor_of(entry.last_message_at, entry.pk)}"
        return cursor_of(getattr(entry, moment) or entry.last_message_at, entry.pk)

    def after(self, cursor: str, moment: str) -> Q:
        """Return the condition for what comes after a place. Raises BadCursor."""
        group, tilde, place = cursor.rpartition("~")
        if bool(tilde) != (self.key in ("priority", "order")):
            raise BadCursor
        at, key = parse_cursor(place)
        match self.key:
            case "oldest":
                return _beyond(moment, at, key, "gt")
            case "waiting":
                return _beyond("needs_reply_since", at, key, "gt")
            case "priority":
                if group not in {str(int(one)) for one in Priority}:
                    raise BadCursor
                return _later_group("priority", int(group), at, key)
            case "order":
                if not group or not group.isprintable() or len(group) > 64:
                    raise BadCursor
                return _later_group("order_number", group, at, key)
        return _beyond(moment, at, key, "lt")


def _beyond(field: str, value: Any, key: uuid.UUID, way: str) -> Q:
    """Return the condition for rows beyond (value, key). The first half alone is what an index is entered with."""
    return Q(**{f"{field}__{way}e": value}) & (Q(**{f"{field}__{way}": value}) | Q(**{f"pk__{way}": key}))


def _later_group(field: str, value: Any, moment: datetime, key: uuid.UUID) -> Q:
    """Return the condition for rows in a later group, or further down in the same one."""
    return Q(**{f"{field}__gte": value}) & (
        Q(**{f"{field}__gt": value}) | _beyond("last_message_at", moment, key, "lt")
    )


# Only among what words have found (``relevance``); what it is applied to comes newest first.
RELEVANCE = Sort("relevance", pgettext_lazy("sorting", "Relevance"))
SORTS = {
    sort.key: sort
    for sort in (
        Sort("newest", pgettext_lazy("sorting", "Newest first")),
        Sort("oldest", pgettext_lazy("sorting", "Oldest first")),
        Sort("waiting", pgettext_lazy("sorting", "Waiting longest")),
        Sort("priority", pgettext_lazy("sorting", "Priority")),
        Sort("order", pgettext_lazy("sorting", "Order number")),
    )
}
