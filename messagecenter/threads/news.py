"""What notices of new messages tell of, read for many at once: the messages, and what their readers may see of them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

from messagecenter.attachments.models import Attachment
from messagecenter.notices.models import Notice
from messagecenter.notices.timing import schedule_of
from messagecenter.policy.models import BlockedSender
from messagecenter.vault import cipher

from .models import Entry, Message, ReplyAddress
from .reply_addresses import addresses_of

Pair = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True)
class News:
    """One message, and the view its reader has of it: None when it is gone, or they may not read it any more."""

    message: Message | None = None
    entry: Entry | None = None
    is_blocked: bool = False
    sizes: Sequence[int] = field(default=())
    address: ReplyAddress | None = None


def news_of(notice: Notice) -> News:
    """Return what a notice tells of, read before by ``look`` or now."""
    if notice.told is None:
        look([notice])
    return cast("News", notice.told)


def look(notices: Sequence[Notice]) -> None:
    """Read what these notices tell of: in as many queries as for one, seven at most."""
    rows = Message.objects.select_related("thread__order", "thread__product", "sender")
    messages = rows.in_bulk({notice.subject_id for notice in notices})
    threads = {message.thread_id for message in messages.values()}
    entries = _entries(notices, threads)
    blocked = _blocked(messages.values(), [entry for found in entries.values() for entry in found])
    sizes = _sizes(messages)
    addresses = addresses_of(threads, {notice.recipient_id for notice in notices if notice.recipient_id})
    if addresses or any(one.recipient and schedule_of(one.recipient).shows_excerpt for one in notices):
        cipher.preload(threads)
    for notice in notices:
        message = messages.get(notice.subject_id)
        if message is None:
            notice.told = News()
            continue
        own = entries[(notice.recipient_id or notice.target_id, message.thread_id)]
        entry = next((one for one in own if one.mailbox_id != message.sender_id), None)
        notice.told = News(
            message,
            entry,
            is_blocked=entry is not None and (entry.mailbox_id, message.sender_id) in blocked,
            sizes=sizes[message.pk],
            address=addresses.get((message.thread_id, notice.recipient_id)) if notice.recipient_id else None,
        )


def _entries(notices: Sequence[Notice], threads: Collection[uuid.UUID]) -> dict[Pair, list[Entry]]:
    """Return the views of threads that people, and the programs of shops, may see, by who that is and the thread."""
    people = {notice.recipient_id for notice in notices if notice.recipient_id is not None}
    programs = {notice.target_id for notice in notices if notice.recipient_id is None}
    found: dict[Pair, list[Entry]] = defaultdict(list)
    of_threads = Entry.objects.filter(thread__in=threads).select_related("mailbox").order_by("pk")
    for asked, rows in ((people, of_threads.visible_to_each(people)), (programs, of_threads.of_endpoints(programs))):
        for entry in rows if asked else ():
            found[(entry.for_id, entry.thread_id)].append(entry)  # type: ignore[attr-defined]
    return found


def _blocked(messages: Collection[Message], entries: Sequence[Entry]) -> set[Pair]:
    """Return who has blocked whom among these, by mailboxes."""
    rows = BlockedSender.objects.filter(
        mailbox__in={entry.mailbox_id for entry in entries}, sender__in={message.sender_id for message in messages}
    )
    return set(rows.values_list("mailbox_id", "sender_id"))


def _sizes(messages: Collection[uuid.UUID]) -> dict[uuid.UUID, list[int]]:
    """Return the sizes in bytes of the files that came with messages; those refused after all do not count."""
    sent = Attachment.objects.filter(enclosure__message__in=messages).exclude(
        state__in=[Attachment.State.REFUSED, Attachment.State.EXPIRED]
    )
    sizes: dict[uuid.UUID, list[int]] = defaultdict(list)
    for message_id, size in sent.values_list("enclosure__message_id", "size_bytes"):
        sizes[message_id].append(size)
    return sizes
