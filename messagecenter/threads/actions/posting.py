"""Posting: a thread is opened or carried on. Words are screened first, then one transaction keeps what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.accounts.writing import require_writer, require_writing
from messagecenter.attachments.models import Attachment
from messagecenter.policy import versions
from messagecenter.policy.models import BlockedSender, Decision
from messagecenter.vault import cipher
from messagecenter.vault.errors import Unreadable
from orders.models import Order, Product

from ..models import Entry, Message, Thread
from ..permission import Barriers, Room, may_be_blocked, may_open, post_refusal, require_room
from ..refused import AlreadySent, ThreadClosed, TopicNotOffered
from ..screening import About
from ..topics import topics_for_inquiry, topics_for_order
from ..validators import clean_body, clean_subject
from ..words import read_body, read_subject, write_subject
from .drafting import DraftFor
from .indexing import preload_keys
from .recording import Posted, Written, record, screen_words
from .sides import both_sides, other_side
from .tallies import locked_entries


def open_thread(
    *,
    by: User,
    mailbox: Mailbox,
    topic: str,
    subject: str,
    body: str,
    client_id: uuid.UUID,
    order: Order | None = None,
    product: Product | None = None,
    attachment_ids: Sequence[uuid.UUID] = (),
    confirmed: str = "",
    draft_version: int = 0,
) -> Posted:
    """Open a thread about an order or a product with its first message. Safe to call twice.

    What the policy holds is seen by the sender only, what it blocks is in nobody's inbox: look at the message's state.
    A repeat with the same ``client_id`` gives the first thread. Raises PermissionDenied when ``by`` may not write for
    ``mailbox`` or ``mailbox`` has no part in the order, ValidationError for the texts, Refusal for the files,
    TopicNotOffered, NoBuyer, what ``permission.may_open`` raises, NeedsConfirmation unless ``confirmed`` is the mark of
    the same words, and AlreadySent when the client id was used for other words or files.
    """
    subject, body = clean_subject(subject), clean_body(body, may_be_empty=bool(attachment_ids))
    other = other_side(mailbox, order, product)
    before = Thread.objects.filter(opened_by=mailbox, client_id=client_id)
    policy = versions.current()
    proactive, asked_at = policy[1].proactive, timezone.now()
    sides = both_sides(by=by, mailbox=mailbox, other=other, before=before, proactive=proactive, now=asked_at)
    own = sides.get(mailbox.pk)
    if own is None:
        raise PermissionDenied
    require_writing(Membership(role=own.role or ""))
    about = {"order": order, "product": product, "topic": topic}
    if own.is_repeat:
        return opened_before(before.get(), about, subject, body, by, attachment_ids)
    topics = topics_for_order(mailbox, order) if order else topics_for_inquiry(mailbox)
    chosen = next((offered for offered in topics if offered.key == topic), None)
    if chosen is None:
        raise TopicNotOffered
    room = Room.of(own, proactive, asked_at) if mailbox.kind == Mailbox.Kind.SHOP else None
    may_open(
        mailbox=mailbox,
        other=other,
        topic=chosen,
        order=order,
        product=product,
        barriers=Barriers.of(own, mailbox),
        proactive=proactive,
        room=room,
    )
    about_it = About(mailbox, other, order, product, topic)
    screened = screen_words(about_it, by, body, attachment_ids, confirmed, subject=subject, policy=policy)
    saved = (DraftFor(order=order, product=product), draft_version) if draft_version else None
    draft = Written(by, mailbox, other, body, client_id, attachment_ids, screened, saved, sides)
    now = timezone.now()
    thread = Thread(
        kind=Thread.Kind.ORDER if order else Thread.Kind.INQUIRY,
        **about,
        opened_by=mailbox,
        client_id=client_id,
        created_at=now,
        last_message_at=now,
    )
    try:
        with transaction.atomic():
            cipher.begin(thread.pk)
            write_subject(thread, subject)
            posted = record(thread, [], draft)
            if room is not None and posted.message.state != Message.State.BLOCKED:
                require_room(thread=thread, room=room, proactive=proactive)
            return posted
    except IntegrityError:
        first = Thread.objects.get(opened_by=mailbox, client_id=client_id)
        return opened_before(first, about, subject, body, by, attachment_ids)


def post_message(
    *,
    by: User,
    mailbox: Mailbox,
    thread: Thread,
    body: str,
    client_id: uuid.UUID,
    attachment_ids: Sequence[uuid.UUID] = (),
    confirmed: str = "",
    draft_version: int = 0,
    standing: BeforeWriting | None = None,
) -> Posted:
    """Write a message in a thread. Safe to call twice: the same ``client_id`` gives the first message again.

    ``standing`` is what the caller has just read of it, for a person who may write there; else it is read here.
    ``attachment_ids`` name uploads of ``by`` for ``mailbox``; the draft of ``draft_version`` is deleted with it. What
    the policy says decides whether the message is delivered, held or blocked: look at its state. Raises
    PermissionDenied when ``by`` may not write for ``mailbox`` or ``mailbox`` has no entry in the thread,
    ValidationError for the text, Refusal for the files, ThreadClosed, what ``permission.post_refusal`` gives,
    NeedsConfirmation unless ``confirmed`` is the mark of the same words, and AlreadySent when the client id was used
    for other words or files.
    """
    body = clean_body(body, may_be_empty=bool(attachment_ids))
    # Screening can take a while, so it comes before anything is locked; whether the thread was closed meanwhile is
    # asked again afterwards.
    standing = standing or _standing(by, mailbox, thread, client_id)
    thread, other = standing.thread, standing.other
    if standing.is_repeat:
        return _repeated(thread, mailbox, client_id, body, by, attachment_ids)
    if thread.is_closed:
        raise ThreadClosed
    refusal = post_refusal(
        mailbox=mailbox, other=other, thread=thread, is_blocked=standing.is_blocked and may_be_blocked(mailbox)
    )
    if refusal is not None:
        raise refusal
    about = About(mailbox, other, thread.order, thread.product, thread.topic)
    # The other side has not seen the subject yet: it comes with the first message that is delivered.
    subject = "" if standing.other_has_it else read_subject(thread)
    screened = screen_words(about, by, body, attachment_ids, confirmed, subject=subject)
    saved = (DraftFor(thread=thread), draft_version) if draft_version else None
    draft = Written(by, mailbox, other, body, client_id, attachment_ids, screened, saved)
    try:
        with transaction.atomic():
            entries = locked_entries(thread)
            if thread.kind == Thread.Kind.CASE:
                # Another queue may have got it while this waited, with an entry the first look could not see.
                entries = locked_entries(thread)
                draft = replace(draft, other=_side_now(entries, mailbox, other))
            if mailbox.pk not in {entry.mailbox_id for entry in entries}:
                raise PermissionDenied
            preload_keys(thread.pk, entries)
            thread.state = entries[0].thread.state
            thread.files = entries[0].thread.files
            if thread.is_closed:
                raise ThreadClosed
            return record(thread, entries, draft)
    except IntegrityError:
        # Whoever sent the same at the same time was faster; anything else is not ours to explain.
        if not Message.objects.filter(thread=thread, sender=mailbox, client_id=client_id).exists():
            raise
        return _repeated(thread, mailbox, client_id, body, by, attachment_ids)


def _side_now(entries: list[Entry], mailbox: Mailbox, other: Mailbox) -> Mailbox:
    """Return whom ``mailbox`` talks to in a case now that its entries are locked."""
    own = next((entry for entry in entries if entry.mailbox_id == mailbox.pk), None)
    if own is None or own.other_id == other.pk:
        return other
    return next((entry.mailbox for entry in entries if entry.mailbox_id == own.other_id), other)


@dataclass(frozen=True)
class BeforeWriting:
    """What is known about a mailbox in a thread before it writes there: one query."""

    thread: Thread
    other: Mailbox
    other_has_it: bool
    is_blocked: bool
    is_repeat: bool


def _standing(by: User, mailbox: Mailbox, thread: Thread, client_id: uuid.UUID) -> BeforeWriting:
    """Return how ``mailbox`` stands in a thread as it is now.

    Raises PermissionDenied for who has no entry in it, and when ``by`` may not write for ``mailbox``.
    """
    its_thread, other = OuterRef("thread"), OuterRef("other")
    entry = (
        Entry.objects.filter(thread=thread, mailbox=mailbox)
        .select_related("thread__order", "thread__product", "other")
        .annotate(
            role=Subquery(Membership.objects.filter(mailbox=mailbox, user=by).values("role")[:1]),
            other_has_it=Exists(Entry.objects.filter(thread=its_thread, mailbox=other)),
            is_blocked=Exists(BlockedSender.objects.filter(mailbox=other, sender=mailbox)),
            is_repeat=Exists(Message.objects.filter(thread=its_thread, sender=mailbox, client_id=client_id)),
        )
        .first()
    )
    if entry is None:
        require_writer(by, mailbox)  # who may not write at all is told so
        raise PermissionDenied
    require_writing(Membership(role=entry.role or ""))
    return BeforeWriting(entry.thread, entry.other, entry.other_has_it, entry.is_blocked, entry.is_repeat)


def _repeated(
    thread: Thread, mailbox: Mailbox, client_id: uuid.UUID, body: str, by: User, attachment_ids: Sequence[uuid.UUID]
) -> Posted:
    """Return what an earlier call with this client id left behind. Raises AlreadySent."""
    first = Message.objects.get(thread=thread, sender=mailbox, client_id=client_id)
    return _as_before(thread, _same_words(first, body, by, attachment_ids))


def opened_before(
    thread: Thread, about: dict[str, Any], subject: str, body: str, by: User, attachment_ids: Sequence[uuid.UUID]
) -> Posted:
    """Return the thread an earlier call with this client id opened, if it says the same about the same."""
    message = thread.messages.order_by("pk").first()
    if message is None or any(getattr(thread, name) != value for name, value in about.items()):
        raise AlreadySent
    if read_subject(thread) != subject:
        raise AlreadySent
    return _as_before(thread, _same_words(message, body, by, attachment_ids))


def _as_before(thread: Thread, message: Message) -> Posted:
    """Return an earlier message with the decision on it."""
    decision = Decision.objects.filter(message_id=message.pk).order_by("pk").first()
    return Posted(thread, message, repeated=True, decision=decision)


def _same_words(message: Message, body: str, by: User, attachment_ids: Sequence[uuid.UUID]) -> Message:
    """Return ``message`` if it says ``body`` with these files. Raises AlreadySent otherwise, also when unreadable."""
    try:
        same = read_body(message) == body and _same_files(message, by, attachment_ids)
    except Unreadable:
        same = False
    if not same:
        raise AlreadySent
    return message


def _same_files(message: Message, by: User, attachment_ids: Sequence[uuid.UUID]) -> bool:
    """Return whether the message has these files; a form without JavaScript sent twice brings them as new uploads."""
    kept = Attachment.objects.filter(pk__in=message.unsent_files)
    sent = {
        row.pk: row for row in [*(one.attachment for one in message.enclosures.select_related("attachment")), *kept]
    }
    if set(attachment_ids) == set(sent):
        return True
    again = Attachment.objects.visible_to(by).filter(pk__in=attachment_ids)
    return sorted(one.details.sha256 for one in again) == sorted(one.details.sha256 for one in sent.values())
