"""Counts a mailbox anew, by brute force: entries, counters, waits and messages as they should be after all that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max, Q

from messagecenter.accounts.models import Mailbox
from messagecenter.filing.models import Folder
from messagecenter.threads.actions import repair_tally
from messagecenter.threads.boxes import BOXES
from messagecenter.threads.counting import NEEDS_REPLY, THREADS, UNREAD
from messagecenter.threads.models import Entry, EntryQuerySet, Message, Tally, Thread, Wait

COUNTED = {
    "inbox": EntryQuerySet.inbox,
    "current": EntryQuerySet.current,
    "starred": EntryQuerySet.starred,
    "waiting": EntryQuerySet.waiting,
    "archive": EntryQuerySet.archived,
    "trash": EntryQuerySet.thrown_away,
}


def deadlocks() -> int:
    """Return how many deadlocks PostgreSQL has ended in this database; SQLite knows none."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def breaches(posted: Sequence[tuple[UUID, UUID]] | None, there: int) -> list[str]:
    """Return a sentence for all that is not as it should be.

    ``posted`` are the client ids and threads of all that was posted since there were ``there`` messages, None when
    nobody knows.
    """
    found = [*_tallies(), *_entries(), *_waits(), *_quiet()]
    return found if posted is None else [*found, *_messages(posted, there)]


def _messages(posted: Sequence[tuple[UUID, UUID]], there: int) -> Iterator[str]:
    """Every message that was posted is there exactly once, and no other."""
    kept = Counter(Message.objects.values_list("client_id", "thread_id"))
    wrong = [client_id for client_id, thread_id in posted if kept[(client_id, thread_id)] != 1]
    if wrong:
        yield f"{len(wrong)} of {len(posted)} posted messages are not there exactly once"
    if kept.total() != there + len(posted):
        yield f"{kept.total()} messages are there, {there + len(posted)} were posted"


def _tallies() -> Iterator[str]:
    """The counters say what a plain count of the entries says, and what the nightly repair would write."""
    for mailbox in Mailbox.objects.order_by("pk"):
        own, tally = Entry.objects.filter(mailbox=mailbox), Tally.objects.get(pk=mailbox.pk)
        for key, view in COUNTED.items():
            yield from _compare(mailbox, tally, key, view(own))
        for folder in Folder.objects.filter(mailbox=mailbox):
            yield from _compare(mailbox, tally, f"folder:{folder.pk.hex}", own.in_folder(folder))
        for person in mailbox.members.all():
            yield from _compare(mailbox, tally, f"mine:{person.pk.hex}", own.assigned_to(person))
        shown = (own.current().filter(unread__gt=0).count(), BOXES["needs_reply"].entries(own).count())
        if (tally.unread, tally.needs_reply) != shown:
            yield f"{mailbox}: the counters say {tally.unread}, {tally.needs_reply} instead of {shown}"
        if repair_tally(mailbox_id=mailbox.pk):
            yield f"{mailbox}: the repair found a counter that had drifted"


def _compare(mailbox: Mailbox, tally: Tally, key: str, entries: EntryQuerySet) -> Iterator[str]:
    told = tally.counts.get(key, [0, 0, 0])
    real = [0, 0, 0]
    real[UNREAD] = entries.filter(unread__gt=0).count()
    real[NEEDS_REPLY] = entries.filter(needs_reply_since__isnull=False).count()
    real[THREADS] = entries.count()
    if told != real:
        yield f"{mailbox}: {key} says {told} instead of {real}"


def _entries() -> Iterator[str]:
    """Each side's entry and the thread know of the newest message."""
    delivered = Q(messages__state=Message.State.DELIVERED)
    for thread in Thread.objects.annotate(newest=Max("messages__sent_at", filter=delivered)):
        if thread.last_message_at != thread.newest:
            yield f"Thread {thread.pk} does not know its newest message"
        entries = list(thread.entries.all())
        if len(entries) != 2:
            yield f"Thread {thread.pk} has {len(entries)} entries"
        for entry in entries:
            own = thread.messages.filter(sender=entry.mailbox_id).aggregate(at=Max("sent_at"))["at"]
            theirs = thread.messages.exclude(sender=entry.mailbox_id).aggregate(at=Max("sent_at"))["at"]
            if (entry.last_sent_at, entry.last_received_at) != (own, theirs):
                yield f"Entry {entry.pk} does not know what was sent and received last"


def _waits() -> Iterator[str]:
    """The reply clock runs exactly where a shop's entry waits for an answer, since the same moment."""
    needing = Entry.objects.filter(mailbox__kind=Mailbox.Kind.SHOP, needs_reply_since__isnull=False)
    entries: Counter[Any] = Counter(needing.values_list("thread", "mailbox", "needs_reply_since"))
    running: Counter[Any] = Counter(Wait.objects.filter(ended_at=None).values_list("thread", "mailbox", "started_at"))
    if entries != running:
        yield f"{(entries - running).total()} waits are missing, {(running - entries).total()} run for nothing"


def _quiet() -> Iterator[str]:
    """Where nobody reads and only one side writes, every message is unread."""
    for entry in Entry.objects.filter(other__name="quiet"):
        written = Message.objects.filter(thread=entry.thread_id).count()
        if entry.unread != written:
            yield f"{entry.unread} of the quiet buyer's {written} messages are unread"
