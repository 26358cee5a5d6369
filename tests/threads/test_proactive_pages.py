"""The page for a new message tells a seller, before a word is written, what can be written now and what cannot."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.threads.actions import open_thread, post_message
from messagecenter.threads.models import Thread
from orders.models import Order
from tests.factories import OrderFactory, OrderItemFactory
from tests.threads.test_permission import policy, restrict, start

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def new(order: Order) -> str:
    return f"/messages/new/?order={order.number}&shop={order.shop_id}"


def options(page: str) -> tuple[set[str], set[str]]:
    """Return the topics of the list that can be chosen, and those greyed out."""
    found = re.findall(r'<option value="(\w+)"( selected)?( disabled)?', page)
    return {key for key, _sel, off in found if not off}, {key for key, _sel, off in found if off}


def first(topic: str) -> dict[str, object]:
    return {"topic": topic, "subject": "Betreff", "body": "Walnussöl", "client_id": new_id()}


def test_seller_sees_topics_of_the_state_and_the_others_greyed_out(
    signed_in: SignIn, order: Order, seller: User
) -> None:
    page = signed_in(seller).get(new(order)).content.decode()
    usable, grey = options(page)
    assert usable == {"order_problem", "delivery_date", "receiving", "return_question", "invoice", "documents"}
    assert grey == {"more_information", "customisation", "refund_notice"}
    assert "Only for orders in this state: pending, not yet shipped." in page
    assert "where_is_it" not in page


def test_seller_sees_the_quota(signed_in: SignIn, order: Order, seller: User, shop: Mailbox) -> None:
    policy(per_day_floor=40)
    for _number in range(3):
        start(shop, order)
    page = signed_in(seller).get(new(order)).content.decode()
    assert "You have started 3 of the 40 conversations that you may start in 24 hours." in page


def test_buyer_sees_neither_quota_nor_greyed_topics(signed_in: SignIn, order: Order, buyer: User) -> None:
    page = signed_in(buyer).get(new(order)).content.decode()
    assert "conversations that you may start" not in page
    assert options(page)[1] == set()


def test_seller_is_told_of_a_buyer_who_opted_out(
    signed_in: SignIn, order: Order, seller: User, buyer_mailbox: Mailbox
) -> None:
    buyer_mailbox.takes_proactive = False
    buyer_mailbox.save()
    browser = signed_in(seller)
    page = browser.get(new(order)).content.decode()
    usable, grey = options(page)
    assert {"invoice", "documents"} <= grey
    assert "order_problem" in usable
    assert "This buyer takes only messages that an order needs." in page
    refused = browser.post(new(order), first("invoice"))
    assert (refused.status_code, Thread.objects.count()) == (409, 0)
    assert "Walnussöl" in refused.content.decode()
    assert browser.post(new(order), first("order_problem")).status_code == 302


def test_setting_of_another_buyer_says_nothing_here(
    signed_in: SignIn, order: Order, seller: User, other_buyer: User
) -> None:
    Mailbox.objects.filter(memberships__user=other_buyer).update(takes_proactive=False)
    assert "invoice" in options(signed_in(seller).get(new(order)).content.decode())[0]


@pytest.mark.parametrize("why", ["restricted", "late", "full"])
def test_seller_who_may_not_write_first_gets_no_form(
    signed_in: SignIn, order: Order, seller: User, shop: Mailbox, admin: User, why: str
) -> None:
    """The reason stands there instead; what was typed before it held comes back."""
    browser = signed_in(seller)
    assert b'name="body"' in browser.get(new(order)).content
    if why == "restricted":
        restrict(shop, admin)
        sentence = "You cannot write first until "
    elif why == "late":
        Order.objects.update(purchased_at=timezone.now() - timedelta(days=40))
        sentence = "until 30 days after it is complete"
    else:
        policy(per_day_floor=1, per_day_factor=0)
        start(shop, order)
        sentence = "which is all you may start"
    page = browser.get(new(order)).content.decode()
    assert sentence in page
    assert 'name="body"' not in page
    assert why != "restricted" or "Advertising to several buyers." in page
    count = Thread.objects.count()
    answer = browser.post(new(order), first("order_problem"))
    assert (answer.status_code, Thread.objects.count()) == (409, count)
    text = answer.content.decode()
    assert text.count(sentence) == 1
    assert "Walnussöl" in text


def test_restricted_seller_still_answers(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox, admin: User
) -> None:
    restrict(shop, admin)
    browser, url = signed_in(seller), f"/messages/{thread.pk}/"
    assert b'name="body"' in browser.get(url).content
    assert browser.post(f"{url}reply/", {"body": "Here it is", "client_id": new_id()}).status_code == 302
    assert thread.messages.count() == 2


def test_restricted_seller_is_told_in_an_unanswered_thread(
    signed_in: SignIn, order: Order, seller: User, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox, admin: User
) -> None:
    thread = open_thread(
        by=seller, mailbox=shop, order=order, topic="invoice", subject="s", body="b", client_id=new_id()
    ).thread
    restrict(shop, admin)
    browser, url = signed_in(seller), f"/messages/{thread.pk}/"
    page = browser.get(url).content.decode()
    assert "You cannot write first until " in page
    assert 'name="body"' not in page
    assert browser.post(f"{url}reply/", {"body": "More", "client_id": new_id()}).status_code == 409
    post_message(by=buyer, mailbox=buyer_mailbox, thread=thread, body="Thanks", client_id=new_id())
    assert browser.post(f"{url}reply/", {"body": "More", "client_id": new_id()}).status_code == 302


def test_sending_twice_at_the_end_of_the_quota_leads_to_the_thread(
    signed_in: SignIn, order: Order, seller: User
) -> None:
    policy(per_day_floor=1, per_day_factor=0)
    browser, fields = signed_in(seller), first("order_problem")
    answers = [browser.post(new(order), fields) for _time in range(2)]
    thread = Thread.objects.get()
    assert [one.headers.get("Location") for one in answers] == [f"/messages/{thread.pk}/"] * 2
    assert browser.post(new(order), first("order_problem")).status_code == 409


def test_order_without_the_buyers_address_still_says_so(signed_in: SignIn, seller: User, shop: Mailbox) -> None:
    row = OrderFactory(shop=shop, buyer=None)
    answer = signed_in(seller).get(new(row))
    assert answer.status_code == 409
    assert "cannot be written to" in answer.content.decode()


def test_page_asks_a_fixed_number_however_much_there_is(
    signed_in: SignIn, order: Order, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    browser = signed_in(seller)

    def questions() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(new(order)).status_code == 200
        return len(captured)

    questions()
    few = questions()
    for number in range(8):
        start(shop, order)
        OrderItemFactory(order=OrderFactory(shop=shop, buyer=buyer_mailbox, number=f"302-{number}"))
    assert questions() == few
