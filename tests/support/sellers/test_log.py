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
from messagecenter.threads.actions import mark_read
from messagecenter.threads.models import Entry
from support import actions
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
