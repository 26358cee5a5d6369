"""Sorted by relevance: subject, then matter, then message, the newest first among equals; read or indexed alike."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.threads import actions, finding
from messagecenter.threads.cursors import BadCursor
from messagecenter.threads.filters import read
from messagecenter.threads.finding import find_words
from messagecenter.threads.models import Entry
from messagecenter.threads.relevance import place_in
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

# Subject, product, message; the later ones are newer.
TEXTS = {
    "both in subject": ("Stehlampe in Dunkelgrün", "Leuchte", "Gibt es sie noch?"),
    "one in subject": ("Stehlampe", "Leuchte", "Gibt es die in Dunkelgrün?"),
    "in the product": ("Frage", "Stehlampe Dunkelgrün", "Wie hoch ist sie?"),
    "older text": ("Frage", "Leuchte", "Ist die Stehlampe dunkelgrün?"),
    "newer text": ("Frage", "Leuchte", "Dunkelgrün, diese Stehlampe?"),
    "something else": ("Stehlampe", "Leuchte", "Gibt es die in Rot?"),
}
BEST_FIRST = ["both in subject", "in the product", "one in subject", "newer text", "older text"]


@pytest.fixture(params=["read", "indexed"])
def shelf(request: pytest.FixtureRequest, buyer: User, buyer_mailbox: Mailbox, shop: Mailbox) -> dict[str, str]:
    """The threads' names by id, in a mailbox that is read and in one that has an index."""
    names = {}
    for name, (subject, title, body) in TEXTS.items():
        posted = actions.open_thread(
            by=buyer,
            mailbox=buyer_mailbox,
            product=ProductFactory(shop=shop, title=title),
            topic="details",
            subject=subject,
            body=body,
            client_id=new_id(),
        )
        names[str(posted.thread.pk)] = name
    if request.param == "indexed":
        actions.build_index(mailbox=shop, by="test")
    return names


def listed(client: Client, names: dict[str, str], url: str) -> list[str]:
    """Return the names of the threads on a page of the list, as they stand there."""
    return [names[key] for key in re.findall(r'id="row-([-0-9a-f]{36})"', client.get(url).content.decode())]


def test_what_fits_best_comes_first(signed_in: SignIn, seller: User, shelf: dict[str, str]) -> None:
    """Two words in what a thread is about weigh as much as one in its subject: then the newer one comes first."""
    client = signed_in(seller)
    assert listed(client, shelf, "/messages/?q=stehlampe+dunkelgrün&sort=relevance") == BEST_FIRST
    newest = list(reversed([name for name in TEXTS if name in BEST_FIRST]))
    assert listed(client, shelf, "/messages/?q=stehlampe+dunkelgrün") == newest


def test_pages_go_on_by_keyset(
    signed_in: SignIn, seller: User, shelf: dict[str, str], settings: pytest.FixtureRequest
) -> None:
    """However small the pages are, each thread stands on one of them."""
    settings.PAGE_THREADS = 2  # type: ignore[attr-defined]
    client, url, pages = signed_in(seller), "/messages/?q=stehlampe+dunkelgrün&sort=relevance", []
    while url:
        html = client.get(url).content.decode()
        pages.append(listed(client, shelf, url))
        more = re.search(r'id="more".*?href="([^"]+)"', html, re.DOTALL)
        url = more[1].replace("&amp;", "&") if more else ""
    assert pages == [BEST_FIRST[:2], BEST_FIRST[2:4], BEST_FIRST[4:]]


def test_only_the_newest_hits_are_put_in_order_and_the_page_says_so(
    seller: User, shop: Mailbox, shelf: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_RANKED", 4)
    wanted = read({"q": "stehlampe dunkelgrün", "sort": "relevance"})
    found = find_words(Entry.objects.visible_to(seller), wanted, mailbox=shop, reader=seller)
    assert ([shelf[str(row.id)] for row in found.page.rows], found.best_of) == (BEST_FIRST[1:], 4)


def test_without_words_the_newest_come_first(signed_in: SignIn, seller: User, shelf: dict[str, str]) -> None:
    client = signed_in(seller)
    everything = list(reversed(TEXTS))
    assert listed(client, shelf, "/messages/?sort=relevance") == everything
    assert listed(client, shelf, "/messages/?sort=relevance&q=-zebra") == everything
    assert 'value="relevance"' not in client.get("/messages/").content.decode()


@pytest.mark.parametrize(
    "cursor", ["", "1", "1~", "x~1-" + "0" * 32, "-1~1-" + "0" * 32, "1~9" * 9, "1234~1-" + "0" * 32]
)
def test_a_place_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        place_in(cursor)
