"""Each page asks the database a fixed number of questions, for five rows as for fifty, with no key in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.actions import create_folder, create_rule
from messagecenter.filing.rules import Conditions
from messagecenter.ids import new_id
from messagecenter.policy.models import PolicyVersion
from messagecenter.policy.versions import SHIPPED_CONTENT
from messagecenter.search import index
from messagecenter.threads.actions import build_index, open_thread, write_internal_note
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.models import Thread
from messagecenter.threads.permission import Quota, outlook_for
from messagecenter.vault import keyring
from orders.models import Order
from tests.factories import OrderFactory, OrderItemFactory
from tests.threads.writing import reply, uploaded

SignIn = Callable[[User], Client]
# What is promised: eight on lists, the thread's page and search, sixteen on posting.
# Session, person with memberships; then entries with all their rows show, keys, navigation with counters.
ON_A_LIST = 5
WHETHER_MAILS_COME_BACK = 1  # asked in the inbox as everybody comes by it
# … the entry with its order and draft, messages with their files and statements, the key, the navigation,
ON_A_THREAD = 6
# … and the notes of a team.
WITH_NOTES = 7
# … navigation; the entries with all that is searched of them, their keys; what is shown of those that were found.
ON_A_SEARCH, WITHOUT_A_HIT = 6, 5
# … where there is an index: its key, what it finds, entries, messages, keys.
BY_THE_INDEX = 8
# … the entry, the policy, the entries locked, keys; message, thread, entries, the clock, counters (read and written),
# notices, live events; and the index of both sides.
ON_POSTING, WITH_AN_INDEX = 14, 15
BY_WHO_IS_AWAITED_STILL = 11  # whose second message in a row changes neither the clock nor a counter
# … the order, the policy, both sides with all that stands in the way; key, thread, message, entries, the clock of a
# shop that is asked or the quota of one that writes first, counters, notices, live events; and the index.
ON_OPENING, MORE_WITH_AN_INDEX = 14, 2
ON_CHOOSING_AN_ORDER = 5


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
def orders(shop: Mailbox, buyer_mailbox: Mailbox) -> Iterator[Order]:
    """Anna's other orders, as many as are asked for, each with two items."""

    def made() -> Iterator[Order]:
        for number in range(1000):
            order = OrderFactory(shop=shop, buyer=buyer_mailbox, number=f"302-{number}")
            OrderItemFactory.create_batch(2, order=order)
            yield order

    return made()


@pytest.fixture
def ask(buyer: User, buyer_mailbox: Mailbox, orders: Iterator[Order]) -> Callable[[int], list[Thread]]:
    """Return how Anna asks about so many more orders."""

    def asked(count: int) -> list[Thread]:
        return [
            open_thread(
                by=buyer,
                mailbox=buyer_mailbox,
                order=next(orders),
                topic="where_is_it",
                subject="s",
                body="Is the lantern in the parcel?",
                client_id=new_id(),
            ).thread
            for _number in range(count)
        ]

    return asked


@pytest.fixture
def indexed(shop: Mailbox, buyer_mailbox: Mailbox) -> Callable[[], None]:
    """Return how both sides' mailboxes get a search index."""

    def build() -> None:
        for mailbox in (shop, buyer_mailbox):
            build_index(mailbox=mailbox, by="a test")

    return build


@pytest.mark.parametrize("query", ["", "?box=unread", "?box=needs_reply", "?order=302-"])
def test_a_list_asks_the_same_for_five_rows_and_for_fifty(
    signed_in: SignIn, seller: User, ask: Callable[[int], list[Thread]], query: str
) -> None:
    client = signed_in(seller)
    client.get("/messages/")
    ask(5)
    five = questions(client, "GET", f"/messages/{query}")
    ask(45)
    fifty = questions(client, "GET", f"/messages/{query}")
    assert len(five) == len(fifty) == (ON_A_LIST if query else ON_A_LIST + WHETHER_MAILS_COME_BACK)
    assert not [sql for sql in fifty if "COUNT(" in sql.upper()]


@pytest.mark.parametrize("words", ["lantern", "Fluegelhorn", "Nirgends", "lantern -Nirgends"])
def test_a_search_asks_the_same_for_five_rows_and_for_fifty(
    signed_in: SignIn, thread: Thread, seller: User, ask: Callable[[int], list[Thread]], words: str
) -> None:
    client = signed_in(seller)
    client.get("/messages/")
    ask(5)
    five = questions(client, "GET", f"/messages/?q={words}")
    ask(45)
    fifty = questions(client, "GET", f"/messages/?q={words}")
    assert len(five) == len(fifty) == (WITHOUT_A_HIT if words == "Nirgends" else ON_A_SEARCH)


@pytest.mark.parametrize("common", [0, 2000])
@pytest.mark.parametrize("words", ["lantern", "Fluegelhorn", "lantern parcel", "lantern -no"])
def test_a_search_by_the_index_asks_the_same_for_five_rows_and_for_fifty(
    signed_in: SignIn,
    thread: Thread,
    seller: User,
    ask: Callable[[int], list[Thread]],
    indexed: Callable[[], None],
    words: str,
    common: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index, "COMMON", common)
    client = signed_in(seller)
    client.get("/messages/")
    ask(5)
    indexed()
    five = questions(client, "GET", f"/messages/?q={words}")
    ask(45)
    fifty = questions(client, "GET", f"/messages/?q={words}")
    assert len(five) == len(fifty) == BY_THE_INDEX


@pytest.mark.parametrize(
    "query", ["status=shipped", "product=lamp", "other=anna", "status=shipped&product=lamp&other=a"]
)
def test_a_filter_by_other_tables_asks_one_question_more(
    signed_in: SignIn, seller: User, ask: Callable[[int], list[Thread]], query: str
) -> None:
    client = signed_in(seller)
    client.get("/messages/")
    ask(5)
    five = questions(client, "GET", f"/messages/?{query}")
    ask(45)
    fifty = questions(client, "GET", f"/messages/?{query}")
    assert len(five) == len(fifty) == ON_A_LIST + 1


def test_a_threads_page_asks_the_same_for_five_messages_and_for_fifty(
    signed_in: SignIn, thread: Thread, seller: User, agent: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox
) -> None:
    client, url = signed_in(seller), reverse("threads:detail", args=[thread.pk])
    for _number in range(3):
        reply(seller, shop, thread, "More")
    file = uploaded(seller, shop, "note.txt", "Zwetschge")
    reply(seller, shop, thread, "With a file", attachment_ids=[file.pk])
    client.get(url)
    five = questions(client, "GET", url)
    for _number in range(45):
        reply(seller, shop, thread, "More")
    fifty = questions(client, "GET", url)
    assert len(five) == len(fifty) == ON_A_THREAD
    assert not [sql for sql in fifty if "COUNT(" in sql.upper()]

    for _number in range(20):
        write_internal_note(by=seller, mailbox=shop, thread=thread, body="He calls again tomorrow.")
    assert len(questions(client, "GET", url)) == WITH_NOTES


def posting(client: Client, thread: Thread) -> int:
    """Return how many questions a reply asks."""
    url = reverse("threads:reply", args=[thread.pk])
    return len(questions(client, "POST", url, {"body": "Yes, tomorrow", "client_id": new_id()}))


def opening(client: Client, order: Order, topic: str) -> int:
    """Return how many questions the first message of a thread asks."""
    words = {"topic": topic, "subject": "The lamp", "body": "Is it there?", "client_id": new_id()}
    return len(questions(client, "POST", f"/messages/new/?order={order.number}", words))


def test_a_reply_asks_a_fixed_number_of_either_side(
    signed_in: SignIn,
    ask: Callable[[int], list[Thread]],
    seller: User,
    agent: User,
    viewer: User,
    buyer: User,
    indexed: Callable[[], None],
) -> None:
    ask(5)
    sides = [signed_in(seller), signed_in(buyer), signed_in(seller)]
    for client in sides:
        client.get("/messages/")
    assert [posting(client, thread) for client in sides for thread in ask(2)] == [
        *[ON_POSTING] * 2,
        *[BY_WHO_IS_AWAITED_STILL] * 2,
        *[ON_POSTING] * 2,
    ]
    indexed()
    assert [posting(client, thread) for client in sides[:2] for thread in ask(1)] == [
        WITH_AN_INDEX,
        BY_WHO_IS_AWAITED_STILL + 1,
    ]


def test_rules_cost_a_delivery_nothing_unless_they_label(
    signed_in: SignIn,
    ask: Callable[[int], list[Thread]],
    seller: User,
    shop: Mailbox,
    buyer: User,
    orders: Iterator[Order],
    indexed: Callable[[], None],
) -> None:
    client = signed_in(buyer)
    client.get("/messages/")
    threads = ask(3)
    indexed()
    plain = opening(client, next(orders), "where_is_it")
    folder = create_folder(by=seller, mailbox=shop, name="Tomorrow")
    filings = [Filing(Verb.STAR), Filing(Verb.MOVE, str(folder.pk)), Filing(Verb.ASSIGN, str(seller.pk))]
    create_rule(
        by=seller,
        mailbox=shop,
        name="Tomorrow",
        conditions=Conditions(topic="where_is_it"),
        outcomes=[one.as_data() for one in filings],
    )
    assert opening(client, next(orders), "where_is_it") == plain
    for thread in threads:
        reply(seller, shop, thread, "It left.")
    assert [posting(client, thread) for thread in threads] == [WITH_AN_INDEX] * 3
    assert set(shop.entries.filter(thread__in=threads).values_list("folder", "is_starred")) == {(folder.pk, True)}


def test_a_first_message_asks_a_fixed_number(
    signed_in: SignIn,
    ask: Callable[[int], list[Thread]],
    seller: User,
    buyer: User,
    orders: Iterator[Order],
    indexed: Callable[[], None],
) -> None:
    sides = {signed_in(buyer): "where_is_it", signed_in(seller): "order_problem"}
    ask(2)
    for client in sides:
        client.get("/messages/")

    def numbers() -> list[int]:
        return [opening(client, next(orders), topic) for client, topic in sides.items() for _time in range(2)]

    assert numbers() == [ON_OPENING] * 4
    indexed()
    assert numbers() == [ON_OPENING + MORE_WITH_AN_INDEX] * 4 == [16] * 4
    ask(45)
    assert numbers() == [16] * 4


def test_a_shop_beyond_the_floor_of_its_quota_asks_no_more(
    signed_in: SignIn, seller: User, shop: Mailbox, buyer: User, orders: Iterator[Order], indexed: Callable[[], None]
) -> None:
    """What it may start beyond that, here two for each of its orders, the statement that reads both sides counts."""
    proactive = SHIPPED_CONTENT["proactive"] | {"per_day_floor": 2, "per_day_factor": 360}
    PolicyVersion.objects.create(number=1, content=SHIPPED_CONTENT | {"proactive": proactive})
    client = signed_in(seller)
    client.get("/messages/")
    some = [next(orders) for _number in range(5)]
    indexed()
    opening(client, next(orders), "order_problem")  # the first one ever makes counters and keys
    assert [opening(client, order, "order_problem") for order in some] == [ON_OPENING + MORE_WITH_AN_INDEX] * 5
    assert outlook_for(mailbox=shop, other=some[0].buyer, order=some[0], product=None).quota == Quota(6, 12)


def test_order_chooser_asks_the_same_for_one_order_and_for_seven(
    signed_in: SignIn, thread: Thread, buyer: User, ask: Callable[[int], list[Thread]]
) -> None:
    client = signed_in(buyer)
    client.get("/messages/new/")
    one = questions(client, "GET", "/messages/new/")
    ask(6)
    assert len(questions(client, "GET", "/messages/new/")) == len(one) == ON_CHOOSING_AN_ORDER
