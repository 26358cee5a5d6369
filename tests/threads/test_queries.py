"""Each page asks the database a fixed number of questions, for one row as for many."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.threads.actions import open_thread, post_message
from messagecenter.threads.models import Thread
from messagecenter.vault import keyring
from tests.factories import OrderFactory, OrderItemFactory

SignIn = Callable[[User], Client]
# Session, person, memberships; then entries with all their rows show, keys, tally.
ON_A_LIST = 6
ON_A_THREAD = 9
ON_POSTING = 22
ON_CHOOSING_AN_ORDER = 6


def questions(client: Client, method: str, url: str, data: dict[str, object] | None = None) -> list[str]:
    """Return the statements of one request, with no key in memory."""
    keyring.forget_everything()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(url) if method == "GET" else client.post(url, data)
    assert answer.status_code in (200, 302)
    statements = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in statements if not sql.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


@pytest.fixture
def many_threads(thread: Thread, buyer: User, buyer_mailbox: Mailbox, shop: Mailbox) -> list[Thread]:
    """Anna's other orders, each with two items and a question about it."""
    threads = [thread]
    for number in range(6):
        order = OrderFactory(shop=shop, buyer=buyer_mailbox, number=f"302-{number}")
        OrderItemFactory.create_batch(2, order=order)
        posted = open_thread(
            by=buyer, mailbox=buyer_mailbox, order=order, topic="where_is_it", subject="s", body="b", client_id=new_id()
        )
        threads.append(posted.thread)
    return threads


@pytest.mark.parametrize("query", ["", "?box=unread", "?box=needs_reply", "?order=302-1234567-7654321"])
def test_inbox_asks_the_same_for_one_row_and_for_seven(
    signed_in: SignIn, thread: Thread, seller: User, query: str, request: pytest.FixtureRequest
) -> None:
    client = signed_in(seller)
    client.get("/messages/")
    one = questions(client, "GET", f"/messages/{query}")
    request.getfixturevalue("many_threads")
    seven = questions(client, "GET", f"/messages/{query}")
    assert len(one) == len(seven) == ON_A_LIST
    assert not [sql for sql in seven if "COUNT(" in sql.upper()]


def test_thread_page_asks_the_same_for_two_messages_and_for_twenty(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox
) -> None:
    client, url = signed_in(seller), reverse("threads:detail", args=[thread.pk])
    client.get(url)
    few = questions(client, "GET", url)
    for _number in range(18):
        post_message(by=seller, mailbox=shop, thread=thread, body="More", client_id=new_id())
    many = questions(client, "GET", url)
    assert len(few) == len(many) == ON_A_THREAD
    assert not [sql for sql in many if "COUNT(" in sql.upper()]


def test_posting_asks_a_fixed_number(
    signed_in: SignIn, many_threads: list[Thread], seller: User, agent: User, viewer: User
) -> None:
    client = signed_in(seller)
    client.get("/messages/")
    asked = [
        len(
            questions(
                client, "POST", reverse("threads:reply", args=[thread.pk]), {"body": "Yes", "client_id": new_id()}
            )
        )
        for thread in many_threads[1:4]
    ]
    assert asked == [ON_POSTING] * 3


def test_order_chooser_asks_the_same_for_one_order_and_for_seven(
    signed_in: SignIn, thread: Thread, buyer: User, request: pytest.FixtureRequest
) -> None:
    client = signed_in(buyer)
    client.get("/messages/new/")
    one = questions(client, "GET", "/messages/new/")
    request.getfixturevalue("many_threads")
    assert len(questions(client, "GET", "/messages/new/")) == len(one) == ON_CHOOSING_AN_ORDER
