"""The index of large mailboxes: what is put in with each message, and which threads may have what is looked for.

It holds ids, times and blind tokens. Answers are a mapping of thread ids, newest first, to whether that is certain:
of the others the text must be asked (``terms.matches``, with the messages that ``newest_with`` names), because a
beginning, a phrase or a run typed with joiners cannot be told from tokens alone. Who has rows here, says
``models.IndexedMailbox``. The two databases differ in one small module each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from types import ModuleType
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Func, IntegerField
from django.db.models.expressions import RawSQL

from messagecenter.search import postgresql, sqlite
from messagecenter.search.models import IndexedMessage
from messagecenter.search.terms import Terms
from messagecenter.search.tokens import Asked, AskedClause, Blinder, Found, Row
from messagecenter.vault import macs

# A term in more messages than this is common: it is found faster among the newest threads than in the index.
COMMON = 2000
MOST_FOUND = 10_000
CERTAIN = 2  # what ``Holds`` says


@dataclass(frozen=True, slots=True)
class Document:
    """One message as one mailbox finds it. ``keys`` is ``words.keys_of`` of all its texts, the most telling first."""

    mailbox_id: UUID
    thread_id: UUID
    message_id: UUID
    at: datetime
    keys: Collection[str]


def add(documents: Iterable[Document]) -> None:
    """Put documents in, with one statement, in the caller's transaction.

    The caller adds each message once; to add it anew, it is forgotten first. Raises Erased when a mailbox's key was
    destroyed, KeyMissing or Damaged when it cannot be opened.
    """
    rows: list[Row] = []
    ordered = sorted(documents, key=lambda document: document.mailbox_id)
    macs.preload(list({document.mailbox_id for document in ordered}))
    for mailbox_id, group in groupby(ordered, key=lambda document: document.mailbox_id):
        blinder = Blinder(mailbox_id)
        rows += [
            Row(document.at, mailbox_id, document.thread_id, document.message_id, blinder.tokens(document.keys))
            for document in group
        ]
    if rows:
        rows.sort(key=lambda row: row.at)
        _backend().add(rows)


def forget_thread(mailbox_id: UUID, thread_id: UUID) -> int:
    """Take a thread out of a mailbox's index, and return how many messages of it there were."""
    return forget_threads(mailbox_id, [thread_id])


def forget_threads(mailbox_id: UUID, thread_ids: Collection[UUID]) -> int:
    """Take threads out of a mailbox's index, as before adding them anew; return how many messages there were."""
    rows = IndexedMessage.objects.filter(mailbox_id=mailbox_id, thread_id__in=thread_ids)
    return rows.delete()[0]


def forget_messages(message_ids: Collection[UUID], *, thread_id: UUID) -> int:
    """Take messages of one thread out of every mailbox's index; return how many rows there were."""
    rows = IndexedMessage.objects.filter(thread_id=thread_id, message_id__in=message_ids)
    return rows.delete()[0]


def forget_everywhere(thread_id: UUID) -> int:
    """Take a thread out of every mailbox's index, as when it is erased; return how many rows there were."""
    return IndexedMessage.objects.filter(thread_id=thread_id).delete()[0]


def forget_mailbox(mailbox_id: UUID) -> int:
    """Take everything out of a mailbox's index; return how many messages there were. Reads the whole index."""
    return IndexedMessage.objects.filter(mailbox_id=mailbox_id).delete()[0]


def among(mailbox_id: UUID, thread_ids: Collection[UUID], terms: Terms) -> Found:
    """Return which of these threads have all that is looked for, newest first. One query.

    For the newest threads of a mailbox, in growing slices: as soon as a page is full, the rest need not be asked.
    Terms without clauses (only stop words, only unwanted ones) leave all threads but those with an unwanted word.
    """
    if not thread_ids:
        return {}
    found: Found = _backend().among(list(thread_ids), _asked(mailbox_id, terms))
    return found


def few(mailbox_id: UUID, terms: Terms) -> Found | None:
    """Return all threads that have what is looked for, newest first, or None when its rarest term is common.

    One query, and quick in both cases.
    """
    asked = _asked(mailbox_id, terms)
    if not asked.clauses:
        return None
    found: Found | None = _backend().few(asked, COMMON)
    return found


def everywhere(mailbox_id: UUID, terms: Terms, most: int = MOST_FOUND) -> Found:
    """Return the newest ``most`` threads that have what is looked for, by the index alone. At most three queries.

    Nothing for terms without clauses: the index cannot find those.
    """
    asked = _asked(mailbox_id, terms)
    if not asked.clauses:
        return {}
    backend = _backend()
    found: Found | None = backend.few(asked, COMMON)
    if found is None:
        found = backend.everywhere(asked, most)
        if asked.without:
            found = backend.among(list(found), asked)
    return dict(islice(found.items(), most))


def newest_with(mailbox_id: UUID, thread_ids: Collection[UUID], terms: Terms, most: int = 3) -> RawSQL:
    """Return a query for the ids of each of these threads' newest ``most`` messages that may hold anything looked for.

    For a filter, so that the messages themselves are read in the same statement.
    """
    return RawSQL(*_backend().newest(list(thread_ids), _asked(mailbox_id, terms), most))  # noqa: S611 (our statements)


class Holds(Func):
    """What the index says of each thread: ``CERTAIN`` when it has it, 1 when its texts decide, else NULL.

    For an expression that gives the thread's id. Raises Erased, KeyMissing or Damaged.
    """

    output_field = IntegerField()

    def __init__(self, thread: F, mailbox_id: UUID, terms: Terms) -> None:
        self.sql, self.parameters = _backend().test(_asked(mailbox_id, terms))
        super().__init__(thread)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, Any]:
        """Return the statement's part."""
        thread, parameters = compiler.compile(self.source_expressions[0])
        return self.sql.replace("{thread}", thread), (*parameters, *self.parameters)


def _asked(mailbox_id: UUID, terms: Terms) -> Asked:
    """Return terms as tokens of one mailbox. Raises Erased, KeyMissing or Damaged."""
    blinder = Blinder(mailbox_id)
    return Asked(
        mailbox_id=mailbox_id,
        clauses=[AskedClause(blinder.tokens(clause.certain), blinder.tokens(clause.keys)) for clause in terms.clauses],
        without=blinder.tokens(terms.without),
        tokens=blinder.tokens(terms.keys),
        is_certain=not terms.needs_text,
    )


def _backend() -> ModuleType:
    return postgresql if connection.vendor == "postgresql" else sqlite
