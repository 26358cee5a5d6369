"""A shop's log of cases: its filters, its search, its pages, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messagecenter.accounts.models import Membership, User
from messagecenter.ids import new_id
from messagecenter.threads.actions import mark_read, post_message
from messagecenter.threads.models import Entry
from support import actions, listing
from support.lifecycle import Status
from support.models import Case, Queue
from tests.factories import OrderFactory
from tests.support.cases import open_one

from .selling import answered, numbers_in, page_of, url_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


# --- the log -----------------------------------------------------------------------------------------------------


def test_an_empty_log_invites_to_contact_support(browser: Client) -> None:
    """Nobody has asked anything yet, and nobody has set a queue up."""
    page = page_of(browser, "/support/")
    assert "You have no open case." in page
    assert 'href="/support/new/"' in page


def test_a_row_tells_number_subject_status_topic_and_promise(browser: Client, case: Case) -> None:
    """Everything the list is looked at for."""
    page = page_of(browser, "/support/")
    assert numbers_in(page) == [case.shown_number]
    for words in (
        "The payout of October is missing",
        "A payout is missing, late or wrong",
        "New",
        "Answer by",
        "Opened",
    ):
        assert words in page
    assert f'href="{url_of(case)}"' in page


def test_the_log_shows_everything_open_unless_asked_otherwise(
    browser: Client, owner: Membership, staff: User, case: Case
) -> None:
    """Each filter has its cases."""
    seller = owner.user
    waiting, resolved, closed = open_one(owner), open_one(owner), open_one(owner)
    done = open_one(owner)
    answered(waiting, staff, Status.WAITING)
    answered(done, staff)
    for one in (resolved, closed):
        actions.resolve_case(by=seller, case=one)
    assert actions.tend_cases(timezone.now() + timedelta(days=31)) > 0
    resolved = open_one(owner)
    actions.resolve_case(by=seller, case=resolved)

    def numbers(show: str) -> set[str]:
        return set(numbers_in(page_of(browser, f"/support/?show={show}")))

    now = {one.shown_number: Status(one.status) for one in Case.objects.all()}
    assert (
        numbers("")
        == numbers("nonsense")
        == {key for key, status in now.items() if status not in ("resolved", "closed")}
    )
    assert numbers("answered") == {key for key, status in now.items() if status == Status.ANSWERED}
    assert numbers("resolved") == {key for key, status in now.items() if status == Status.RESOLVED}
    assert numbers("closed") == {key for key, status in now.items() if status == Status.CLOSED}
    assert numbers("all") == set(now)


def test_what_waits_for_the_seller_or_is_unread_needs_attention(
    browser: Client, owner: Membership, staff: User, case: Case
) -> None:
    """A question of support's, and an answer nobody has read; not what support is working on."""
    asked = answered(open_one(owner), staff, Status.WAITING, "Which bank account?")
    unread = answered(open_one(owner), staff)
    page = page_of(browser, "/support/?show=attention")
    assert set(numbers_in(page)) == {asked.shown_number, unread.shown_number}
    assert "Waiting for you" in page
    for one in (asked, unread):
        entry = Entry.objects.get(thread=one.pk, mailbox=owner.mailbox)
        mark_read(by=owner.user, entry=entry, up_to=one.thread.messages.order_by("-pk")[0].pk)
    assert numbers_in(page_of(browser, "/support/?show=attention")) == [asked.shown_number]


def test_pages_follow_each_other_without_gap_or_double(
    browser: Client, owner: Membership, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where two cases have the same moment, and in the list made of two."""
    monkeypatch.setattr(settings, "PAGE_THREADS", 3)
    cases = [open_one(owner) for _ in range(7)]
    Case.objects.filter(pk__in=[one.pk for one in cases[:4]]).update(last_word_at=cases[0].last_word_at)
    Case.objects.update(status=Status.WAITING)
    wanted = [one.shown_number for one in Case.objects.order_by("-last_word_at", "-pk")]
    for show in ("open", "attention", "all"):
        found: list[str] = []
        url: str | None = f"/support/?show={show}"
        while url:
            page = page_of(browser, url)
            found += numbers_in(page)
            rest = page.partition('rel="next" href="')[2]
            url = f"/support/{rest.partition(chr(34))[0]}" if rest else None
        assert found == wanted
    page = page_of(browser, "/support/?after=nonsense")
    assert "not valid" in page
    assert numbers_in(page) == wanted[:3]


def test_a_number_in_any_spelling_leads_straight_to_its_case(browser: Client, case: Case) -> None:
    """As somebody reads it aloud, and as it is copied."""
    for typed in (case.shown_number, case.number.lower(), f" {case.number[:4]} {case.number[4:]} "):
        answer = browser.get("/support/", {"q": typed})
        assert (answer.status_code, answer["Location"]) == (302, url_of(case))


def test_a_slip_in_a_number_is_told_from_words_that_nothing_says(browser: Client, case: Case) -> None:
    """By its check character; a word of eight letters is a word."""
    said = "If it is a case number, one of its characters is wrong"
    wrong = case.shown_number[:-1] + ("3" if case.shown_number[-1] != "3" else "4")
    for typed in (wrong, wrong.lower().replace("-", " "), "2345-678O"):
        assert said in page_of(browser, f"/support/?q={typed}"), typed
    for typed in ("ACCEPTED", "Kardamom", "2345-67", "23456789012"):
        assert said not in page_of(browser, f"/support/?q={typed}"), typed


def test_a_row_tells_when_support_answered_last_and_who_wrote_since(
    browser: Client, owner: Membership, staff: User, case: Case
) -> None:
    """Not only that something was written."""
    page = page_of(browser, "/support/")
    assert "No answer yet" in page
    assert "You wrote" in page
    answered(case, staff)
    page = page_of(browser, "/support/")
    assert "Support wrote" in page
    assert "Last answer" not in page
    post_message(by=owner.user, mailbox=owner.mailbox, thread=case.thread, body="And now?", client_id=new_id())
    page = page_of(browser, "/support/")
    assert "Last answer" in page
    assert "You wrote" in page


def test_the_search_finds_words_of_the_whole_conversation_and_numbers_of_orders(
    browser: Client, owner: Membership, staff: User, case: Case
) -> None:
    """In what the seller wrote, in what support wrote, in the subject; resolved ones too."""
    order = OrderFactory(shop=owner.mailbox, number="302-5555555-1111111")
    other = open_one(owner, subject="A parcel", body="It has a Quittenbrot in it.", order=order, topic="orders_lost")
    answered(other, staff, body="We have found the Zimtstern.")
    actions.resolve_case(by=owner.user, case=other)
    for words in ("Quittenbrot", "zimtstern", "parcel", "302-5555555-1111111", "5555555"):
        page = page_of(browser, f"/support/?q={words}")
        assert numbers_in(page) == [other.shown_number], words
    assert "<mark>Zimtstern</mark>" in page_of(browser, "/support/?q=zimtstern")
    assert f"{url_of(other)}?message=" in page_of(browser, "/support/?q=zimtstern")
    assert numbers_in(page_of(browser, "/support/?q=zimtstern&show=open")) == []
    assert "No case fits “Birne”." in page_of(browser, "/support/?q=Birne")


def test_the_search_finds_what_the_form_asked_as_well(
    browser: Client, owner: Membership, other_seller: User, case: Case
) -> None:
    """The number of an order that is missing here is nowhere else; each case once, in the filter that was chosen."""
    asked = {"order": "999-7654321-1234567", "marketplace": "amazon.se", "error": "Error 8541: Kardamom fehlt"}
    missing = open_one(owner, topic="orders_missing", subject="Where is it?", body="See above.", answers=asked)
    both = open_one(owner, topic="orders_missing", subject="8541 again", body="See above.", answers=asked)
    open_one(Membership.objects.get(user=other_seller), topic="orders_missing", answers=asked)
    for words in ("999-7654321-1234567", "kardamom 8541", "Amazon.SE"):
        page = page_of(browser, f"/support/?q={words}")
        assert sorted(numbers_in(page)) == sorted([missing.shown_number, both.shown_number]), words
    actions.resolve_case(by=owner.user, case=missing)
    assert numbers_in(page_of(browser, "/support/?q=Kardamom&show=resolved")) == [missing.shown_number]
    for words in ("999-7654321-1234568", "Kardamom October", str(missing.pk)[:13]):
        assert numbers_in(page_of(browser, f"/support/?q={words}")) == [], words


def test_what_forms_asked_stands_once_however_many_pages_there_are(
    browser: Client, owner: Membership, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case that says the words in its form and in its conversation, which is found on a later page."""
    monkeypatch.setattr(settings, "PAGE_THREADS", 2)
    monkeypatch.setattr(listing, "MOST_FOUND_IN_FORMS", 1)
    cases = [open_one(owner, subject="Kardamom", body="See above.") for _case in range(3)]
    both = {"error": "Kardamom fehlt"}
    twice = open_one(owner, topic="orders_missing", subject="Kardamom", answers=both)
    Case.objects.filter(pk=twice.pk).update(last_word_at=timezone.now() - timedelta(days=3))
    only = open_one(owner, topic="orders_missing", subject="Where is it?", body="See above.", answers=both)
    Case.objects.filter(pk=only.pk).update(last_word_at=timezone.now() - timedelta(days=9))
    found, url, first = [], "/support/?q=Kardamom", ""
    while url:
        page = page_of(browser, url)
        first = first or page
        found += numbers_in(page)
        rest = page.partition('rel="next" href="')[2]
        url = f"/support/{rest.partition(chr(34))[0]}".replace("&amp;", "&") if rest else ""
    assert sorted(found) == sorted(one.shown_number for one in (*cases, twice))
    assert "Only the newest cases were searched." in first
    assert found[0] == twice.shown_number


def test_the_search_finds_no_word_of_a_conversation_that_is_no_case(browser: Client, thread: Any, queue: Queue) -> None:
    """Buyers' conversations have their own search."""
    assert "Zimtstern subject" not in page_of(browser, "/support/?q=Zimtstern")


def test_the_log_is_the_shops_own(
    browser: Client, signed_in: SignIn, other_seller: User, buyer: User, staff: User, case: Case
) -> None:
    """Another shop sees nothing of it, by list, search or number; who has no shop has no log."""
    stranger = signed_in(other_seller)
    assert case.shown_number not in page_of(stranger, "/support/?show=all")
    assert "payout of October" not in page_of(stranger, "/support/?q=payout")
    answer = stranger.get("/support/", {"q": case.number})
    assert answer.status_code == 200
    assert "payout of October" not in answer.content.decode()
    assert signed_in(buyer).get("/support/").status_code == 404
    assert signed_in(staff).get("/support/").status_code == 404
    assert Client().get("/support/").status_code == 302


@pytest.mark.parametrize("show", ["open", "attention", "all"])
def test_the_log_asks_as_much_for_fifty_as_for_five(
    browser: Client, owner: Membership, queue: Queue, show: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """No row costs a query."""
    order = OrderFactory(shop=owner.mailbox)
    for number in range(5):
        open_one(owner, order=order if number % 2 else None)
    Case.objects.update(status=Status.WAITING)
    page_of(browser, f"/support/?show={show}")
    with django_assert_num_queries(LOG_QUERIES[show]):
        page_of(browser, f"/support/?show={show}")
    for number in range(45):
        open_one(owner, order=order if number % 2 else None)
    Case.objects.update(status=Status.WAITING)
    with django_assert_num_queries(LOG_QUERIES[show]):
        page = page_of(browser, f"/support/?show={show}")
    assert len(numbers_in(page)) == 50


LOG_QUERIES = {"open": 4, "attention": 5, "all": 4}
