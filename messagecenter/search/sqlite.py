"""The index on SQLite: an FTS5 table without content or positions. Statements only; what they mean stands in ``index``.

Triggers keep it in step with the rows, however those come and go. SQLite before 3.43 takes a row out of such a table
only when it is told what was in it, so the rows keep their tokens too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from messagecenter.search.models import written
from messagecenter.search.tokens import Asked, Found, Row

# SQLite takes 32,766 parameters a statement.
ROWS_AT_ONCE = 5000

NOTHING = '"none"'  # real ones are longer
IS_IN = "id IN (SELECT rowid FROM search_tokens WHERE search_tokens MATCH %s)"


def add(rows: Sequence[Row]) -> None:
    """Insert rows; the trigger writes the index."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(some))
        sql = f"INSERT INTO search_indexedmessage (at, mailbox_id, thread_id, message_id, tokens) VALUES {values}"  # noqa: S608 (placeholders)
        at = connection.ops.adapt_datetimefield_value
        parameters: list[Any] = []
        for row in some:
            parameters += [at(row.at), row.mailbox_id.hex, row.thread_id.hex, row.message_id.hex]
            parameters.append(" ".join(map(written, row.tokens)))
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)


def among(thread_ids: list[UUID], asked: Asked) -> Found:
    """Return which of these threads have what is asked."""
    return _threads("thread_id IN (SELECT value FROM json_each(%s))", [_listed(thread_ids)], asked)


def few(asked: Asked, limit: int) -> Found | None:
    """Return the threads that have what is asked, None when more than ``limit`` messages have its rarest term."""
    numbers = range(len(asked.clauses))
    size = "(SELECT count(*) FROM (SELECT 1 FROM search_tokens WHERE search_tokens MATCH %s LIMIT %s))"
    sizes = ", ".join(f"{size} AS n{number}" for number in numbers)
    parameters: list[Any] = [value for clause in asked.clauses for value in (_any_of(clause.any), limit + 1)]
    # The words of the rarest, of equally rare ones the first; of common ones no word at all.
    whens = (
        "WHEN " + " AND ".join([f"n{one} <= %s", *(f"n{one} <= n{other}" for other in numbers)]) + " THEN %s"
        for one in numbers
    )
    rarest = f"(SELECT CASE {' '.join(whens)} ELSE %s END FROM size)"  # noqa: S608 (placeholders)
    rare = f"SELECT rowid FROM search_tokens WHERE search_tokens MATCH {rarest}"  # noqa: S608
    threads = f"thread_id IN (SELECT thread_id FROM search_indexedmessage WHERE id IN ({rare}))"  # noqa: S608
    of_rarest = [value for clause in asked.clauses for value in (limit, _any_of(clause.any))]
    found, values = _statement(threads, [*of_rarest, NOTHING], asked, -1)
    is_common = " AND ".join(f"n{number} > %s" for number in numbers)
    sql = (
        f"WITH size AS (SELECT {sizes}) SELECT thread_id, is_certain, is_common "  # noqa: S608 (placeholders)
        f"FROM (SELECT {is_common} AS is_common FROM size) told LEFT JOIN ({found}) found ON true "
        "ORDER BY newest DESC, thread_id DESC"
    )
    rows = _fetch(sql, [*parameters, *([limit] * len(numbers)), *values])
    if rows[0][2]:
        return None
    return {UUID(thread_id): bool(is_certain) for thread_id, is_certain, _ in rows if thread_id is not None}


def test(asked: Asked) -> tuple[str, list[Any]]:
    """Return what to ask of one thread, with ``{thread}`` for its id: 2 when it has it for certain, 1, or NULL."""
    certain, having, of_certain, of_having = _looks(asked)
    sql = (
        f"(SELECT CASE WHEN {' AND '.join(['count(*) > 0', *having])} THEN CASE WHEN {certain} THEN 2 ELSE 1 END END "  # noqa: S608
        "FROM search_indexedmessage WHERE thread_id = {thread} AND +mailbox_id = %s)"
    )
    return sql, [*of_having, *of_certain, asked.mailbox_id.hex]


def everywhere(asked: Asked, most: int) -> Found:
    """Return the newest threads that have what is asked, by all rows with any of it; nothing is ruled out yet."""
    tokens = [token for clause in asked.clauses for token in clause.any]
    asked = Asked(asked.mailbox_id, asked.clauses, [], asked.tokens, asked.is_certain)
    return _threads(IS_IN, [_any_of(tokens)], asked, most)


def newest(thread_ids: list[UUID], asked: Asked, most: int) -> tuple[str, list[Any]]:
    """Return the statement for the ids of each thread's newest ``most`` rows that have any of it."""
    own, parameters = _own(thread_ids, asked)
    place = "row_number() OVER (PARTITION BY thread_id ORDER BY at DESC, id DESC)"
    sql = f"SELECT message_id FROM (SELECT message_id, {place} AS place {own}) placed WHERE place <= %s"  # noqa: S608
    return sql, [*parameters, most]


def _own(thread_ids: list[UUID], asked: Asked) -> tuple[str, list[Any]]:
    """Return the part of a statement that says which rows of these threads are the mailbox's and have any of it."""
    has, parameters = (IS_IN, [_any_of(asked.tokens)]) if asked.clauses else ("true", [])
    sql = (
        "FROM search_indexedmessage WHERE thread_id IN (SELECT value FROM json_each(%s)) "  # noqa: S608 (no names but ours)
        f"AND mailbox_id = %s AND {has}"
    )
    return sql, [_listed(thread_ids), asked.mailbox_id.hex, *parameters]


def _threads(test: str, parameters: list[Any], asked: Asked, most: int = -1) -> Found:
    """Return the threads among the rows that pass a test that have what is asked, the newest first."""
    sql, values = _statement(test, parameters, asked, most)
    return {UUID(thread_id): bool(is_certain) for thread_id, is_certain, _ in _fetch(sql, values)}


def _statement(test: str, parameters: list[Any], asked: Asked, most: int) -> tuple[str, list[Any]]:
    """Return the statement for them."""
    certain, having, of_certain, of_having = _looks(asked)
    sql = (
        f"SELECT thread_id, {certain} AS is_certain, max(at) AS newest FROM search_indexedmessage "  # noqa: S608
        f"WHERE {test} AND +mailbox_id = %s "
        f"GROUP BY thread_id HAVING {' AND '.join(having) or 'true'} ORDER BY max(at) DESC, thread_id DESC LIMIT %s"
    )
    return sql, [*of_certain, *parameters, asked.mailbox_id.hex, *of_having, most]


def _looks(asked: Asked) -> tuple[str, list[str], list[Any], list[Any]]:
    """Return when a thread's rows together are certain, the conditions for it, and the parameters of each."""
    has = [f"max({IS_IN})"] * len(asked.clauses)
    certain = " AND ".join(has) if has and asked.is_certain else str(asked.is_certain)
    having = has + ([f"NOT max({IS_IN})"] if asked.without else [])
    of_certain = [_any_of(clause.certain) for clause in asked.clauses] if asked.is_certain else []
    of_having = [_any_of(clause.any) for clause in asked.clauses]
    return certain, having, of_certain, of_having + ([_any_of(asked.without)] if asked.without else [])


def _any_of(tokens: list[int]) -> str:
    """Return FTS5's words for "has one of these tokens"."""
    return " OR ".join(f'"{written(token)}"' for token in tokens)


def _listed(ids: list[UUID]) -> str:
    return json.dumps([one.hex for one in ids])


def _fetch(sql: str, parameters: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
