"""The index gives what reading every text would give, keeps to its mailbox, and forgets."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messagecenter.ids import new_id
from messagecenter.search import index, words
from messagecenter.search.index import Document
from messagecenter.search.models import IndexedMessage
from messagecenter.search.query import parse
from messagecenter.search.terms import matches
from messagecenter.vault.actions import destroy_keys
from messagecenter.vault.errors import Erased
from messagecenter.vault.keyring import INDEX
from tests.search.texts import texts

NOON = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)


@dataclass
class Shelf:
    """A mailbox and its threads; each thread is a list of messages, each message a list of texts."""

    mailbox_id: UUID
    threads: list[list[list[str]]]

    def __post_init__(self) -> None:
        self.ids = [new_id() for _ in self.threads]
        self.texts = {}
        documents: list[Document] = []
        for number, (thread_id, messages) in enumerate(zip(self.ids, self.threads, strict=True)):
            for message in messages:
                message_id = new_id()
                self.texts[message_id] = message
                at = NOON + dt.timedelta(minutes=number, seconds=len(documents))
                documents.append(Document(self.mailbox_id, thread_id, message_id, at, words.keys_of(message)))
        index.add(documents)

    def numbers(self, found):
        """Return found threads by their number."""
        return [self.ids.index(thread_id) for thread_id in found]

    def checked(self, found, terms):
        """Return the numbers of the found threads that have it, asking the text only where the index is not certain."""
        named = self.named(terms, [one for one in found if not found[one]])
        return {
            self.ids.index(thread_id)
            for thread_id, is_certain in found.items()
            if is_certain or matches((self.texts[message] for message in named.get(thread_id, [])), terms)
        }

    def named(self, terms, ids=None):
        """Return by thread the newest messages that may hold anything looked for, as the index names them."""
        rows = IndexedMessage.objects.filter(
            message_id__in=index.newest_with(self.mailbox_id, ids or self.ids, terms, 99)
        )
        found: dict[uuid.UUID, list[uuid.UUID]] = {}
        for row in rows.filter(mailbox_id=self.mailbox_id).order_by("-at", "-id"):
            found.setdefault(row.thread_id, []).append(row.message_id)
        return found

    def brute(self, terms):
        """Return the numbers of the threads that have it, by reading everything."""
        return {number for number, messages in enumerate(self.threads) if matches(messages, terms)}


LAMPS = [
    [
        ["Rücksendung einer Lampe", "Die Lampe flackert, ich möchte sie zurückgeben."],
        ["Das Rücksendeetikett liegt bei."],
    ],
    [["Where is my order?", "The delivery of 302-1234567-7654321 is late."], ["It was delivered yesterday."]],
    [["Lampenschirm", "Passt der Schirm auf die Lampe?"]],
    [["Rechnung", "Bitte eine Rechnung an anna@buyer.example"], ["Rechnung_2026-03.pdf"]],
]


@pytest.fixture
def shelf(db):
    return Shelf(new_id(), LAMPS)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("lampen", [2, 0]),
        ("Lampe Rücksendung", [0]),
        ("flackert Rücksendeetikett", [0]),
        ("Rücksende", [0]),
        ("Lampen -Rücksendung", [2]),
        ("late yesterday", [1]),
        ("302-1234567-7654321", [1]),
        ("7654321", [1]),
        ("30212345677654321", [1]),
        ("1234567-7654321", [1]),
        ("anna@buyer.example", [3]),
        ("Rechnung_2026-03", [3]),
        ("Straße", []),
    ],
)
def test_threads_are_found(shelf, typed, found):
    terms = parse(typed).terms
    for answer in (
        index.among(shelf.mailbox_id, shelf.ids, terms),
        index.few(shelf.mailbox_id, terms),
        index.everywhere(shelf.mailbox_id, terms),
    ):
        assert [number for number in shelf.numbers(answer) if number in shelf.checked(answer, terms)] == found


def test_words_alone_are_certain_and_the_rest_is_asked(shelf):
    def certain(typed):
        return {shelf.ids.index(one): sure for one, sure in index.few(shelf.mailbox_id, parse(typed).terms).items()}

    assert certain("Lampe") == {2: True, 0: True}
    assert certain("Rücksende") == {0: True}  # "Rücksendung" has the same stem
    assert certain("Rücksendeeti") == {0: False}
    assert certain("Rückseite Lampe") == {0: False}  # the same five letters
    assert certain("Lampensch") == {2: False}
    assert certain('"Schirm auf"') == {2: False}
    assert certain("302-1234567-7654321") == {1: True}
    assert certain("1234567-7654321") == {1: False}


def test_stop_words_alone_leave_every_thread_to_be_read(shelf):
    terms = parse("der").terms
    assert index.few(shelf.mailbox_id, terms) is None
    assert index.everywhere(shelf.mailbox_id, terms) == {}
    answer = index.among(shelf.mailbox_id, shelf.ids, terms)
    assert answer == dict.fromkeys(reversed(shelf.ids), False)
    assert shelf.checked(answer, terms) == shelf.brute(terms) == {2}


def test_the_newest_messages_with_a_word_are_named_first(shelf):
    terms = parse("Rechnung").terms
    messages = shelf.named(terms)
    assert list(messages) == [shelf.ids[3]]
    assert [shelf.texts[message][0] for message in messages[shelf.ids[3]]] == ["Rechnung_2026-03.pdf", "Rechnung"]


def test_other_mailboxes_rows_are_never_found(shelf):
    other = Shelf(new_id(), LAMPS)
    terms = parse("Lampe").terms
    assert set(index.everywhere(shelf.mailbox_id, terms)) == {shelf.ids[0], shelf.ids[2]}
    assert index.among(shelf.mailbox_id, other.ids, terms) == {}
    assert shelf.named(terms, other.ids) == {}
    tokens = [set(row.tokens) for row in IndexedMessage.objects.filter(thread_id__in=[shelf.ids[2], other.ids[2]])]
    assert tokens[0].isdisjoint(tokens[1])


def test_rows_of_another_mailbox_with_equal_tokens_are_not_taken(shelf):
    IndexedMessage.objects.filter(thread_id=shelf.ids[0]).update(mailbox_id=new_id())
    terms = parse("Lampe").terms
    assert set(index.few(shelf.mailbox_id, terms)) == {shelf.ids[2]}
    assert set(index.among(shelf.mailbox_id, shelf.ids, terms)) == {shelf.ids[2]}
    assert set(shelf.named(terms)) == {shelf.ids[2]}


def test_both_sides_of_a_thread_find_it_by_themselves(shelf):
    other_id = new_id()
    index.add([Document(other_id, shelf.ids[1], new_id(), NOON, words.keys_of(["only theirs"]))])
    assert set(index.few(other_id, parse("theirs").terms)) == {shelf.ids[1]}
    assert index.few(other_id, parse("delivery").terms) == {}
    assert index.forget_thread(shelf.mailbox_id, shelf.ids[1]) == 2
    assert set(index.few(other_id, parse("theirs").terms)) == {shelf.ids[1]}


def test_forgotten_threads_messages_and_mailboxes_are_not_found(shelf):
    newest = shelf.named(parse("Rechnung").terms)[shelf.ids[3]][0]
    assert index.forget_messages([newest], thread_id=shelf.ids[3]) == 1
    assert index.few(shelf.mailbox_id, parse("pdf").terms) == {}
    assert index.forget_thread(shelf.mailbox_id, shelf.ids[0]) == 2
    assert index.forget_everywhere(shelf.ids[1]) == 2
    assert set(index.few(shelf.mailbox_id, parse("Lampe").terms)) == {shelf.ids[2]}
    assert index.few(shelf.mailbox_id, parse("delivery").terms) == {}
    assert index.forget_mailbox(shelf.mailbox_id) == 2
    assert index.few(shelf.mailbox_id, parse("Lampe").terms) == {}


def test_added_in_a_transaction_that_is_taken_back_is_not_there(shelf):
    with transaction.atomic():
        index.add([Document(shelf.mailbox_id, new_id(), new_id(), NOON, words.keys_of(["Zauberstab"]))])
        transaction.set_rollback(True)
    assert index.few(shelf.mailbox_id, parse("Zauberstab").terms) == {}


def test_common_words_are_left_to_the_newest_threads(shelf, monkeypatch):
    monkeypatch.setattr(index, "COMMON", 2)
    assert index.few(shelf.mailbox_id, parse("Lampe").terms) is not None
    assert index.few(shelf.mailbox_id, parse("Rechnung").terms) is not None
    monkeypatch.setattr(index, "COMMON", 1)
    assert index.few(shelf.mailbox_id, parse("Lampe").terms) is None
    assert shelf.numbers(index.few(shelf.mailbox_id, parse("Lampe flackert").terms)) == [0]
    assert shelf.numbers(index.everywhere(shelf.mailbox_id, parse("Lampe").terms)) == [2, 0]
    assert shelf.numbers(index.everywhere(shelf.mailbox_id, parse("Lampe").terms, most=1)) == [2]
    assert shelf.numbers(index.everywhere(shelf.mailbox_id, parse("Lampe -Rücksendung").terms)) == [2]


def test_an_erased_key_ends_the_index(shelf):
    destroy_keys(purpose=INDEX, owner_id=shelf.mailbox_id, by="a test")
    with pytest.raises(Erased):
        index.few(shelf.mailbox_id, parse("Lampe").terms)
    with pytest.raises(Erased):
        index.add([Document(shelf.mailbox_id, new_id(), new_id(), NOON, {"lamp"})])


@pytest.mark.parametrize("count", [1, 60])
def test_queries_are_few_and_always_the_same(shelf, count):
    documents = [Document(shelf.mailbox_id, new_id(), new_id(), NOON, {"lamp", "pink"}) for _ in range(count)]
    ids = [document.thread_id for document in documents]
    terms = parse("Lampe pink -kaputt").terms
    with CaptureQueriesContext(connection) as queries:
        index.add(documents)
        index.among(shelf.mailbox_id, ids, terms)
        index.few(shelf.mailbox_id, terms)
    # The key is in memory.
    assert len(queries) == 1 + 1 + 1


def test_nothing_given_asks_nothing(shelf, django_assert_num_queries):
    with django_assert_num_queries(0):
        index.add([])
        assert index.among(shelf.mailbox_id, [], parse("Lampe").terms) == {}


messages = st.lists(texts(), min_size=1, max_size=2)
shelves = st.lists(st.lists(messages, min_size=1, max_size=3), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shelves, st.lists(texts(), min_size=1, max_size=6), st.sampled_from([0, 1, 2000]))
def test_index_gives_what_reading_everything_gives(db, monkeypatch, threads, queries, common):
    monkeypatch.setattr(index, "COMMON", common)
    shelf = Shelf(new_id(), threads)
    for typed in queries:
        terms = parse(typed).terms
        expected = shelf.brute(terms)
        among = index.among(shelf.mailbox_id, shelf.ids, terms)
        assert shelf.checked(among, terms) == expected
        if terms.clauses:
            everywhere = index.everywhere(shelf.mailbox_id, terms)
            assert shelf.checked(everywhere, terms) == expected
            few = index.few(shelf.mailbox_id, terms)
            assert few is None or shelf.checked(few, terms) == expected
            named = shelf.named(terms)
            assert {
                shelf.ids.index(one) for one, found in named.items() if matches([shelf.texts[i] for i in found], terms)
            } == expected
