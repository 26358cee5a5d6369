"""How a case gets from one state to another: every change of status goes through ``move``, which writes it down."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from messagecenter.accounts.writing import require_writer
from messagecenter.live.actions import announce
from messagecenter.threads.actions import expect_nothing, rest_case
from messagecenter.threads.actions.tallies import locked_entries
from messagecenter.threads.models import Thread
from support.lifecycle import WITH_SUPPORT, Actor, Status, may_move
from support.models import Call, Case, Chat, Step, Turn
from support.notifications import CALL_BOOKED, CASE_CHANGED, tell_shop
from support.refused import REOPEN_DAYS, AnswerFirst, BadHold, CannotMove, CaseClosed
from support.words import write_reason

MOST_HOLD_DAYS = 60
#: What the seller is told of by a notice; the rest is seen on the timeline.
TOLD = frozenset({Status.RESOLVED, Status.CLOSED, Status.TRANSFERRED, Status.REOPENED})


def locked_case(case: Case) -> Case:
    """Return a case as it is now, locked, with its queue, shop and thread.

    Its thread's entries are locked before, in the order in which a message that is posted locks them: two who write and
    move at the same time never wait for each other.
    """
    locked_entries(Thread(pk=case.pk))
    locking = Case.objects.select_for_update(of=("self",), no_key=True)
    return locking.select_related("queue__mailbox", "shop", "thread", "assignee").get(pk=case.pk)


def note(
    case: Case,
    kind: Step.Kind,
    *,
    actor: Actor,
    by: User | None = None,
    before: str = "",
    after: str = "",
    reason: str = "",
) -> Step:
    """Write down what happened to a case."""
    step = Step(case=case, kind=kind, actor=actor, by=by, before=before[:64], after=after[:64])
    write_reason(step, reason)
    step.save(force_insert=True)
    return step


def move(case: Case, there: Status, *, actor: Actor, by: User | None, reason: str = "", tells: bool = True) -> None:
    """Take a locked case to another state, with all that follows: its clock, its thread, the timeline, the news.

    ``tells=False`` when something else tells it. Raises CannotMove when the life cycle does not allow it to ``actor``.
    """
    here, now = case.state, timezone.now()
    if not may_move(actor, here, there):
        raise CannotMove(str(case.get_status_display()))
    case.status, case.status_since = there, now
    case.held_until = None
    if there == Status.RESOLVED:
        case.resolved_at = now
    if there == Status.REOPENED:
        case.resolved_at = None
    if there == Status.CLOSED:
        case.closed_at = now
    if there in WITH_SUPPORT:
        begin_turn(case, now)
    else:
        end_turn(case, now, by=None)  # who answered is known where the answer is
    if there in (Status.RESOLVED, Status.CLOSED, Status.TRANSFERRED):
        _drop_call(case, actor=actor, by=by)
        _drop_chat(case, actor=actor, by=by)
    case.save()
    if there == Status.CLOSED:
        rest_case(thread=case.thread, is_closed=True)
    elif there != Status.WAITING:
        expect_nothing(thread=case.thread, mailbox_id=case.shop_id)  # support asked nothing, or nothing any more
    step = note(case, Step.Kind.MOVED, actor=actor, by=by, before=here, after=there, reason=reason)
    is_over = here == Status.ON_HOLD and actor == Actor.CLOCK  # the time the seller asked for
    if tells and actor != Actor.SELLER and (there in TOLD or is_over):
        tell_shop(case, kind=CASE_CHANGED, subject_id=step.pk, but=by)
    tell_pages(case)


def _drop_call(case: Case, *, actor: Actor, by: User | None) -> None:
    """Take back a call that is booked: the matter is over, or another queue has it, with other telephones."""
    call = Call.objects.booked().filter(case=case).first()
    if call is None:
        return
    step = end_call(case, call, Call.State.CANCELLED, actor=actor, by=by)
    tell_shop(case, kind=CALL_BOOKED, subject_id=step.pk, but=by if actor == Actor.SELLER else None)


def end_call(case: Case, call: Call, state: str, *, actor: Actor, by: User | None) -> Step:
    """Write down, for a locked case, that a booked call was made, missed or cancelled; return the step that says so."""
    call.state, call.settled_by, call.settled_at = state, by, timezone.now()
    call.sequence += state == Call.State.CANCELLED  # calendars are to take it out
    call.save(update_fields=["state", "settled_by", "settled_at", "sequence", "notes_ciphertext"])
    when = call.starts_at.isoformat(timespec="minutes")
    return note(case, Step.Kind.CALL, actor=actor, by=by, before=state, after=when)


def _drop_chat(case: Case, *, actor: Actor, by: User | None) -> None:
    """End a chat that goes on: the matter is over, or another queue has it, with other people."""
    chat = Chat.objects.select_for_update(of=("self",)).open().filter(case=case).first()
    if chat is not None:
        ending = Chat.Ending.SELLER if actor == Actor.SELLER else Chat.Ending.STAFF
        if case.queue_id != chat.queue_id:
            ending = Chat.Ending.MOVED
        close_chat(case, chat, ending, actor=actor, by=by)


def close_chat(case: Case, chat: Chat, ending: Chat.Ending, *, actor: Actor, by: User | None) -> None:
    """Write down, for a locked case, that an open chat is over, and how it ended."""
    chat.state, chat.ending, chat.ended_at = Chat.State.ENDED, ending, timezone.now()
    chat.save(update_fields=["state", "ending", "ended_at"])
    note(case, Step.Kind.CHAT, actor=actor, by=by, after=ending)
    tell_chat(case, chat)


def tell_chat(case: Case, chat: Chat) -> None:
    """Tell the open pages of both sides that something about a chat has changed: who is there, who writes.

    Also those of the queue it was in, if the case has gone to another one.
    """
    announce(kind="chat", mailbox_ids=[case.shop_id, case.queue_id, chat.queue_id], thread_id=case.pk)


def tell_pages(case: Case) -> None:
    """Tell the open pages of both sides that something about a case has changed."""
    announce(kind="thread", mailbox_ids=[case.shop_id, case.queue_id], thread_id=case.pk)


def begin_turn(case: Case, since: datetime) -> None:
    """Start the promised time of a locked case, unless it runs. The row is not saved."""
    if case.waiting_since is not None:
        return
    is_first = case.first_answered_at is None
    promise = case.queue.promise(case.severity, is_first=is_first)
    case.waiting_since, case.due_at, case.warn_at = since, promise.due_at(since), promise.warn_at(since)
    Turn.objects.create(
        case=case, queue=case.queue, topic=case.topic, is_first=is_first, began_at=since, due_at=case.due_at
    )


def end_turn(case: Case, now: datetime, *, by: User | None) -> None:
    """Stop the promised time of a locked case: support has spoken, or nothing is waited for. The row is not saved."""
    if case.waiting_since is None:
        return
    Turn.objects.filter(case=case, ended_at=None).update(ended_at=now, answered_by=by)
    case.waiting_since = case.due_at = case.warn_at = None


def promise_anew(case: Case) -> None:
    """Reckon the running promise of a locked case again: its queue or severity is another. The row is not saved."""
    if case.waiting_since is None:
        return
    promise = case.queue.promise(case.severity, is_first=case.first_answered_at is None)
    case.due_at, case.warn_at = promise.due_at(case.waiting_since), promise.warn_at(case.waiting_since)
    Turn.objects.filter(case=case, ended_at=None).update(due_at=case.due_at, queue=case.queue)


def staff_actor(by: User, case: Case) -> Actor:
    """Return as what a member of staff acts on a case. Raises PermissionDenied for who may only read it, or not even.

    Agents of its queue are agents; owners of the queue and who oversees support are leads.
    """
    if not by.is_staff or not by.is_active:
        raise PermissionDenied
    membership = Membership.objects.filter(user=by, mailbox=case.queue_id).first()
    if by.has_perm("support.oversee_cases") or (membership and membership.may_manage):
        return Actor.LEAD
    if membership is None or not membership.may_write:
        raise PermissionDenied
    return Actor.AGENT


@transaction.atomic
def resolve_case(*, by: User, case: Case) -> Case:
    """Say, for the shop, that the matter is settled. Raises PermissionDenied or CannotMove."""
    return _move_for_shop(by, case, Status.RESOLVED)


@transaction.atomic
def reopen_case(*, by: User, case: Case) -> Case:
    """Say, for the shop, that a resolved case is not. Raises PermissionDenied, CaseClosed or CannotMove."""
    return _move_for_shop(by, case, Status.REOPENED)


@transaction.atomic
def hold_case(*, by: User, case: Case, until: datetime) -> Case:
    """Ask support, for the shop, to keep a case open until a moment; of one that is, the moment becomes another.

    Raises PermissionDenied, BadHold or CannotMove.
    """
    now = timezone.now()
    if not now < until <= now + timedelta(days=MOST_HOLD_DAYS + 1):
        raise BadHold(MOST_HOLD_DAYS)
    require_writer(by, case.shop)
    case = locked_case(case)
    if case.state == Status.ON_HOLD:
        note(case, Step.Kind.MOVED, actor=Actor.SELLER, by=by, before=case.state, after=case.state)
        tell_pages(case)
    else:
        move(case, Status.ON_HOLD, actor=Actor.SELLER, by=by)
    case.held_until = until
    case.save(update_fields=["held_until"])
    return case


@transaction.atomic
def set_status(*, by: User, case: Case, there: Status, reason: str = "") -> Case:
    """Take a case to another state, for support, without a word to the seller.

    Raises PermissionDenied, CannotMove, and AnswerFirst when the seller would read that support has answered.
    """
    case = locked_case(case)
    if there in (Status.WAITING, Status.ANSWERED) and case.waiting_since is not None:
        raise AnswerFirst
    move(case, there, actor=staff_actor(by, case), by=by, reason=reason)
    return case


@transaction.atomic
def settle_by_clock(*, case: Case, there: Status, expected: Status) -> bool:
    """Take a case on because time ran out; return whether it still stood where that was ``expected``."""
    case = locked_case(case)
    if case.state != expected:
        return False
    move(case, there, actor=Actor.CLOCK, by=None)
    return True


def may_reopen(case: Case, now: datetime) -> bool:
    """Return whether a case can be reopened: while it is resolved, for 30 days; later a new one follows it."""
    return (
        case.state == Status.RESOLVED
        and case.resolved_at is not None
        and now <= case.resolved_at + timedelta(days=REOPEN_DAYS)
    )


def _move_for_shop(by: User, case: Case, there: Status) -> Case:
    require_writer(by, case.shop)
    case = locked_case(case)
    if case.state == Status.CLOSED:
        raise CaseClosed
    if case.state == there or (there == Status.REOPENED and case.is_active):
        return case  # asked twice
    if there == Status.REOPENED and not may_reopen(case, timezone.now()):
        raise CaseClosed
    move(case, there, actor=Actor.SELLER, by=by)
    return case
