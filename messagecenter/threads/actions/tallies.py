"""Entries and their mailboxes' counters, which always move together and in one order."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from messagecenter.accounts.models import Mailbox

from ..models import Entry, Tally, Thread


@dataclass(frozen=True)
class Change:
    """A changed entry, which of its fields, and how far its mailbox's counters move."""

    entry: Entry
    fields: frozenset[str]
    unread: int
    needs_reply: int


def locked_entries(thread: Thread) -> list[Entry]:
    """Return the entries with their thread, locked in one order so that two writers never wait for each other.

    The thread is locked as well: PostgreSQL reads again only what it had to wait for, and its state decides. A thread
    whose first message was not delivered has only its sender's entry, or none.
    """
    locking = Entry.objects.select_for_update(of=("self", "thread"), no_key=True)
    return list(locking.filter(thread=thread).select_related("thread").order_by("pk"))


def add_entries(thread: Thread, own: Mailbox, other: Mailbox, mailboxes: list[Mailbox], now: datetime) -> list[Entry]:
    """Make the entries of those ``mailboxes`` that have none yet, with their tallies; return them."""
    number = thread.order.number if thread.order else ""
    pairs = [(mine, their) for mine, their in ((own, other), (other, own)) if mine in mailboxes]
    entries = [
        Entry(thread=thread, mailbox=mine, other=their, order_number=number, last_message_at=now)
        for mine, their in pairs
    ]
    Entry.objects.bulk_create(entries)
    # From its first entry on a mailbox has a tally, so that posting only ever moves one.
    Tally.objects.bulk_create([Tally(mailbox_id=entry.mailbox_id) for entry in entries], ignore_conflicts=True)
    return entries


def change(entry: Entry, **values: int | datetime | None) -> Change:
    """Set what changes on an entry, and say how far its mailbox's counters move. The row is not saved."""
    was_unread, was_waiting = entry.unread > 0, entry.needs_reply_since is not None
    for name, value in values.items():
        setattr(entry, name, value)
    return Change(
        entry,
        frozenset(values),
        unread=(entry.unread > 0) - was_unread,
        needs_reply=(entry.needs_reply_since is not None) - was_waiting,
    )


def save(changes: list[Change]) -> None:
    """Write changed entries in one statement, then move their mailboxes' counters.

    The counters always move in the order of mailbox ids, so that two writers never wait for each other.
    """
    fields = frozenset[str]().union(*(change.fields for change in changes))
    Entry.objects.bulk_update([change.entry for change in changes], sorted(fields))
    for moved in sorted(changes, key=lambda change: change.entry.mailbox_id):
        if not moved.unread and not moved.needs_reply:
            continue
        by = {"unread": F("unread") + moved.unread, "needs_reply": F("needs_reply") + moved.needs_reply}
        Tally.objects.filter(pk=moved.entry.mailbox_id).update(**by)


@transaction.atomic
def repair_tally(*, mailbox_id: uuid.UUID) -> bool:
    """Count one mailbox's entries anew and correct its tally. Returns whether it had drifted."""
    tally, _created = Tally.objects.get_or_create(mailbox_id=mailbox_id)
    tally = Tally.objects.select_for_update().get(pk=tally.pk)
    entries = Entry.objects.filter(mailbox_id=mailbox_id)
    unread, needs_reply = entries.unread().count(), entries.needs_reply().count()
    if (tally.unread, tally.needs_reply) == (unread, needs_reply):
        return False
    tally.unread, tally.needs_reply = unread, needs_reply
    tally.save(update_fields=["unread", "needs_reply"])
    return True
