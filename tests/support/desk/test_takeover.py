"""A colleague's live chat is taken over: by a lead, or by anybody of the queue while that colleague is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from support import actions
from support.chatted import chat_of
from support.lifecycle import Status
from support.models import Case, Chat, Queue, Reading, Step
from support.refused import ChatTaken
from support.waiting import SEEN
from tests.support.cases import fresh, make_seller, make_staff, open_one
from tests.support.chatting import ask, make_chatting_queue, sit_down

from .conftest import DESK, with_factor

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
AWAY = SEEN + timedelta(seconds=1)


@pytest.fixture
def queue() -> Queue:
    """A queue that chats around the clock."""
    return make_chatting_queue()


@pytest.fixture
def asking() -> Membership:
    """The seller who asks."""
    seller = make_seller()
    seller.mailbox.name = "Knarrenfels Lampen"
    seller.mailbox.save()
    return seller


@pytest.fixture
def live(helper: User, asking: Membership, case: Case) -> Chat:
    """Hanna's chat with the seller."""
    sit_down(helper)
    ask(asking, case)
    return actions.take_chat(by=helper, case=case)


@pytest.fixture
def colleague(queue: Queue) -> User:
    """Another agent of the queue."""
    return with_factor(make_staff(queue, name="Carl Kollege"))


def leave(chat: Chat) -> None:
    Chat.objects.filter(pk=chat.pk).update(staff_seen_at=timezone.now() - AWAY)


def html(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def page_of(case: Case) -> str:
    return f"{DESK}{case.number}/"


def take_over(browser: Client, case: Case, holder: User, **data: str) -> Any:
    return browser.post(f"{page_of(case)}do/", {"do": "take_chat", "over": str(holder.pk)} | data)


def test_a_lead_takes_over_and_both_timelines_tell_it(
    live: Chat, case: Case, helper: User, lead: User, asking: Membership, signed_in: SignedIn
) -> None:
    lena = signed_in(lead)
    assert "Take the chat over" in html(lena, page_of(case))
    began_at = live.taken_at
    Event.objects.all().delete()
    answer = take_over(lena, case, helper)
    assert answer["Location"] == f"{page_of(case)}#id_body"
    live.refresh_from_db()
    assert (live.state, live.taken_by, live.taken_at) == (Chat.State.LIVE, lead, began_at)
    assert fresh(case).assignee == lead
    assert {"chat", "thread"} <= set(Event.objects.filter(thread_id=case.pk).values_list("kind", flat=True))
    page = html(lena, page_of(case))
    assert "Hanna Helferin → Live chat taken over by a colleague" in page
    assert "Hanna Helferin → Lena Leiterin" in page
    assert "You chat with Knarrenfels Lampen." in page
    assert "Lena Leiterin chats with Knarrenfels Lampen." in html(signed_in(helper), page_of(case))
    seller = html(signed_in(asking.user), f"/support/{case.number}/")
    assert "Live chat taken over by a colleague" in seller
    assert "Hanna" not in seller


def test_the_sellers_bar_stays_live_through_it(
    live: Chat, case: Case, helper: User, lead: User, asking: Membership
) -> None:
    actions.attend_chat(by=helper, case=case, is_writing=True)
    leave(live)
    live.refresh_from_db()
    assert "interrupted" in chat_of(case, live, asking, timezone.now())["text"]
    actions.take_chat(by=lead, case=case, over=helper.pk)
    live.refresh_from_db()
    shown = chat_of(case, live, asking, timezone.now())
    assert (shown["state"], shown["text"]) == (Chat.State.LIVE, "Support is here.")
    actions.attend_chat(by=lead, case=case, is_writing=True)
    live.refresh_from_db()
    assert live.staff_writing_until is not None
    actions.attend_chat(by=helper, case=case, is_writing=False)  # the page that was left open is heard no more
    live.refresh_from_db()
    assert live.staff_writing_until is not None


def test_an_agent_takes_over_only_while_the_colleague_is_away(
    live: Chat, case: Case, helper: User, colleague: User, signed_in: SignedIn
) -> None:
    carl = signed_in(colleague)
    for page in (html(carl, DESK), html(carl, page_of(case))):
        assert "Take the chat over" not in page
    assert take_over(carl, case, helper, **{"from": "desk"})["Location"] == DESK
    assert "A colleague is in this chat already." in html(carl, DESK)
    live.refresh_from_db()
    assert live.taken_by == helper
    leave(live)
    assert "your colleague is away" in html(carl, DESK)
    assert "Your colleague’s page is closed or without a connection." in html(carl, page_of(case))
    take_over(carl, case, helper)
    live.refresh_from_db()
    assert live.taken_by == colleague


def test_a_lead_sees_all_chats_of_the_queue_and_an_agent_none_of_those_that_are_attended(
    live: Chat, case: Case, lead: User, colleague: User, onlooker: User, overseer: User, signed_in: SignedIn
) -> None:
    listed = html(signed_in(lead), DESK)
    for word in ("Your colleagues’ chats", "Knarrenfels Lampen", "Hanna Helferin", case.shown_number):
        assert word in listed
    assert not any(word in listed for word in ("Zimtstern", "Flügelhorn"))
    leave(live)
    for person in (onlooker, overseer):  # who could not write in it
        assert "Take the chat over" not in html(signed_in(person), DESK)
    assert "Your colleagues’ chats" in html(signed_in(colleague), DESK)
    assert "Knarrenfels" not in html(signed_in(colleague), page_of(open_one(make_seller())))


def test_another_queues_people_take_over_nothing(
    live: Chat, case: Case, helper: User, stranger: User, onlooker: User, signed_in: SignedIn
) -> None:
    leave(live)
    frida = signed_in(stranger)
    assert "Knarrenfels" not in html(frida, DESK)
    assert take_over(frida, case, helper).status_code == 404
    take_over(signed_in(onlooker), case, helper)
    live.refresh_from_db()
    assert live.taken_by == helper


def test_who_meant_to_take_it_from_somebody_else_is_told(
    live: Chat, case: Case, helper: User, lead: User, queue: Queue
) -> None:
    """Two leads press at once: the second would have taken it from the first."""
    other = make_staff(queue, "owner")
    actions.take_chat(by=lead, case=case, over=helper.pk)
    with pytest.raises(ChatTaken):
        actions.take_chat(by=other, case=case, over=helper.pk)
    with pytest.raises(ChatTaken):
        actions.take_chat(by=other, case=case)
    assert actions.take_chat(by=lead, case=case).taken_by == lead
    assert Step.objects.filter(case=case, after="taken_over").count() == 1


def test_what_is_owed_and_how_the_case_stands_stay(live: Chat, case: Case, helper: User, lead: User) -> None:
    actions.answer_case(by=helper, case=case, body="One moment.", client_id=new_id(), there=Status.ANSWERED)
    before = fresh(case)
    actions.take_chat(by=lead, case=case, over=helper.pk)
    after = fresh(case)
    assert (after.status, after.due_at) == (before.status, before.due_at) == (Status.ANSWERED, None)


def test_from_the_list_a_refusal_opens_no_case(
    live: Chat, case: Case, colleague: User, helper: User, signed_in: SignedIn
) -> None:
    take_over(signed_in(colleague), case, helper, **{"from": "desk"})
    assert not Reading.objects.filter(staff=colleague).exists()


def test_the_list_costs_the_same_with_one_chat_of_a_colleague_and_with_five(
    live: Chat, helper: User, lead: User, signed_in: SignedIn
) -> None:
    lena = signed_in(lead)
    html(lena, DESK)
    spent = []
    for more in (0, 4):
        for _number in range(more):
            seller = make_seller()
            one = open_one(seller)
            ask(seller, one)
            actions.take_chat(by=helper, case=one)
        with CaptureQueriesContext(connection) as queries:
            assert html(lena, DESK).count("Take the chat over") == more + 1
        spent.append(len(queries))
    assert spent[0] == spent[1]
