"""A mailbox answers by itself while nobody is there: once a day in a thread, and never to what nobody wrote."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from messagecenter.accounts.models import Mailbox
from messagecenter.hours.errors import HoursError
from messagecenter.ids import new_id
from messagecenter.live.actions import announce
from messagecenter.policy.models import BlockedSender
from messagecenter.policy.rules import Action
from messagecenter.replies.actions import note_problem
from messagecenter.replies.answers import answer_for
from messagecenter.replies.filling import Matter
from messagecenter.replies.models import AutoReply
from messagecenter.vault.errors import Unreadable

from ..models import Entry, Message
from ..notifications import tell_of
from ..screening import About, screen_message
from ..words import write_body
from .tallies import change, save

ONCE_IN = timedelta(hours=24)  # in each thread
MOST_AN_HOUR = 100  # of each mailbox
Problem = AutoReply.Problem


def answer_automatically(message: Message, entries: Sequence[Entry], now: datetime) -> None:
    """Let the mailbox that got ``message`` answer by itself, if it wants to and may; inside the delivery's transaction.

    ``entries`` are both sides', locked. No query while the mailbox has no automatic reply. What cannot be sent is told
    to its owner and stops nothing. It is no answer for the reply clock: only what somebody wrote is.
    """
    if message.is_automatic or message.thread.is_closed:
        return
    receiving = next((one for one in entries if one.mailbox_id != message.sender_id), None)
    sending = next((one for one in entries if one.mailbox_id == message.sender_id), None)
    if receiving is None or sending is None or receiving.is_muted:
        return
    found: AutoReply | None = getattr(receiving.mailbox, "auto_reply", None)  # there is none for most
    if found is None or not found.is_on:
        return
    # Locked, so that what is sent in an hour is counted right when many write at once.
    auto_reply = AutoReply.objects.select_for_update(no_key=True).filter(pk=found.pk).first()
    if auto_reply is None or not _is_time(auto_reply, now) or _is_blocked(receiving) or _is_enough(receiving, now):
        return
    text = _words(auto_reply, receiving, sending.mailbox, now)
    if text:
        _send(text, message, receiving, sending, now)


def _is_time(auto_reply: AutoReply, now: datetime) -> bool:
    """Return whether it answers now; opening hours that cannot be read any more are told to the owner."""
    try:
        return auto_reply.answers_at(now)
    except HoursError:
        note_problem(mailbox_id=auto_reply.pk, problem=Problem.MISSING)
        return False


def _is_blocked(receiving: Entry) -> bool:
    """Return whether one of the two blocked the other."""
    ours = Q(mailbox=receiving.mailbox_id, sender=receiving.other_id)
    theirs = Q(mailbox=receiving.other_id, sender=receiving.mailbox_id)
    return BlockedSender.objects.filter(ours | theirs).exists()


def _is_enough(receiving: Entry, now: datetime) -> bool:
    """Return whether the mailbox has answered by itself in this thread today, or too often in this hour."""
    sent = Message.objects.filter(sender=receiving.mailbox_id, is_automatic=True)
    if sent.filter(thread=receiving.thread_id, sent_at__gt=now - ONCE_IN).exists():
        return True
    return sent.filter(sent_at__gt=now - timedelta(hours=1))[:MOST_AN_HOUR].count() >= MOST_AN_HOUR


def _words(auto_reply: AutoReply, receiving: Entry, other: Mailbox, now: datetime) -> str:
    """Return what is sent, or nothing; why not is kept for the owner."""
    thread, own = receiving.thread, receiving.mailbox
    matter = Matter(own, other, order=thread.order, product=thread.product)
    try:
        answer = answer_for(auto_reply, matter, now)
    except Unreadable:
        note_problem(mailbox_id=own.pk, problem=Problem.UNREADABLE)
        return ""
    if answer is None:
        return ""
    if answer.missing:
        note_problem(mailbox_id=own.pk, problem=Problem.MISSING)
        return ""
    screened = screen_message(About(own, other, thread.order, thread.product, thread.topic), body=answer.text)
    # Nobody is there to look at it, or to confirm that it is meant: what the policy stops is not sent.
    if screened.action not in (Action.ALLOW, Action.WARN):
        rules = sorted({finding.rule for part in screened.parts for finding, _action in part.verdict.counted})
        note_problem(mailbox_id=own.pk, problem=Problem.POLICY, rules=rules)
        return ""
    return answer.text


def _send(text: str, answered: Message, receiving: Entry, sending: Entry, now: datetime) -> None:
    """Write the answer: a new message for who wrote, and nothing done for the mailbox that is away.

    The snippet stays what somebody wrote, nothing comes out of the archive for it, and neither clock moves.
    """
    thread = receiving.thread
    message = Message(
        pk=_id_after(answered.pk),
        thread=thread,
        sender=receiving.mailbox,
        author=None,
        client_id=new_id(),
        sent_at=now,
        is_automatic=True,
    )
    write_body(message, text)
    message.save(force_insert=True)
    told = change(sending, unread=sending.unread + 1, last_received_at=now, last_message_at=now)
    save([told, change(receiving, last_message_at=now)])
    tell_of(message, [receiving, sending], sender=receiving.mailbox, author=None)
    mailbox_ids = [receiving.mailbox_id, sending.mailbox_id]
    announce(kind="message", mailbox_ids=mailbox_ids, thread_id=thread.pk, message_id=message.pk)


def _id_after(earlier: uuid.UUID) -> uuid.UUID:
    """Return a new id that sorts behind ``earlier``; ids of one millisecond sort by chance."""
    made = new_id()
    while made <= earlier:
        made = new_id()
    return made
