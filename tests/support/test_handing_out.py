"""Who of those present gets a case: by language, by topic, in turn, and in the morning what came at night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from support import actions
from support.actions import tending
from support.lifecycle import Status
from support.models import Attendance, Case, Queue, Step

from .cases import fresh, make_queue, make_seller, make_staff, open_one
from .chatting import sit_down, stand_up
from .test_actions import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue() -> Queue:
    """A queue that hands its cases round."""
    return make_queue(handing=Queue.Handing.ROUND_ROBIN)


@pytest.fixture
def seller() -> Membership:
    return make_seller()


def present(queue: Queue, name: str, *, since: int = 60, topics: tuple[str, ...] = (), **values: Any) -> User:
    """Return somebody at the desk who was given a case ``since`` minutes ago."""
    person = make_staff(queue, name=name)
    sit_down(person, **values)
    rested = timezone.now() - timedelta(minutes=since)
    Attendance.objects.filter(staff=person).update(topics=list(topics), last_given_at=rested)
    return person


def owners(*cases: Case) -> list[Any]:
    return [fresh(one).assignee for one in cases]


# --- whose it is ---------------------------------------------------------------------------------------------------


def test_who_knows_the_topic_comes_before_who_has_waited_longer(queue: Queue, seller: Membership) -> None:
    present(queue, "Anna", since=90, topics=("orders",))
    paula = present(queue, "Paula", since=10, topics=("payments", "account"))
    case = open_one(seller, topic="payments_payout")
    assert case.assignee == paula
    assert open_one(seller, topic="other").assignee != paula, "she had her turn"


def test_the_language_counts_more_than_the_topic(queue: Queue, seller: Membership) -> None:
    present(queue, "Paula", topics=("payments",), languages=("de",))
    emma = present(queue, "Emma", since=5, languages=("en",))
    assert open_one(seller, topic="payments_payout", language="en").assignee == emma


def test_where_nobody_knows_the_topic_it_goes_round(queue: Queue, seller: Membership) -> None:
    anna, ben = present(queue, "Anna", topics=("orders",), since=9), present(queue, "Ben", since=5)
    cases = [open_one(seller, topic="payments_payout") for _number in range(4)]
    assert owners(*cases) == [anna, ben, anna, ben]


def test_one_says_at_the_desk_what_one_knows(queue: Queue) -> None:
    person = make_staff(queue)
    actions.attend_desk(by=person, is_present=True, languages=["de"], chats_at_once=1, topics=["payments"])
    assert Attendance.objects.get(staff=person).topics == ["payments"]


# --- what came while nobody was there ------------------------------------------------------------------------------


def test_in_the_morning_each_gets_one_a_minute_what_is_due_first(queue: Queue, seller: Membership) -> None:
    late, later, last = (open_one(seller) for _number in range(3))
    Case.objects.filter(pk=late.pk).update(due_at=timezone.now() + timedelta(hours=1))
    Case.objects.filter(pk=later.pk).update(due_at=timezone.now() + timedelta(hours=2))
    assert owners(late, later, last) == [None, None, None]
    actions.tend_cases()
    assert owners(late, later, last) == [None, None, None]
    anna, ben = present(queue, "Anna", since=9), present(queue, "Ben", since=5)
    actions.tend_cases()
    assert owners(late, later, last) == [anna, ben, None]
    actions.tend_cases()
    assert owners(late, later, last) == [anna, ben, None], "each had one just now"
    Attendance.objects.update(last_given_at=timezone.now() - timedelta(minutes=2))
    actions.tend_cases()
    assert None not in owners(last)
    assert told("case_given") == {anna.pk, ben.pk}
    step = Step.objects.get(case=late, kind=Step.Kind.ASSIGNED)
    assert (step.actor, step.by, step.after) == ("clock", None, str(anna.pk))
    assert fresh(late).status == Status.NEW, "it was given, not begun"


def test_what_is_not_to_be_handed_out_stays(queue: Queue, seller: Membership) -> None:
    begun, answered = open_one(seller), open_one(seller)
    agent = make_staff(queue)
    actions.assign_case(by=agent, case=begun, to=agent)
    actions.assign_case(by=agent, case=begun, to=None)  # laid down by somebody who had begun
    actions.set_status(by=agent, case=answered, there=Status.RESOLVED)
    Queue.objects.filter(pk=queue.pk).update(is_active=False)
    taking = make_queue("Takes cases itself", handing=Queue.Handing.NOBODY)
    free = open_one(seller)
    assert free.queue == taking
    for one in (queue, taking):
        present(one, "Anna")
    actions.tend_cases()
    assert owners(begun, answered, free) == [None, None, None]


def test_a_queue_where_nobody_is_keeps_no_other_one_waiting(
    queue: Queue, seller: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are due there before."""
    monkeypatch.setattr(tending, "MOST_HANDED", 2)
    empty = [open_one(seller) for _case in range(3)]
    Queue.objects.filter(pk=queue.pk).update(is_active=False)
    late = open_one(seller) if make_queue("Staffed", handing=Queue.Handing.ROUND_ROBIN) else None
    assert late is not None
    anna = present(late.queue, "Anna")
    Case.objects.filter(queue=queue).update(due_at=timezone.now() - timedelta(days=1))
    actions.tend_cases()
    assert owners(*empty, late) == [None, None, None, anna]


def test_who_went_home_gets_none(queue: Queue, seller: Membership) -> None:
    case = open_one(seller)
    anna = present(queue, "Anna")
    stand_up(anna)
    actions.tend_cases()
    assert owners(case) == [None]
