"""Live chat: asked for, taken by one, and whatever goes wrong it goes on in writing without losing a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.accounts.leaving import say_farewell
from messagecenter.accounts.models import Membership, Role, User
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from messagecenter.notices.models import Notice
from messagecenter.threads.models import Message
from support import actions
from support.actions.chatting import LEFT_AFTER
from support.lifecycle import Status
from support.models import GONE_AFTER, Case, Chat, Queue, Step
from support.notifications import CASE_WRITTEN, KINDS
from support.refused import ChatBegan, ChatTaken, NoChat, NoChatNow
from support.shown import expectation
from support.waiting import LAST_CHATS, MOST_WAIT, expected_minutes, standing_of

from .cases import fresh, make_queue, make_seller, make_staff, open_one
from .chatting import ask, asking_seller, make_chatting_queue, sit_down, stand_up, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue() -> Queue:
    """A queue that chats around the clock."""
    return make_chatting_queue()


@pytest.fixture
def sven(queue: Queue) -> User:
    """An agent at the desk, with two chats at once."""
    person = make_staff(queue, name="Sven Hilfe")
    sit_down(person)
    return person


def answer(staff: User, case: Case, body: str, there: Status = Status.OPEN) -> None:
    actions.answer_case(by=staff, case=case, body=body, client_id=new_id(), there=there)


def told_steps(case: Case) -> list[str]:
    return list(case.steps.filter(kind=Step.Kind.CHAT).order_by("pk").values_list("after", flat=True))


def change(chat: Chat, **values: Any) -> None:
    Chat.objects.filter(pk=chat.pk).update(**values)


def tend() -> None:
    actions.tend_cases()


# --- asking ------------------------------------------------------------------------------------------------------


def test_nobody_chats_while_nobody_is_there_and_the_sentence_says_so(queue: Queue) -> None:
    seller = make_seller()
    case = open_one(seller)
    with pytest.raises(NoChatNow) as refused:
        ask(seller, case)
    assert "Nobody is free for a chat just now." in str(refused.value.sentence)
    assert not Chat.objects.exists()


def test_a_queue_that_does_not_chat_says_no(sven: User, queue: Queue) -> None:
    Queue.objects.update(offers_chat=False)
    seller = make_seller()
    with pytest.raises(NoChatNow):
        ask(seller, open_one(seller))


def test_who_asks_twice_keeps_the_place(sven: User) -> None:
    seller, case, chat = asking_seller()
    _other, _case, later = asking_seller()
    assert ask(seller, case).pk == chat.pk
    now = timezone.now()
    assert [standing_of(one, now).position for one in (chat, later)] == [1, 2]
    assert told_steps(case) == ["asked"]


def test_only_who_writes_for_the_shop_asks(sven: User) -> None:
    seller = make_seller()
    case = open_one(seller)
    viewer = make_seller(Role.VIEWER, seller.mailbox)
    for stranger in (viewer, make_seller()):
        with pytest.raises(PermissionDenied):
            ask(stranger, case)
    assert not Chat.objects.exists()


def test_a_case_that_is_over_is_not_chatted_about(sven: User) -> None:
    seller = make_seller()
    case = actions.resolve_case(by=seller.user, case=open_one(seller))
    with pytest.raises(NoChatNow):
        ask(seller, case)


# --- waiting -----------------------------------------------------------------------------------------------------


def test_the_wait_is_reckoned_from_seats_and_from_how_long_chats_took(queue: Queue, sven: User) -> None:
    now = timezone.now()
    waiting = [asking_seller()[2] for _one in range(5)]
    assert [standing_of(one, now).minutes for one in waiting] == [1, 1, 4, 8, 12]  # 8 minutes each, on two seats
    for one in waiting[:2]:
        actions.take_chat(by=sven, case=one.case)
    assert [standing_of(one, now).position for one in waiting[2:]] == [1, 2, 3]
    assert [standing_of(one, now).minutes for one in waiting[2:]] == [4, 8, 12]
    for one in waiting[:2]:
        actions.end_chat(by=sven, case=one.case)
        change(one, taken_at=now - timedelta(minutes=20), ended_at=now)
    assert [standing_of(one, now).minutes for one in waiting[2:]] == [1, 1, 10]  # 20 minutes each


@given(
    position=st.integers(1, 100),
    seats=st.integers(0, 50),
    busy=st.integers(0, 60),
    each=st.floats(1, 60, allow_nan=False),
)
def test_a_place_further_back_never_waits_less(position: int, seats: int, busy: int, each: float) -> None:
    here = expected_minutes(position, seats=seats, busy=busy, each=each)
    assert here >= 1
    assert expected_minutes(position + 1, seats=seats, busy=busy, each=each) >= here
    assert expected_minutes(position, seats=seats + 1, busy=busy, each=each) <= max(here, 1)


def test_only_the_last_chats_of_the_own_queue_say_how_long_one_takes(queue: Queue, sven: User) -> None:
    other = make_chatting_queue("Another queue")
    sit_down(sven, chats=1)
    actions.take_chat(by=sven, case=asking_seller()[1])  # nobody is free: the next one waits for the end of this
    chat = asking_seller()[2]
    now = timezone.now()

    def past(place: Queue, minutes: int, ended_at: datetime) -> None:
        seller = make_seller()
        Chat.objects.create(
            case=open_one(seller),
            queue=place,
            language="en",
            asked_by=seller.user,
            asked_at=ended_at - timedelta(hours=2),
            state=Chat.State.ENDED,
            ending=Chat.Ending.STAFF,
            taken_at=ended_at - timedelta(minutes=minutes),
            ended_at=ended_at,
        )

    assert standing_of(chat, now).minutes == 8  # as long as chats usually take
    for _one in range(LAST_CHATS):
        past(other, 60, now)
    assert standing_of(chat, now).minutes == 8
    for _one in range(LAST_CHATS):
        past(queue, 50, now - timedelta(days=1))
    assert standing_of(chat, now).minutes == 50
    for _one in range(LAST_CHATS):
        past(queue, 3, now)
    assert standing_of(chat, now).minutes == 3


# --- taking ------------------------------------------------------------------------------------------------------


def test_who_takes_a_chat_has_the_case_and_works_on_it(queue: Queue, sven: User) -> None:
    _seller, case, _chat = asking_seller()
    chat = actions.take_chat(by=sven, case=case)
    case = fresh(case)
    assert (chat.state, case.assignee_id, case.state) == (Chat.State.LIVE, sven.pk, Status.OPEN)
    assert actions.take_chat(by=sven, case=case).pk == chat.pk
    assert told_steps(case) == ["asked", "taken"]


def test_the_second_who_takes_it_is_told(queue: Queue, sven: User) -> None:
    _seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    with pytest.raises(ChatTaken):
        actions.take_chat(by=make_staff(queue), case=case)
    actions.end_chat(by=sven, case=case)
    with pytest.raises(NoChat):
        actions.take_chat(by=sven, case=case)


def test_strangers_and_viewers_of_the_queue_take_none(queue: Queue, sven: User) -> None:
    seller, case, _chat = asking_seller()
    elsewhere = make_staff(make_chatting_queue("Another queue"))
    for person in (elsewhere, make_staff(queue, Role.VIEWER), seller.user):
        with pytest.raises(PermissionDenied):
            actions.take_chat(by=person, case=case)
        if person != seller.user:
            with pytest.raises(PermissionDenied):
                actions.end_chat(by=person, case=case)
    assert Chat.objects.waiting().filter(case=case).exists()


# --- talking -----------------------------------------------------------------------------------------------------


def test_while_they_talk_the_case_stays_open_and_no_clock_runs_against_what_was_answered(sven: User) -> None:
    seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    answer(sven, case, "Good morning, I have your payout before me.")
    assert (fresh(case).state, fresh(case).due_at) == (Status.OPEN, None)
    assert expectation(fresh(case), timezone.now()) == "Support is working on it with you."
    write(seller, case, "Good morning. When was it sent?")
    assert fresh(case).due_at is not None
    answer(sven, case, "On the fifth, to the account you gave.")
    assert (fresh(case).state, fresh(case).due_at) == (Status.OPEN, None)
    actions.end_chat(by=seller.user, case=case)
    assert fresh(case).state == Status.ANSWERED
    bodies = Message.objects.filter(thread=case.pk).count()
    assert bodies == 4
    assert told_steps(case) == ["asked", "taken", "seller"]


@pytest.mark.parametrize("ending", ["written", "left", "seller"])
def test_a_chat_that_support_was_cut_off_from_leaves_an_answered_case(sven: User, ending: str) -> None:
    """However it ends after that: an open case in which nobody owes anything would be forgotten for good."""
    seller, case, chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    answer(sven, case, "The payout left us on the fifth.")
    change(chat, staff_seen_at=timezone.now() - GONE_AFTER - timedelta(seconds=1))
    if ending == "written":
        stand_up(sven)
        tend()  # he is cut off
        tend()  # and nobody else is there
    elif ending == "left":
        tend()
        change(chat, seller_seen_at=timezone.now() - LEFT_AFTER - timedelta(seconds=1))
        tend()
    else:
        tend()
        actions.end_chat(by=seller.user, case=case)
    assert Chat.objects.get().ending == ending
    assert fresh(case).state == Status.ANSWERED


def test_who_writes_is_there_whichever_way_the_words_came(sven: User) -> None:
    seller, case, chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    old = timezone.now() - LEFT_AFTER + timedelta(seconds=5)
    change(chat, seller_seen_at=old, staff_seen_at=old, seller_writing_until=timezone.now() + timedelta(seconds=9))
    write(seller, case, "I am on the train and answer by mail.")
    answer(sven, case, "That is fine.")
    chat.refresh_from_db()
    assert chat.seller_seen_at > old
    assert chat.seller_writing_until is None
    assert chat.staff_seen_at is not None
    assert chat.staff_seen_at > old
    tend()
    assert Chat.objects.get().state == Chat.State.LIVE


def test_a_chat_ended_on_the_sellers_question_still_owes_the_answer(sven: User) -> None:
    seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    answer(sven, case, "One moment please.")
    write(seller, case, "And which bank was it?")
    actions.end_chat(by=sven, case=case)
    assert fresh(case).state == Status.OPEN
    assert fresh(case).due_at is not None


def test_the_other_side_hears_of_writing_once_and_no_words(queue: Queue, sven: User) -> None:
    seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    Event.objects.all().delete()
    for _beat in range(3):
        actions.attend_chat(by=seller.user, case=case, is_writing=True)
    heard = Event.objects.filter(kind="chat", thread_id=case.pk).values_list("mailbox_id", flat=True)
    assert sorted(heard) == sorted([seller.mailbox_id, queue.pk])
    chat = actions.attend_chat(by=sven, case=case, is_writing=False)
    assert chat is not None
    assert chat.seller_writing_until is not None
    assert chat.staff_writing_until is None
    colleague = make_seller(Role.AGENT, seller.mailbox)
    chat = actions.attend_chat(by=colleague.user, case=case)
    assert chat is not None
    assert chat.seller_writing_until is not None  # whose page lies open says nothing of who writes
    actions.leave_chat(by=seller.user, case=case)
    chat = actions.attend_chat(by=sven, case=case, is_writing=False)
    assert chat is not None
    assert chat.seller_writing_until is None


def test_who_only_looks_on_is_on_neither_side(queue: Queue, sven: User) -> None:
    seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    old = timezone.now() - timedelta(minutes=1)
    Chat.objects.update(seller_seen_at=old, staff_seen_at=old)
    Event.objects.all().delete()
    for person in (make_seller(Role.VIEWER, seller.mailbox).user, make_staff(queue), make_seller().user):
        actions.attend_chat(by=person, case=case, is_writing=True)
        actions.leave_chat(by=person, case=case)
    chat = Chat.objects.get()
    assert (chat.seller_seen_at, chat.staff_seen_at) == (old, old)
    assert not Event.objects.exists()


def test_an_agent_in_the_chat_gets_no_mail_about_each_line(sven: User) -> None:
    seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    write(seller, case, "Are you there?")
    notice = Notice.objects.get(kind=CASE_WRITTEN, recipient=sven)
    why_not = next(kind for kind in KINDS if kind.name == CASE_WRITTEN).why_not
    assert why_not(notice) == "they chat about it right now"
    actions.end_chat(by=seller.user, case=case)
    assert why_not(notice) == ""


# --- whatever goes wrong ------------------------------------------------------------------------------------------


def test_when_nobody_is_free_for_a_quarter_of_an_hour_it_goes_on_in_writing(sven: User) -> None:
    seller, case, chat = asking_seller()
    write(seller, case, "I am still here.")
    tend()
    assert Chat.objects.get().state == Chat.State.WAITING
    long_ago = timezone.now() - MOST_WAIT - timedelta(seconds=1)
    change(chat, waits_since=long_ago)
    assert actions.attend_chat(by=seller.user, case=case, is_writing=False) is None
    ended = Chat.objects.get()
    assert (ended.state, ended.ending) == (Chat.State.ENDED, Chat.Ending.WRITTEN)
    assert fresh(case).due_at is not None
    assert Message.objects.filter(thread=case.pk).count() == 2
    assert told_steps(case) == ["asked", "written"]


def test_when_the_last_one_leaves_the_desk_it_goes_on_in_writing(sven: User) -> None:
    _seller, case, _chat = asking_seller()
    stand_up(sven)
    tend()
    assert Chat.objects.get().ending == Chat.Ending.WRITTEN
    assert fresh(case).is_active


def test_a_waiting_chat_ends_in_writing_when_the_queue_closes(queue: Queue, sven: User) -> None:
    asking_seller()
    Queue.objects.update(opening_hours={"time_zone": "UTC", "week": {"monday": [["00:00", "00:01"]]}})
    tend()
    assert Chat.objects.get().ending == Chat.Ending.WRITTEN


def test_a_live_chat_outlasts_the_closing_hour(queue: Queue, sven: User) -> None:
    _seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    Queue.objects.update(opening_hours={"time_zone": "UTC", "week": {"monday": [["00:00", "00:01"]]}})
    tend()
    assert Chat.objects.get().state == Chat.State.LIVE


def test_when_the_agent_is_cut_off_the_seller_waits_again_as_the_first(queue: Queue, sven: User) -> None:
    _seller, case, chat = asking_seller()
    later = asking_seller()[2]
    actions.take_chat(by=sven, case=case)
    change(chat, staff_seen_at=timezone.now() - GONE_AFTER - timedelta(seconds=1))
    other = make_staff(queue)
    sit_down(other)
    tend()
    now = timezone.now()
    assert [standing_of(Chat.objects.get(pk=one.pk), now).position for one in (chat, later)] == [1, 2]
    assert told_steps(case) == ["asked", "taken", "back"]
    assert actions.take_chat(by=other, case=case).taken_by_id == other.pk


def test_a_seller_who_is_gone_does_not_hold_a_seat(sven: User) -> None:
    seller, case, chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    answer(sven, case, "Are you there?")
    change(chat, seller_seen_at=timezone.now() - LEFT_AFTER + timedelta(seconds=20))
    tend()
    assert Chat.objects.get().state == Chat.State.LIVE  # a phone in a tunnel
    change(chat, seller_seen_at=timezone.now() - LEFT_AFTER - timedelta(seconds=1))
    tend()
    assert Chat.objects.get().ending == Chat.Ending.LEFT
    assert fresh(case).state == Status.ANSWERED
    assert ask(seller, fresh(case)).pk != chat.pk  # and comes back to a new one


def test_another_queue_or_the_end_of_the_matter_ends_the_chat(queue: Queue, sven: User) -> None:
    other = make_queue("Carriers")
    seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    actions.transfer_case(by=sven, case=case, to=other, reason="They know the carriers.")
    assert Chat.objects.get(case=case).ending == Chat.Ending.MOVED
    assert Event.objects.filter(kind="chat", mailbox_id=queue.pk, thread_id=case.pk).exists()
    seller, case, _chat = asking_seller()
    actions.resolve_case(by=seller.user, case=case)
    assert Chat.objects.get(case=case).ending == Chat.Ending.SELLER
    assert fresh(case).state == Status.RESOLVED


def test_a_seller_who_would_rather_write_does(sven: User) -> None:
    seller, case, _chat = asking_seller()
    ended = actions.end_chat(by=seller.user, case=case)
    assert ended is not None
    assert ended.ending == Chat.Ending.SELLER
    assert actions.end_chat(by=seller.user, case=case) is None
    assert fresh(case).state == Status.NEW
    assert fresh(case).due_at is not None


def test_who_would_rather_write_does_not_end_a_chat_that_has_just_begun(sven: User) -> None:
    seller, case, _chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    with pytest.raises(ChatBegan):
        actions.end_chat(by=seller.user, case=case, only_waiting=True)
    assert Chat.objects.get().state == Chat.State.LIVE


def test_who_may_only_read_any_more_is_not_in_the_chat_for_ever(queue: Queue, sven: User) -> None:
    _seller, case, chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    sit_down(make_staff(queue))
    Membership.objects.filter(user=sven, mailbox=queue.mailbox).update(role=Role.VIEWER)
    change(chat, staff_seen_at=timezone.now() - GONE_AFTER - timedelta(seconds=1))
    actions.stay_at_desk(by=sven)
    actions.attend_chat(by=sven, case=case)
    chat.refresh_from_db()
    assert (chat.state, chat.taken_by) == (Chat.State.WAITING, None)


def test_a_seller_whose_language_nobody_speaks_any_more_does_not_wait_in_vain(queue: Queue, sven: User) -> None:
    sit_down(sven, languages=("en",))
    asking_seller()
    tend()
    assert Chat.objects.get().state == Chat.State.WAITING
    sit_down(sven, languages=("de",))
    tend()
    assert Chat.objects.get().ending == Chat.Ending.WRITTEN


def test_who_leaves_the_queue_leaves_its_chats_to_the_others(queue: Queue, sven: User) -> None:
    _seller, case, chat = asking_seller()
    actions.take_chat(by=sven, case=case)
    sit_down(make_staff(queue))
    Membership.objects.get(user=sven, mailbox=queue.mailbox).delete()
    say_farewell(queue.pk, sven.pk)
    chat.refresh_from_db()
    assert (chat.state, chat.taken_by_id, fresh(case).assignee_id) == (Chat.State.WAITING, None, None)
