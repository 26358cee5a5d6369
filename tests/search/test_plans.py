"""PostgreSQL's plans: a word is looked up in the token index, and nothing reads the whole table."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messagecenter.ids import new_id
from messagecenter.search import index, words
from messagecenter.search.index import Document
from messagecenter.search.query import parse

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="how SQLite reads is fixed by the statements"),
]

NOON = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
PAKET = words.key_of("paket")
WORDS = [f"w{number}x" for number in range(400)]


@pytest.fixture
def mailbox_id():
    """Two mailboxes with 6,000 messages each; "paket" is in every one, "lamp" in every third."""
    chance = random.Random(5)
    ids = [new_id(), new_id()]
    for mailbox_id in ids:
        documents = []
        for number in range(6000):
            keys = {PAKET, *chance.sample(WORDS, 15)} | ({"lamp"} if number % 3 == 0 else set())
            documents.append(Document(mailbox_id, new_id(), new_id(), NOON + dt.timedelta(minutes=number), keys))
        index.add(documents)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_indexedmessage")
    return ids[0]


def plans(ask):
    """Return the plan of each query ``ask`` sends."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    found = []
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute("EXPLAIN " + query["sql"])
            found.append("\n".join(line for (line,) in cursor.fetchall()))
    return found


ASKED = ["w7x", "lamp", "paket", "unheard", "lamp w7x", "w7x -lamp", "paket lamp", "unheard paket", "lampenschirm"]


def test_words_are_looked_up_in_the_token_index(mailbox_id):
    asks = [(ask, parse(typed).terms) for typed in ASKED for ask in (index.few, index.everywhere)]
    found = [plan for ask, terms in asks for plan in plans(lambda ask=ask, terms=terms: ask(mailbox_id, terms))]
    assert len(found) >= len(asks)
    for plan in found:
        assert "Bitmap Index Scan on search_tokens" in plan or "indexed_message_thread" in plan
        assert "Seq Scan on search_indexedmessage" not in plan
        assert not [line for line in plan.splitlines() if "Index Cond" in line and "mailbox" in line]


def asked(raw):
    """Run a statement that is a part of others."""
    with connection.cursor() as cursor:
        cursor.execute(raw.sql, raw.params)


def test_threads_are_looked_up_by_their_ids(mailbox_id):
    newest = list(index.everywhere(mailbox_id, parse("paket").terms))[:200]
    assert len(newest) == 200
    for terms in (parse("lamp").terms, parse("-lamp").terms):
        named = index.newest_with(mailbox_id, newest, terms)
        for ask in (lambda terms=terms: index.among(mailbox_id, newest, terms), lambda named=named: asked(named)):
            (plan,) = plans(ask)
            # Which of the two is cheaper depends on what the planner knows; the table is never read whole.
            assert "indexed_message_thread" in plan or "Bitmap Index Scan on search_tokens" in plan, plan
            assert "Seq Scan" not in plan


def test_no_statistics_tell_of_tokens(mailbox_id):
    with connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_stats WHERE tablename = 'search_indexedmessage' AND attname = 'tokens'")
        assert cursor.fetchall() == []
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'search_tokens'")
        assert cursor.fetchone() == (["fastupdate=off"],)
