"""What of a thread can be found by one side: its subject, numbers and names, and what its delivered messages say."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import OuterRef
from django.db.models.expressions import RawSQL

from messagecenter.attachments.content import UNREADABLE_NOW, extracted_text
from messagecenter.vault.cipher import preload
from messagecenter.vault.errors import Unreadable
from orders.models import Order, OrderItem

from .enclosures import gathered_files, give_files
from .gathered import Gathered, rows_in
from .models import Enclosure, Entry, EntryQuerySet, Message, Thread
from .words import Titled, Worded, read_body, read_shown_body, read_subject

log = logging.getLogger(__name__)

NOTED_BY_PROGRAMS = ("ModDate:", "CreationDate:", "Producer:", "Creator:", "Trapped:")
MOST_OF_A_FILE = 20_000  # characters of the words in a file that can be found


def head_texts(thread: Thread, titles: Sequence[str]) -> list[str]:
    """Return what can be found of a thread beside its messages: subject, order number, and what it is about."""
    texts = [thread.order.number] if thread.order else []
    return [*texts, *subject_texts(thread), *titles]


def subject_texts(thread: Titled) -> list[str]:
    """Return a thread's subject; nothing when it cannot be read."""
    try:
        return [read_subject(thread)]
    except Unreadable:
        log.warning("The subject of thread %s cannot be read and is not found", thread.pk)
        return []


def with_titles(entries: EntryQuerySet) -> EntryQuerySet:
    """Return entries with what ``titles_known`` needs, in the same statement."""
    items = OrderItem.objects.filter(order=OuterRef("thread__order")).order_by("line")
    return entries.select_related("thread__order", "thread__product").annotate(
        gathered_titles=Gathered(items, "title", "sku", "asin")
    )


def titles_known(entry: Entry) -> list[str]:
    """Return the titles and article numbers of what an entry's thread is about; it was read by ``with_titles``."""
    gathered: str | None = entry.gathered_titles  # type: ignore[attr-defined]
    return _titles_of_product(entry.thread) + [text for values in rows_in(gathered) for text in values if text]


def titles_of(threads: Collection[Thread]) -> dict[uuid.UUID, list[str]]:
    """Return by thread the titles and article numbers of what it is about: one query for all orders."""
    by_order: dict[uuid.UUID, list[str]] = {}
    orders = {thread.order_id for thread in threads if thread.order_id}
    for order in [thread.order for thread in threads if thread.order and "items" in _prefetched(thread.order)]:
        orders.discard(order.pk)
        by_order[order.pk] = [text for one in order.items.all() for text in (one.title, one.sku, one.asin) if text]
    if orders:
        items = OrderItem.objects.filter(order__in=orders).order_by("line")
        for order_id, *texts in items.values_list("order", "title", "sku", "asin"):
            by_order.setdefault(order_id, []).extend(text for text in texts if text)
    titles = {}
    for thread in threads:
        titles[thread.pk] = _titles_of_product(thread) + (by_order.get(thread.order_id, []) if thread.order_id else [])
    return titles


def _prefetched(order: Order) -> dict[str, Any]:
    return getattr(order, "_prefetched_objects_cache", {})


def _titles_of_product(thread: Thread) -> list[str]:
    product = thread.product
    return [text for text in (product.title, product.sku, product.asin) if text] if product else []


def message_texts(message: Worded, mailbox_id: uuid.UUID, files: Sequence[Enclosure] = ()) -> list[str]:
    """Return what one side can find of a message: its words as that side reads them, names and words of its files."""
    texts = []
    is_own = message.sender_id == mailbox_id
    try:
        texts.append(read_body(message) if is_own else read_shown_body(message))
    except Unreadable:
        log.warning("Message %s cannot be read and is not found", message.pk)
    for one in files:
        if not is_own and (one.is_withheld or not one.is_screened or not one.attachment.is_ready):
            continue
        try:
            texts.append(one.attachment.details.name)
            if one.attachment.is_ready:
                texts.append(_said(extracted_text(one.attachment))[:MOST_OF_A_FILE])
        except (Unreadable, *UNREADABLE_NOW):
            log.warning("Attachment %s cannot be read and its words are not found", one.attachment_id)
    return texts


def _said(text: str) -> str:
    """Return the words of a file without what a program noted about making it."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(NOTED_BY_PROGRAMS))


def messages_of(
    entries: Collection[Entry], only: RawSQL | None = None, *, with_threads: bool = False
) -> dict[uuid.UUID, list[Message]]:
    """Return by thread the delivered messages one side still has, newest first, with their files as ``files``.

    ``entries`` are one mailbox's; what it threw away for good is not among them. ``only`` asks for the
    ids of those wanted, ``with_threads`` for what the thread of each is about as well.
    Two queries, one when the threads' keys are known.
    """
    cleared = {entry.thread_id: entry.cleared_up_to for entry in entries}
    found = Message.objects.filter(thread__in=cleared, state=Message.State.DELIVERED)
    if only is not None:
        found = found.filter(pk__in=only)
    if with_threads:
        found = found.select_related("thread__order", "thread__product")
    messages = [
        message
        for message in found.annotate(gathered_files=gathered_files()).order_by("-pk")
        if (floor := cleared[message.thread_id]) is None or message.pk > floor
    ]
    preload(list({message.thread_id for message in messages}))
    give_files(messages)
    by_thread: dict[uuid.UUID, list[Message]] = {}
    for message in messages:
        by_thread.setdefault(message.thread_id, []).append(message)
    return by_thread
