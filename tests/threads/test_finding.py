"""Words find threads: in what each side can read, in every list, however large the mailbox is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.search.models import IndexedMailbox
from messagecenter.threads import actions, finding
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.models import Thread
from tests.factories import OrderFactory, OrderItemFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def lamps(buyer: User, buyer_mailbox: Mailbox, shop: Mailbox) -> dict[str, Thread]:
    """Four threads, each with words of its own."""
    texts = {
        "delivery": ("Wo bleibt die Lieferung?", "Die Häuser in unserer Straße haben alle schon Pakete bekommen."),
        "return": ("Rücksendung", "Ich brauche ein Rücksendeetikett für die Stehlampe."),
        "invoice": ("Invoice", "Could you send the invoices for my deliveries to accounting?"),
        "colour": ("Farbe", "Gibt es die Stehlampe auch in Dunkelgrün, und wie lange dauert die Lieferung?"),
    }
    made = {}
    for number, (name, (subject, body)) in enumerate(texts.items()):
        order = OrderFactory(shop=shop, buyer=buyer_mailbox, number=f"302-000000{number}-1234567", status="shipped")
        OrderItemFactory(order=order, title=f"Leuchte Modell {name.title()}x", asin=f"B0LAMP000{number}")
        posted = actions.open_thread(
            by=buyer,
            mailbox=buyer_mailbox,
            order=order,
            topic="where_is_it",
            subject=subject,
            body=body,
            client_id=new_id(),
        )
        made[name] = posted.thread
    return made


@pytest.fixture(params=["read", "indexed"])
def way(request: pytest.FixtureRequest) -> str:
    """Both ways of finding."""
    return str(request.param)


def found(client: Client, threads: dict[str, Thread], query: str) -> set[str]:
    """Return the names of the threads a search shows."""
    answer = client.get(
        "/messages/", {"q": query} if "=" not in query else dict(p.split("=", 1) for p in query.split("&"))
    )
    assert answer.status_code == 200
    html = answer.content.decode()
    return {name for name, thread in threads.items() if f"row-{thread.pk}" in html}


SEARCHES = [
    ("Lieferung", {"delivery", "invoice", "colour"} - {"invoice"}),
    ("lieferungen", {"delivery", "colour"}),
    ("deliveries", {"invoice"}),
    ("strasse", {"delivery"}),
    ("Haus", {"delivery"}),
    ("Rücksende", {"return"}),
    ("stehlampe", {"return", "colour"}),
    ("stehlampe -farbe", {"return"}),
    ("stehlampe lieferung", {"colour"}),
    ('"auch in Dunkelgrün"', {"colour"}),
    ('"in auch Dunkelgrün"', set()),
    ("Invoicex", {"invoice"}),
    ("B0LAMP0001", {"return"}),
    ("302-0000002-1234567", {"invoice"}),
    ("order:0000003", {"colour"}),
    ('order:"302 1234567"', {"delivery", "return", "invoice", "colour"}),
    ('order:"0000002 302"', {"invoice"}),
    ("order=000001 302-", {"return"}),
    ("order=0000002-123", {"invoice"}),
    ("order=0000002 999", set()),
    ("from:nobody", set()),
    ("before:2001", set()),
    ("zebra", set()),
]


@pytest.mark.parametrize(("query", "expected"), SEARCHES, ids=[query for query, _ in SEARCHES])
def test_words_find_threads(
    signed_in: SignIn, seller: User, shop: Mailbox, lamps: dict[str, Thread], way: str, query: str, expected: set[str]
) -> None:
    if way == "indexed":
        actions.build_index(mailbox=shop, by="test")
    assert found(signed_in(seller), lamps, query) == expected


def test_what_is_delivered_later_is_found_in_an_index(
    signed_in: SignIn, seller: User, buyer: User, buyer_mailbox: Mailbox, shop: Mailbox, lamps: dict[str, Thread]
) -> None:
    actions.build_index(mailbox=shop, by="test")
    actions.post_message(
        by=buyer, mailbox=buyer_mailbox, thread=lamps["return"], body="Der Kartoffelsack ist nass.", client_id=new_id()
    )
    assert found(signed_in(seller), lamps, "Kartoffelsack") == {"return"}


def test_a_hit_is_marked_and_leads_to_its_message(
    signed_in: SignIn, seller: User, shop: Mailbox, lamps: dict[str, Thread], way: str
) -> None:
    if way == "indexed":
        actions.build_index(mailbox=shop, by="test")
    html = signed_in(seller).get("/messages/", {"q": "stehlampe"}).content.decode()
    message = lamps["colour"].messages.get()
    assert "<mark>Stehlampe</mark>" in html
    assert f"?message={message.pk}#message-{message.pk}" in html


def test_search_goes_with_filters_and_stays_on_its_side(
    signed_in: SignIn,
    seller: User,
    buyer: User,
    other_buyer: User,
    shop: Mailbox,
    lamps: dict[str, Thread],
    way: str,
) -> None:
    if way == "indexed":
        actions.build_index(mailbox=shop, by="test")
    actions.file_threads(by=seller, mailbox=shop, threads=[lamps["colour"].pk], filing=Filing(Verb.ARCHIVE))
    client = signed_in(seller)
    assert found(client, lamps, "q=stehlampe&box=inbox") == {"return"}
    assert found(client, lamps, "q=stehlampe&box=archive") == {"colour"}
    assert found(client, lamps, "q=stehlampe in:archive&sort=oldest") == {"colour"}
    assert found(signed_in(buyer), lamps, "stehlampe") == {"return", "colour"}
    assert found(signed_in(other_buyer), lamps, "stehlampe") == set()


def test_reindex_builds_what_is_large_enough(
    settings: object,
    shop: Mailbox,
    buyer_mailbox: Mailbox,
    lamps: dict[str, Thread],
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.SEARCH_INDEX_FROM = 4  # type: ignore[attr-defined]
    call_command("reindex")
    assert set(IndexedMailbox.objects.ready().values_list("pk", flat=True)) == {shop.pk, buyer_mailbox.pk}
    call_command("reindex")
    assert capsys.readouterr().out.splitlines() == ["2 mailboxes indexed.", "0 mailboxes indexed."]


def test_what_was_thrown_away_for_good_is_neither_found_nor_shown(
    signed_in: SignIn,
    seller: User,
    buyer: User,
    buyer_mailbox: Mailbox,
    shop: Mailbox,
    lamps: dict[str, Thread],
    way: str,
) -> None:
    if way == "indexed":
        actions.build_index(mailbox=shop, by="test")
    thread = lamps["return"]
    actions.file_threads(by=seller, mailbox=shop, threads=[thread.pk], filing=Filing(Verb.TRASH))
    actions.empty_trash(before=timezone.now())
    client = signed_in(seller)
    assert found(client, lamps, "q=Rücksendeetikett&box=trash") == set()
    actions.post_message(
        by=buyer, mailbox=buyer_mailbox, thread=thread, body="Der Karton für das Glas ist da.", client_id=new_id()
    )
    assert found(client, lamps, "Rücksendeetikett") == set()
    # By what is new, and by the thread's own words, it is found again; the old words are not beside them.
    assert found(client, lamps, "Karton") == {"return"}
    assert found(client, lamps, "Rücksendung") == {"return"}
    html = client.get("/messages/", {"q": "Rücksendung"}).content.decode()
    assert "Rücksendeetikett" not in html
    if way == "indexed":
        actions.build_index(mailbox=shop, by="test", anew=True)
        assert found(client, lamps, "Rücksendeetikett") == set()
    # The other side keeps everything.
    assert found(signed_in(buyer), lamps, "Rücksendeetikett") == {"return"}


@pytest.mark.parametrize("query", ["before:0001-01-01", "after:0001-01-01", "before:9999-12-31"])
def test_a_day_that_no_clock_knows_still_gives_a_list(
    signed_in: SignIn, seller: User, lamps: dict[str, Thread], query: str
) -> None:
    assert signed_in(seller).get("/messages/", {"q": query}).status_code == 200


def test_reading_goes_on_until_the_page_is_full_or_the_mailbox_ends(
    lamps: dict[str, Thread], signed_in: SignIn, seller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few threads are read at a time, each is found once, in the list's order, and a page is one page."""
    client = signed_in(seller)

    def pages(query: str) -> list[list[str]]:
        names, url = [], f"/messages/?{query}"
        while url:
            context = client.get(url).context
            names.append([next(name for name in lamps if lamps[name].pk == row.id) for row in context["rows"]])
            url = context["next_url"]
        return names

    monkeypatch.setattr(finding, "READ_FIRST", 1)
    monkeypatch.setattr(finding, "READ_LATER", 2)
    assert pages("q=Leuchte") == [["colour", "invoice", "return", "delivery"]]
    assert pages("q=Leuchte&sort=oldest") == [["delivery", "return", "invoice", "colour"]]
    monkeypatch.setattr(settings, "PAGE_THREADS", 2)
    assert pages("q=Leuchte") == [["colour", "invoice"], ["return", "delivery"]]
    monkeypatch.setattr(finding, "MOST_READ", 3)
    answer = client.get("/messages/?q=Leuchte&sort=oldest&order=302-0000003")
    assert "Only the newest conversations were searched" not in answer.content.decode()
    assert "Only the newest conversations were searched" in client.get("/messages/?q=Nirgendwo").content.decode()
