"""Writes down what somebody wrote: delivered, held or blocked, in the transaction of who calls."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.actions import keep_until
from messagecenter.attachments.actions import send as send_attachments
from messagecenter.attachments.checking import check_total
from messagecenter.attachments.models import Attachment
from messagecenter.live.actions import announce
from messagecenter.notices.actions import owe
from messagecenter.policy.models import Decision, PolicyVersion
from messagecenter.policy.rules import Action, Rules

from ..following import follower_of
from ..models import Enclosure, Entry, Message, Thread
from ..notifications import DECISION, tell_of
from ..refused import Refused
from ..screening import About, Screened, findings_of, masked, screen_message
from ..words import write_body, write_redacted, write_snippet
from .answering import answer_automatically
from .arriving import arrival, departure
from .autofiling import autofile
from .drafting import DraftFor, forget_draft
from .indexing import index_message
from .tallies import add_entries, change, save

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
class Written:
    """What somebody wants to say, for whom, and what the policy says to it."""

    by: User
    mailbox: Mailbox
    other: Mailbox
    body: str
    client_id: uuid.UUID
    attachment_ids: Sequence[uuid.UUID]
    screened: Screened
    saved: tuple[DraftFor, int] | None = None  # the draft it was sent from, and its version
    sides: Mapping[uuid.UUID, Mailbox] | None = None  # both mailboxes with what a delivery asks of them, where read


def screen_words(
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


def record(thread: Thread, entries: list[Entry], draft: Written) -> Posted:
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


def _decide(message: Message, draft: Written, now: datetime) -> Decision | None:
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


def _block(message: Message, draft: Written, decision: Decision | None) -> None:
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


def _hold(message: Message, entries: list[Entry], draft: Written, decision: Decision | None, now: datetime) -> None:
    """Keep a message for a person to check. Only its own side sees it, and for that side it counts as the answer."""
    own = next((entry for entry in entries if entry.mailbox_id == draft.mailbox.pk), None)
    if own is None:
        [own] = add_entries(message.thread, draft.mailbox, draft.other, [draft.mailbox], now, draft.sides)
    message.answers_since = own.needs_reply_since
    message.save(force_insert=True)
    _enclose(message, draft)
    values: dict[str, Any] = {"last_message_at": now, "last_sent_at": now, "unread": 0, "needs_reply_since": None}
    save([change(own, by=draft.by, holds=own.holds + 1, **values)])
    announce(kind="message", mailbox_ids=[draft.mailbox.pk], thread_id=message.thread_id, message_id=message.pk)


def _deliver(message: Message, entries: list[Entry], draft: Written, now: datetime) -> None:
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
        entries = [*entries, *add_entries(thread, draft.mailbox, draft.other, missing, now, draft.sides)]
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
    tell(message, entries, sender=draft.mailbox)
    announce(
        kind="message",
        mailbox_ids=[entry.mailbox_id for entry in entries],
        thread_id=thread.pk,
        message_id=message.pk,
    )
    if thread.kind != Thread.Kind.CASE:
        answer_automatically(message, entries, now)


def tell(message: Message, entries: Sequence[Entry], *, sender: Mailbox) -> None:
    """Owe the news of a delivered message, or let the room above do so that follows the thread."""
    follower = follower_of(message.thread)
    if follower is None:
        tell_of(message, entries, sender=sender, author=message.author)
    else:
        follower(message, entries)


def message_words(message: Message, body: str, screened: Screened) -> str:
    """Return what both sides may read of a message: a snippet is shown to both."""
    return masked(body, screened.hidden_spans()) if message.redacted_ciphertext else body


def _enclose(message: Message, draft: Written) -> int:
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
