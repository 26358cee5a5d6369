"""Keeps the search index of large mailboxes: each message as it is delivered, a whole mailbox when it grows large."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Q

from messagecenter.accounts.models import Mailbox
from messagecenter.search import index
from messagecenter.search.actions import advance_index, begin_index, finish_index
from messagecenter.search.models import IndexedMailbox
from messagecenter.search.words import keys_of
from messagecenter.vault import keyring
from messagecenter.vault.errors import Unreadable

from ..models import Enclosure, Entry, Message, MessageQuerySet, Place
from ..searchable import head_texts, message_texts, messages_of, titles_of

log = logging.getLogger(__name__)

BATCH_THREADS = 100
LATE = timedelta(minutes=2)  # how long a posting that was under way when building began may take


def index_message(message: Message, entries: Sequence[Entry], *, is_first: bool) -> None:
    """Put a delivered message into the index of those of both sides that have one; in the delivery's transaction.

    ``entries`` come with their mailboxes. No query for mailboxes without an index. A key that cannot be opened stops
    no message: it is logged, and the next building of the index finds it.
    """
    taking = [entry for entry in entries if _takes_documents(entry.mailbox) and not _is_cleared(entry, message)]
    if not taking:
        return
    message.files = _files_of(message)  # type: ignore[attr-defined]
    heads = [is_first or _comes_back(entry, message) for entry in taking]
    titles = titles_of([message.thread])[message.thread_id] if any(heads) else []
    found = [
        _document(entry.mailbox_id, message, with_head=with_head, titles=titles)
        for entry, with_head in zip(taking, heads, strict=True)
    ]
    try:
        index.add(found)
    except Unreadable as trouble:
        log.error("Message %s is not in the search index: %s", message.pk, type(trouble).__name__)


def preload_keys(thread_id: uuid.UUID, entries: Sequence[Entry]) -> None:
    """Read the keys that a delivery needs, the thread's and those of the sides' indexes, with one query."""
    indexed = [entry.mailbox_id for entry in entries if _takes_documents(entry.mailbox)]
    keyring.preload_all([(keyring.THREAD, thread_id), *((keyring.INDEX, mailbox_id) for mailbox_id in indexed)])


def reindex_message(message: Message, entries: Sequence[Entry]) -> None:
    """Put a message into the index anew: what can be read of it has changed."""
    if not any(_takes_documents(entry.mailbox) for entry in entries):
        return
    with transaction.atomic():
        index.forget_messages([message.pk], thread_id=message.thread_id)
        index_message(message, entries, is_first=not _earlier(message).exists())


def build_index(
    *, mailbox: Mailbox, by: str, tell: Callable[[int, int], None] | None = None, anew: bool = False, most: int = 0
) -> bool:
    """Build a mailbox's search index, or go on where it stopped; return whether it is finished.

    ``tell`` hears how many messages are done of how many. At most about ``most`` messages are done when it is given.
    Threads are done oldest first by key, a batch a transaction, so that a stop loses nothing.
    """
    mine = Entry.objects.filter(mailbox=mailbox, place__lt=Place.GONE)
    row = IndexedMailbox.objects.filter(pk=mailbox.pk).first()
    if row is None or row.state != IndexedMailbox.State.BUILDING or anew:
        total = Message.objects.filter(thread__entries__mailbox=mailbox, state=Message.State.DELIVERED).count()
        row = begin_index(mailbox_id=mailbox.pk, total=total, by=by)
    done, position = row.done, row.position
    began = done
    while True:
        after = Q(pk__gt=uuid.UUID(position)) if position else Q()
        with transaction.atomic():
            locking = mine.select_for_update(of=("self",), no_key=True)
            batch = list(locking.filter(after).order_by("pk")[:BATCH_THREADS])
            if not batch:
                break
            number = _index_entries(mailbox, batch)
            position = str(batch[-1].pk)
            advance_index(mailbox_id=mailbox.pk, position=position, done=number)
        done += number
        if tell:
            tell(done, row.total)
        if most and done - began >= most:
            return False
    # What was being posted when building began may have missed it.
    late = list(mine.filter(last_message_at__gte=row.started_at - LATE).values_list("pk", flat=True))
    for begin in range(0, len(late), BATCH_THREADS):
        with transaction.atomic():
            locking = mine.select_for_update(of=("self",), no_key=True)
            _index_entries(mailbox, list(locking.filter(pk__in=late[begin : begin + BATCH_THREADS]).order_by("pk")))
    finish_index(mailbox_id=mailbox.pk, by=by)
    return True


def index_thread(mailbox: Mailbox, entry: Entry, *, left: Mailbox) -> None:
    """Put a thread that ``mailbox`` was handed by ``left`` into its index, where it has one, and out of the other's."""
    index.forget_threads(left.pk, [entry.thread_id])
    if _takes_documents(mailbox):
        _index_entries(mailbox, [entry])


def _index_entries(mailbox: Mailbox, entries: Sequence[Entry]) -> int:
    """Put whole threads into a mailbox's index, instead of what was there; return how many messages."""
    index.forget_threads(mailbox.pk, [entry.thread_id for entry in entries])
    by_thread = messages_of(entries, with_threads=True)
    titles = titles_of([written[0].thread for written in by_thread.values()])
    documents = [
        _document(mailbox.pk, message, with_head=message is written[-1], titles=titles[message.thread_id])
        for written in by_thread.values()
        for message in written
    ]
    index.add(documents)
    return len(documents)


def _document(mailbox_id: uuid.UUID, message: Message, *, with_head: bool, titles: Sequence[str]) -> index.Document:
    """Return a message as one side finds it, ``with_head`` with the thread's own words, which its first one bears."""
    texts = message_texts(message, mailbox_id, getattr(message, "files", ()))
    if with_head:
        texts = [*head_texts(message.thread, titles), *texts]
    at = message.delivered_at or message.sent_at
    return index.Document(mailbox_id, message.thread_id, message.pk, at, keys_of(texts))


def _files_of(message: Message) -> list[Enclosure]:
    return list(message.enclosures.select_related("attachment")) if message.thread.files else []


def _earlier(message: Message) -> MessageQuerySet:
    """Return what was delivered in the thread before a message."""
    return Message.objects.filter(thread=message.thread_id, state=Message.State.DELIVERED, pk__lt=message.pk)


def _is_cleared(entry: Entry, message: Message) -> bool:
    """Return whether this side threw the message away for good."""
    return entry.cleared_up_to is not None and message.pk <= entry.cleared_up_to


def _comes_back(entry: Entry, message: Message) -> bool:
    """Return whether a thread that was gone for this side begins anew with this message."""
    return entry.cleared_up_to is not None and not _earlier(message).filter(pk__gt=entry.cleared_up_to).exists()


def _takes_documents(mailbox: Mailbox) -> bool:
    """Return whether a mailbox has an index, ready or being built; no query when it came with the entry."""
    try:
        return mailbox.search_index is not None
    except ObjectDoesNotExist:
        return False
