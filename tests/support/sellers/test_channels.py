"""By which channel a seller opens a case: what the form offers by severity, what is open, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messagecenter.accounts.models import User
from messagecenter.threads.models import Message
from support.models import Case, Chat, Queue, Route
from support.severities import Severity
from support.slots import next_free
from tests.support.cases import fresh, make_queue, make_staff
from tests.support.chatting import asking_seller, make_chatting_queue, sit_down, stand_up
from tests.support.test_odd_ends import HELD, release

from .selling import NEW, page_of, refused, send, told, url_of, written

pytestmark = pytest.mark.django_db
FORM = f"{NEW}?topic=payments_payout"
SOON = "Open now. Somebody is there in about 1 minute."


@pytest.fixture
def queue() -> Queue:
    """One that chats and calls around the clock."""
    return make_chatting_queue("Seller support", calls_at_once=1)


@pytest.fixture
def staff(queue: Queue) -> User:
    """Who sits at the desk."""
    person = make_staff(queue)
    sit_down(person)
    return person


def offered(page: str, channel: str) -> tuple[str, str, dict[str, str]]:
    """Return for which severities a channel is offered, for which it is open, and what it says for which."""
    part = page.partition(f'id="channel-{channel}"')
    if not part[1]:
        return "", "", {}
    row, rest = part[0].rpartition('<div class="severity channel"')[2], part[2].partition("</div></div>")[0]
    texts = [one.partition(">") for one in rest.split('data-on="')[1:]]
    return (
        row.partition('data-on="')[2].partition('"')[0],
        row.partition('data-open="')[2].partition('"')[0],
        {on.rstrip('"'): text.partition("<")[0] for on, _tag, text in texts},
    )


# --- what is offered -------------------------------------------------------------------------------------------------


def test_where_there_is_only_writing_nothing_is_asked(browser: Client) -> None:
    """A choice of one is none."""
    Queue.objects.update(offers_chat=False, calls_at_once=0)
    assert "case_channel" not in page_of(browser, FORM)
    assert send(browser).status_code == 302


def test_each_channel_says_when_it_is_there(browser: Client, staff: User) -> None:
    """Writing is always possible, and chosen until somebody chooses another."""
    page = page_of(browser, FORM)
    assert "How shall support help you?" in page
    assert 'value="write" checked' in page
    assert page.count('name="case_channel"') == 3
    assert offered(page, "chat") == ("4 3 2 1", "4 3 2 1", {"4 3 2 1": SOON})
    on, open_on, texts = offered(page, "call")
    assert (on, open_on) == ("4 3 2 1", "4 3 2 1")
    assert texts["4 3 2 1"].startswith("The first free appointment: ")


def test_what_is_closed_says_so_and_cannot_be_chosen(browser: Client, queue: Queue) -> None:
    """Until when, where that is known."""
    page = page_of(browser, FORM)
    assert offered(page, "chat") == ("4 3 2 1", "", {"4 3 2 1": "Nobody is free for a chat just now."})
    assert 'value="chat" disabled' in page
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%A").lower()
    queue.opening_hours = {"time_zone": "UTC", "week": {tomorrow: [["09:00", "17:00"]]}}
    queue.save()
    assert offered(page_of(browser, FORM), "chat")[2]["4 3 2 1"].startswith("Closed. It opens on ")


def test_the_offer_follows_the_severity_and_its_queue(browser: Client, queue: Queue, staff: User) -> None:
    """One queue chats from high on; urgent cases go to another, which is closed, and whose telephones are more."""
    Queue.objects.update(chat_from=Severity.HIGH, calls_at_once=0)
    Route.objects.create(queue=make_queue("Night", offers_chat=True, calls_at_once=2), severity=1, position=1)
    page = page_of(browser, FORM)
    assert offered(page, "chat") == ("2 1", "2", {"2": SOON, "1": "Nobody is free for a chat just now."})
    assert offered(page, "call")[:2] == ("1", "1")


def test_an_offer_in_a_language_that_nobody_there_speaks_is_none(browser: Client, staff: User) -> None:
    """The seller reads English."""
    sit_down(staff, languages=("de",))
    said = offered(page_of(browser, FORM), "chat")[2]["4 3 2 1"]
    assert said == "Nobody who speaks English is free for a chat just now."


def test_a_queue_is_asked_once_for_all_its_severities(
    browser: Client, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Whoever else waits there."""
    page_of(browser, FORM)
    with django_assert_num_queries(FORM_QUERIES):
        page_of(browser, FORM)
    for _ in range(3):
        asking_seller()
        sit_down(make_staff(Queue.objects.get()))
    with django_assert_num_queries(FORM_QUERIES):
        page_of(browser, FORM)


FORM_QUERIES = 17


# --- what becomes of it ----------------------------------------------------------------------------------------------


def test_a_case_by_chat_leads_into_the_chat(browser: Client, staff: User) -> None:
    """With its number, and the words in its conversation."""
    page = told(browser, FORM, **written(case_channel="chat"))
    case = Case.objects.get()
    assert f"Your case {case.shown_number} is open. A confirmation is on its way by e-mail." in page
    assert "You are next. Somebody is there in about 1 minute." in page
    assert "It should have come on the fifth." in page
    assert Chat.objects.get().case == case


def test_a_case_by_call_leads_to_the_appointments(browser: Client, queue: Queue) -> None:
    """Whoever turns back there has a case in writing."""
    answer = send(browser, case_channel="call")
    case = Case.objects.get()
    assert answer["Location"] == url_of(case, "call/")
    page = page_of(browser, answer["Location"])
    assert f"Your case {case.shown_number} is open." in page
    assert 'name="at"' in page


@pytest.mark.parametrize("channel", ["", "write"])
def test_a_case_in_writing_is_told_when_it_is_answered(browser: Client, staff: User, channel: str) -> None:
    """Also by who chose nothing."""
    page = told(browser, FORM, **written(case_channel=channel))
    assert "A confirmation is on its way by e-mail. Expected answer:" in page
    assert not Chat.objects.exists()


def test_a_form_sent_twice_opens_one_case_and_one_chat(browser: Client, staff: User) -> None:
    """By a double click."""
    values = written(case_channel="chat")
    first, second = (browser.post(FORM, values) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert (Case.objects.count(), Chat.objects.count()) == (1, 1)


@pytest.mark.parametrize("channel", ["chat", "call"])
def test_a_message_that_a_person_checks_first_is_a_case_in_writing(browser: Client, staff: User, channel: str) -> None:
    """Support could not read what the chat is about."""
    page = told(browser, FORM, **written(body=HELD, case_channel=channel))
    assert "Your message is checked by a person before support reads it. Until then it goes on in writing." in page
    assert url_of(Case.objects.get()) in page
    assert 'name="at"' not in page
    assert not Chat.objects.exists()


def test_nobody_is_rung_up_about_what_support_cannot_read_yet(browser: Client, queue: Queue, staff: User) -> None:
    """A call-back can be booked once the message is through."""
    told(browser, FORM, **written(body=HELD))
    case = Case.objects.get()
    assert "Book a call-back" not in page_of(browser, url_of(case))
    slot = next_free(queue, timezone.now(), timezone.now())
    assert slot is not None
    asked = {"at": str(int(slot.timestamp())), "number": "+49 30 901820", "language": "en"}
    answer = browser.post(url_of(case, "call/"), asked)
    assert answer.status_code == 422
    assert "No call-back can be booked for this case." in answer.content.decode()
    release(Message.objects.get(thread=case.pk))
    assert "Book a call-back" in page_of(browser, url_of(case))
    assert browser.post(url_of(case, "call/"), asked).status_code == 302


# --- what cannot be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"offers_chat": True}, "Nobody is free for a chat just now. Please choose another way."),
        ({"offers_chat": False}, "A case like this cannot be opened that way. Please choose another way."),
        ({"chat_from": Severity.HIGH}, "A case like this cannot be opened that way. Please choose another way."),
    ],
)
def test_a_channel_that_closed_meanwhile_brings_the_form_back(
    browser: Client, staff: User, values: dict[str, Any], why: str
) -> None:
    """Nothing is lost, and nothing is opened another way than it was asked for."""
    stand_up(staff)
    Queue.objects.update(**values)
    page = refused(browser, case_channel="chat", case_amount="12 EUR")
    assert why in page
    assert 'href="#id_case_channel"' in page
    assert 'id="id_case_channel_error"' in page
    assert "It should have come on the fifth." in page
    assert 'value="12 EUR"' in page
    assert send(browser, case_channel="write").status_code == 302


def test_without_a_free_appointment_no_case_is_opened_by_call(browser: Client, queue: Queue) -> None:
    """Its hours are over for the days that can be booked."""
    queue.opening_hours = {"time_zone": "UTC", "week": {"monday": [["09:00", "09:10"]]}}
    queue.save()
    page = refused(browser, case_channel="call")
    assert "No appointment is free in the next two weeks. Please choose another way." in page


def test_the_channel_is_that_of_the_queue_the_case_goes_to(browser: Client, queue: Queue, staff: User) -> None:
    """Which the marketplace decides, however it was typed; the form was made for another one."""
    Route.objects.create(queue=make_queue("Britain"), country="GB", position=1)
    values = {"case_marketplace": "https://www.Amazon.co.uk/gp/x", "case_channel": "chat"}
    assert "A case like this cannot be opened that way." in refused(browser, "account_data", **values)
    assert send(browser, "account_data", **(values | {"case_marketplace": "amazon.de"})).status_code == 302
    assert fresh(Case.objects.get()).queue == queue


def test_a_channel_is_one_of_three(browser: Client, staff: User) -> None:
    assert "Select a valid choice" in refused(browser, case_channel="pigeon")


def test_who_was_signed_out_gets_the_channel_back(browser: Client, staff: User) -> None:
    """With everything else."""
    answer = send(Client(), case_channel="chat")
    assert answer.status_code == 401
    assert 'name="case_channel" value="chat"' in unescape(answer.content.decode())
