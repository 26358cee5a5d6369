"""Filing of all that match search words: read or asked of the index, in batches, given back, and kept from readers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.threads import actions
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.finding import READ_AT_ONCE, find_words
from messagecenter.threads.matching import matching_run, wanted_in
from messagecenter.threads.models import Entry, FiledEntry, FilingRun, Place, Thread
from tests.factories import ProductFactory
from tests.threads.shelves import counts_of, drifted, shelve

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
LAMPS, VASES = 2 * READ_AT_ONCE + 10, READ_AT_ONCE


@pytest.fixture
def shelf(shop: Mailbox, buyer_mailbox: Mailbox) -> list[Thread]:
    """130 threads about a lamp and, in between, 60 about a vase; only the lamps' are returned."""
    lamp, vase = ProductFactory(shop=shop, title="Oak lamp"), ProductFactory(shop=shop, title="Blue vase")
    lamps = shelve(shop, buyer_mailbox, lamp, LAMPS // 2)
    shelve(shop, buyer_mailbox, vase, VASES)
    return lamps + shelve(shop, buyer_mailbox, lamp, LAMPS - LAMPS // 2)


def archived(shop: Mailbox) -> set[uuid.UUID]:
    """Return the threads in the archive."""
    return set(Entry.objects.filter(mailbox=shop, place=Place.ARCHIVE).values_list("thread", flat=True))


def finish(run: FilingRun) -> int:
    """Let workers do what is left of a run; return how many batches that took."""
    batches = 1
    while actions.advance(run_id=run.pk, matching=matching_run):
        batches += 1
    run.refresh_from_db()
    return batches


def test_all_that_hold_the_words_are_filed_in_batches_and_given_back(
    shelf: list[Thread], seller: User, shop: Mailbox
) -> None:
    begun = counts_of(shop)
    query = {"box": "all", "q": "lamp -vase"}
    run = actions.start_run(by=seller, mailbox=shop, query=query, filing=Filing(Verb.ARCHIVE))
    assert actions.advance(run_id=run.pk, matching=matching_run) is True
    run.refresh_from_db()
    assert (run.state, run.done, run.looked_at) == ("running", READ_AT_ONCE, READ_AT_ONCE)
    assert finish(run) == 3
    assert (run.state, run.done, run.looked_at) == ("done", LAMPS, LAMPS + VASES)
    assert archived(shop) == {thread.pk for thread in shelf}
    actions.undo_run(by=seller, run=run)
    finish(run)
    assert (archived(shop), counts_of(shop)) == (set(), begun)
    assert drifted(shop) == []


def test_the_words_are_not_readable_at_rest(shelf: list[Thread], seller: User, shop: Mailbox) -> None:
    run = actions.start_run(by=seller, mailbox=shop, query={"q": "kartoffelsack"}, filing=Filing(Verb.STAR))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM threads_filingrun")
        assert "kartoffelsack" not in json.dumps(cursor.fetchall(), default=str).casefold()
    assert actions.query_of(FilingRun.objects.get(pk=run.pk)) == {"q": "kartoffelsack"}


def test_words_that_cannot_be_read_any_more_stop_the_run(shelf: list[Thread], seller: User, shop: Mailbox) -> None:
    """Without them the filter would mean everything."""
    run = actions.start_run(by=seller, mailbox=shop, query={"q": "lamp"}, filing=Filing(Verb.ARCHIVE))
    other = actions.start_run(by=seller, mailbox=shop, query={"q": "vase"}, filing=Filing(Verb.ARCHIVE))
    run.query = run.query | {"sought": other.query["sought"]}  # moved: it is bound to its row
    run.save()
    finish(run)
    assert (run.state, run.done, archived(shop)) == ("stopped", 0, set())


def test_many_are_filed_in_the_background_and_few_at_once(
    signed_in: SignIn, shelf: list[Thread], seller: User, shop: Mailbox
) -> None:
    client, as_script = signed_in(seller), {"HTTP_ACCEPT": "application/json"}
    posted = {"all": "1", "verb": "archive", "query": "q=lamp"}
    told = client.post("/messages/file/", posted, **as_script).json()
    assert (told["state"], told["done"], told["total"]) == ("waiting", 0, None)
    finish(FilingRun.objects.get())
    assert client.get(told["progress"], **as_script).json()["done"] == LAMPS
    posted = {"all": "1", "verb": "star", "query": f"q=vase&other={uuid.uuid4()}"}
    assert client.post("/messages/file/", posted, **as_script).json()["state"] == "done"
    assert Entry.objects.filter(mailbox=shop, is_starred=True).count() == 0


TEXTS = [
    ("Lieferung", "Wann kommt die Stehlampe?"),
    ("Farbe", "Gibt es die Stehlampe in Dunkelgrün?"),
    ("Rechnung", "Please send the invoice for the lamp."),
    ("Rücksendung", "Die Lampe blinkt, was nun?"),
]
SEARCHES = ["stehlampe", "lampe -stehlampe", '"die stehlampe in"', "invoice", "lamp*", "-stehlampe", "after:2001 lampe"]


@pytest.mark.parametrize("query", SEARCHES)
@pytest.mark.parametrize("way", ["read", "indexed"])
def test_a_run_files_what_the_list_shows(
    seller: User, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox, query: str, way: str
) -> None:
    for subject, body in TEXTS:
        product = ProductFactory(shop=shop, title="Leuchte")
        actions.open_thread(
            by=buyer,
            mailbox=buyer_mailbox,
            product=product,
            topic="details",
            subject=subject,
            body=body,
            client_id=new_id(),
        )
    if way == "indexed":
        actions.build_index(mailbox=shop, by="test")
    wanted = wanted_in({"q": query})
    listed = find_words(Entry.objects.visible_to(seller), wanted, mailbox=shop, reader=seller).page.rows
    run = actions.start_run(by=seller, mailbox=shop, query=wanted.as_data(), filing=Filing(Verb.STAR))
    finish(run)
    starred = Entry.objects.filter(mailbox=shop, is_starred=True)
    assert sorted(starred.values_list("thread", flat=True)) == sorted(row.id for row in listed)
    assert FiledEntry.objects.filter(run=run).count() == len(listed) == run.done
