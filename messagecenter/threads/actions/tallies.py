"""Entries, their mailboxes' counters and the reply clock, which always move together and in one order."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import SavedFilter
from messagecenter.prepared import planned, prepared, update_rows

from ..clock import reply_due
from ..counting import (
    COLUMNS,
    NEEDS_REPLY,
    NO_LABELS,
    UNREAD,
    Facts,
    Labels,
    counted,
    facts_from,
    facts_of,
    is_countable,
    labels_from,
    needs_labels,
)
from ..models import Entry, EntryLabel, EntryQuerySet, Tally, Thread, Wait
from .delivering import give_mailboxes, labels_known, labels_on_entry, note_labels, told_with


@dataclass(frozen=True)
class Change:
    """A changed entry, which of its fields, and what its mailbox's counters knew of it before and know now.

    ``before`` is None for one that was not counted yet. ``labels`` are those it had and has now, None when they stay.
    """

    entry: Entry
    fields: frozenset[str]
    before: Facts | None
    after: Facts
    waited_since: datetime | None
    end: Wait.End = Wait.End.ANSWERED
    by: User | None = None
    labels: tuple[Labels, Labels] | None = None
    known: Labels | None = None  # the labels the entry had then, where they were read with it


def locked_entries(thread: Thread) -> list[Entry]:
    """Return the entries with their thread, locked in one order so that two writers never wait for each other.

    With them comes what ``delivering`` tells of each side.

    The thread is locked as well: PostgreSQL reads again only what it had to wait for, and its state decides. A thread
    whose first message was not delivered has only its sender's entry, or none.
    """
    return _locked_entries(thread.pk)


@planned
def _locked_entries(thread_id: uuid.UUID) -> EntryQuerySet:
    locking = Entry.objects.select_for_update(of=("self", "thread"), no_key=True)
    entries = (
        locking.filter(thread=thread_id)
        .select_related("thread", "mailbox__search_index", "mailbox__auto_reply")
        .annotate(label_ids=labels_on_entry(), **told_with("mailbox"))
    )
    return entries.order_by("pk")


@prepared
def _locked_tallies(*mailbox_ids: uuid.UUID) -> QuerySet[Tally]:
    return Tally.objects.select_for_update(no_key=True).filter(pk__in=mailbox_ids).order_by("pk")


def locked(entries: Iterable[Entry]) -> list[Entry]:
    """Return these entries as they are now, locked, in the one order."""
    locking = Entry.objects.select_for_update(of=("self",), no_key=True).select_related("thread", "mailbox")
    return list(locking.filter(pk__in=[entry.pk for entry in entries]).order_by("pk"))


def add_entries(
    thread: Thread,
    own: Mailbox,
    other: Mailbox,
    mailboxes: list[Mailbox],
    now: datetime,
    known: Mapping[uuid.UUID, Mailbox] | None = None,
) -> list[Entry]:
    """Return entries for those ``mailboxes`` that have none yet, which ``save`` will insert; their tallies are made.

    ``known`` as in ``give_mailboxes``.
    """
    number = thread.order.number if thread.order else ""
    pairs = [(mine, their) for mine, their in ((own, other), (other, own)) if mine in mailboxes]
    entries = [
        Entry(thread=thread, mailbox=mine, other=their, order_number=number, topic=thread.topic, last_message_at=now)
        for mine, their in pairs
    ]
    counted_already = give_mailboxes(entries, known)
    # From its first entry on a mailbox has a tally, so that posting only ever moves one.
    new = [Tally(mailbox_id=entry.mailbox_id) for entry in entries if entry.mailbox_id not in counted_already]
    Tally.objects.bulk_create(new, ignore_conflicts=True)
    for entry in entries:
        entry.is_counted = False
        note_labels(entry, frozenset())
    return entries


def change(entry: Entry, *, end: Wait.End = Wait.End.ANSWERED, by: User | None = None, **values: Any) -> Change:
    """Set what changes on an entry, and say how far its mailbox's counters move. The row is not saved.

    Where ``values`` end a wait for an answer, ``end`` says how and ``by`` who did it.
    """
    before = facts_of(entry) if entry.is_counted else None
    waited_since = entry.needs_reply_since
    for name, value in values.items():
        setattr(entry, name, value)
    if entry.needs_reply_since != waited_since:
        since = entry.needs_reply_since
        entry.reply_due_at = reply_due(entry, since) if since else None
        values["reply_due_at"] = entry.reply_due_at
    entry.is_counted = True
    labels = labels_known(entry)
    known = None if labels is None else labels_from(labels)
    return Change(entry, frozenset(values), before, facts_of(entry), waited_since, end, by, known=known)


def relabelled(entry: Entry, had: Labels, has: Labels) -> Change:
    """Say that an entry, which is locked, has other labels now. The labels are written before this is saved."""
    facts = facts_of(entry)
    return Change(entry, frozenset(), facts, facts, entry.needs_reply_since, labels=(had, has))


def save(changes: Sequence[Change]) -> None:
    """Write changed entries in one statement, new ones in another; then the reply clock, then move the counters.

    The counters are locked last and in the order of mailbox ids, so that two writers never wait for each other and
    nobody waits long.
    """
    written = [one for one in changes if one.fields]
    if written:
        fields = frozenset[str]().union(*(one.fields for one in written))
        entries = list({one.entry.pk: one.entry for one in written}.values())
        there = [entry for entry in entries if not entry._state.adding]
        Entry.objects.bulk_create([entry for entry in entries if entry._state.adding])
        update_rows(there, sorted(fields))
        _keep_waits(written)
    _move([one for one in changes if one.before != one.after or one.labels])


def _keep_waits(changes: Sequence[Change]) -> None:
    """Begin and end the waits for shops' answers. One that ended by mistake goes on since when it began."""
    begun = []
    for one in changes:
        entry = one.entry
        if entry.needs_reply_since == one.waited_since or entry.mailbox.kind != Mailbox.Kind.SHOP:
            continue
        if one.waited_since is not None:
            waits = Wait.objects.filter(thread=entry.thread_id, mailbox=entry.mailbox_id, started_at=one.waited_since)
            answered_by = one.by if one.end == Wait.End.ANSWERED else None
            waits.filter(ended_at=None).update(ended_at=timezone.now(), end=one.end, answered_by=answered_by)
        if entry.needs_reply_since is not None and entry.reply_due_at is not None:
            begun.append(
                Wait(
                    thread_id=entry.thread_id,
                    mailbox_id=entry.mailbox_id,
                    topic=entry.topic,
                    started_at=entry.needs_reply_since,
                    due_at=entry.reply_due_at,
                )
            )
    if begun:
        Wait.objects.bulk_create(
            begun,
            update_conflicts=True,
            unique_fields=["thread", "mailbox", "started_at"],
            update_fields=["ended_at", "end", "answered_by", "due_at"],
        )


def _move(changes: Sequence[Change]) -> None:
    """Move the counters of the mailboxes of changed entries."""
    moved = {one.entry.mailbox_id for one in changes}
    if not moved:
        return
    tallies = _locked_tallies(*moved)
    labels = _labels_of(changes, {tally.pk for tally in tallies if any(map(needs_labels, tally.pinned.values()))})
    changed = []
    for tally in tallies:
        moves: dict[tuple[str, int], int] = defaultdict(int)
        for one in (one for one in changes if one.entry.mailbox_id == tally.pk):
            # What was labelled meanwhile is a change of its own: this one had what it had.
            stay = labels.get(one.entry.pk, NO_LABELS) if one.known is None else one.known
            had, has = one.labels or (stay, stay)
            for number in counted(one.after, has, tally.pinned):
                moves[number] += 1
            for number in counted(one.before, had, tally.pinned) if one.before else ():
                moves[number] -= 1
        if any(moves.values()):
            _shift(tally, moves)
            changed.append(tally)
    if changed:
        update_rows(changed, ["unread", "needs_reply", "counts"])


def _labels_of(changes: Sequence[Change], mailboxes: Collection[uuid.UUID]) -> dict[uuid.UUID, Labels]:
    """Return the labels of changed entries, for mailboxes whose pinned filters ask for some."""
    found: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    unknown = [one.entry for one in changes if one.labels is None and one.known is None]
    asked = [entry.pk for entry in unknown if entry.mailbox_id in mailboxes]
    if asked:
        for entry_id, label_id in EntryLabel.objects.filter(entry__in=asked).values_list("entry", "label"):
            found[entry_id].add(label_id)
    return {entry_id: labels_from(labels) for entry_id, labels in found.items()}


def _shift(tally: Tally, moves: Mapping[tuple[str, int], int]) -> None:
    """Move the numbers of one tally; keys without numbers are left out."""
    for (key, place), by in moves.items():
        numbers = tally.counts.setdefault(key, [0, 0, 0])
        numbers[place] += by
        if not any(numbers):
            del tally.counts[key]
    _sum_up(tally)


def _sum_up(tally: Tally) -> None:
    """Set the two numbers that every page shows."""
    tally.unread = tally.counts.get("current", [0, 0, 0])[UNREAD]
    tally.needs_reply = tally.counts.get("all", [0, 0, 0])[NEEDS_REPLY]


@transaction.atomic
def repair_tally(*, mailbox_id: uuid.UUID) -> bool:
    """Count one mailbox's entries anew and correct its tally. Returns whether it had drifted."""
    Tally.objects.get_or_create(mailbox_id=mailbox_id)
    # Whoever moves a counter has its row first, so nothing moves while this counts.
    tally = Tally.objects.select_for_update(no_key=True).get(pk=mailbox_id)
    pinned = pinned_queries(mailbox_id)
    entries = Entry.objects.filter(mailbox_id=mailbox_id)
    labels: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    if any(map(needs_labels, pinned.values())):
        for entry_id, label_id in EntryLabel.objects.filter(entry__mailbox=mailbox_id).values_list("entry", "label"):
            labels[entry_id].add(label_id)
    counts: dict[str, list[int]] = {}
    for key, *values in entries.values_list("pk", *COLUMNS).iterator(chunk_size=5000):
        for name, place in counted(facts_from(values), labels_from(labels.get(key, ())), pinned):
            counts.setdefault(name, [0, 0, 0])[place] += 1
    drifted = tally.counts != counts or tally.pinned != pinned
    tally.counts, tally.pinned = counts, pinned
    before = tally.unread, tally.needs_reply
    _sum_up(tally)
    drifted = drifted or before != (tally.unread, tally.needs_reply)
    if drifted:
        tally.save(update_fields=["unread", "needs_reply", "counts", "pinned"])
    return drifted


def pinned_queries(mailbox_id: uuid.UUID) -> dict[str, dict[str, str]]:
    """Return the queries of a mailbox's pinned filters that can be counted, by the keys of their counters."""
    saved = SavedFilter.objects.filter(mailbox=mailbox_id, is_pinned=True)
    return {one.counter: one.as_data() for one in saved if is_countable(one.as_data())}


def count_pinned(mailbox_id: uuid.UUID, matching: Mapping[str, EntryQuerySet]) -> None:
    """Begin to count the pinned filters that are not counted yet, and forget those that are not pinned any more.

    ``matching`` gives the entries of a filter by the key of its counter. Nothing moves while this counts.
    """
    Tally.objects.get_or_create(mailbox_id=mailbox_id)
    tally = Tally.objects.select_for_update(no_key=True).get(pk=mailbox_id)
    pinned = pinned_queries(mailbox_id)
    for key in set(tally.pinned) - set(pinned):
        tally.counts.pop(key, None)
    for key in set(pinned) - set(tally.pinned):
        numbers = matching[key].aggregate(
            unread=Count("pk", filter=Q(unread__gt=0)),
            needs_reply=Count("pk", filter=Q(needs_reply_since__isnull=False)),
            threads=Count("pk"),
        )
        if numbers["threads"]:
            tally.counts[key] = [numbers["unread"], numbers["needs_reply"], numbers["threads"]]
    tally.pinned = pinned
    tally.save(update_fields=["counts", "pinned"])
