"""Live chats at the desk: who waits, who takes, who only looks, and what each page says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from messagecenter.threads.models import Entry, Message
from support import actions
from support.lifecycle import Status
from support.models import GONE_AFTER, Case, Chat, Queue, Reading
from support.waiting import SEEN
from tests.attachments.conftest import photo
from tests.support.cases import fresh, make_seller, make_staff, open_one
from tests.support.chatting import ask, make_chatting_queue, sit_down, write

from .conftest import DESK, with_factor

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture
def queue() -> Queue:
    """A queue that chats around the clock."""
    return make_chatting_queue()


@pytest.fixture
def other_queue() -> Queue:
    """Another one, in which nobody of the first works."""
    return make_chatting_queue("Payments team")


@pytest.fixture
def helper(helper: User) -> User:
    """The agent, at the desk."""
    sit_down(helper)
    return helper


@pytest.fixture
def asking() -> Membership:
    """The seller who asks."""
    seller = make_seller()
    seller.mailbox.name = "Knarrenfels Lampen"
    seller.mailbox.save()
    return seller


@pytest.fixture
def chat(helper: User, asking: Membership, case: Case) -> Chat:
    """A chat that the seller waits in."""
    return ask(asking, case)


def html(browser: Client, url: str, status: int = 200) -> str:
    answer = browser.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def page_of(case: Case) -> str:
    return f"{DESK}{case.number}/"


def bar(browser: Client, case: Case) -> str:
    return html(browser, f"{page_of(case)}chat/")


def tell(browser: Client, case: Case, doing: str) -> Any:
    return browser.post(f"{page_of(case)}chat/", {"doing": doing})


def do(browser: Client, case: Case, name: str, **data: str) -> Any:
    return browser.post(f"{page_of(case)}do/", {"do": name} | data)


def change(chat: Chat, **values: Any) -> None:
    Chat.objects.filter(pk=chat.pk).update(**values)


def now(chat: Chat) -> Chat:
    chat.refresh_from_db()
    return chat


def waiting_shops(browser: Client) -> list[str]:
    return [line.shop for line in browser.get(DESK).context["chats"]["waiting"]]


# --- who waits -----------------------------------------------------------------------------------------------------


def test_who_waits_stands_on_top_of_every_list_without_a_word_of_the_case(desk: Client, chat: Chat) -> None:
    change(chat, asked_at=timezone.now() - timedelta(minutes=3), waits_since=timezone.now() - timedelta(minutes=3))
    for key in ("mine", "unassigned", "overdue", "waiting", "all"):
        page = html(desk, f"{DESK}?list={key}")
        for word in ("Knarrenfels Lampen", "A payout is missing, late or wrong", "English", "waits for", "3 minutes"):
            assert word in page, word
        assert 'value="take_chat"' in page
        assert not any(word in page for word in ("Zimtstern", "Flügelhorn"))
    assert page.index('id="chats"') < page.index('id="desk-list"')


def test_while_nobody_waits_nothing_is_said(desk: Client, case: Case) -> None:
    page = html(desk, DESK)
    assert "Live chats" not in page
    assert "data-waits" not in page
    assert 'id="chats"' in page  # where it will be said


def test_the_one_who_waits_longest_comes_first(desk: Client, helper: User) -> None:
    for minutes, name in ((2, "Zweite"), (9, "Erste"), (1, "Dritte")):
        seller = make_seller()
        seller.mailbox.name = name
        seller.mailbox.save()
        asked = ask(seller, open_one(seller))
        change(asked, asked_at=timezone.now() - timedelta(minutes=minutes))
    assert waiting_shops(desk) == ["Erste", "Zweite", "Dritte"]


def test_another_queues_people_hear_nothing_of_it(
    chat: Chat, case: Case, stranger: User, signed_in: SignedIn, other_queue: Queue
) -> None:
    frida = signed_in(stranger)
    for url in (DESK, f"{DESK}?list=all", f"{DESK}chats/", f"{DESK}?queue={chat.queue_id}"):
        page = html(frida, url)
        for word in ("Knarrenfels", case.shown_number, "take_chat", "data-waits"):
            assert word not in page
    missing = frida.get(f"{DESK}23456789/chat/")
    found = frida.get(f"{page_of(case)}chat/")
    assert missing.status_code == found.status_code == 404
    assert "Knarrenfels" not in found.content.decode()
    assert tell(frida, case, "writing").status_code == 404
    assert do(frida, case, "take_chat").status_code == do(frida, case, "end_chat").status_code == 404
    assert now(chat).state == Chat.State.WAITING


def test_who_only_reads_in_the_queue_may_look_but_not_take(
    chat: Chat, case: Case, onlooker: User, signed_in: SignedIn
) -> None:
    vito = signed_in(onlooker)
    for page in (html(vito, DESK), bar(vito, case), html(vito, page_of(case))):
        assert "Knarrenfels Lampen" in page
        assert "take_chat" not in page
    answer = do(vito, case, "take_chat")
    assert answer.status_code == 302
    assert "but not do that" in html(vito, page_of(case))
    assert tell(vito, case, "writing").status_code == 200  # heard by nobody
    assert (now(chat).state, chat.staff_seen_at, chat.staff_writing_until) == (Chat.State.WAITING, None, None)


def test_who_oversees_support_says_first_why(chat: Chat, case: Case, overseer: User, signed_in: SignedIn) -> None:
    olga = signed_in(overseer)
    assert waiting_shops(olga) == ["Knarrenfels Lampen"]
    assert "take_chat" not in html(olga, DESK)  # who works in no queue could not write in it
    assert olga.get(f"{page_of(case)}chat/").status_code == 404
    assert "Flügelhorn" not in do(olga, case, "take_chat").content.decode()
    actions.read_case(by=overseer, case=case, reason="Complaint")
    assert "Knarrenfels Lampen waits" in bar(olga, case)
    do(olga, case, "take_chat")
    assert now(chat).state == Chat.State.WAITING


def test_a_seller_and_staff_of_no_queue_are_turned_away(
    chat: Chat, case: Case, asking: Membership, supporter: User, signed_in: SignedIn
) -> None:
    for person in (asking.user, supporter):
        browser = signed_in(person)
        assert browser.get(f"{DESK}chats/").status_code == 403
        assert browser.get(f"{page_of(case)}chat/").status_code == 403


@pytest.mark.parametrize("place", ["list", "case"])
def test_lists_and_pages_cost_the_same_with_one_chat_and_with_twelve(
    desk: Client, helper: User, queue: Queue, chat: Chat, case: Case, place: str
) -> None:
    sit_down(helper, chats=10)
    mine = make_seller()
    other = open_one(mine)
    ask(mine, other)
    actions.take_chat(by=helper, case=other)
    url = DESK if place == "list" else page_of(case)
    html(desk, url)
    spent = []
    for more in (0, 11):
        for number in range(more):
            seller = make_seller()
            one = open_one(seller)
            ask(seller, one)
            if number % 3 == 0:
                actions.take_chat(by=helper, case=one)
        with CaptureQueriesContext(connection) as queries:
            html(desk, url)
        spent.append(len(queries))
        assert [q["sql"] for q in queries if "COUNT(" in q["sql"]] == []
    assert spent[0] == spent[1]


def test_a_part_of_the_page_is_looked_up_alone(desk: Client, chat: Chat, case: Case) -> None:
    desk.get(f"{DESK}chats/")
    with CaptureQueriesContext(connection) as queries:
        part = html(desk, f"{DESK}chats/")
    assert part.strip().startswith('<div id="chats"')
    assert "Knarrenfels Lampen" in part
    assert len([q for q in queries if '"support_chat"' in q["sql"]]) == 1
    assert "Knarrenfels" not in html(desk, f"{DESK}chats/?but={case.number}")
    assert desk.get(f"{DESK}chats/?but=nonsense").status_code == 404


def test_who_reads_german_reads_german(desk: Client, helper: User, chat: Chat, case: Case) -> None:
    helper.language = "de"
    helper.save()
    page = html(desk, DESK)
    for word in ("Live-Chats", "wartet seit weniger als einer Minute", "Chat übernehmen"):
        assert word in page
    assert "Knarrenfels Lampen wartet im Live-Chat. Sprache: Englisch." in bar(desk, case)
    assert "Ein Verkäufer wartet im Live-Chat: Knarrenfels Lampen." in html(desk, page_of(open_one(make_seller())))
    do(desk, case, "take_chat")
    page = html(desk, page_of(case))
    for word in ("Sie chatten mit Knarrenfels Lampen.", "Der Verkäufer ist da.", "Chat beenden", "oder Strg und Enter"):
        assert word in page


# --- on the pages of other cases -------------------------------------------------------------------------------------


def test_a_case_page_names_those_who_wait_elsewhere(desk: Client, helper: User, chat: Chat, case: Case) -> None:
    sit_down(helper, chats=10)
    other = open_one(make_seller())
    assert "A seller waits in a live chat: Knarrenfels Lampen." in html(desk, page_of(other))
    assert "A seller waits" not in html(desk, page_of(case))  # there its own bar says so
    for _number in range(5):
        seller = make_seller()
        ask(seller, open_one(seller))
    page = html(desk, page_of(other))
    assert "More than 5 sellers wait in a live chat." in page
    assert "5 sellers wait in a live chat: " in html(desk, page_of(case))
    assert 'data-waits data-said="More than 5' in page


def test_ones_other_chats_are_one_click_away_and_say_what_is_new(
    desk: Client, helper: User, chat: Chat, case: Case, asking: Membership
) -> None:
    actions.take_chat(by=helper, case=case)
    other = open_one(make_seller())
    html(desk, page_of(case))  # read
    page = html(desk, page_of(other))
    assert "Your other chats" in page
    assert f'href="{page_of(case)}#id_body">Knarrenfels Lampen</a>' in page
    assert "new message" not in page
    write(asking, case, "Are you still there?")
    assert "new message" in html(desk, page_of(other))
    listed = html(desk, DESK)
    assert "Your chats" in listed
    assert "new message" in listed
    assert "Are you still there?" not in listed
    assert "Your other chats" not in html(desk, page_of(case))


# --- taking --------------------------------------------------------------------------------------------------------


def test_from_the_list_one_goes_straight_into_the_chat(desk: Client, helper: User, chat: Chat, case: Case) -> None:
    answer = do(desk, case, "take_chat", **{"from": "desk"})
    assert (answer.status_code, answer["Location"]) == (302, f"{page_of(case)}#id_body")
    assert (now(chat).state, chat.taken_by, fresh(case).assignee) == (Chat.State.LIVE, helper, helper)
    page = html(desk, page_of(case))
    assert page.count("You chat with Knarrenfels Lampen.") == 3  # as done, in the bar, and to screen readers
    assert "The seller is here." in page
    assert 'value="end_chat"' in page
    assert "data-chat-beats" in page
    assert '<option value="open" selected>' in page


def test_who_is_second_goes_back_to_the_list_and_has_read_nothing(
    lead: User, chat: Chat, case: Case, desk: Client, helper: User, signed_in: SignedIn
) -> None:
    do(desk, case, "take_chat", **{"from": "desk"})
    lena = signed_in(lead)
    answer = do(lena, case, "take_chat", **{"from": "desk"})
    assert answer["Location"] == DESK
    assert "A colleague is in this chat already." in html(lena, DESK)
    assert not Reading.objects.filter(staff=lead).exists()
    assert now(chat).taken_by == helper
    assert do(lena, case, "take_chat")["Location"] == page_of(case)
    page = html(lena, page_of(case))
    assert "Hanna Helferin chats with Knarrenfels Lampen." in page
    assert 'value="end_chat"' in page  # a lead may: whoever has it may be gone
    assert "data-chat-beats" not in page
    colleague = html(signed_in(with_factor(make_staff(case.queue))), page_of(case))
    assert "Hanna Helferin chats with Knarrenfels Lampen." in colleague
    assert "end_chat" not in colleague


def test_a_chat_that_is_over_cannot_be_taken_or_ended(desk: Client, chat: Chat, case: Case, asking: Membership) -> None:
    actions.end_chat(by=asking.user, case=case)
    do(desk, case, "take_chat", **{"from": "desk"})
    assert "There is no chat any more" in html(desk, DESK)
    do(desk, case, "end_chat")
    assert "The chat was over already." in html(desk, page_of(case))


def test_a_chat_is_ended_and_the_page_says_how_for_a_while(
    desk: Client, helper: User, chat: Chat, case: Case, asking: Membership
) -> None:
    do(desk, case, "take_chat")
    actions.answer_case(by=helper, case=case, body="It is paid.", client_id=new_id(), there=Status.OPEN)
    do(desk, case, "end_chat")
    assert (now(chat).ending, fresh(case).status) == (Chat.Ending.STAFF, Status.ANSWERED)
    assert "The live chat is over: ended by support." in bar(desk, case)
    change(chat, ended_at=timezone.now() - timedelta(minutes=11))
    assert "over" not in bar(desk, case)
    assert " hidden" in bar(desk, case)


# --- being in it ---------------------------------------------------------------------------------------------------


def test_each_side_hears_of_the_other(
    desk: Client, helper: User, chat: Chat, case: Case, asking: Membership, queue: Queue
) -> None:
    do(desk, case, "take_chat")
    change(chat, staff_seen_at=timezone.now() - timedelta(minutes=1))
    assert "The seller is here." in tell(desk, case, "writing").content.decode()
    assert now(chat).staff_writing_until is not None
    assert chat.staff_seen_at is not None
    assert chat.staff_seen_at > timezone.now() - timedelta(seconds=10)
    actions.attend_chat(by=asking.user, case=case, is_writing=True)
    assert "The seller is writing …" in bar(desk, case)
    change(chat, seller_seen_at=timezone.now() - SEEN - timedelta(seconds=1))
    assert "The seller is away" in bar(desk, case)
    assert tell(desk, case, "left").status_code == 204
    assert now(chat).staff_writing_until is None
    assert tell(desk, case, "singing").status_code == 400


def test_looking_tells_the_seller_nothing(
    lead: User, chat: Chat, case: Case, desk: Client, helper: User, signed_in: SignedIn
) -> None:
    do(desk, case, "take_chat")
    long_ago = timezone.now() - timedelta(seconds=50)
    change(chat, staff_seen_at=long_ago)
    bar(desk, case)
    html(desk, f"{page_of(case)}?peek=1")
    html(signed_in(lead), page_of(case))
    tell(signed_in(lead), case, "writing")
    assert (now(chat).staff_seen_at, chat.staff_writing_until) == (long_ago, None)
    html(desk, page_of(case))  # whoever loads the page is there, also without its script
    seen_at = now(chat).staff_seen_at
    assert seen_at is not None
    assert seen_at > long_ago


def test_any_page_of_the_desk_keeps_all_of_ones_chats(
    desk: Client, helper: User, lead: User, chat: Chat, case: Case, queue: Queue
) -> None:
    """Whoever has two chats looks at one of them: the other seller is not told that support was cut off."""
    do(desk, case, "take_chat")
    seller = make_seller()
    other = open_one(seller)
    foreign = ask(seller, other)
    actions.take_chat(by=lead, case=other)
    away = timezone.now() - GONE_AFTER + timedelta(seconds=10)
    Chat.objects.update(staff_seen_at=away)
    Event.objects.all().delete()
    assert desk.post(f"{DESK}here/", {"beat": "1"}).status_code == 204
    kept = now(chat).staff_seen_at
    assert kept is not None
    assert kept > timezone.now() - timedelta(seconds=10)
    assert now(foreign).staff_seen_at == away
    assert {event.thread_id for event in Event.objects.filter(kind="chat")} == {case.pk}
    Event.objects.all().delete()
    desk.post(f"{DESK}here/", {"beat": "1"})
    assert not Event.objects.filter(kind="chat").exists()  # nothing new


def test_a_tab_that_nobody_looks_at_reads_nothing(
    desk: Client, helper: User, chat: Chat, case: Case, asking: Membership
) -> None:
    do(desk, case, "take_chat")
    html(desk, page_of(case))
    write(asking, case, "Here is the statement.")
    entry = Entry.objects.get(thread=case.pk, mailbox=case.queue_id)
    assert "Here is the statement." in html(desk, f"{page_of(case)}?peek=1")
    entry.refresh_from_db()
    assert entry.unread == 1
    html(desk, page_of(case))
    entry.refresh_from_db()
    assert entry.unread == 0


def test_a_chat_whose_colleague_was_cut_off_waits_again_and_says_so(
    desk: Client, lead: User, chat: Chat, case: Case
) -> None:
    actions.take_chat(by=lead, case=case)
    change(chat, staff_seen_at=timezone.now() - GONE_AFTER - timedelta(seconds=1))
    actions.tend_cases()
    assert "Knarrenfels Lampen waits in a live chat again: a colleague was cut off." in bar(desk, case)
    assert "less than a minute" in html(desk, f"{DESK}chats/")  # since it waits again, not since it was asked for
    do(desk, case, "take_chat")
    assert "You chat with" in bar(desk, case)


def test_a_colleague_whose_account_is_gone_is_not_named(desk: Client, lead: User, chat: Chat, case: Case) -> None:
    actions.take_chat(by=lead, case=case)
    change(chat, taken_by=None)
    assert "somebody who left chats with Knarrenfels Lampen." in bar(desk, case)


def test_lists_say_who_is_away_and_who_writes(
    desk: Client, helper: User, chat: Chat, case: Case, asking: Membership
) -> None:
    change(chat, seller_seen_at=timezone.now() - SEEN - timedelta(seconds=1))
    assert "page closed right now" in html(desk, DESK)
    assert "The seller is away" in bar(desk, case)
    do(desk, case, "take_chat")
    html(desk, page_of(case))
    actions.attend_chat(by=asking.user, case=case, is_writing=True)
    other = page_of(open_one(make_seller()))
    assert "is writing …" in html(desk, DESK)
    assert "is writing …" in html(desk, other)


# --- answering -----------------------------------------------------------------------------------------------------


def test_an_answer_leaves_the_case_in_progress_unless_one_chooses(
    desk: Client, helper: User, chat: Chat, case: Case
) -> None:
    assert '<option value="open" selected>' not in html(desk, page_of(case))
    do(desk, case, "take_chat")
    answer = desk.get(page_of(case)).context["answer"]
    assert answer["there"].value() == Status.OPEN
    data = {"body": "I am looking at it.", "client_id": str(answer["client_id"].value()), "there": "open"}
    desk.post(f"{page_of(case)}answer/", data)
    assert fresh(case).status == Status.OPEN
    assert now(chat).state == Chat.State.LIVE
    again = desk.get(page_of(case)).context["answer"]
    data = {"body": "All done.", "client_id": str(again["client_id"].value()), "there": "resolved"}
    desk.post(f"{page_of(case)}answer/", data)
    assert fresh(case).status == Status.RESOLVED
    assert now(chat).state == Chat.State.ENDED


def test_a_pasted_picture_goes_with_the_answer(desk: Client, helper: User, chat: Chat, case: Case) -> None:
    do(desk, case, "take_chat")
    page = desk.get(page_of(case))
    assert "A picture can be pasted into the answer." in page.content.decode()
    files = [SimpleUploadedFile(f"screenshot-2026-11-23-120{n}.jpg", photo(), "image/jpeg") for n in (1, 2)]
    client_id = str(page.context["answer"]["client_id"].value())
    data = {"body": "Look here.", "client_id": client_id, "there": "open", "attachments": files}
    assert desk.post(f"{page_of(case)}answer/", data).status_code == 302
    message = Message.objects.filter(thread=case.pk, sender=case.queue_id).get()
    assert message.enclosures.count() == 2
    shown = html(desk, page_of(case))
    for number in (1, 2):
        assert f"<bdi>screenshot-2026-11-23-120{number}.jpg</bdi>" in shown
