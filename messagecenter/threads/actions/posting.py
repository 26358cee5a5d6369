"""Posting: a thread is opened or carried on. Words are screened first, then one transaction keeps what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.accounts.writing import require_writer, require_writing
from messagecenter.attachments.actions import keep_until
from messagecenter.attachments.actions import send as send_attachments
from messagecenter.attachments.checking import check_total
from messagecenter.attachments.models import Attachment
from messagecenter.live.actions import announce
from messagecenter.notices.actions import owe
from messagecenter.policy import versions
from messagecenter.policy.models import BlockedSender, Decision, PolicyVersion
from messagecenter.policy.rules import Action, Rules
from messagecenter.vault import cipher
from messagecenter.vault.errors import Unreadable
from orders.models import Order, Product

from ..models import Enclosure, Entry, Message, Thread
from ..notifications import DECISION, tell_of
from ..permission import Barriers, gathered_barriers, may_be_blocked, may_open, post_refusal
from ..refused import AlreadySent, Refused, ThreadClosed, TopicNotOffered
from ..screening import About, Screened, findings_of, masked, screen_message
from ..topics import topics_for_inquiry, topics_for_order
from ..validators import clean_body, clean_subject
from ..words import read_body, read_subject, write_body, write_redacted, write_snippet, write_subject
from .answering import answer_automatically
from .arriving import arrival, departure
from .autofiling import autofile
from .drafting import DraftFor, forget_draft
from .indexing import index_message, preload_keys
from .sides import other_side
from .tallies import add_entries, change, locked_entries, save

MEASURES = {
    Action.WARN: Decision.Measure.WARNED,
    Action.REDACT: Decision.Measure.REDACTED,
    Action.REVIEW: Decision.Measure.HELD,
    Action.BLOCK: Decision.Measure.BLOCKED,
}
STATES = {Action.REVIEW: Message.State.HELD, Action.BLOCK: Message.State.BLOCKED}


class NeedsConfirmation(Refused):
    """The policy warns: the writer reads why, and sends the same words with ``screened.mark``, or changes them."""

    sentence = _("Please check your message before it is sent.")

    def __init__(self, screened: Screened) -> None:
        super().__init__()
        self.screened = screened


@dataclass(frozen=True)
class Posted:
    """What a post left behind; ``repeated`` when it had been there before.

    ``message.state`` says what became of it, ``decision`` why when it was not simply delivered, and ``screened`` the
    words themselves (None for a repeated one).
    """

    thread: Thread
    message: Message
    repeated: bool = False
    decision: Decision | None = None
    screened: Screened | None = None

    @property
    def tells(self) -> bool:
        """Whether the writer is to be told what was decided: the message was held, or goes with words hidden."""
        measures = (Decision.Measure.HELD, Decision.Measure.REDACTED)
        return self.decision is not None and self.decision.measure in measures


@dataclass(frozen=True)
class _Draft:
    """What somebody wants to say, for whom, and what the policy says to it."""

    by: User
    mailbox: Mailbox
    other: Mailbox
    body: str
    client_id: uuid.UUID
    attachment_ids: Sequence[uuid.UUID]
    screened: Screened
    saved: tuple[DraftFor, int] | None = None  # the draft it was sent from, and its version


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
    writer = Membership.objects.filter(user=by, mailbox=mailbox).annotate(
        is_repeat=Exists(before), **gathered_barriers(mailbox, other)
    )
    membership: Any = writer.first()
    require_writing(membership)
    about = {"order": order, "product": product, "topic": topic}
    if membership.is_repeat:
        return _opened_before(before.get(), about, subject, body, by, attachment_ids)
    topics = topics_for_order(mailbox, order) if order else topics_for_inquiry(mailbox)
    chosen = next((offered for offered in topics if offered.key == topic), None)
    if chosen is None:
        raise TopicNotOffered
    barriers = Barriers.of(membership, mailbox)
    policy = versions.current()
    asked: dict[str, Any] = {"mailbox": mailbox, "other": other, "topic": chosen, "order": order, "product": product}
    asked["proactive"] = policy[1].proactive
    may_open(**asked, barriers=barriers)
    about_it = About(mailbox, other, order, product, topic)
    screened = _screen(about_it, by, body, attachment_ids, confirmed, subject=subject, policy=policy)
    saved = (DraftFor(order=order, product=product), draft_version) if draft_version else None
    draft = _Draft(by, mailbox, other, body, client_id, attachment_ids, screened, saved)
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
            may_open(**asked, is_writing=True)
            cipher.begin(thread.pk)
            write_subject(thread, subject)
            return _write(thread, [], draft)
    except IntegrityError:
        first = Thread.objects.get(opened_by=mailbox, client_id=client_id)
        return _opened_before(first, about, subject, body, by, attachment_ids)


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
    screened = _screen(about, by, body, attachment_ids, confirmed, subject=subject)
    saved = (DraftFor(thread=thread), draft_version) if draft_version else None
    draft = _Draft(by, mailbox, other, body, client_id, attachment_ids, screened, saved)
    try:
        with transaction.atomic():
            entries = locked_entries(thread)
            if mailbox.pk not in {entry.mailbox_id for entry in entries}:
                raise PermissionDenied
            preload_keys(thread.pk, entries)
            thread.state = entries[0].thread.state
            thread.files = entries[0].thread.files
            if thread.is_closed:
                raise ThreadClosed
            return _write(thread, entries, draft)
    except IntegrityError:
        # Whoever sent the same at the same time was faster; anything else is not ours to explain.
        if not Message.objects.filter(thread=thread, sender=mailbox, client_id=client_id).exists():
            raise
        return _repeated(thread, mailbox, client_id, body, by, attachment_ids)


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


def _opened_before(
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


def _screen(
    about: About,
    by: User,
    body: str,
    attachment_ids: Sequence[uuid.UUID],
    confirmed: str,
    *,
    subject: str = "",
    policy: tuple[PolicyVersion, Rules] | None = None,
) -> Screened:
    """Return what the policy says. Raises NeedsConfirmation when it warns and nobody has confirmed exactly that.

    Only the writer's own uploads are read here; whether they can be sent is decided when they are sent. Raises Refusal
    when all of it is too much: also of what is blocked, because an appeal may deliver it.
    """
    files = _own_uploads(by, about.sender, attachment_ids)
    check_total(len(body.encode()), [file.size_bytes for file in files])
    screened = screen_message(about, body=body, subject=subject, files=files, policy=policy)
    if screened.action == Action.WARN and confirmed != screened.mark:
        raise NeedsConfirmation(screened)
    return screened


def _own_uploads(by: User, mailbox: Mailbox, ids: Sequence[uuid.UUID]) -> list[Attachment]:
    """Return which of these uploads are the writer's own and can be sent."""
    if not ids:
        return []
    return list(Attachment.objects.visible_to(by).filter(mailbox=mailbox, pk__in=ids).sendable().order_by("pk"))


def _write(thread: Thread, entries: list[Entry], draft: _Draft) -> Posted:
    """Keep the message and what the policy decided; deliver it, hold it or block it."""
    screened = draft.screened
    now = timezone.now()
    state = STATES.get(screened.action, Message.State.DELIVERED)
    message = Message(
        thread=thread, sender=draft.mailbox, author=draft.by, client_id=draft.client_id, sent_at=now, state=state
    )
    write_body(message, draft.body)
    if state == Message.State.DELIVERED and (spans := screened.hidden_spans()):
        write_redacted(message, masked(draft.body, spans))
    if thread._state.adding and state != Message.State.DELIVERED:
        thread.save(force_insert=True)  # a delivered one is written with the words of its first message
    decision = _decide(message, draft, now)
    if state == Message.State.BLOCKED:
        _block(message, draft, decision)
    elif state == Message.State.HELD:
        _hold(message, entries, draft, decision, now)
    else:
        _deliver(message, entries, draft, now)
    if draft.saved is not None and state != Message.State.BLOCKED:
        forget_draft(by=draft.by, mailbox=draft.mailbox, matter=draft.saved[0], version=draft.saved[1])
    if decision is not None and decision.measure != Decision.Measure.WARNED:
        owe(kind=DECISION, subject_id=decision.pk, recipients=[draft.by], mailbox_id=decision.mailbox_id)
    return Posted(thread, message, decision=decision, screened=screened)


def _decide(message: Message, draft: _Draft, now: datetime) -> Decision | None:
    """Keep what the policy decided and why, unless it had nothing to say."""
    screened = draft.screened
    if screened.action == Action.ALLOW:
        return None
    held = screened.action == Action.REVIEW
    return Decision.objects.create(
        message_id=message.pk,
        thread_id=message.thread_id,
        mailbox=draft.mailbox,
        author=draft.by,
        version=screened.version,
        measure=MEASURES[screened.action],
        findings=findings_of(screened.parts),
        made_at=now,
        hold_until=now + timedelta(hours=screened.rules.hold_hours) if held else None,
    )


def _block(message: Message, draft: _Draft, decision: Decision | None) -> None:
    """Keep a message that is not delivered, for its statement of reasons and an appeal.

    Its files stay uploads, so that the corrected message can take them along; they are kept as long as one may appeal.
    """
    kept = [file.pk for file in _own_uploads(draft.by, draft.mailbox, draft.attachment_ids)]
    message.unsent_files = [str(one) for one in kept]
    message.save(force_insert=True)
    if kept and decision is not None:
        until = decision.made_at + timedelta(days=draft.screened.rules.appeal_days)
        keep_until(by=draft.by, ids=kept, until=until)
    if Entry.objects.filter(thread=message.thread_id, mailbox=draft.mailbox).exists():
        announce(kind="message", mailbox_ids=[draft.mailbox.pk], thread_id=message.thread_id, message_id=message.pk)


def _hold(message: Message, entries: list[Entry], draft: _Draft, decision: Decision | None, now: datetime) -> None:
    """Keep a message for a person to check. Only its own side sees it, and for that side it counts as the answer."""
    own = next((entry for entry in entries if entry.mailbox_id == draft.mailbox.pk), None)
    if own is None:
        [own] = add_entries(message.thread, draft.mailbox, draft.other, [draft.mailbox], now)
    message.answers_since = own.needs_reply_since
    message.save(force_insert=True)
    _enclose(message, draft)
    values: dict[str, Any] = {"last_message_at": now, "last_sent_at": now, "unread": 0, "needs_reply_since": None}
    save([change(own, by=draft.by, holds=own.holds + 1, **values)])
    announce(kind="message", mailbox_ids=[draft.mailbox.pk], thread_id=message.thread_id, message_id=message.pk)


def _deliver(message: Message, entries: list[Entry], draft: _Draft, now: datetime) -> None:
    """Deliver a message with its files: both sides' entries and counters, and what we owe: mail and live updates."""
    thread = message.thread
    is_first, is_new = thread.snippet_message_id is None, thread._state.adding
    write_snippet(thread, message.pk, message_words(message, draft.body, draft.screened))
    thread.last_message_at = now
    if is_new:
        thread.save(force_insert=True)
    message.save(force_insert=True)
    message_files = _enclose(message, draft)
    thread.files += message_files
    if not is_new:
        thread.save(update_fields=["snippet_ciphertext", "snippet_message_id", "last_message_at", "files"])
    elif message_files:
        thread.save(update_fields=["files"])
    missing = [side for side in (draft.mailbox, draft.other) if side.pk not in {entry.mailbox_id for entry in entries}]
    if missing:
        entries = [*entries, *add_entries(thread, draft.mailbox, draft.other, missing, now)]
    for entry in entries:
        entry.thread = thread
    changes = [
        change(entry, by=draft.by, **departure(entry, now))
        if entry.mailbox_id == draft.mailbox.pk
        else change(entry, **arrival(entry, now, text="" if message_files else draft.body))
        for entry in entries
    ]
    save([*changes, *autofile(message, entries)])
    index_message(message, entries, is_first=is_first)
    tell_of(message, entries, sender=draft.mailbox, author=draft.by)
    announce(
        kind="message",
        mailbox_ids=[entry.mailbox_id for entry in entries],
        thread_id=thread.pk,
        message_id=message.pk,
    )
    answer_automatically(message, entries, now)


def message_words(message: Message, body: str, screened: Screened) -> str:
    """Return what both sides may read of a message: a snippet is shown to both."""
    return masked(body, screened.hidden_spans()) if message.redacted_ciphertext else body


def _enclose(message: Message, draft: _Draft) -> int:
    """Send uploads with a message and return how many. Raises Refusal when one cannot be sent, or all is too much."""
    if not draft.attachment_ids:
        return 0
    sent = send_attachments(
        by=draft.by,
        mailbox=draft.mailbox,
        ids=draft.attachment_ids,
        thread_id=message.thread_id,
        text_bytes=len(draft.body.encode()),
    )
    read = {part.key for part in draft.screened.parts}
    Enclosure.objects.bulk_create(
        [
            Enclosure(
                thread_id=message.thread_id, message=message, attachment=one, is_screened=f"file:{one.pk}" in read
            )
            for one in sent
        ]
    )
    return len(sent)
