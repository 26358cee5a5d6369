"""What a fresh pair of eyes found in cases: each once went wrong, or could have."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from messagecenter.accounts.leaving import say_farewell
from messagecenter.accounts.models import Role
from messagecenter.ids import new_id
from messagecenter.moderation.actions import decide_appeal, make_appeal
from messagecenter.notices.models import Notice
from messagecenter.policy.models import Decision
from messagecenter.threads.actions import contact_support, contacting, post_message, release_message
from messagecenter.threads.actions.filing import empty_trash
from messagecenter.threads.models import Entry, Message, Place, Thread
from support import actions
from support.lifecycle import Actor, Status, may_move
from support.models import Call, Case, Queue
from support.refused import AnswerFirst, NotADuplicate
from tests.factories import UserFactory

from .cases import fresh, make_queue, make_seller, make_staff, open_one
from .test_actions import kinds, seller_writes, staff_answers, told
from .test_calls import book, calling_queue, first_slot, open_in_germany

pytestmark = pytest.mark.django_db
HELD = "You stupid idiot, I will kill you."  # a person looks at it first


def moderator() -> Any:
    return UserFactory(is_staff=True, is_superuser=True)


def hold(case: Case, seller: Any) -> Message:
    message = post_message(
        by=seller.user, mailbox=seller.mailbox, thread=case.thread, body=HELD, client_id=new_id()
    ).message
    assert message.state == Message.State.HELD
    return message


def release(message: Message) -> None:
    decision = Decision.objects.get(message_id=message.pk)
    release_message(by=moderator(), decision=decision, was_mistaken=True)


def test_a_message_let_through_late_into_a_closed_case_tells_the_leads() -> None:
    queue, seller = make_queue(), make_seller()
    lead, case = make_staff(queue, Role.OWNER), open_one(seller)
    message = hold(case, seller)
    actions.set_status(by=lead, case=case, there=Status.CLOSED)
    release(message)
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED
    assert fresh(case).state == Status.CLOSED
    assert lead.pk in told("case_written")


def test_a_held_answer_takes_the_case_where_its_writer_wanted_it_once_it_is_delivered() -> None:
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    posted = actions.answer_case(by=agent, case=case, body=HELD, client_id=new_id(), there=Status.WAITING)
    assert posted.message.state == Message.State.HELD
    assert fresh(case).state == Status.NEW
    release(posted.message)
    assert fresh(case).state == Status.WAITING


def test_screening_a_new_case_locks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite whoever screens in a transaction that has written keeps everybody else from writing."""
    make_queue()
    seen: list[bool] = []
    screen = contacting.screen_words

    def looking(*args: Any, **kwargs: Any) -> Any:
        seen.append(len(connection.savepoint_ids) > 0)
        return screen(*args, **kwargs)

    monkeypatch.setattr(contacting, "screen_words", looking)
    open_one(make_seller())
    assert seen == [False]  # no more than the test's own transaction


def test_support_that_answers_and_goes_on_working_owes_the_next_word() -> None:
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    for _twice in range(2):
        staff_answers(case, agent, Status.OPEN, "We are looking at it.")
        assert fresh(case).state == Status.OPEN
        assert fresh(case).due_at is not None
    seller_writes(case, seller)
    assert fresh(case).due_at is not None


def test_a_blocked_first_message_that_an_appeal_lets_through_becomes_a_case() -> None:
    queue, seller = make_queue(), make_seller()
    thread = contact_support(
        by=seller.user,
        mailbox=seller.mailbox,
        support=queue.mailbox,
        subject="Hm",
        body=HELD,
        client_id=new_id(),
        then=lambda posted: None,
    ).thread
    # As if the policy in force had not delivered it at all.
    [message] = thread.messages.all()
    Message.objects.filter(pk=message.pk).update(state=Message.State.BLOCKED)
    Decision.objects.filter(message_id=message.pk).update(measure=Decision.Measure.BLOCKED, hold_until=None)
    Entry.objects.filter(thread=thread).delete()
    appeal = make_appeal(by=seller.user, decision=Decision.objects.get(message_id=message.pk), words="A quotation.")
    decide_appeal(by=moderator(), appeal=appeal, reverse=True)
    case = Case.objects.get(pk=thread.pk)
    assert (case.queue, case.state, case.shop) == (queue, Status.NEW, seller.mailbox)
    assert case.due_at is not None
    assert told("case_opened") == {seller.user_id}


def test_no_clock_runs_while_support_cannot_read_the_message() -> None:
    make_queue()
    seller = make_seller()
    case = open_one(seller, body=HELD)
    assert case.due_at is None
    assert actions.tend_cases(timezone.now() + timedelta(days=3)) == 0
    release(Message.objects.get(thread=case.pk))
    assert fresh(case).due_at is not None
    assert fresh(case).state == Status.NEW


def test_merging_crosswise_and_into_what_is_over_is_refused_and_the_wait_goes_on() -> None:
    queue, seller = make_queue(), make_seller()
    agent = make_staff(queue)
    first, second = open_one(seller), open_one(seller)
    staff_answers(first, agent)
    assert fresh(first).due_at is None
    actions.merge_case(by=agent, case=second, into=first)
    assert (fresh(first).state, fresh(second).state) == (Status.OPEN, Status.CLOSED)
    assert fresh(first).due_at is not None
    with pytest.raises(NotADuplicate):
        actions.merge_case(by=agent, case=first, into=second)


def test_an_answer_held_in_one_queue_and_released_after_the_transfer_stays_with_the_other() -> None:
    queue, other, seller = make_queue(), make_queue("Payments"), make_seller()
    agent, taker, case = make_staff(queue), make_staff(other), open_one(seller)
    posted = actions.answer_case(by=agent, case=case, body=HELD, client_id=new_id())
    assert posted.message.state == Message.State.HELD
    actions.transfer_case(by=agent, case=case, to=other, reason="Yours.")
    release(posted.message)
    assert not Entry.objects.filter(thread=case.pk, mailbox=queue.pk).exists()
    assert Message.objects.filter(thread=case.pk).visible_to(taker).count() == 2
    actions.transfer_case(by=taker, case=case, to=queue, reason="No, yours.")
    assert Entry.objects.filter(thread=case.pk, mailbox=queue.pk).exists()


def test_a_late_answer_is_alarmed_again_in_the_next_queue() -> None:
    queue, slow, seller = make_queue(), make_queue("Slow", first_normal=48), make_seller()
    agent, slow_lead, case = make_staff(queue), make_staff(slow, Role.OWNER), open_one(seller)
    make_staff(queue, Role.OWNER)
    Case.objects.filter(pk=case.pk).update(warn_at=None, due_at=timezone.now() - timedelta(minutes=5))
    assert actions.tend_cases() == 1
    actions.transfer_case(by=agent, case=case, to=slow, reason="Yours.")
    Case.objects.filter(pk=case.pk).update(warn_at=None, due_at=timezone.now())
    assert actions.tend_cases(timezone.now() + timedelta(seconds=1)) == 1
    assert actions.tend_cases(timezone.now() + timedelta(seconds=2)) == 0
    assert slow_lead.pk in told("case_due")
    assert kinds(case).count("breached") == 2


def test_who_leaves_a_queue_leaves_its_cases_to_the_others() -> None:
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    actions.assign_case(by=agent, case=case, to=agent)
    actions.watch_case(by=agent, case=case, is_watching=True)
    queue.mailbox.memberships.filter(user=agent).delete()
    say_farewell(queue.pk, agent.pk)
    assert fresh(case).assignee is None
    assert not case.watchers.exists()


def test_a_case_is_never_emptied_from_the_trash() -> None:
    make_queue()
    seller = make_seller()
    case = open_one(seller)
    old = timezone.now() - timedelta(days=40)
    Entry.objects.filter(thread=case.pk, mailbox=seller.mailbox).update(place=Place.TRASH, trashed_at=old)
    assert empty_trash() == 0
    assert Message.objects.filter(thread=case.pk).visible_to(seller.user).exists()


def test_staff_hold_nothing_open_without_a_day_and_claim_no_answer_they_did_not_give() -> None:
    assert not may_move(Actor.LEAD, Status.WAITING, Status.ON_HOLD)
    queue = make_queue()
    agent, case = make_staff(queue), open_one(make_seller())
    for there in (Status.WAITING, Status.ANSWERED):
        with pytest.raises(AnswerFirst):
            actions.set_status(by=agent, case=case, there=there)
    assert fresh(case).due_at is not None


@pytest.fixture
def calling() -> Queue:
    return calling_queue(opening_hours={})


@pytest.mark.parametrize("end", ["resolve", "transfer", "merge"])
def test_a_booked_call_ends_with_its_matter(calling: Queue, end: str) -> None:
    other, seller = make_queue("Payments"), make_seller()
    agent, case = make_staff(calling), open_in_germany(seller)
    book(case, seller, first_slot(calling))
    if end == "resolve":
        actions.resolve_case(by=seller.user, case=case)
    elif end == "transfer":
        actions.transfer_case(by=agent, case=case, to=other, reason="Yours.")
    else:
        actions.merge_case(by=agent, case=case, into=open_in_germany(seller))
    assert Call.objects.get().state == Call.State.CANCELLED


def test_a_call_nobody_settled_is_missed_by_itself_and_offered_again(calling: Queue) -> None:
    seller = make_seller()
    case = open_in_germany(seller)
    call = book(case, seller, first_slot(calling))
    assert actions.tend_cases(call.starts_at + timedelta(hours=1)) == 0
    actions.tend_cases(call.starts_at + timedelta(hours=3))
    assert Call.objects.get().state == Call.State.MISSED
    assert told("call_missed") == {seller.user_id}


def test_booking_the_same_twice_tells_once_and_a_cancelled_one_the_leads(calling: Queue) -> None:
    seller = make_seller()
    lead, case, at = make_staff(calling, Role.OWNER), open_in_germany(seller), first_slot(calling)
    call = book(case, seller, at)
    book(case, seller, at)
    assert Notice.objects.filter(kind="call_coming", recipient=lead).count() == 1
    actions.cancel_call(by=seller.user, call=call)
    assert Notice.objects.filter(kind="call_coming", recipient=lead).count() == 2


def test_an_answer_that_resolves_is_one_piece_of_news() -> None:
    queue, seller = make_queue(), make_seller()
    case = open_one(seller)
    staff_answers(case, make_staff(queue), Status.RESOLVED)
    assert told("case_answered") == {seller.user_id}
    assert not told("case_changed")
    assert not Thread.objects.get(pk=case.pk).is_closed
