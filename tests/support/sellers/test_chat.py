"""The seller's side of a live chat: asked for on the case's page, its bar, its heart-beat, and how it ends."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.live.models import Event
from messagecenter.threads.words import read_body
from support import actions
from support.lifecycle import Status
from support.models import Case, Chat, Queue
from support.numbers import ALPHABET
from support.waiting import SEEN
from tests.factories import UserFactory
from tests.support.cases import fresh, make_staff, open_one
from tests.support.chatting import ask, asking_seller, make_chatting_queue, sit_down, stand_up, write

from .selling import answered, page_of, told, url_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
WAITS = "Somebody is there in about"


@pytest.fixture
def queue() -> Queue:
    """One that chats around the clock."""
    return make_chatting_queue("Seller support")


@pytest.fixture
def staff(queue: Queue) -> User:
    """Who sits at the desk."""
    person = make_staff(queue, name="Sven Secretname")
    sit_down(person)
    return person


@pytest.fixture
def waiting(staff: User, owner: Membership, case: Case) -> Chat:
    """Selma waits for somebody."""
    return ask(owner, case)


@pytest.fixture
def live(staff: User, waiting: Chat, case: Case) -> Chat:
    """Somebody is there."""
    return actions.take_chat(by=staff, case=case)


def bar_of(client: Client, case: Case, doing: str = "") -> str:
    """Return the bar as the page's script gets it: looked up, or after saying what somebody does."""
    url = url_of(case, "chat/")
    answer = client.post(url, {"doing": doing}) if doing else client.get(url)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def change(chat: Chat, **values: Any) -> None:
    Chat.objects.filter(pk=chat.pk).update(**values)


def announced(case: Case) -> dict[Any, int]:
    """Return how often each mailbox was told of the case's chat."""
    found: dict[Any, int] = {}
    for event in Event.objects.filter(kind="chat", thread_id=case.pk):
        found[event.mailbox_id] = found.get(event.mailbox_id, 0) + 1
    return found


# --- from asking to the end ------------------------------------------------------------------------------------------


def test_a_chat_from_asking_to_its_end_stays_in_the_conversation(browser: Client, staff: User, case: Case) -> None:
    """Offered beside the case, then told in one bar; nobody of support is named."""
    page = page_of(browser, url_of(case))
    assert "Open now. Somebody is there in about 1 minute." in page
    assert "Start a live chat" in page
    page = told(browser, url_of(case, "chat/ask/"))
    assert "You are next. Somebody is there in about 1 minute. You can write already: nothing is lost." in page
    assert "Rather in writing" in page
    assert "Start a live chat" not in page
    assert "Live chat asked for" in page
    browser.post(f"/messages/{case.pk}/reply/", {"body": "It is urgent, Flieder.", "client_id": case.pk})
    actions.take_chat(by=staff, case=case)
    page = page_of(browser, url_of(case))
    assert "Support is here." in page
    assert "End the chat" in page
    answered(case, staff, Status.OPEN, "I look at it now, Malve.")
    page = told(browser, url_of(case, "chat/end/"))
    for words in (
        "The chat is over. What was said stays here; simply write to go on.",
        "It is urgent, Flieder.",
        "I look at it now, Malve.",
        "Start a live chat",
    ):
        assert words in page
    assert "Secretname" not in page
    assert Chat.objects.get().ending == Chat.Ending.SELLER
    assert fresh(case).state == Status.ANSWERED


def test_the_next_one_is_told_the_place(browser: Client, staff: User, case: Case, owner: Membership) -> None:
    """Two asked before, and nobody of them is taken; when one gives up, everybody moves on."""
    _seller, first, _chat = asking_seller()
    asking_seller()
    ask(owner, case)
    assert f"You are number 3. {WAITS}" in bar_of(browser, case)
    actions.end_chat(by=staff, case=first)
    assert f"You are number 2. {WAITS}" in bar_of(browser, case)


def test_who_rather_writes_keeps_what_was_written(browser: Client, owner: Membership, waiting: Chat) -> None:
    """The case goes on, with its promise."""
    write(owner, waiting.case, "I cannot wait, Flieder.")
    page = told(browser, url_of(waiting.case, "chat/end/"))
    assert "Your case goes on in writing. Expected answer:" in page
    assert "I cannot wait, Flieder." in page
    assert told(browser, url_of(waiting.case, "chat/end/")), "asked twice"
    assert Chat.objects.get().state == Chat.State.ENDED


def test_asking_twice_is_one_chat(browser: Client, waiting: Chat) -> None:
    """From two tabs, or by a double click."""
    told(browser, url_of(waiting.case, "chat/ask/"))
    assert list(Chat.objects.all()) == [waiting]


def test_when_nobody_is_there_any_more_the_open_page_says_that_it_goes_on_in_writing(
    browser: Client, staff: User, owner: Membership, waiting: Chat
) -> None:
    """By its next beat, not by a clock that runs every minute; not a word is lost."""
    write(owner, waiting.case, "Are you there, Flieder?")
    stand_up(staff)
    bar = bar_of(browser, waiting.case, "viewing")
    assert "Nobody was free. Your case goes on in writing. Expected answer:" in bar
    assert 'data-state="ended"' in bar
    assert "<form" not in bar
    assert "Are you there, Flieder?" in [read_body(one) for one in waiting.case.thread.messages.all()]


@pytest.mark.parametrize(
    ("ending", "was_taken", "words"),
    [
        (Chat.Ending.WRITTEN, False, "Nobody was free. Your case goes on in writing."),
        (Chat.Ending.LEFT, True, "The chat ended because you were away. Nothing is lost"),
        (Chat.Ending.STAFF, True, "Support has ended the chat."),
        (Chat.Ending.SELLER, True, "The chat is over. What was said stays here"),
        (Chat.Ending.SELLER, False, "Your case goes on in writing."),
    ],
)
def test_how_it_ended_is_said_for_ten_minutes(
    browser: Client, owner: Membership, waiting: Chat, ending: str, was_taken: bool, words: str
) -> None:
    now = timezone.now()
    change(waiting, state="ended", ending=ending, ended_at=now, taken_at=now if was_taken else None)
    assert words in bar_of(browser, waiting.case)
    change(waiting, ended_at=now - timedelta(minutes=11))
    bar = bar_of(browser, waiting.case)
    assert words not in bar
    assert 'data-state=""' in bar
    change(waiting, ended_at=now)
    actions.resolve_case(by=owner.user, case=waiting.case)
    assert words not in bar_of(browser, waiting.case), "the matter is settled"


# --- whether there is one to be had ----------------------------------------------------------------------------------


def test_while_nobody_is_there_the_card_says_so_and_asking_by_hand_is_refused(
    browser: Client, staff: User, case: Case
) -> None:
    """No button leads to a refusal."""
    stand_up(staff)
    page = page_of(browser, url_of(case))
    assert "Nobody is free for a chat just now." in page
    assert "chat/ask/" not in page
    page = told(browser, url_of(case, "chat/ask/"))
    assert "Live chat is not possible for this case now. Nobody is free for a chat just now." in page
    assert not Chat.objects.exists()


def test_a_closed_queue_says_when_it_opens(browser: Client, queue: Queue, staff: User, case: Case) -> None:
    """By the seller's own clock."""
    now = timezone.now()
    tomorrow = (now + timedelta(days=1)).strftime("%A").lower()
    queue.opening_hours = {"time_zone": "UTC", "week": {tomorrow: [["00:00", "24:00"]]}}
    queue.save()
    page = page_of(browser, url_of(case))
    assert "Closed. It opens on" in page
    assert "chat/ask/" not in page


def test_where_no_chat_is_offered_nothing_is_said_of_it(browser: Client, queue: Queue, case: Case) -> None:
    """Nor for cases that are at their end."""
    Queue.objects.update(offers_chat=False)
    assert "Live chat" not in page_of(browser, url_of(case))
    Queue.objects.update(offers_chat=True)
    assert "Live chat" in page_of(browser, url_of(case))
    Case.objects.update(status=Status.RESOLVED)
    assert "Live chat" not in page_of(browser, url_of(case))
    assert "Live chat is not possible for this case now." in told(browser, url_of(case, "chat/ask/"))


# --- the open page ---------------------------------------------------------------------------------------------------


def test_the_bar_stands_on_the_page_as_the_script_gets_it(browser: Client, live: Chat) -> None:
    """One template: the script puts one in the place of the other."""
    bar = bar_of(browser, live.case)
    assert "<html" not in bar
    for part in (
        f'data-chat="{url_of(live.case, "chat/")}"',
        f'data-chat-of="{live.case_id}"',
        'data-state="live"',
        "data-chat-beats",
        'role="status"',
        url_of(live.case, "chat/end/"),
    ):
        assert part in bar
        assert part in page_of(browser, url_of(live.case))


def test_what_support_does_is_seen_and_the_other_way_round(browser: Client, staff: User, live: Chat) -> None:
    """Here, writing, away: each as long as it holds, and told to both sides at once when it changes."""
    case, now = live.case, timezone.now()
    assert "Support is here." in bar_of(browser, case)
    actions.attend_chat(by=staff, case=case, is_writing=True)
    assert "Support is writing …" in bar_of(browser, case)
    change(live, staff_writing_until=now - timedelta(seconds=1))
    assert "Support is here." in bar_of(browser, case)
    change(live, staff_seen_at=now - SEEN - timedelta(seconds=1))
    assert "Support’s connection is interrupted; you keep your place." in bar_of(browser, case)

    before = announced(case)
    assert set(before) == {case.shop_id, case.queue_id}
    bar_of(browser, case, "writing")
    assert Chat.objects.filter(seller_writing_until__gt=now).exists()
    bar_of(browser, case, "writing")
    assert announced(case) == {key: many + 1 for key, many in before.items()}, "told once"
    bar_of(browser, case, "paused")
    assert Chat.objects.get().seller_writing_until is None
    assert announced(case) == {key: many + 2 for key, many in before.items()}


def test_a_page_that_is_closed_writes_no_more(browser: Client, live: Chat) -> None:
    """Its last word goes out while it closes, and nothing is shown there any more."""
    bar_of(browser, live.case, "writing")
    answer = browser.post(url_of(live.case, "chat/"), {"doing": "left"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert Chat.objects.get().seller_writing_until is None
    assert Chat.objects.get().state == Chat.State.LIVE, "a page that is loaded anew closes, too"


def test_opening_the_page_is_being_there_and_looking_for_changes_is_not(browser: Client, waiting: Chat) -> None:
    """Also without a script; a page that the browser fetched ahead was seen by nobody."""
    long_ago = timezone.now() - timedelta(minutes=2)

    def seen(**headers: str) -> datetime:
        change(waiting, seller_seen_at=long_ago)
        assert browser.get(f"{url_of(waiting.case)}{headers.pop('query', '')}", headers=headers).status_code == 200
        return Chat.objects.get().seller_seen_at

    assert seen(query="?peek=1") == long_ago
    assert seen(**{"Sec-Purpose": "prefetch"}) == long_ago
    assert seen() > long_ago


def test_who_was_gone_too_long_reads_how_it_goes_on(browser: Client, waiting: Chat) -> None:
    """Whoever comes back later finds the case, not a chat that nobody is in."""
    change(waiting, seller_seen_at=timezone.now() - timedelta(minutes=30))
    actions.tend_cases()
    assert "The chat ended because you were away. Nothing is lost" in page_of(browser, url_of(waiting.case))


def test_a_place_lost_by_supports_connection_is_kept(browser: Client, live: Chat) -> None:
    """It is before all that came later."""
    asking_seller()
    change(live, staff_seen_at=timezone.now() - timedelta(hours=1))
    assert "Support was cut off from the chat. You are next." in bar_of(browser, live.case, "viewing")


@pytest.mark.parametrize("doing", ["", "nonsense", "WRITING"])
def test_what_a_page_does_is_one_of_three(browser: Client, waiting: Chat, doing: str) -> None:
    assert browser.post(url_of(waiting.case, "chat/"), {"doing": doing}).status_code == 400


def test_a_script_is_not_led_to_the_sign_in_page(waiting: Chat) -> None:
    """It hears that nobody is signed in; the buttons lead there."""
    url = url_of(waiting.case, "chat/")
    assert Client().get(url).status_code == 401
    assert Client().post(url, {"doing": "viewing"}).status_code == 401
    for verb in ("chat/ask/", "chat/end/"):
        answer = Client().post(url_of(waiting.case, verb))
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")
    assert Chat.objects.get().state == Chat.State.WAITING


def test_buttons_are_pressed_not_linked(browser: Client, waiting: Chat) -> None:
    """No address changes anything by being looked at."""
    for verb in ("chat/ask/", "chat/end/"):
        assert browser.get(url_of(waiting.case, verb)).status_code == 405


# --- who may ---------------------------------------------------------------------------------------------------------


def test_a_viewer_may_look_but_neither_ask_nor_end_nor_be_taken_for_the_shop(
    signed_in: SignIn, viewer: User, waiting: Chat, staff: User
) -> None:
    """Their open page does not keep the place of a seller who left."""
    client, case = signed_in(viewer), waiting.case
    bar = bar_of(client, case)
    assert "You are next." in bar
    assert "data-chat-beats" not in bar
    assert "<form" not in bar
    long_ago = timezone.now() - timedelta(minutes=2)
    change(waiting, seller_seen_at=long_ago)
    bar_of(client, case, "writing")
    page_of(client, url_of(case))
    found = Chat.objects.get()
    assert (found.seller_seen_at, found.seller_writing_until) == (long_ago, None)
    assert client.post(url_of(case, "chat/end/")).status_code == 403
    assert Chat.objects.get().state == Chat.State.WAITING
    actions.end_chat(by=staff, case=case)
    assert client.post(url_of(case, "chat/ask/")).status_code == 403
    assert "Start a live chat" not in page_of(client, url_of(case))
    assert Chat.objects.open().count() == 0


def test_another_member_of_the_shop_goes_on_with_the_chat(signed_in: SignIn, owner: Membership, live: Chat) -> None:
    """From the phone, or a colleague: the chat is the shop's."""
    colleague = make_colleague(owner.mailbox)
    change(live, seller_seen_at=timezone.now() - timedelta(minutes=2))
    client = signed_in(colleague)
    assert "Support is here." in bar_of(client, live.case, "viewing")
    assert Chat.objects.get().seller_seen_at > timezone.now() - timedelta(minutes=1)
    assert client.post(url_of(live.case, "chat/end/")).status_code == 302
    assert Chat.objects.get().state == Chat.State.ENDED


def make_colleague(shop: Mailbox) -> User:
    person: User = UserFactory(name="Carla Kollegin")
    Membership.objects.create(user=person, mailbox=shop, role=Role.AGENT)
    return person


def test_foreign_and_missing_chats_look_the_same(
    signed_in: SignIn, other_seller: User, buyer: User, staff: User, live: Chat
) -> None:
    """Whoever guesses a number learns nothing of it, and changes nothing; support's own page is in the admin."""
    case = live.case
    wrong = case.number[:-1] + next(one for one in ALPHABET if one != case.number[-1])
    before = Chat.objects.values().get()
    answers = []
    for person in (other_seller, buyer, staff):
        client = signed_in(person)
        for number in (case.number, case.shown_number, wrong, "nonsense"):
            url = f"/support/{number}/chat/"
            for answer in (
                client.get(url),
                *(client.post(url, {"doing": doing}) for doing in ("viewing", "writing", "left", "nonsense")),
                client.post(f"{url}ask/"),
                client.post(f"{url}end/"),
            ):
                answers.append((answer.status_code, "Support is here" in answer.content.decode()))
    assert set(answers) == {(404, False)}
    assert Chat.objects.values().get() == before
    theirs = Membership.objects.filter(user=other_seller).get()
    assert "Support is here" not in page_of(signed_in(other_seller), url_of(open_one(theirs)))


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_a_beat_asks_as_much_after_many_chats_as_after_one(
    browser: Client, live: Chat, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Of a case that chatted before, and of a queue in which others wait."""
    bar_of(browser, live.case, "viewing")
    with django_assert_num_queries(BEAT_QUERIES):
        bar_of(browser, live.case, "viewing")
    now = timezone.now()
    sit_down(staff, chats=10)
    for number in range(5):
        asking_seller()
        values = {"case": live.case, "queue": live.queue, "language": "en", "asked_by": live.asked_by}
        Chat.objects.create(id=uuid.UUID(int=number), state="ended", ending="seller", ended_at=now, **values)
    with django_assert_num_queries(BEAT_QUERIES):
        assert "Support is here." in bar_of(browser, live.case, "viewing")


def test_a_waiting_beat_asks_as_much_with_many_before_it_as_with_none(
    browser: Client, waiting: Chat, staff: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sit_down(staff, chats=10)
    with CaptureQueriesContext(connection) as alone:
        assert "You are next." in bar_of(browser, waiting.case, "viewing")
    for _one in range(5):
        Chat.objects.filter(pk=asking_seller()[2].pk).update(asked_at=waiting.asked_at - timedelta(minutes=1))
    with django_assert_max_num_queries(len(alone)):
        assert "You are number 6." in bar_of(browser, waiting.case, "viewing")
    assert len(alone) <= WAITING_QUERIES


BEAT_QUERIES = 10
WAITING_QUERIES = 16
