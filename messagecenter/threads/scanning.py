"""Reads threads with all that one side can find of them in one statement: how mailboxes without an index are searched.

Nothing is made of what is read before it is asked for: no models of messages, no text decrypted.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import OuterRef

from messagecenter.vault.cipher import preload
from orders.models import OrderItem

from .gathered import Gathered, rows_in
from .models import Enclosure, EntryQuerySet, Message, Thread
from .searchable import message_texts, subject_texts

# What a list is sorted by, and what decides which of a thread's messages this side still has.
COLUMNS = (
    *("thread_id", "order_number", "priority", "needs_reply_since", "cleared_up_to"),
    *("last_message_at", "last_sent_at", "last_received_at"),
)
SAID = ("pk", "sender_id", "body_ciphertext", "redacted_ciphertext")
MATTER = ("title", "sku", "asin")
ABOUT = ("order__number", *(f"product__{name}" for name in MATTER))


class Head(NamedTuple):
    """What a thread's subject is read from."""

    pk: uuid.UUID
    opened_by_id: uuid.UUID
    subject_ciphertext: bytes


class Said(NamedTuple):
    """What a message's words are read from, and its files."""

    pk: uuid.UUID
    thread_id: uuid.UUID
    sender_id: uuid.UUID
    body_ciphertext: bytes
    redacted_ciphertext: bytes
    files: Sequence[Enclosure]


def with_words(entries: EntryQuerySet) -> EntryQuerySet:
    """Return one mailbox's entries with what ``Written`` is made of, and little else."""
    thread = OuterRef("thread")
    delivered = Message.objects.filter(thread=thread, state=Message.State.DELIVERED).order_by("-pk")
    items = Gathered(OrderItem.objects.filter(order=OuterRef("order")).order_by("line"), *MATTER)
    # Looked up thread by thread: joined to a mailbox's entries, the database would rather read all threads.
    heads = Thread.objects.filter(pk=thread).annotate(items=items)
    return entries.only(*COLUMNS).annotate(
        gathered_head=Gathered(heads, "opened_by_id", "subject_ciphertext", "files", "items", *ABOUT),
        gathered_said=Gathered(delivered, *SAID),
    )


def read_words(entries: EntryQuerySet) -> list[Any]:
    """Return entries of ``with_words`` with their files, the keys of their threads in memory.

    One query, one more for keys that were not, and one more where there are files.
    """
    found: list[Any] = list(entries)
    preload([entry.thread_id for entry in found])
    files: dict[uuid.UUID, list[Enclosure]] = defaultdict(list)
    for entry in found:
        [entry.head] = rows_in(entry.gathered_head)
        entry.files = files
    if having := [entry.thread_id for entry in found if entry.head[2]]:
        for one in Enclosure.objects.filter(thread__in=having).select_related("attachment").order_by("pk"):
            files[one.message_id].append(one)
    return found


class Written:
    """A thread as one side can find it; what was decrypted once is kept."""

    def __init__(self, entry: Any, mailbox_id: uuid.UUID) -> None:
        """Take an entry of ``read_words``."""
        self._entry, self._mailbox_id = entry, mailbox_id
        self._rest = _messages_in(entry)
        self._known: list[tuple[uuid.UUID, list[str]]] = []

    def documents(self) -> Iterator[list[str]]:
        """Yield what can be found, the thread's own words first, then message by message; decrypted as it is asked."""
        entry = self._entry
        opened_by, subject, _files, items, *about = entry.head
        head = Head(entry.thread_id, uuid.UUID(opened_by), bytes.fromhex(subject))
        titles = [text for values in rows_in(items) for text in values]
        yield [text for text in (*subject_texts(head), *about, *titles) if text]
        yield from (texts for _key, texts in self.messages())

    def messages(self) -> Iterator[tuple[uuid.UUID, list[str]]]:
        """Yield the delivered messages that this side still has, newest first: their ids and texts."""
        yield from self._known
        for message in self._rest:
            self._known.append((message.pk, message_texts(message, self._mailbox_id, message.files)))
            yield self._known[-1]


def _messages_in(entry: Any) -> Iterator[Said]:
    senders: dict[str, uuid.UUID] = {}
    for key, sender, body, redacted in rows_in(entry.gathered_said):
        pk = uuid.UUID(key)
        if entry.cleared_up_to is None or pk > entry.cleared_up_to:
            sender_id = senders.get(sender) or senders.setdefault(sender, uuid.UUID(sender))
            texts = bytes.fromhex(body), bytes.fromhex(redacted)
            yield Said(pk, entry.thread_id, sender_id, *texts, entry.files.get(pk, ()))
