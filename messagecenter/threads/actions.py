"""Every write to threads: open, post, read, close, reopen, no response needed. One transaction each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.attachments.actions import send as send_attachments
from messagecenter.attachments.models import Attachment
from messagecenter.live.actions import announce
from messagecenter.notices.actions import owe
from messagecenter.vault.errors import Unreadable
from orders.models import Order, Product

from .models import Disclosure, Enclosure, Entry, Message, Tally, Thread
from .notifications import NEW_MESSAGE, people_to_tell
from .topics import topics_for_inquiry, topics_for_order
from .validators import clean_body, clean_subject
from .words import read_body, read_subject, write_body, write_snippet, write_subject

NOT_A_WRITER = _("You can read here but not write. Ask an owner of the mailbox for the role of agent.")


class Refused(Exception):
    """A write that cannot be done; ``sentence`` tells the person why."""

    sentence: Promise


class ThreadClosed(Refused):
    """The thread was closed and nobody has reopened it."""

    sentence = _("This conversation is closed. Reopen it to write.")


class AlreadySent(Refused):
    """A message with this client id exists and says something else."""

    sentence = _("Your earlier text was sent already. To send the text below as another message, send it again.")


class NoBuyer(Refused):
    """The order file gave no address for the buyer."""

    sentence = _("This buyer cannot be written to: the order came without an e-mail address.")


class TopicNotOffered(Refused):
    """The topic does not fit who asks or the order's state."""

    sentence = _("This topic is not offered for this order. Please choose another one.")


@dataclass(frozen=True)
class Posted:
    """What a post left behind; ``repeated`` when it had been there before."""

    thread: Thread
    message: Message
    repeated: bool = False


@dataclass(frozen=True)
class _Change:
    """A changed entry, which of its fields, and how far its mailbox's counters move."""

    entry: Entry
    fields: frozenset[str]
    unread: int
    needs_reply: int


def require_writer(user: User, mailbox: Mailbox) -> None:
    """Raise PermissionDenied unless ``user`` may write for ``mailbox``."""
    membership = Membership.objects.filter(user=user, mailbox=mailbox).first()
    if membership is None or not membership.may_write:
        raise PermissionDenied(NOT_A_WRITER)


@transaction.atomic
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
) -> Posted:
    """Open a thread about an order or a product and deliver its first message. Safe to call twice.

    A repeat with the same ``client_id`` gives the first thread. Raises PermissionDenied when ``by`` may not write for
    ``mailbox`` or ``mailbox`` has no part in the order, ValidationError for the texts, Refusal for the files,
    TopicNotOffered, NoBuyer, and AlreadySent when the client id was used for other words or files.
    """
    require_writer(by, mailbox)
    subject, body = clean_subject(subject), clean_body(body, may_be_empty=bool(attachment_ids))
    other = _other_side(mailbox, order, product)
    topics = topics_for_order(mailbox, order) if order else topics_for_inquiry(mailbox)
    about = {"order": order, "product": product, "topic": topic}
    first = Thread.objects.filter(opened_by=mailbox, client_id=client_id).first()
    if first is not None:
        return _opened_before(first, about, subject, body, by, attachment_ids)
    if topic not in {offered.key for offered in topics}:
        raise TopicNotOffered
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
            write_subject(thread, subject)
            thread.save(force_insert=True)
    except IntegrityError:
        first = Thread.objects.get(opened_by=mailbox, client_id=client_id)
        return _opened_before(first, about, subject, body, by, attachment_ids)
    number = order.number if order else ""
    entries = [
        Entry(thread=thread, mailbox=own, other=their, order_number=number, last_message_at=now)
        for own, their in ((mailbox, other), (other, mailbox))
    ]
    Entry.objects.bulk_create(entries)
    # From its first entry on a mailbox has a tally, so that posting only ever moves one.
    Tally.objects.bulk_create([Tally(mailbox_id=entry.mailbox_id) for entry in entries], ignore_conflicts=True)
    message = _deliver(
        thread, entries, by=by, mailbox=mailbox, body=body, client_id=client_id, attachment_ids=attachment_ids
    )
    return Posted(thread, message)


@transaction.atomic
def post_message(
    *,
    by: User,
    mailbox: Mailbox,
    thread: Thread,
    body: str,
    client_id: uuid.UUID,
    attachment_ids: Sequence[uuid.UUID] = (),
) -> Posted:
    """Deliver a message in a thread. Safe to call twice: the same ``client_id`` gives the first message again.

    ``attachment_ids`` name uploads of ``by`` for ``mailbox``. Raises PermissionDenied when ``by`` may not write for
    ``mailbox`` or ``mailbox`` has no entry in the thread, ValidationError for the text, Refusal for the files,
    ThreadClosed, and AlreadySent when the client id was used for other words or files.
    """
    require_writer(by, mailbox)
    body = clean_body(body, may_be_empty=bool(attachment_ids))
    entries = _locked_entries(thread)
    if mailbox.pk not in {entry.mailbox_id for entry in entries}:
        raise PermissionDenied
    thread = entries[0].thread
    first = Message.objects.filter(thread=thread, sender=mailbox, client_id=client_id).first()
    if first is not None:
        return Posted(thread, _same_words(first, body, by, attachment_ids), repeated=True)
    if thread.is_closed:
        raise ThreadClosed
    message = _deliver(
        thread, entries, by=by, mailbox=mailbox, body=body, client_id=client_id, attachment_ids=attachment_ids
    )
    return Posted(thread, message)


@transaction.atomic
def mark_read(*, by: User, entry: Entry, up_to: uuid.UUID) -> None:
    """Mark a thread as read for a mailbox, up to and with the last message that was shown.

    What came after stays unread. A viewer's reading changes nothing: the team has not dealt with it.
    """
    membership = Membership.objects.filter(user=by, mailbox=entry.mailbox_id).first()
    if membership is None or not membership.may_write:
        return
    locked = Entry.objects.select_for_update().get(pk=entry.pk)
    if not locked.unread:
        return
    later = Message.objects.filter(thread=locked.thread_id, state=Message.State.DELIVERED, pk__gt=up_to)
    unread = min(locked.unread, later.exclude(sender=locked.mailbox_id).count())
    if unread == locked.unread:
        return
    _save([_change(locked, unread=unread)])
    announce(kind="read", mailbox_ids=[entry.mailbox_id], thread_id=entry.thread_id)


@transaction.atomic
def mark_no_response_needed(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Stop waiting for this mailbox's answer. The other side sees nothing of it."""
    require_writer(by, mailbox)
    entry = Entry.objects.select_for_update().filter(thread=thread, mailbox=mailbox).first()
    if entry is None:
        raise PermissionDenied
    if entry.needs_reply_since is None:
        return
    _save([_change(entry, needs_reply_since=None)])
    announce(kind="thread", mailbox_ids=[mailbox.pk], thread_id=thread.pk)


@transaction.atomic
def close_thread(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Close a thread for both sides; nobody waits for an answer any more. Closing twice changes nothing."""
    _set_state(by=by, mailbox=mailbox, thread=thread, state=Thread.State.CLOSED)


@transaction.atomic
def reopen_thread(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Let both sides write again. Reopening twice changes nothing."""
    _set_state(by=by, mailbox=mailbox, thread=thread, state=Thread.State.OPEN)


@transaction.atomic
def disclose_thread(*, by: User, thread: Thread, reason: str) -> Disclosure:
    """Record that a member of staff reads a thread's words, and why, before a single word is shown.

    Raises PermissionDenied without the right to do so, ValueError without a reason.
    """
    if not by.is_staff or not by.has_perm("threads.disclose_thread"):
        raise PermissionDenied
    if not reason.strip():
        raise ValueError("Reading a thread needs a reason.")
    return Disclosure.objects.create(staff=by, thread=thread, reason=reason.strip())


def announce_settled(*, attachments: Sequence[Attachment]) -> None:
    """Tell both sides' open pages that files were checked after their messages had been sent."""
    sent = [one.pk for one in attachments if one.sent_at is not None]
    for enclosure in Enclosure.objects.filter(attachment__in=sent).select_related("message"):
        mailbox_ids = Entry.objects.filter(thread=enclosure.thread_id).values_list("mailbox_id", flat=True)
        announce(
            kind="files",
            mailbox_ids=list(mailbox_ids),
            thread_id=enclosure.thread_id,
            message_id=enclosure.message_id,
        )


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


def _other_side(mailbox: Mailbox, order: Order | None, product: Product | None) -> Mailbox:
    """Return whom ``mailbox`` talks to about this order or product. Raises PermissionDenied or NoBuyer."""
    if order is not None and product is None:
        if mailbox.pk == order.buyer_id:
            return order.shop
        if mailbox.pk == order.shop_id:
            if order.buyer is None:
                raise NoBuyer
            return order.buyer
    elif product is not None and order is None and mailbox.kind == Mailbox.Kind.BUYER:
        return product.shop
    raise PermissionDenied


def _opened_before(
    thread: Thread, about: dict[str, Any], subject: str, body: str, by: User, attachment_ids: Sequence[uuid.UUID]
) -> Posted:
    """Return the thread an earlier call with this client id opened, if it says the same about the same."""
    message = thread.messages.order_by("pk").first()
    if message is None or any(getattr(thread, name) != value for name, value in about.items()):
        raise AlreadySent
    if read_subject(thread) != subject:
        raise AlreadySent
    return Posted(thread, _same_words(message, body, by, attachment_ids), repeated=True)


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
    sent = {one.attachment_id: one.attachment for one in message.enclosures.select_related("attachment")}
    if set(attachment_ids) == set(sent):
        return True
    again = Attachment.objects.visible_to(by).filter(pk__in=attachment_ids)
    return sorted(one.details.sha256 for one in again) == sorted(one.details.sha256 for one in sent.values())


def _locked_entries(thread: Thread) -> list[Entry]:
    """Return both entries with their thread, locked in one order so that two writers never wait for each other.

    The thread is locked as well: PostgreSQL reads again only what it had to wait for, and its state decides.
    """
    locking = Entry.objects.select_for_update(of=("self", "thread"), no_key=True)
    return list(locking.filter(thread=thread).select_related("thread").order_by("pk"))


def _deliver(
    thread: Thread,
    entries: list[Entry],
    *,
    by: User,
    mailbox: Mailbox,
    body: str,
    client_id: uuid.UUID,
    attachment_ids: Sequence[uuid.UUID],
) -> Message:
    """Write the message with its files, both sides' entries and counters, and what we owe: mail and live updates."""
    now = timezone.now()
    message = Message(thread=thread, sender=mailbox, author=by, client_id=client_id, sent_at=now)
    write_body(message, body)
    message.save(force_insert=True)
    if attachment_ids:
        _enclose(message, by=by, mailbox=mailbox, body=body, attachment_ids=attachment_ids)
        thread.files += len(set(attachment_ids))
    write_snippet(thread, message.pk, body)
    thread.last_message_at = now
    thread.save(update_fields=["snippet_ciphertext", "snippet_message_id", "last_message_at", "files"])
    _save(
        [
            _change(entry, last_message_at=now, last_sent_at=now, unread=0, needs_reply_since=None)
            if entry.mailbox_id == mailbox.pk
            else _change(
                entry,
                last_message_at=now,
                unread=entry.unread + 1,
                needs_reply_since=entry.needs_reply_since or now,
            )
            for entry in entries
        ]
    )
    owe(kind=NEW_MESSAGE, subject_id=message.pk, recipients=people_to_tell(entries, sender=mailbox, author=by))
    announce(
        kind="message",
        mailbox_ids=[entry.mailbox_id for entry in entries],
        thread_id=thread.pk,
        message_id=message.pk,
    )
    return message


def _enclose(message: Message, *, by: User, mailbox: Mailbox, body: str, attachment_ids: Sequence[uuid.UUID]) -> None:
    """Send uploads with a message. Raises Refusal when one cannot be sent, or when all of it is too much."""
    text_bytes = len(body.encode())
    sent = send_attachments(
        by=by, mailbox=mailbox, ids=attachment_ids, thread_id=message.thread_id, text_bytes=text_bytes
    )
    Enclosure.objects.bulk_create(
        [Enclosure(thread_id=message.thread_id, message=message, attachment=one) for one in sent]
    )


def _set_state(*, by: User, mailbox: Mailbox, thread: Thread, state: Thread.State) -> None:
    """Close or reopen a thread for both sides. Raises PermissionDenied when ``by`` may not write in it."""
    require_writer(by, mailbox)
    entries = _locked_entries(thread)
    if mailbox.pk not in {entry.mailbox_id for entry in entries}:
        raise PermissionDenied
    if entries[0].thread.state == state:
        return
    Thread.objects.filter(pk=thread.pk).update(state=state)
    if state == Thread.State.CLOSED:
        _save([_change(entry, needs_reply_since=None) for entry in entries])
    announce(kind="thread", mailbox_ids=[entry.mailbox_id for entry in entries], thread_id=thread.pk)


def _change(entry: Entry, **values: int | datetime | None) -> _Change:
    """Set what changes on an entry, and say how far its mailbox's counters move. The row is not saved."""
    was_unread, was_waiting = entry.unread > 0, entry.needs_reply_since is not None
    for name, value in values.items():
        setattr(entry, name, value)
    return _Change(
        entry,
        frozenset(values),
        unread=(entry.unread > 0) - was_unread,
        needs_reply=(entry.needs_reply_since is not None) - was_waiting,
    )


def _save(changes: list[_Change]) -> None:
    """Write changed entries in one statement, then move their mailboxes' counters.

    The counters always move in the order of mailbox ids, so that two writers never wait for each other.
    """
    fields = frozenset[str]().union(*(change.fields for change in changes))
    Entry.objects.bulk_update([change.entry for change in changes], sorted(fields))
    for change in sorted(changes, key=lambda change: change.entry.mailbox_id):
        if not change.unread and not change.needs_reply:
            continue
        moved = {"unread": F("unread") + change.unread, "needs_reply": F("needs_reply") + change.needs_reply}
        Tally.objects.filter(pk=change.entry.mailbox_id).update(**moved)
