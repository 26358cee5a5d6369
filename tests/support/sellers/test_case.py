"""The sellers' page of one case, what they do with it, and where support is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core import mail as sent
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.ids import new_id
from messagecenter.notices.dispatch import deliver_due
from messagecenter.threads.actions import post_message
from messagecenter.threads.models import Entry
from orders.models import Order
from support import actions
from support.lifecycle import Status
from support.models import Case, Queue
from support.numbers import ALPHABET
from support.severities import Severity
from tests.factories import OrderFactory, OrderItemFactory
from tests.support.cases import fresh, make_queue, open_one

from .selling import answered, numbers_in, page_of, told, url_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


# --- one case ----------------------------------------------------------------------------------------------------


def test_a_case_shows_its_conversation_and_its_card(
    browser: Client, owner: Membership, queue: Queue, staff: User
) -> None:
    """Number, status, topic, severity, team, promise, answers, order, timeline; names of support's people nowhere."""
    order = OrderFactory(shop=owner.mailbox, number="302-9999999-0000001")
    OrderItemFactory(order=order, title="Lamp of glass")
    case = open_one(
        owner,
        order=order,
        severity=Severity.HIGH,
        topic="payments_fee",
        answers={"order": order.number, "amount": "12.50 EUR", "blocked": "Everything"},
    )
    case = answered(case, staff, body="We look at it.")
    page = page_of(browser, url_of(case))
    for words in (
        case.shown_number,
        "The payout of October is missing",
        "It should have come on the fifth.",
        "We look at it.",
        "A fee I do not understand",
        "Payments and fees",
        "High",
        "Seller support",
        "€12.50",
        "What is blocked",
        "Lamp of glass",
        "302-9999999-0000001",
        "What happened",
        "Answered",
        "Selma Lampe",
    ):
        assert words in page, words
    assert "Secretname" not in page
    assert f'action="/messages/{case.pk}/reply/"' in page


def test_reading_a_case_marks_it_as_read(browser: Client, owner: Membership, staff: User, case: Case) -> None:
    """As opening any conversation does; only looking for a changed state does not."""
    answered(case, staff)
    entry = Entry.objects.filter(thread=case.pk, mailbox=owner.mailbox)
    page_of(browser, f"{url_of(case)}?peek=1")
    assert entry.get().unread == 1
    page_of(browser, url_of(case))
    assert entry.get().unread == 0


def test_any_spelling_of_the_number_redirects_to_the_one_address(browser: Client, case: Case) -> None:
    """With what else the address says."""
    answer = browser.get(f"/support/{case.shown_number.lower()}/?message={new_id()}")
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{url_of(case)}?message=")


def test_foreign_and_missing_cases_look_the_same(
    signed_in: SignIn, other_seller: User, buyer: User, staff: User, case: Case
) -> None:
    """Whoever guesses a number learns nothing, by any spelling and any verb."""
    wrong = case.number[:-1] + next(one for one in ALPHABET if one != case.number[-1])
    answers = []
    for person in (other_seller, buyer, staff):
        client = signed_in(person)
        for number in (case.number, case.shown_number, wrong, "nonsense", "K7M4-92QX-1"):
            answer = client.get(f"/support/{number}/")
            answers.append((answer.status_code, "payout" in answer.content.decode()))
            for verb in ("resolve", "reopen", "hold", "rate"):
                assert client.post(f"/support/{number}/{verb}/").status_code == 404
        assert client.get(f"/support/thread/{case.pk}/").status_code == 404
        assert client.get(f"/support/thread/{new_id()}/").status_code == 404
    assert set(answers) == {(404, False)}
    assert fresh(case).state == Status.NEW


def test_the_address_by_its_thread_leads_to_the_case(browser: Client, case: Case, thread: Any) -> None:
    """And that of a thread which is none to nothing."""
    assert browser.get(f"/support/thread/{case.pk}/")["Location"] == url_of(case)
    assert browser.get(f"/support/thread/{thread.pk}/").status_code == 404


def test_following_a_link_into_another_of_ones_shops_acts_for_that_shop(
    browser: Client, seller: User, other_seller: User, queue: Queue
) -> None:
    """As with conversations."""
    theirs = Membership.objects.get(user=other_seller)
    case = open_one(theirs)
    assert browser.get(url_of(case)).status_code == 404
    Membership.objects.create(user=seller, mailbox=theirs.mailbox, role=Role.AGENT)
    page_of(browser, url_of(case))
    assert numbers_in(page_of(browser, "/support/")) == [case.shown_number]


def test_a_person_with_a_shop_and_a_buyers_mailbox_has_the_log_of_the_shop(
    browser: Client, seller: User, buyer_mailbox: Mailbox, case: Case
) -> None:
    """Whichever of the two they acted for."""
    Membership.objects.create(user=seller, mailbox=buyer_mailbox, role=Role.OWNER)
    browser.post("/accounts/mailbox/", {"mailbox": str(buyer_mailbox.pk)})
    assert numbers_in(page_of(browser, "/support/")) == [case.shown_number]


def test_a_reply_without_javascript_comes_back_to_the_case(browser: Client, case: Case) -> None:
    """The form says where it stands."""
    page = page_of(browser, url_of(case))
    assert '<input type="hidden" name="page" value="case">' in page
    data = {"body": "One more thing.", "client_id": new_id(), "page": "case"}
    answer = browser.post(f"/messages/{case.pk}/reply/", data)
    assert answer["Location"].startswith(f"/support/thread/{case.pk}/#message-")
    assert "One more thing." in page_of(browser, url_of(case))


def test_the_fragment_has_conversation_and_card_for_the_live_page(browser: Client, staff: User, case: Case) -> None:
    """What the page's script fetches when something has changed."""
    answered(case, staff)
    headers = {"HX-Request": "true", "HX-Target": "section#thread"}
    answer = browser.get(f"{url_of(case)}?peek=1", headers=headers)
    fragment = answer.content.decode()
    assert "<html" not in fragment
    for part in ('id="thread"', 'class="thread-head"', 'id="messages"', 'id="case-card"', "data-live", "thread-foot"):
        assert part in fragment
    assert f'data-page="{url_of(case)}"' in fragment


def test_the_card_asks_as_much_for_many_steps_as_for_few(
    browser: Client, owner: Membership, staff: User, case: Case, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Names, reasons and queues come with the steps."""
    second = make_queue("Payments")
    for person in (staff,):
        Membership.objects.create(user=person, mailbox=second.mailbox, role=Role.AGENT)
    actions.transfer_case(by=staff, case=case, to=second, reason="They pay.")
    page_of(browser, url_of(case))
    with django_assert_num_queries(CASE_QUERIES):
        page_of(browser, url_of(case))
    for _ in range(4):
        for to in (Queue.objects.exclude(pk=second.pk).get(), second):
            actions.transfer_case(by=staff, case=case, to=to, reason="Back and forth.")
    open_one(owner, follows=case)
    with django_assert_num_queries(CASE_QUERIES):
        page = page_of(browser, url_of(case))
    assert page.count("event-reason") == 9


CASE_QUERIES = 11


# --- what is told of support's work --------------------------------------------------------------------------------


def test_a_transfer_is_told_with_its_reason(browser: Client, staff: User, case: Case) -> None:
    """From where to where, and why."""
    actions.transfer_case(by=staff, case=case, to=make_queue("Payments team"), reason="They see the payouts.")
    page = page_of(browser, url_of(case))
    assert "Handed from Seller support to Payments team" in page
    assert "They see the payouts." in page
    assert "Secretname" not in page


def test_what_is_supports_own_stays_there(browser: Client, staff: User, queue: Queue, case: Case) -> None:
    """Escalations, watchers, and the reasons of steps that are shown."""
    actions.escalate_case(by=staff, case=case, reason="Zimtstern is angry")
    actions.watch_case(by=staff, case=case, is_watching=True)
    answered(case, staff)
    actions.set_status(by=staff, case=case, there=Status.WAITING, reason="Flügelhorn says so")
    page = page_of(browser, url_of(case))
    for words in ("Zimtstern", "Flügelhorn", "Escalated", "Watchers", "Secretname"):
        assert words not in page
    assert "Waiting for you" in page


def test_a_merged_case_says_where_it_goes_on(browser: Client, owner: Membership, staff: User, case: Case) -> None:
    """On the card and on the timeline."""
    into = open_one(owner, subject="The first of the two")
    actions.merge_case(by=staff, case=case, into=into)
    page = page_of(browser, url_of(case))
    assert f"Goes on in case {into.shown_number}" in page
    assert f'href="{url_of(into)}"' in page
    assert "The first of the two" in page


def test_a_late_answer_is_admitted(browser: Client, case: Case) -> None:
    """On the card and in the log."""
    past = timezone.now() - timedelta(hours=1)
    Case.objects.filter(pk=case.pk).update(due_at=past)
    assert "Support is late" in page_of(browser, url_of(case))
    assert "Late: was due" in page_of(browser, "/support/")


# --- what the seller does ------------------------------------------------------------------------------------------


def test_a_seller_settles_a_case_rates_it_and_reopens_it(browser: Client, staff: User, case: Case) -> None:
    """Each button stands where it makes sense."""
    answered(case, staff)
    assert "How was it?" not in page_of(browser, url_of(case))
    page = told(browser, url_of(case, "resolve/"))
    assert "The case is resolved." in page
    assert fresh(case).state == Status.RESOLVED
    assert "How content are you" in page
    assert url_of(case, "resolve/") not in page
    page = told(browser, url_of(case, "rate/"), rating="4", comment="Fast, but short.")
    assert "Thank you for your rating." in page
    assert "Fast, but short." in page
    assert "You rated it 4 of 5" in page
    assert fresh(case).rating == 4
    page = told(browser, url_of(case, "reopen/"))
    assert "The case is open again." in page
    assert fresh(case).state == Status.REOPENED


def test_the_five_ratings_are_labelled_radio_buttons(browser: Client, owner: Membership, case: Case) -> None:
    """Each with its word, so that nobody has to guess which end is good."""
    actions.resolve_case(by=owner.user, case=case)
    page = page_of(browser, url_of(case))
    assert page.count('type="radio" name="rating"') == 5
    for label in ("Very bad", "Bad", "Fair", "Good", "Very good"):
        assert f">{label}</label>" in page


@pytest.mark.parametrize("rating", ["", "0", "6", "nonsense"])
def test_a_rating_is_one_of_five(browser: Client, owner: Membership, case: Case, rating: str) -> None:
    """Else nothing is kept."""
    actions.resolve_case(by=owner.user, case=case)
    assert "flash-error" in told(browser, url_of(case, "rate/"), rating=rating)
    assert fresh(case).rating is None


def test_an_open_case_cannot_be_rated(browser: Client, case: Case) -> None:
    """Not even by who writes the address by hand."""
    assert "You can rate a case once it is resolved." in told(browser, url_of(case, "rate/"), rating="5")


def test_a_seller_who_needs_time_holds_a_case_open(browser: Client, staff: User, case: Case) -> None:
    """Until the end of that day, by the seller's clock."""
    assert url_of(case, "hold/") not in page_of(browser, url_of(case))
    answered(case, staff, Status.WAITING)
    day = timezone.localdate() + timedelta(days=5)
    page = told(browser, url_of(case, "hold/"), until=day.isoformat())
    assert "The case is held open for you." in page
    assert "Held open for you until" in page
    held = fresh(case)
    assert held.state == Status.ON_HOLD
    assert held.held_until is not None
    with timezone.override("Europe/Berlin"):
        assert timezone.localtime(held.held_until).date() == day


def test_a_seller_who_needs_more_time_says_so_and_is_told_when_it_is_over(
    browser: Client, owner: Membership, staff: User, case: Case
) -> None:
    """Without having to write, which would take the case back to support."""
    answered(case, staff, Status.WAITING)
    today = timezone.localdate()
    told(browser, url_of(case, "hold/"), until=(today + timedelta(days=2)).isoformat())
    assert "I need more time" in page_of(browser, url_of(case))
    assert "The case is held open for you." in told(
        browser, url_of(case, "hold/"), until=(today + timedelta(days=9)).isoformat()
    )
    offered = (today + timedelta(days=16)).isoformat()
    assert f'name="until" value="{offered}"' in page_of(browser, url_of(case)), "more time, not less"
    assert actions.tend_cases(timezone.now() + timedelta(days=5)) == 0
    assert fresh(case).state == Status.ON_HOLD
    sent.outbox.clear()
    actions.tend_cases(timezone.now() + timedelta(days=11))
    assert fresh(case).state == Status.WAITING
    deliver_due()
    [mail] = [one for one in sent.outbox if one.to == [owner.user.email] and "the time you asked for" in one.subject]
    assert "If you need more time, you can say so" in mail.body


@pytest.mark.parametrize(("days", "words"), [(-1, "Please choose a day between"), (90, "Please choose a day between")])
def test_a_hold_has_its_limits(browser: Client, staff: User, case: Case, days: int, words: str) -> None:
    """Neither in the past nor for ever."""
    answered(case, staff, Status.WAITING)
    day = timezone.localdate() + timedelta(days=days)
    assert words in told(browser, url_of(case, "hold/"), until=day.isoformat())
    assert fresh(case).state == Status.WAITING


@pytest.mark.parametrize("typed", ["", "nonsense", "9999-12-31", "0001-01-01"])
def test_a_hold_without_a_day_is_refused(browser: Client, staff: User, case: Case, typed: str) -> None:
    """Whatever was typed, it is answered in words."""
    answered(case, staff, Status.WAITING)
    assert "Please choose a day" in told(browser, url_of(case, "hold/"), until=typed)
    assert fresh(case).state == Status.WAITING


def test_a_case_that_moved_on_meanwhile_says_so(browser: Client, staff: User, case: Case) -> None:
    """Two tabs, or support was faster."""
    page = told(browser, url_of(case, "hold/"), until=(timezone.localdate() + timedelta(days=2)).isoformat())
    assert "That is not possible any more" in page


def test_a_closed_case_leads_to_a_follow_up(browser: Client, owner: Membership, case: Case) -> None:
    """Nobody can write, reopen or settle it; its rating stays open."""
    actions.resolve_case(by=owner.user, case=case)
    actions.tend_cases(timezone.now() + timedelta(days=31))
    page = page_of(browser, url_of(case))
    assert f"/support/new/?follows={case.number}" in page
    assert "This case is closed." in page
    assert 'id="composer"' not in page
    assert url_of(case, "reopen/") not in page
    assert "/reopen/" not in page
    assert "How was it?" in page
    for verb in ("resolve/", "reopen/"):
        assert "This case is closed. Open a follow-up case" in told(browser, url_of(case, verb))


def test_a_viewer_reads_and_changes_nothing(signed_in: SignIn, viewer: User, staff: User, case: Case) -> None:
    """The buttons are not there, and pressing them by hand is forbidden."""
    answered(case, staff)
    client = signed_in(viewer)
    page = page_of(client, url_of(case))
    assert "You may read here, but not write." in page
    assert url_of(case, "resolve/") not in page
    assert "Contact support" not in page_of(client, "/support/")
    day = (timezone.localdate() + timedelta(days=2)).isoformat()
    for verb, data in (("resolve/", {}), ("reopen/", {}), ("hold/", {"until": day}), ("rate/", {"rating": "5"})):
        assert client.post(url_of(case, verb), data).status_code == 403
    assert client.get("/support/new/").status_code == 403
    assert fresh(case).state == Status.ANSWERED


def test_who_was_signed_out_meanwhile_comes_back_to_the_case(case: Case) -> None:
    """Not to the address of a button, which can only be pressed."""
    for verb in ("resolve/", "reopen/", "chat/ask/", "chat/end/", "call/cancel/"):
        answer = Client().post(url_of(case, verb))
        assert answer.status_code == 302, verb
        assert answer["Location"] == f"/accounts/login/?next=/support/{case.number}/"


def test_who_was_signed_out_before_booking_comes_to_the_appointments(case: Case) -> None:
    """They are a page, which can be opened."""
    wanted = f"{url_of(case, 'call/')}?after=1796108400"
    assert Client().get(wanted)["Location"] == f"/accounts/login/?next={quote(wanted)}"


def test_nothing_is_given_back_where_nothing_was_typed(seller: User) -> None:
    """Another form's hidden number: "Send again" would make a new secret."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(seller, backend=settings.AUTHENTICATION_BACKENDS[0])
    answer = strict.post(
        f"/settings/webhooks/{new_id()}/secret/", {"number": "1"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 403
    assert "The form had expired and nothing was saved." in answer.content.decode()


@pytest.mark.parametrize(
    ("verb", "typed"),
    [
        ("rate/", {"rating": "4", "comment": "Kind, but slow."}),
        ("call/", {"at": "1700000000", "number": "+49 30 901820", "language": "de"}),
    ],
)
def test_what_was_typed_before_the_session_ended_comes_back(
    case: Case, seller: User, verb: str, typed: dict[str, str]
) -> None:
    """Signing in renews the form's token as well: also then nothing is lost."""
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(url_of(case, verb), typed, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    for page in (answer, Client().post(url_of(case, verb), typed)):
        assert f'action="{url_of(case, verb)}"' in page.content.decode()
        for name, value in typed.items():
            assert f'<input type="hidden" name="{name}" value="{value}">' in page.content.decode()
    assert page.status_code == 401


def test_buttons_are_pressed_not_linked(browser: Client, case: Case) -> None:
    """No address changes anything by being looked at."""
    for verb in ("resolve/", "reopen/", "hold/", "rate/"):
        assert browser.get(url_of(case, verb)).status_code == 405


# --- where support is found ------------------------------------------------------------------------------------------


def test_support_stands_in_the_navigation_of_shops_only(
    browser: Client, signed_in: SignIn, buyer: User, viewer: User
) -> None:
    """Buyers turn to the shop."""
    assert 'href="/support/"' in page_of(browser, "/messages/")
    assert 'href="/support/"' in page_of(signed_in(viewer), "/messages/")
    assert 'href="/support/"' not in page_of(signed_in(buyer), "/messages/")


def test_help_with_an_order_is_offered_beside_it_to_those_who_may_write(
    browser: Client, signed_in: SignIn, buyer: User, viewer: User, thread: Any
) -> None:
    """On the card and in the menu, with order and conversation."""
    url = f"/support/new/?order=302-1234567-7654321&thread={thread.pk}"
    page = page_of(browser, f"/messages/{thread.pk}/")
    assert page.count(url) == 2
    assert "Get help with this order" in page
    for person in (buyer, viewer):
        assert "/support/new/" not in page_of(signed_in(person), f"/messages/{thread.pk}/")


def test_help_is_offered_with_an_order_nobody_has_written_about_yet(
    browser: Client, signed_in: SignIn, buyer: User, order: Order
) -> None:
    """Where the shop would write to its buyer; a buyer has nothing to do with support."""
    about = f"/messages/new/?order={order.number}"
    assert f"/support/new/?order={order.number}" in page_of(browser, about)
    assert "/support/new/" not in page_of(signed_in(buyer), about)


def test_a_case_among_the_messages_offers_no_help_with_itself(browser: Client, case: Case) -> None:
    """It leads to its own page instead, and is not reopened like a conversation."""
    page = page_of(browser, f"/messages/{case.pk}/")
    assert "/support/new/" not in page
    assert f"/support/thread/{case.pk}/" in page


def test_a_case_closed_for_good_is_not_offered_to_be_reopened_among_the_messages(
    browser: Client, owner: Membership, case: Case
) -> None:
    """What a conversation can, a closed case cannot."""
    actions.resolve_case(by=owner.user, case=case)
    actions.tend_cases(timezone.now() + timedelta(days=31))
    assert f"/messages/{case.pk}/reopen/" not in page_of(browser, f"/messages/{case.pk}/")


def test_a_message_written_by_the_seller_stands_in_the_log(browser: Client, owner: Membership, case: Case) -> None:
    """The last word counts, whoever had it."""
    older = case
    newer = open_one(owner)
    assert numbers_in(page_of(browser, "/support/")) == [newer.shown_number, older.shown_number]
    post_message(by=owner.user, mailbox=owner.mailbox, thread=older.thread, body="Are you there?", client_id=new_id())
    page = page_of(browser, "/support/")
    assert numbers_in(page) == [older.shown_number, newer.shown_number]
    assert "Are you there?" in page
