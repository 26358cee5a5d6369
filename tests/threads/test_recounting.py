"""Counters of pinned filters with words, days or products: a worker counts them, for who looks; a page never does."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Membership
from messagecenter.filing.models import FilterCount, SavedFilter
from messagecenter.live.models import Event
from messagecenter.threads import actions
from messagecenter.threads.actions.recounting import LOOKED_AT, OLDEST, recount_filters
from messagecenter.threads.context import navigation_of
from messagecenter.threads.filters import read
from messagecenter.threads.matching import count_unread, is_counted_later, matching_saved
from messagecenter.threads.models import Entry
from messagecenter.threads.periodic import count_filters
from orders.models import Order
from tests.factories import ProductFactory
from tests.threads.shelves import shelve
from tests.threads.writing import reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def pin(seller, shop):
    """Return how the shop pins a filter."""

    def do(query, name="Pinned", by=seller, mailbox=shop):
        query = read(query).as_query()
        return actions.save_filter(
            by=by, mailbox=mailbox, name=name, query=query, is_pinned=True, matching=matching_saved
        )

    return do


def in_menu(person, name="Pinned"):
    """Return what the menu shows of a pinned filter: its number, and what is said about it."""
    [link] = [one for one in navigation_of(Membership.objects.of(person).get()).saved if one.label == name]
    return link.count, link.said


def look(*mailboxes):
    """Let a worker count for pages that somebody has just opened."""
    return count_filters([str(one.pk) for one in mailboxes])


def long_ago(saved, by):
    FilterCount.objects.filter(saved=saved).update(counted_at=timezone.now() - by)


@pytest.mark.parametrize("is_indexed", [False, True])
def test_the_counter_follows_new_messages(pin, shop, seller, thread, buyer, buyer_mailbox, is_indexed):
    if is_indexed:
        actions.build_index(mailbox=shop, by="the test")
    saved = pin({"q": "Zwetschge"})
    assert is_counted_later(saved.as_data())
    assert in_menu(seller) == ("", "")  # not counted yet, and nothing is said
    assert look(shop) == 1
    assert in_menu(seller) == ("", "0 unread, counted just now")
    assert look(shop) == 0  # nothing happened: nothing is counted
    reply(buyer, buyer_mailbox, thread, "Where are my Zwetschgen?")
    assert in_menu(seller)[0] == ""  # the page itself counts nothing
    assert look(shop) == 1
    assert in_menu(seller) == ("1", "1 unread, counted just now")
    reply(buyer, buyer_mailbox, thread, "And the lamp?")
    assert (look(shop), in_menu(seller)[0]) == (1, "1")
    actions.mark_read(by=seller, entry=Entry.objects.get(thread=thread, mailbox=shop), up_to=newest_in(thread))
    assert (look(shop), in_menu(seller)[0]) == (1, "")


def newest_in(thread):
    return thread.messages.order_by("-pk").values_list("pk", flat=True)[0]


def test_days_products_names_and_orders_states_are_counted_too(pin, shop, seller, thread, order):
    yesterday = (timezone.localdate() - timedelta(days=2)).isoformat()
    pins = {
        "since": {"since": yesterday},
        "until": {"until": yesterday},
        "other": {"other": "Anna"},
        "nobody": {"other": "Otto"},
        "product": {"product": order.items.get().title[:6]},
        "status": {"status": order.status},
        "and no word": {"status": order.status, "q": "Zwetschge"},
    }
    for name, query in pins.items():
        pin(query, name)
    assert look(shop) == len(pins)
    shown = {name: in_menu(seller, name)[0] for name in pins}
    assert {name for name, number in shown.items() if number == "1"} == {"since", "other", "product", "status"}
    assert set(shown.values()) == {"1", ""}
    # An order's state changes without a word to the mailbox: a count that is old enough is made anew.
    Order.objects.filter(pk=order.pk).update(status=Order.Status.CANCELLED)
    assert look(shop) == 0
    FilterCount.objects.update(counted_at=timezone.now() - OLDEST)
    assert look(shop) == len(pins)
    assert in_menu(seller, "status")[0] == ""


def test_a_counter_ends_at_99(pin, shop, seller, buyer_mailbox):
    shelve(shop, buyer_mailbox, ProductFactory(shop=shop, title="Zwetschgenlampe"), 101, unread=1)
    pin({"q": "Zwetschgenlampe"}, "words")
    pin({"product": "Zwetschgenlampe"}, "product")
    assert look(shop) == 2
    for name in ("words", "product"):
        assert in_menu(seller, name) == ("99+", "99+ unread, counted just now")
    assert set(FilterCount.objects.values_list("number", flat=True)) == {FilterCount.MOST}


def test_nothing_of_another_mailbox_is_counted_or_shown(pin, shop, seller, other_seller, buyer, buyer_mailbox, thread):
    """Another shop has the same buyer, the same words and the same filter; the buyer's own side has the threads too."""
    other_shop = other_seller.mailboxes.get()
    shelve(other_shop, buyer_mailbox, ProductFactory(shop=other_shop, title="Zwetschge"), 7, unread=2)
    reply(buyer, buyer_mailbox, thread, "My Zwetschge?")
    queries = {"words": {"q": "Zwetschge"}, "name": {"other": buyer_mailbox.name}, "in": {"q": "in:all Zwetschge"}}
    for name, query in queries.items():
        pin(query, name)
        pin(query, name, other_seller, other_shop)
        pin(query, name, buyer, buyer_mailbox)
    assert look(shop) == 3
    # Only the mailbox that was looked at was counted.
    assert in_menu(other_seller, "words") == in_menu(buyer, "words") == ("", "")
    assert look(other_shop, buyer_mailbox) == 6
    assert [in_menu(seller, name)[0] for name in queries] == ["1", "1", "1"]
    assert [in_menu(other_seller, name)[0] for name in queries] == ["7", "7", "7"]
    assert [in_menu(buyer, name)[0] for name in queries] == ["", "", ""]


@pytest.mark.parametrize("query", [{"box": "mine", "q": "Zwetschge"}, {"q": "in:mine Zwetschge"}])
def test_what_shows_each_member_something_else_is_never_counted(pin, shop, seller, thread, query):
    pin(query)
    assert (look(shop), in_menu(seller), FilterCount.objects.count()) == (0, ("", ""), 0)


def test_no_page_counts_and_each_asks_a_worker(pin, shop, seller, signed_in, thread, monkeypatch):
    asked: list[object] = []
    monkeypatch.setattr("messagecenter.threads.context.look_at_counts", asked.append)
    browser = signed_in(seller)

    def queries(path):
        with CaptureQueriesContext(connection) as caught:
            assert browser.get(path).status_code == 200
        return len(caught), " ".join(one["sql"] for one in caught)

    paths = ("/messages/", "/messages/counters/", f"/messages/{thread.pk}/")
    for path in paths:
        queries(path)
    before = [queries(path)[0] for path in paths]
    assert asked == []  # nobody pinned anything
    pin({"topic": "where_is_it"}, "in the tally")
    queries("/messages/")
    assert asked == []
    for number in range(3):
        pin({"product": "Zwetschge"} | {"since": f"2026-01-0{number + 1}"}, f"{number}")
    looks = [queries(path) for path in paths]
    assert [number for number, _ in looks] == before
    assert not [sql for _, sql in looks if "COUNT(" in sql or "Zwetschge" in sql.replace("product=Zwetschge", "")]
    assert set(asked) == {shop.pk}


def test_page_says_when_it_was_counted(pin, shop, seller, signed_in, thread, buyer, buyer_mailbox):
    saved = pin({"other": "Anna"})
    look(shop)
    for age, said in [
        (timedelta(minutes=3), "1 unread, counted 3 minutes ago"),
        (timedelta(minutes=119), "1 unread, counted 1 hour ago"),
        (timedelta(days=3), "1 unread, counted 3 days ago"),
    ]:
        long_ago(saved, age)
        page = signed_in(seller).get("/messages/").content.decode()
        key = f'"saved:{saved.pk}"'
        assert f'data-counter={key} title="{said}" aria-hidden="true">1</span>' in page
        assert f'<span class="hidden" data-counted={key}>{said}</span>' in page
        assert (
            f'data-value={key} title="{said}">1</span>' in signed_in(seller).get("/messages/counters/").content.decode()
        )
        assert said in signed_in(seller).get("/messages/saved/").content.decode()
    actions.pin_filter(by=seller, saved=saved, is_pinned=False, matching=matching_saved)
    assert not FilterCount.objects.exists()
    assert "counted 3 days ago" not in signed_in(seller).get("/messages/saved/").content.decode()


def test_sweep_counts_only_what_changed_for_who_looks(pin, shop, seller, thread, buyer, buyer_mailbox):
    pin({"q": "Zwetschge"})
    assert count_filters() == 0  # nobody has looked yet
    look(shop)
    reply(buyer, buyer_mailbox, thread, "My Zwetschge?")
    assert count_filters() == 1
    assert (count_filters(), in_menu(seller)[0]) == (0, "1")
    reply(seller, shop, thread, "Zwetschgen are on their way.")
    FilterCount.objects.update(seen_at=timezone.now() - LOOKED_AT)
    assert (count_filters(), look(shop), in_menu(seller)[0]) == (0, 1, "")


def test_open_pages_hear_of_new_numbers_and_only_of_those(pin, shop, thread, buyer, buyer_mailbox):
    pin({"q": "Zwetschge"})

    def told():
        return list(Event.objects.filter(kind="counters").values_list("mailbox_id", flat=True))

    look(shop)
    first = told()
    reply(buyer, buyer_mailbox, thread, "My lamp?")
    assert (look(shop), told()) == (1, first)
    reply(buyer, buyer_mailbox, thread, "My Zwetschge?")
    assert (look(shop), told()) == (1, [*first, shop.pk])
    assert look(shop) == 0  # its own event is no change


def test_counting_ends_in_time_and_goes_on_with_the_oldest(pin, shop):
    names = ["a", "b", "c"]
    for name in names:
        pin({"q": f"Zwetschge {name}"}, name)
    calls = []

    def counting(mailbox, query, most):
        calls.append(query["q"][-1])
        time.sleep(0.06)
        return count_unread(mailbox, query, most)

    for _ in names:
        assert recount_filters(mailbox=shop, counting=counting, until=time.monotonic() + 0.03) == 1
    assert calls == names


def test_filter_deleted_while_it_is_counted_leaves_nothing(pin, shop, seller):
    saved = pin({"q": "Zwetschge"})

    def counting(mailbox, query, most):
        SavedFilter.objects.filter(pk=saved.pk).delete()
        return 1

    recount_filters(mailbox=shop, counting=counting, until=time.monotonic() + 9)
    assert not FilterCount.objects.exists()
