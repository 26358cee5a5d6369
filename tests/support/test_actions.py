"""What happens to a case: opened, answered, followed, moved, tended; each step written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import override

from messagecenter.accounts.models import Role
from messagecenter.ids import new_id
from messagecenter.notices.models import Notice
from messagecenter.policy.models import BlockedSender, Restriction
from messagecenter.threads.actions import (
    close_thread,
    post_message,
    reopen_thread,
    repair_tally,
)
from messagecenter.threads.models import Entry, Message, Thread, Wait
from messagecenter.threads.refused import Refused, ThreadClosed
from support import actions
from support.lifecycle import Actor, Status, may_move
from support.models import Case, Reading, Route, Turn
from support.refused import (
    BadHold,
    CannotMove,
    CaseClosed,
    NoQueue,
    NotYours,
)
from support.severities import Severity
from support.words import read_answers, read_comment
from tests.factories import OrderFactory, UserFactory

from .cases import fresh, make_queue, make_seller, make_staff, open_one

pytestmark = pytest.mark.django_db


def kinds(case: Case) -> list[str]:
    return list(case.steps.order_by("pk").values_list("kind", flat=True))


def told(kind: str) -> set[Any]:
    return set(Notice.objects.filter(kind=kind, channel=Notice.Channel.EMAIL).values_list("recipient_id", flat=True))


def seller_writes(case: Case, seller: Any, body: str = "One more thing.") -> Message:
    return post_message(
        by=seller.user, mailbox=seller.mailbox, thread=case.thread, body=body, client_id=new_id()
    ).message


def staff_answers(case: Case, by: Any, there: Status = Status.ANSWERED, body: str = "It was paid today.") -> None:
    actions.answer_case(by=by, case=case, body=body, client_id=new_id(), there=there)


# --- opening -----------------------------------------------------------------------------------------------------


def test_opening_gives_a_number_a_clock_and_a_confirmation() -> None:
    queue, seller = make_queue(), make_seller()
    order = OrderFactory(shop=seller.mailbox, marketplace="amazon.de")
    case = open_one(seller, order=order, answers={"order": order.number, "amount": "49.90 EUR"})
    assert case.queue == queue
    assert case.state == Status.NEW
    assert case.country == "DE"
    assert case.due_at == case.opened_at + timedelta(hours=24)
    assert read_answers(case)["amount"] == "49.90 EUR"
    assert b"49.90" not in bytes(case.answers_ciphertext)
    assert told("case_opened") == {seller.user_id}
    assert kinds(case) == ["opened"]
    assert Turn.objects.get(case=case).is_first
    # It is a thread of both sides, and no wait of the shop's reply clock.
    assert set(Entry.objects.filter(thread=case.pk).values_list("mailbox", flat=True)) == {
        seller.mailbox_id,
        queue.pk,
    }
    assert not Wait.objects.filter(thread=case.pk).exists()


def test_opening_twice_makes_one_case() -> None:
    make_queue()
    seller, once = make_seller(), new_id()
    first = open_one(seller, client_id=once)
    assert open_one(seller, client_id=once) == first
    assert Case.objects.count() == Thread.objects.count() == 1


def test_without_a_queue_nothing_is_lost_but_a_sentence_is_said() -> None:
    seller = make_seller()
    with pytest.raises(NoQueue):
        open_one(seller)
    assert not Thread.objects.exists()


def test_what_the_policy_blocks_makes_no_case() -> None:
    make_queue()
    seller = make_seller()
    opened = actions.open_case(
        by=seller.user,
        shop=seller.mailbox,
        topic="other",
        severity=Severity.LOW,
        subject="Hello",
        body="My card is 4111 1111 1111 1111, its CVV is 123, and the password is Hunter2!",
        client_id=new_id(),
        language="en",
    )
    assert (opened.case is None) == (opened.posted.message.state == Message.State.BLOCKED)


def test_a_viewer_of_the_shop_opens_nothing() -> None:
    make_queue()
    with pytest.raises(PermissionDenied):
        open_one(make_seller(role=Role.VIEWER))


def test_an_order_of_another_shop_is_refused() -> None:
    make_queue()
    with pytest.raises(ValueError, match="another shop"):
        open_one(make_seller(), order=OrderFactory())


def test_a_blocked_or_restricted_shop_still_reaches_support() -> None:
    queue, seller = make_queue(), make_seller()
    BlockedSender.objects.create(mailbox=queue.mailbox, sender=seller.mailbox)
    Restriction.objects.create(
        mailbox=seller.mailbox, rule="contact.phone", until=timezone.now() + timedelta(days=3), made_by=UserFactory()
    )
    case = open_one(seller)
    assert seller_writes(case, seller).state == Message.State.DELIVERED


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"topic": "payments_fee"}, "Payments"),
        ({"topic": "api_import", "language": "de"}, "German"),
        ({"topic": "api_import", "severity": Severity.URGENT}, "Emergency"),
        ({"topic": "api_import"}, "First"),
        ({"topic": "api_import", "answers": {"marketplace": "amazon.co.uk"}}, "Britain"),
    ],
)
def test_the_first_rule_that_fits_decides(asked: dict[str, Any], wanted: str) -> None:
    make_queue("First")
    for position, (name, rule) in enumerate(
        {
            "Payments": {"topic": "payments"},
            "Emergency": {"severity": Severity.URGENT},
            "German": {"language": "de"},
            "Britain": {"country": "GB"},
        }.items()
    ):
        Route.objects.create(position=position, queue=make_queue(name), **rule)
    assert open_one(make_seller(), **asked).queue.mailbox.name == wanted


# --- the conversation --------------------------------------------------------------------------------------------


def test_an_answer_stops_the_clock_and_tells_the_shop() -> None:
    queue, seller = make_queue(), make_seller()
    agent, colleague = make_staff(queue), make_seller(shop=seller.mailbox)
    case = open_one(seller)
    staff_answers(case, agent, Status.WAITING)
    case = fresh(case)
    assert (case.state, case.due_at, case.waiting_since, case.assignee) == (Status.WAITING, None, None, agent)
    assert case.first_answered_at is not None
    turn = Turn.objects.get(case=case)
    assert turn.ended_at is not None
    assert turn.answered_by == agent
    assert told("case_answered") == {seller.user_id, colleague.user_id}
    assert kinds(case) == ["opened", "assigned", "replied", "moved"]


def test_the_sellers_word_brings_it_back_and_tells_whose_it_is() -> None:
    queue, seller = make_queue(), make_seller()
    agent, watcher, other = make_staff(queue), make_staff(queue), make_staff(queue)
    case = open_one(seller)
    staff_answers(case, agent)
    actions.watch_case(by=watcher, case=case, is_watching=True)
    seller_writes(case, seller)
    case = fresh(case)
    assert case.state == Status.OPEN
    assert case.waiting_since is not None
    assert case.due_at == case.waiting_since + timedelta(hours=48)
    assert told("case_written") == {agent.pk, watcher.pk}
    assert other.pk not in told("case_written")
    assert not told("new_message")
    assert not Turn.objects.get(case=case, ended_at=None).is_first


def test_only_a_question_of_support_waits_in_the_shops_inbox() -> None:
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    waiting = Entry.objects.filter(mailbox=seller.mailbox).needs_reply()
    staff_answers(case, agent, Status.WAITING, "Which statement do you mean?")
    assert waiting.count() == 1
    staff_answers(case, agent, Status.ANSWERED, "We have found it.")
    assert waiting.count() == 0
    staff_answers(case, agent, Status.WAITING, "Is the amount right?")
    actions.resolve_case(by=seller.user, case=case)
    assert waiting.count() == 0
    assert not repair_tally(mailbox_id=seller.mailbox_id)


def test_two_words_of_the_seller_start_one_clock() -> None:
    queue, seller = make_queue(), make_seller()
    case = open_one(seller)
    due = case.due_at
    seller_writes(case, seller)
    assert fresh(case).due_at == due
    assert Turn.objects.filter(case=case).count() == 1
    assert queue.cases.count() == 1


def test_who_does_not_work_in_the_queue_cannot_answer() -> None:
    queue, seller = make_queue(), make_seller()
    case = open_one(seller)
    for stranger in (
        make_staff(make_queue("Another")),
        make_staff(queue, Role.VIEWER),
        UserFactory(is_staff=True),
        UserFactory(),
        seller.user,
    ):
        with pytest.raises(PermissionDenied):
            staff_answers(case, stranger)
    former = make_staff(queue)
    former.is_staff = False
    former.save()
    with pytest.raises(PermissionDenied):
        staff_answers(case, former)
    assert Message.objects.filter(thread=case.pk).count() == 1


def test_an_answer_the_policy_does_not_deliver_moves_nothing() -> None:
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    posted = actions.answer_case(
        by=agent, case=case, body="You stupid idiot, go to hell, I will kill you.", client_id=new_id()
    )
    assert posted.message.state != Message.State.DELIVERED
    case = fresh(case)
    assert case.waiting_since is not None
    assert case.state not in (Status.ANSWERED, Status.WAITING)


# --- resting -----------------------------------------------------------------------------------------------------


def test_the_seller_resolves_rates_and_reopens() -> None:
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    with pytest.raises(NotYours):
        actions.rate_case(by=seller.user, case=case, rating=5)
    staff_answers(case, agent)
    actions.resolve_case(by=seller.user, case=case)
    actions.resolve_case(by=seller.user, case=case)
    actions.rate_case(by=seller.user, case=case, rating=4, comment="Quick, thank you.")
    case = fresh(case)
    assert (case.state, case.rating, read_comment(case)) == (Status.RESOLVED, 4, "Quick, thank you.")
    assert b"Quick" not in bytes(case.rating_comment_ciphertext)
    actions.reopen_case(by=seller.user, case=case)
    case = fresh(case)
    assert case.state == Status.REOPENED
    assert case.resolved_at is None
    assert case.due_at is not None
    assert not told("case_changed"), "who did it need not be told"


def test_writing_in_a_resolved_case_reopens_it() -> None:
    queue, seller = make_queue(), make_seller()
    case = open_one(seller)
    actions.set_status(by=make_staff(queue), case=case, there=Status.RESOLVED)
    assert told("case_changed") == {seller.user_id}
    seller_writes(case, seller)
    assert fresh(case).state == Status.REOPENED


def test_after_thirty_days_it_is_closed_for_good_and_a_new_case_follows() -> None:
    queue, seller = make_queue(), make_seller()
    case = open_one(seller)
    actions.resolve_case(by=seller.user, case=case)
    later = timezone.now() + timedelta(days=30, minutes=1)
    assert actions.tend_cases(later - timedelta(days=2)) == 0
    assert actions.tend_cases(later) == 1
    case = fresh(case)
    assert case.state == Status.CLOSED
    with pytest.raises(ThreadClosed):
        seller_writes(case, seller)
    for way_back in (actions.reopen_case, actions.resolve_case):
        with pytest.raises(CaseClosed):
            way_back(by=seller.user, case=case)
    assert open_one(seller, follows=case).follows == case
    assert queue.cases.count() == 2


def test_a_case_is_neither_closed_nor_reopened_as_a_conversation_is() -> None:
    queue, seller = make_queue(), make_seller()
    case = open_one(seller)
    for way in (close_thread, reopen_thread):
        with pytest.raises(PermissionDenied):
            way(by=seller.user, mailbox=seller.mailbox, thread=case.thread)
    assert fresh(case).thread.state == Thread.State.OPEN
    assert queue.cases.count() == 1


def test_a_hold_stops_the_clock_until_its_day() -> None:
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    until = timezone.now() + timedelta(days=5)
    with pytest.raises(CannotMove):
        actions.hold_case(by=seller.user, case=case, until=until)  # support has not answered yet
    staff_answers(case, agent, Status.WAITING)
    for wrong in (timezone.now() - timedelta(hours=1), timezone.now() + timedelta(days=90)):
        with pytest.raises(BadHold):
            actions.hold_case(by=seller.user, case=case, until=wrong)
    actions.hold_case(by=seller.user, case=case, until=until)
    assert fresh(case).state == Status.ON_HOLD
    assert actions.tend_cases(until - timedelta(minutes=1)) == 0
    assert actions.tend_cases(until) == 1
    case = fresh(case)
    assert (case.state, case.held_until) == (Status.WAITING, None)


def test_what_nobody_objects_to_is_settled_by_itself() -> None:
    queue, seller = make_queue(), make_seller()
    agent = make_staff(queue)
    answered, waiting, untouched = (open_one(seller) for _one in range(3))
    staff_answers(answered, agent)
    staff_answers(waiting, agent, Status.WAITING)
    actions.tend_cases(timezone.now() + timedelta(days=15))
    assert [fresh(one).state for one in (answered, waiting, untouched)] == [
        Status.RESOLVED,
        Status.RESOLVED,
        Status.NEW,
    ]


# --- the promised time -------------------------------------------------------------------------------------------


def test_people_are_warned_once_and_leads_alarmed_once() -> None:
    queue, seller = make_queue(), make_seller()
    lead, agent = make_staff(queue, Role.OWNER), make_staff(queue)
    case = open_one(seller, severity=Severity.URGENT)
    actions.assign_case(by=agent, case=case, to=agent)
    begun = case.opened_at
    assert actions.tend_cases(begun + timedelta(hours=2, minutes=59)) == 0
    assert actions.tend_cases(begun + timedelta(hours=3, minutes=1)) == 1
    assert actions.tend_cases(begun + timedelta(hours=3, minutes=2)) == 0
    assert told("case_due") == {agent.pk}
    Case.objects.filter(pk=case.pk).update(
        waiting_since=begun - timedelta(hours=5), due_at=timezone.now() - timedelta(minutes=1)
    )
    assert actions.tend_cases() == 1
    assert actions.tend_cases() == 0
    assert told("case_due") == {agent.pk, lead.pk}
    assert kinds(case)[-2:] == ["warned", "breached"]


def test_who_answers_in_time_is_not_alarmed() -> None:
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    staff_answers(case, agent)
    assert actions.tend_cases(timezone.now() + timedelta(days=3)) == 0


def test_severity_and_transfer_reckon_the_promise_anew_since_the_seller_waits() -> None:
    queue, slow = make_queue(), make_queue("Slow", first_urgent=10)
    agent, case = make_staff(queue), open_one(make_seller())
    actions.set_severity(by=agent, case=case, severity=Severity.URGENT)
    assert fresh(case).due_at == case.opened_at + timedelta(hours=4)
    actions.transfer_case(by=agent, case=case, to=slow, reason="They know payouts.")
    case = fresh(case)
    assert case.due_at == case.opened_at + timedelta(hours=10)
    assert Turn.objects.get(case=case).due_at == case.due_at


# --- every move, by everybody ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["agent", "lead", "viewer", "stranger"])
@pytest.mark.parametrize("here", list(Status))
def test_staff_make_the_moves_of_the_life_cycle_and_no_others(here: Status, role: str) -> None:
    queue, seller = make_queue(), make_seller()
    by = {
        "agent": lambda: make_staff(queue),
        "lead": lambda: make_staff(queue, Role.OWNER),
        "viewer": lambda: make_staff(queue, Role.VIEWER),
        "stranger": lambda: make_staff(make_queue("Other")),
    }[role]()
    case = open_one(seller)
    for there in Status:
        # Not by a move: some states are two moves away, and one move is what is asked here.
        Case.objects.filter(pk=case.pk).update(status=here, waiting_since=None, due_at=None, warn_at=None)
        Turn.objects.filter(case=case, ended_at=None).update(ended_at=timezone.now())
        Thread.objects.filter(pk=case.pk).update(state=Thread.State.OPEN)
        steps = case.steps.count()
        if role in ("agent", "lead") and may_move(Actor(role), here, there):
            actions.set_status(by=by, case=case, there=there)
            assert fresh(case).state == there
            assert case.steps.count() == steps + 1
        else:
            with pytest.raises((CannotMove, PermissionDenied)):
                actions.set_status(by=by, case=case, there=there)
            assert (fresh(case).state, case.steps.count()) == (here, steps)


# --- reading -----------------------------------------------------------------------------------------------------


def test_every_reading_is_written_down_and_strangers_say_why() -> None:
    queue = make_queue()
    agent, auditor, stranger = make_staff(queue), UserFactory(is_staff=True), UserFactory(is_staff=True)
    auditor.user_permissions.add(Permission.objects.get(codename="oversee_cases"))
    case = open_one(make_seller())
    actions.read_case(by=agent, case=case)
    actions.read_case(by=agent, case=case)
    with pytest.raises(PermissionDenied):
        actions.read_case(by=auditor, case=case)
    actions.read_case(by=auditor, case=case, reason="A complaint by the seller.")
    with pytest.raises(PermissionDenied):
        actions.read_case(by=stranger, case=case, reason="Curious.")
    assert list(Reading.objects.order_by("pk").values_list("staff", "reason")) == [
        (agent.pk, ""),
        (auditor.pk, "A complaint by the seller."),
    ]


def test_refusals_are_sentences_in_both_languages() -> None:
    queue, seller = make_queue(), make_seller()
    case = open_one(seller)
    actions.resolve_case(by=seller.user, case=case)
    with override("de"), pytest.raises(Refused) as refused:
        actions.set_status(by=make_staff(queue), case=case, there=Status.WAITING)
    assert str(refused.value.sentence)  # type: ignore[attr-defined]
