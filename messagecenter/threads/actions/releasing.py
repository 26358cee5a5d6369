"""What becomes of a message after a decision on it: a person delivers or rejects it, or its files were checked late."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.actions import send as send_attachments
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.models import Attachment
from messagecenter.live.actions import announce
from messagecenter.notices.actions import owe
from messagecenter.policy import versions
from messagecenter.policy.models import Decision
from messagecenter.policy.rules import Action, severest
from messagecenter.vault.cipher import Place, encrypt

from ..models import Enclosure, Entry, Message, Thread
from ..notifications import DECISION, DECISION_SETTLED
from ..permission import blocks_between, post_refusal
from ..refused import RecipientBlocks, SenderBlocked
from ..screening import About, findings_of, lists_of, masked, screen_file, surroundings_of
from ..words import read_body, read_shown_body, write_redacted, write_snippet
from .answering import answer_automatically
from .arriving import arrival
from .autofiling import autofile
from .indexing import index_message, reindex_message
from .recording import tell
from .sides import other_side_in
from .tallies import Change, add_entries, change, locked_entries, save

BATCH = 200


@transaction.atomic
def release_message(
    *,
    by: User | None,
    decision: Decision,
    was_mistaken: bool = False,
    hide: Sequence[tuple[int, int]] = (),
    answer: str = "",
) -> Message:
    """Deliver what a decision held back, with the time at which it was written. Releasing twice changes nothing.

    ``hide`` are stretches of the text (characters) that the other side does not read. ``by`` is None when the hold's
    time ran out and the operator's policy says to deliver: then what a person has decided meanwhile stands. ``answer``
    is told to the sender. Files that are gone are left out. Raises Unreadable, and RecipientBlocks when the other side
    has blocked the sender since.
    """
    decision, message, entries = _locked(decision)
    if decision.outcome == Decision.Outcome.DELIVERED or (by is None and decision.outcome != Decision.Outcome.OPEN):
        return message
    if message.state != Message.State.DELIVERED:
        _require_unblocked(message)
    _settle(decision, Decision.Outcome.DELIVERED, by=by, was_mistaken=was_mistaken, answer=answer)
    if decision.measure == Decision.Measure.WITHHELD:
        files = [one["part"].partition(":")[2] for one in decision.findings]
        Enclosure.objects.filter(message=message, attachment__in=files).update(is_withheld=False)
        reindex_message(message, entries)
        _announce(message, entries, kind="files")
    elif message.state == Message.State.DELIVERED:
        _show_again(message, hide)
        reindex_message(message, entries)
        _announce(message, entries, kind="thread")
    else:
        _deliver_late(message, entries, hide)
    return message


@transaction.atomic
def reject_message(*, by: User | None, decision: Decision, answer: str = "") -> Message:
    """Say that a decision stands: a held message is not delivered, and its writer is told. Twice changes nothing.

    Whoever waits for an answer goes on waiting since when they did.
    """
    decision, message, entries = _locked(decision)
    if decision.outcome != Decision.Outcome.OPEN:
        return message
    _settle(decision, Decision.Outcome.STANDS, by=by, answer=answer)
    if message.state == Message.State.HELD and decision.measure == Decision.Measure.HELD:
        _keep_back(message, entries)
    if message.author_id and decision.hold_until:
        owe(
            kind=DECISION_SETTLED,
            subject_id=decision.pk,
            recipients=[message.author_id],
            mailbox_id=decision.mailbox_id,
        )
    return message


def _keep_back(message: Message, entries: list[Entry]) -> None:
    """Make a held message one that is not delivered, and let the other side's wait go on."""
    message.state = Message.State.BLOCKED
    message.save(update_fields=["state"])
    own = next((entry for entry in entries if entry.mailbox_id == message.sender_id), None)
    if own is None:
        return
    values: dict[str, Any] = {"holds": max(0, own.holds - 1)}
    later = Message.objects.filter(thread=message.thread_id, sender=message.sender_id, pk__gt=message.pk)
    answer = later.exclude(state=Message.State.BLOCKED).order_by("pk").first()
    waiting = [moment for moment in (message.answers_since, own.needs_reply_since) if moment is not None]
    if answer is not None and answer.state == Message.State.HELD:
        # The later one is now the answer to what this one would have answered.
        answer.answers_since = min([*waiting, answer.answers_since] if answer.answers_since else waiting, default=None)
        answer.save(update_fields=["answers_since"])
    elif answer is None and waiting and not own.thread.is_closed:
        values["needs_reply_since"] = min(waiting)
    save([change(own, **values)])
    announce(kind="thread", mailbox_ids=[own.mailbox_id], thread_id=message.thread_id)


def announce_settled(*, attachments: Sequence[Attachment]) -> None:
    """Screen files whose check ended after their messages had been sent; then show them to both sides' open pages."""
    sent = [one.pk for one in attachments if one.sent_at is not None]
    enclosed = Enclosure.objects.filter(attachment__in=sent).select_related(
        "message__sender",
        "thread__order__shop",
        "thread__order__buyer",
        "thread__product__shop",
        "thread__opened_by",
        "attachment",
    )
    for enclosure in enclosed:
        _hand_over_or_withhold(enclosure)
        entries = list(Entry.objects.filter(thread=enclosure.thread_id).select_related("mailbox__search_index"))
        if enclosure.message.state == Message.State.DELIVERED:
            reindex_message(enclosure.message, entries)
        else:
            # The other side knows of no message.
            entries = [one for one in entries if one.mailbox_id == enclosure.message.sender_id]
        announce(
            kind="files",
            mailbox_ids=[one.mailbox_id for one in entries],
            thread_id=enclosure.thread_id,
            message_id=enclosure.message_id,
        )


def screen_late() -> int:
    """Screen files that could be read only after their messages had been sent; return how many. Safe to repeat.

    Whatever came between the check and this, a crash or a check asked for by staff: until a file was screened here the
    other side does not have it.
    """
    waiting = Enclosure.objects.to_screen().select_related("attachment")[:BATCH]
    announce_settled(attachments=[enclosure.attachment for enclosure in waiting])
    return len(waiting)


def _hand_over_or_withhold(enclosure: Enclosure) -> None:
    """Let the other side have a file, unless the words in it would have stopped the message: then say why."""
    thread, message, file = enclosure.thread, enclosure.message, enclosure.attachment
    if enclosure.is_screened or not file.is_ready:
        return
    version, rules = versions.current()
    other = other_side_in(thread, message.sender)
    about = About(message.sender, other, thread.order, thread.product, thread.topic)
    parts = screen_file(file, rules, surroundings_of(about, lists_of(rules)))
    action = severest(part.verdict.action for part in parts)
    is_stopped = action in (Action.REVIEW, Action.BLOCK)
    with transaction.atomic():
        unseen = Enclosure.objects.filter(pk=enclosure.pk, is_screened=False)
        if not unseen.update(is_screened=True, is_withheld=is_stopped) or not is_stopped:
            return
        decision = Decision.objects.create(
            message_id=message.pk,
            thread_id=thread.pk,
            mailbox=message.sender,
            author_id=message.author_id,
            version=version,
            measure=Decision.Measure.WITHHELD,
            findings=findings_of(parts),
            hold_until=timezone.now() + timedelta(hours=rules.hold_hours) if action == Action.REVIEW else None,
        )
        if message.author_id:
            owe(kind=DECISION, subject_id=decision.pk, recipients=[message.author_id], mailbox_id=decision.mailbox_id)


def _locked(decision: Decision) -> tuple[Decision, Message, list[Entry]]:
    """Return the decision, its message and the thread's entries, locked."""
    entries = locked_entries(Thread(pk=decision.thread_id))
    locked = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    message = (
        Message.objects.select_for_update(of=("self",))
        .select_related(
            "thread__order__shop",
            "thread__order__buyer",
            "thread__product__shop",
            "thread__opened_by",
            "thread__support",
            "sender",
            "author",
        )
        .get(pk=decision.message_id)
    )
    return locked, message, entries


def _settle(
    decision: Decision, outcome: Decision.Outcome, *, by: User | None, was_mistaken: bool = False, answer: str = ""
) -> None:
    """Write down what became of a decision, by whom, and what the sender is told."""
    decision.outcome, decision.settled_at, decision.settled_by = outcome, timezone.now(), by
    decision.was_mistaken = was_mistaken
    if answer.strip():
        place = Place(thread_id=decision.thread_id, record_id=decision.pk, field="answer", sender_id=None)
        decision.answer_ciphertext = encrypt(answer.strip(), place)
    decision.save(update_fields=["outcome", "settled_at", "settled_by", "was_mistaken", "answer_ciphertext"])


def _show_again(message: Message, hide: Sequence[tuple[int, int]]) -> None:
    """Let the other side read the words that had been hidden, but for ``hide``."""
    message.redacted_ciphertext = b""
    if hide:
        write_redacted(message, masked(read_body(message), hide))
    message.save(update_fields=["redacted_ciphertext"])
    thread = message.thread
    if thread.snippet_message_id == message.pk:
        write_snippet(thread, message.pk, read_shown_body(message))
        thread.save(update_fields=["snippet_ciphertext"])


def _deliver_late(message: Message, entries: list[Entry], hide: Sequence[tuple[int, int]]) -> None:
    """Deliver a message that was held or blocked: the recipient's clock begins now, the sender's ended back then."""
    now = timezone.now()
    thread = message.thread
    was_held = message.state == Message.State.HELD
    message.state, message.delivered_at = Message.State.DELIVERED, now
    if hide:
        write_redacted(message, masked(read_body(message), hide))
    thread.files += _files_of(message)
    message.save(update_fields=["state", "delivered_at", "redacted_ciphertext", "unsent_files"])
    own, other = message.sender, other_side_in(thread, message.sender)
    if thread.support is not None and own.pk != thread.opened_by_id:
        own = thread.support  # whichever queue wrote it: this one has the thread now
    missing = [side for side in (own, other) if side.pk not in {entry.mailbox_id for entry in entries}]
    if missing:
        entries = [*entries, *add_entries(thread, own, other, missing, now)]
    is_first = thread.snippet_message_id is None
    newest = thread.messages.filter(state=Message.State.DELIVERED).order_by("-pk").first()
    if newest is not None and newest.pk == message.pk:
        write_snippet(thread, message.pk, read_shown_body(message))
    thread.last_message_at = now
    thread.save(update_fields=["snippet_ciphertext", "snippet_message_id", "last_message_at", "files"])
    for entry in entries:
        entry.thread = thread
    changes = [_changed(entry, own, message, now, was_held=was_held) for entry in entries]
    save([*changes, *autofile(message, entries)])
    index_message(message, entries, is_first=is_first)
    tell(message, entries, sender=message.sender)
    _announce(message, entries, kind="message")
    if thread.kind != Thread.Kind.CASE:
        answer_automatically(message, entries, now)


def _changed(entry: Entry, own: Mailbox, message: Message, now: datetime, *, was_held: bool) -> Change:
    """Set what a late delivery changes on one side's entry; ``own`` is the side that wrote."""
    if entry.mailbox_id != own.pk:
        return change(entry, **arrival(entry, now, text="" if message.enclosures.exists() else read_body(message)))
    # Written in time is answered in time, whenever a person came to look at it.
    waiting_since = entry.needs_reply_since
    is_answer = waiting_since is not None and waiting_since <= message.sent_at
    has_been_answered = entry.last_received_at is not None and entry.last_received_at > message.sent_at
    return change(
        entry,
        by=message.author,
        last_message_at=now,
        last_sent_at=max(entry.last_sent_at or message.sent_at, message.sent_at),
        needs_reply_since=None if is_answer else waiting_since,
        awaiting_since=None if has_been_answered or entry.thread.is_closed else entry.awaiting_since or now,
        has_files=entry.thread.files > 0,
        holds=max(0, entry.holds - was_held),
    )


def _files_of(message: Message) -> int:
    """Send the files of a message that was blocked, as far as they are still there; return how many go with it.

    What was checked only after the message had been judged is screened first.
    """
    if message.unsent_files and message.author is not None:
        uploads = Attachment.objects.visible_to(message.author).filter(mailbox=message.sender_id)
        ids = list(uploads.sendable().filter(pk__in=message.unsent_files).order_by("pk").values_list("pk", flat=True))
        sent: list[Attachment] = []
        # Gone meanwhile: the words are worth delivering without them.
        with suppress(Refusal), transaction.atomic():
            sent = send_attachments(by=message.author, mailbox=message.sender, ids=ids, thread_id=message.thread_id)
        Enclosure.objects.bulk_create(
            [
                Enclosure(
                    thread_id=message.thread_id,
                    message=message,
                    attachment=one,
                    is_screened=one.checked_at is not None and one.checked_at <= message.sent_at,
                )
                for one in sent
            ]
        )
        message.unsent_files = []
    return message.enclosures.count()


def _require_unblocked(message: Message) -> None:
    """Raise RecipientBlocks when the other side has blocked the sender since the message was written."""
    thread, sender = message.thread, message.sender
    other = other_side_in(thread, sender)
    is_blocked = blocks_between(sender, other).by_them
    refusal = post_refusal(mailbox=sender, other=other, thread=thread, is_blocked=is_blocked)
    if isinstance(refusal, SenderBlocked):
        raise RecipientBlocks


def _announce(message: Message, entries: list[Entry], *, kind: str) -> None:
    """Tell both sides' open pages; of a message that was not delivered only its own side's."""
    is_delivered = message.state == Message.State.DELIVERED
    announce(
        kind=kind,
        mailbox_ids=[entry.mailbox_id for entry in entries if is_delivered or entry.mailbox_id == message.sender_id],
        thread_id=message.thread_id,
        message_id=message.pk,
    )
