"""Makes the search index's rows: the tokens that ``search.index.add`` would make, each word's remembered.

And lets PostgreSQL take them in by the thousands: its index for words is made so that no sender ever waits, which costs
five times as much a row as putting in many at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from uuid import UUID

from django.db import ProgrammingError, connection

from messagecenter.search.models import IndexedMessage
from messagecenter.search.tokens import Blinder
from messagecenter.search.words import keys_of

from .conversations import Conversation, findable
from .rows import Maker

_INDEXED = Maker(IndexedMessage)
SHORT = 3  # letters: days and amounts of that length come again
PENDING_KIB, WORK_MEMORY = 32 * 1024, "128MB"


class Tokens:
    """One mailbox's tokens. A long word with a digit in it rarely comes twice and is not remembered."""

    def __init__(self, mailbox_id: UUID, *, remembers: bool = True) -> None:
        self._token = Blinder(mailbox_id).token
        self._known: dict[str, tuple[int, ...]] = {}
        self._remembers = remembers

    def of(self, texts: Iterable[str]) -> list[int]:
        """Return the tokens of some texts, in ascending order. What makes a word never holds a blank."""
        known, found = self._known, set[int]()
        for text in texts:
            for typed in text.split():
                tokens = known.get(typed)
                found.update(self._tokens_of(typed) if tokens is None else tokens)
        return sorted(found)

    def _tokens_of(self, typed: str) -> tuple[int, ...]:
        comes_again = len(typed) <= SHORT or not any(map(str.isdigit, typed))
        tokens = tuple(map(self._token, _keys_of(typed) if comes_again else keys_of([typed])))
        if self._remembers and comes_again:
            self._known[typed] = tokens
        return tokens


@lru_cache(maxsize=20_000)
def _keys_of(typed: str) -> frozenset[str]:
    return keys_of([typed])


def indexed(talk: Conversation, tokens: Tokens) -> Iterator[IndexedMessage]:
    """Yield a thread's rows for the shop."""
    mailbox_id, thread_id = talk.shop.mailbox_id, talk.thread.pk
    for said in talk.said:
        yield _INDEXED(
            at=said.message.sent_at,
            mailbox_id=mailbox_id,
            thread_id=thread_id,
            message_id=said.message.pk,
            tokens=tokens.of(findable(talk, said)),
        )


@contextmanager
def taking_many() -> Iterator[None]:
    """Let the index for words collect what comes in and sort it in later; at the end it is made anew, as it was.

    What it collects in lies in the index, which never gives such pages back: without the last step it would be up to
    five times as large as one that has grown message by message.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    try:
        _execute("ALTER INDEX search_tokens SET (fastupdate = on)")
    except ProgrammingError:  # another role's index: slower, and as good
        yield
        return
    try:
        yield
    finally:
        _execute("ALTER INDEX search_tokens SET (fastupdate = off)")
        _execute("REINDEX INDEX search_tokens")


def collect_much() -> None:
    """Let this process's connection collect more before it sorts, while many are taken."""
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        _execute(f"SET gin_pending_list_limit = {PENDING_KIB}")
        _execute(f"SET work_mem = '{WORK_MEMORY}'")
        _execute("SET synchronous_commit = off")


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
