"""What messages do to a case: support answers, the seller writes, whichever way the words came."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextvars import ContextVar

from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.notices.actions import owe
from messagecenter.threads.actions import Posted, expect_nothing, post_message
from messagecenter.threads.models import Entry, Message
from support.lifecycle import WITH_SUPPORT, Actor, Status, after_sellers_word, may_move
from support.models import Case, Chat, Heading, Step
from support.notifications import CASE_ANSWERED, CASE_WRITTEN, somebody_told, staff_told, tell_shop
from support.refused import CannotMove

from .chatting import is_chatting
from .moving import begin_turn, end_turn, locked_case, move, note, staff_actor
from .opening import open_late

#: Where a case goes with the answer that is being given; None for one that nobody is giving just now.
_heading: ContextVar[Status | None] = ContextVar("heading", default=None)


def answer_case(
    *,
    by: User,
    case: Case,
    body: str,
    client_id: uuid.UUID,
    there: Status = Status.ANSWERED,
    attachment_ids: Sequence[uuid.UUID] = (),
    confirmed: str = "",
) -> Posted:
    """Answer a seller and take the case to a state with it; what the policy does not deliver moves nothing.

    Screening comes before anything is locked; the rest is the posting's transaction (``follow_message``). Raises
    PermissionDenied for who does not work in the queue, CannotMove when the life cycle does not allow it, and what
    ``post_message`` raises.
    """
    case = Case.objects.select_related("queue__mailbox", "thread").get(pk=case.pk)
    actor = staff_actor(by, case)
    if there != case.state and not may_move(actor, case.state, there):
        raise CannotMove(str(case.get_status_display()))
    token = _heading.set(there)
    try:
        posted = post_message(
            by=by,
            mailbox=case.queue.mailbox,
            thread=case.thread,
            body=body,
            client_id=client_id,
            attachment_ids=attachment_ids,
            confirmed=confirmed,
        )
    finally:
        _heading.reset(token)
    if posted.message.state == Message.State.HELD:
        Heading.objects.get_or_create(message=posted.message, defaults={"there": there})
    return posted


def follow_message(message: Message, entries: Sequence[Entry]) -> None:
    """Let a case follow a message that was delivered in its thread: state, clock, timeline and news."""
    case = Case.objects.filter(pk=message.thread_id).first()
    if case is None:
        if message.delivered_at is not None:
            open_late(message)  # its first message was blocked, and an appeal has let it through
        return  # else it is just being opened, which does all this itself
    case = locked_case(case)
    if message.sender_id == case.shop_id:
        _seller_wrote(case, message)
    else:
        _support_answered(case, message)


def _seller_wrote(case: Case, message: Message) -> None:
    now = timezone.now()
    # Who writes is there, also by mail or on a page without the chat's bar.
    Chat.objects.open().filter(case=case.pk).update(seller_seen_at=now, seller_writing_until=None)
    note(case, Step.Kind.WROTE, actor=Actor.SELLER, by=message.author)
    case.last_word_at = now
    people = staff_told(case)
    if case.state == Status.CLOSED:  # into a closed one comes only what a moderator let through late
        case.save()
        people = somebody_told(case)
    elif (there := after_sellers_word(case.state)) != case.state:
        move(case, there, actor=Actor.SELLER, by=message.author)
    else:
        begin_turn(case, now)
        case.save()
    owe(kind=CASE_WRITTEN, subject_id=message.pk, recipients=people, group_id=case.pk)


def _kept(message: Message) -> Status:
    """Return where a case goes with an answer that was held, as its writer chose then."""
    heading = Heading.objects.filter(message=message).first()
    return Status(heading.there) if heading else Status.ANSWERED


def _support_answered(case: Case, message: Message) -> None:
    now, there = timezone.now(), _heading.get() or _kept(message)
    if case.assignee_id is None:
        case.assignee = message.author
        note(case, Step.Kind.ASSIGNED, actor=Actor.AGENT, by=message.author, after=str(message.author_id or ""))
    note(case, Step.Kind.REPLIED, actor=Actor.AGENT, by=message.author)
    own = Chat.objects.live().filter(case=case.pk, taken_by=message.author)
    own.update(staff_seen_at=now, staff_writing_until=None)
    case.last_word_at = now
    end_turn(case, now, by=message.author)
    case.first_answered_at = case.first_answered_at or now
    if case.state != there and may_move(Actor.LEAD, case.state, there):
        # The answer is the news; that the case is resolved with it stands on its page.
        move(case, there, actor=Actor.LEAD, by=message.author, tells=False)
    else:
        # "We are working on it": the next word is owed by support still, but in a chat it is the seller's.
        if case.state in WITH_SUPPORT and not is_chatting(case):
            begin_turn(case, now)
        case.save()
        if case.state != Status.WAITING:
            expect_nothing(thread=case.thread, mailbox_id=case.shop_id)
    tell_shop(case, kind=CASE_ANSWERED, subject_id=message.pk, but=message.author)
