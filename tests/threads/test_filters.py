"""Every view, filter and order of a list, page by page, against what brute force says."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import Folder, Label
from messagecenter.ids import new_id
from messagecenter.threads import picking
from messagecenter.threads.boxes import BOXES, SORTS
from messagecenter.threads.filters import PRIORITIES, Wanted, read
from messagecenter.threads.listing import find_list
from messagecenter.threads.models import Entry, EntryLabel, Place, Priority, Thread
from orders.models import Product
from tests.factories import MailboxFactory, OrderFactory, OrderItemFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPICS = ("where_is_it", "return", "invoice")


@pytest.fixture
def filed(shop: Mailbox, buyer_mailbox: Mailbox, seller: User, agent: User) -> list[Entry]:
    """Sixty entries of one shop with everything mixed, the same every time, and strangers' beside them."""
    chance = random.Random(7)
    others = [buyer_mailbox, MailboxFactory(kind=Mailbox.Kind.BUYER, name="Berta K.")]
    folders = [None, *(Folder.objects.create(mailbox=shop, name=name) for name in ("Claims", "Later"))]
    labels = [Label.objects.create(mailbox=shop, name=name) for name in ("vip", "hot")]
    products = [
        Product.objects.create(
            shop=shop,
            sku=f"S{number}",
            asin=f"B0{number:08d}",
            title=("Lamp", "Bulb")[number % 2],
            sold_as="Lampe" if number == 1 else "",
        )
        for number in range(5)
    ]
    entries = []
    for number in range(60):
        other = chance.choice(others)
        order = OrderFactory(
            shop=shop, buyer=other, number=f"302-{number:07d}", status=chance.choice(["shipped", "pending"])
        )
        product = chance.choice(products)
        # One of the lines of number 1 still has the name that the product had then.
        title = product.sold_as or product.title
        OrderItemFactory(order=order, product=product, title=title, asin=product.asin, sku=product.sku)
        topic = chance.choice(TOPICS)
        thread = Thread.objects.create(
            kind="order", order=order, topic=topic, opened_by=other, client_id=new_id(), subject_ciphertext=b"?"
        )
        at = START + timedelta(hours=chance.randrange(200))
        entry = Entry.objects.create(
            thread=thread,
            mailbox=shop,
            other=other,
            order_number=order.number,
            topic=topic,
            has_files=chance.random() < 0.3,
            unread=chance.choice([0, 0, 1, 3]),
            needs_reply_since=at if chance.random() < 0.4 else None,
            awaiting_since=at if chance.random() < 0.3 else None,
            holds=chance.choice([0, 0, 0, 1]),
            last_message_at=at,
            last_sent_at=at - timedelta(hours=1) if chance.random() < 0.5 else None,
            last_received_at=at if chance.random() < 0.7 else None,
            place=chance.choice([Place.INBOX] * 5 + [Place.ARCHIVE, Place.TRASH, Place.GONE]),
            folder=chance.choice(folders),
            priority=chance.choice(list(Priority)),
            is_starred=chance.random() < 0.3,
            assignee=chance.choice([None, seller, agent]),
        )
        EntryLabel.objects.bulk_create(
            [EntryLabel(entry=entry, label=label) for label in labels if chance.random() < 0.4]
        )
        Entry.objects.create(thread=thread, mailbox=other, other=shop, order_number=order.number, last_message_at=at)
        entries.append(entry)
    return entries


def fits(entry: Entry, wanted: Wanted, reader: User) -> bool:
    """Return whether an entry is asked for, said in the plainest way."""
    current, kept = entry.place == Place.INBOX, entry.place < Place.TRASH
    views = {
        "inbox": current and entry.folder is None,
        "unread": current and entry.unread > 0,
        "needs_reply": entry.needs_reply_since is not None and entry.place < Place.GONE,
        "waiting": current and entry.awaiting_since is not None,
        "mine": current and entry.assignee == reader,
        "starred": kept and entry.is_starred,
        "sent": kept and entry.last_sent_at is not None,
        "received": kept and entry.last_received_at is not None,
        "held": entry.holds > 0 and entry.place < Place.GONE,
        "archive": entry.place == Place.ARCHIVE,
        "trash": entry.place == Place.TRASH,
        "all": kept,
    }
    in_view = current and str(entry.folder_id) == wanted.folder if wanted.folder else views[wanted.box]
    if not in_view:
        return False
    moment = getattr(entry, BOXES[wanted.box].moment)
    labels = {str(one.label_id) for one in entry.entry_labels.all()}
    order = entry.thread.order
    assert order is not None
    return all(
        (
            not wanted.label or wanted.label in labels,
            not wanted.priority or entry.priority == PRIORITIES[wanted.priority],
            not wanted.topic or entry.topic == wanted.topic,
            not wanted.other or wanted.other.lower() in entry.other.name.lower(),
            not wanted.order or wanted.order in entry.order_number,
            not wanted.status or order.status == wanted.status,
            not wanted.files or entry.has_files,
            not wanted.product or any(_is_named(item.product, wanted.product) for item in order.items.all()),
            not wanted.since or moment.date().isoformat() >= wanted.since,
            not wanted.until or moment.date().isoformat() <= wanted.until,
            wanted.sort != "waiting" or entry.needs_reply_since is not None,
        )
    )


def _is_named(product: Product, words: str) -> bool:
    names = (product.title, product.sold_as)
    return words in (str(product.pk), product.asin, product.sku) or any(words in name for name in names)


def in_order(entries: list[Entry], wanted: Wanted) -> list[uuid.UUID]:
    """Return the keys in the order asked for, said in the plainest way."""
    moment = BOXES[wanted.box].moment

    def newest(entry: Entry) -> Any:
        return (-entry.last_message_at.timestamp(), -entry.pk.int)

    keys: dict[str, Callable[[Entry], Any]] = {
        "newest": lambda entry: (-getattr(entry, moment).timestamp(), -entry.pk.int),
        "oldest": lambda entry: (getattr(entry, moment), entry.pk.int),
        "waiting": lambda entry: (entry.needs_reply_since, entry.pk.int),
        "priority": lambda entry: (entry.priority, *newest(entry)),
        "order": lambda entry: (entry.order_number, *newest(entry)),
    }
    return [entry.thread_id for entry in sorted(entries, key=keys[wanted.sort])]


@effort(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_lists_show_what_brute_force_finds(
    filed: list[Entry],
    shop: Mailbox,
    seller: User,
    data: st.DataObject,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.PAGE_THREADS = 7
    # What little a filter picks is looked up, what is more is tested row by row: the same must come of both.
    monkeypatch.setattr(picking, "MOST_PICKED", data.draw(st.sampled_from([0, 20, 1000])))
    monkeypatch.setattr(picking, "MOST_LOOKED_AT", data.draw(st.sampled_from([10, 3000])))
    folders = [str(one.pk) for one in Folder.objects.all()]
    labels = [str(one.pk) for one in Label.objects.all()]
    rare = st.sampled_from
    query = {
        "box": data.draw(rare(list(BOXES))),
        "sort": data.draw(rare(list(SORTS))),
        "folder": data.draw(rare(["", "", "", *folders])),
        "label": data.draw(rare(["", "", *labels])),
        "priority": data.draw(rare(["", "", *PRIORITIES])),
        "topic": data.draw(rare(["", "", *TOPICS])),
        "other": data.draw(rare(["", "", "Anna", "berta"])),
        "order": data.draw(rare(["", "", "302-0000012", "00001", "31"])),
        "status": data.draw(rare(["", "", "shipped"])),
        "files": data.draw(rare(["", "", "1"])),
        "product": data.draw(rare(["", "", "Lamp", "Lampe", "B000000003", str(Product.objects.get(sku="S2").pk)])),
        "since": data.draw(rare(["", "", "2026-03-04"])),
        "until": data.draw(rare(["", "", "2026-03-07"])),
    }
    wanted = read(query)
    if wanted.order == "31":
        # Shorter than a part is looked for: only whole numbers and their beginnings.
        wanted = wanted.without("order")
    with_rows = {
        entry.pk: entry
        for entry in Entry.objects.filter(mailbox=shop).select_related("folder", "other", "assignee", "thread__order")
    }
    expected = in_order([entry for entry in with_rows.values() if fits(entry, wanted, seller)], wanted)
    shown: list[uuid.UUID] = []
    after = ""
    while True:
        page = find_list(wanted, mailbox=shop, reader=seller, after=after)
        shown += [row.id for row in page.rows]
        assert len(page.rows) <= 7
        after = page.next_cursor
        if not after:
            break
    assert shown == expected


@pytest.mark.parametrize(
    "query",
    [
        "box=nothing",
        "sort=sideways",
        "since=yesterday&until=2026-13-01",
        "folder=1&label=x",
        "priority=highest",
        "after=junk",
        "sort=priority&after=9~1-" + "0" * 32,
        "sort=order&after=~1-" + "0" * 32,
        "order=%00&q=%00",
        "since=0001-01-01&until=9999-12-31",
    ],
)
def test_an_address_that_means_nothing_still_gives_a_list(
    signed_in: SignIn, seller: User, thread: Thread, query: str
) -> None:
    answer = signed_in(seller).get(f"/messages/?{query}")
    assert answer.status_code == 200


def test_a_filter_is_an_address(signed_in: SignIn, filed: list[Entry], seller: User) -> None:
    wanted = read({"box": "all", "priority": "high", "since": "2026-03-02", "sort": "oldest", "topic": "invoice"})
    again = read(dict(part.split("=") for part in wanted.as_query().split("&")))
    assert again == wanted


def test_a_strangers_folder_label_and_person_show_nothing_of_theirs(
    signed_in: SignIn, filed: list[Entry], other_seller: User, thread: Thread
) -> None:
    folder, label = Folder.objects.first(), Label.objects.first()
    assert folder
    assert label
    inside = Entry.objects.filter(folder=folder, place=Place.INBOX).first()
    assert inside is not None
    client = signed_in(other_seller)
    for query in (
        f"folder={folder.pk}",
        f"label={label.pk}&box=all",
        f"other={inside.other_id}&box=all",
        "order=302&box=all",
    ):
        html = client.get(f"/messages/?{query}").content.decode()
        assert "row-" + str(inside.thread_id) not in html
        assert folder.name not in html
        assert label.name not in html


def test_a_buyer_finds_an_order_by_what_its_lines_say(
    filed: list[Entry], buyer_mailbox: Mailbox, buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Entry.objects.filter(mailbox=buyer_mailbox)
    expected = set(own.filter(thread__order__items__title="Lampe").values_list("thread", flat=True))
    assert 0 < len(expected) < own.count()
    for most in (0, 1000):
        monkeypatch.setattr(picking, "MOST_PICKED", most)
        page = find_list(read({"box": "all", "product": "lampe"}), mailbox=buyer_mailbox, reader=buyer)
        assert {row.id for row in page.rows} == expected
