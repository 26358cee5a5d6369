"""The index on PostgreSQL: a ``bigint[]`` of tokens under GIN. Statements only; what they mean stands in ``index``.

The planner knows nothing of the tokens (the column has no statistics), so its plan is the same for every word. The
test of the mailbox is kept out of its sight, outside a materialised query: tokens of one mailbox are found in no
other, and a planner that saw the test would combine a word's few rows with all of the mailbox's. Without fastupdate
no sender has to wait for a pending list to be worked off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection

from messagecenter.search.tokens import Asked, Found, Row

Parameters = list[Any]

# What the GIN index is for.
HAS_ANY = "tokens && %s::bigint[]"


def add(rows: Sequence[Row]) -> None:
    """Insert rows."""
    values = ", ".join(["(%s, %s, %s, %s, %s::bigint[])"] * len(rows))
    sql = f"INSERT INTO search_indexedmessage (at, mailbox_id, thread_id, message_id, tokens) VALUES {values}"  # noqa: S608 (placeholders)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in (*row[:4], _array(row.tokens))])


def among(thread_ids: list[UUID], asked: Asked) -> Found:
    """Return which of these threads have what is asked, by their rows."""
    return dict(_threads(asked, "thread_id = ANY(%s)", [thread_ids]) or ())


def few(asked: Asked, limit: int) -> Found | None:
    """Return the threads that have what is asked, None when more than ``limit`` messages have its rarest term."""
    if len(asked.clauses) == 1 and not asked.without:
        found = _threads(asked, HAS_ANY, [asked.clauses[0].any], limit=limit)
        return None if found is None else dict(found)
    return _rare(asked, limit)


def everywhere(asked: Asked, most: int) -> Found:
    """Return the newest threads that have what is asked, by all rows with any of it; nothing is ruled out yet."""
    tokens = [token for clause in asked.clauses for token in clause.any]
    return dict(_threads(replace(asked, without=[]), HAS_ANY, [tokens], most=most) or ())


def newest(thread_ids: list[UUID], asked: Asked, most: int) -> tuple[str, Parameters]:
    """Return the statement for the ids of each thread's newest ``most`` rows that have any of it."""
    own, parameters = _own(thread_ids, asked)
    place = "row_number() OVER (PARTITION BY thread_id ORDER BY at DESC, id DESC)"
    sql = f"SELECT message_id FROM (SELECT message_id, {place} AS place {own}) placed WHERE place <= %s"  # noqa: S608
    return sql, [*parameters, most]


def _own(thread_ids: list[UUID], asked: Asked) -> tuple[str, Parameters]:
    """Return the part of a statement that says which rows of these threads are the mailbox's and have any of it."""
    has, parameters = (HAS_ANY, [asked.tokens]) if asked.clauses else ("true", [])
    sql = (
        f"FROM (SELECT *, {has} AS has FROM search_indexedmessage "  # noqa: S608
        "WHERE thread_id = ANY(%s) OFFSET 0) own WHERE mailbox_id = %s AND has"
    )
    return sql, [*parameters, thread_ids, asked.mailbox_id]


def test(asked: Asked) -> tuple[str, Parameters]:
    """Return what to ask of one thread, with ``{thread}`` for its id: 2 when it has it for certain, 1, or NULL."""
    looks, looked, certain, having = _looks(asked)
    own = (
        f"SELECT {', '.join(looks) or '1'} FROM search_indexedmessage WHERE thread_id = {{thread}} AND mailbox_id = %s"  # noqa: S608
    )
    sql = (
        f"(SELECT CASE WHEN {' AND '.join(['count(*) > 0', *having])} "  # noqa: S608 (placeholders)
        f"THEN CASE WHEN {certain or asked.is_certain} THEN 2 ELSE 1 END END FROM ({own} OFFSET 0) own)"
    )
    return sql, [*looked, asked.mailbox_id]


def _rare(asked: Asked, limit: int) -> Found | None:
    """Return the threads that have what is asked, None when each clause is in more messages than ``limit``.

    Each clause is counted up to one more than that, outside a materialised query: beside the test a limit would make
    the planner read the whole table in the hope of soon having enough. Then only the rarest one's threads are looked
    at, as an array: a join would be planned for as many as the planner guesses.
    """
    numbers = range(len(asked.clauses))
    having_any = f"SELECT thread_id FROM search_indexedmessage WHERE {HAS_ANY}"  # noqa: S608 (no names but ours)
    hits = [f"hit{one} AS MATERIALIZED ({having_any})" for one in numbers]
    counts = [f"(SELECT count(*) FROM (SELECT 1 FROM hit{one} LIMIT %s) counted) AS n{one}" for one in numbers]  # noqa: S608
    least = f"LEAST({', '.join(f'n{one}' for one in numbers)})"
    # Of equally rare ones the first.
    chosen = [
        " AND ".join([f"n{one} = {least}", f"n{one} <= %s", *(f"n{other} > n{one}" for other in range(one))])
        for one in numbers
    ]
    rarest = [f"SELECT thread_id FROM hit{one} WHERE (SELECT {chosen[one]} FROM size)" for one in numbers]  # noqa: S608
    looks, looked, certain, having = _looks(asked)
    sql = (
        f"WITH {', '.join(hits)}, size AS MATERIALIZED (SELECT {', '.join(counts)}), "  # noqa: S608 (placeholders)
        f"own AS MATERIALIZED (SELECT {', '.join(['thread_id, mailbox_id, at', *looks])} FROM search_indexedmessage "
        f"WHERE thread_id = ANY(ARRAY({' UNION ALL '.join(rarest)}))) "
        f"SELECT thread_id, is_certain, {least} FROM size LEFT JOIN ("
        f"SELECT thread_id, {certain or asked.is_certain} AS is_certain, max(at) AS at FROM own WHERE mailbox_id = %s "
        f"GROUP BY thread_id HAVING {' AND '.join(having)}) found ON true ORDER BY at DESC, thread_id DESC"
    )
    parameters: Parameters = [clause.any for clause in asked.clauses]
    parameters += [limit + 1] * len(numbers) + looked + [limit] * len(numbers) + [asked.mailbox_id]
    rows = _fetch(sql, parameters)
    if rows[0][2] > limit:
        return None
    return {thread_id: is_certain for thread_id, is_certain, _ in rows if thread_id is not None}


def _looks(asked: Asked) -> tuple[list[str], Parameters, str, list[str]]:
    """Return what to look at in each row's tokens, its parameters, and what that says of a thread's rows together:
    when a thread is certain ("" when never), and the conditions for it."""
    numbers = range(len(asked.clauses))
    looks = [f"{HAS_ANY} AS any{number}" for number in numbers]
    looked: Parameters = [clause.any for clause in asked.clauses]
    if asked.is_certain:
        looks += [f"{HAS_ANY} AS certain{number}" for number in numbers]
        looked += [clause.certain for clause in asked.clauses]
    if asked.without:
        looks.append(f"{HAS_ANY} AS without")
        looked.append(asked.without)
    certain = " AND ".join(f"bool_or(certain{number})" for number in numbers) if asked.is_certain else ""
    having = [f"bool_or(any{number})" for number in numbers] + ["NOT bool_or(without)"] * bool(asked.without)
    return looks, looked, certain, having


def _threads(
    asked: Asked, test: str, parameters: Parameters, *, most: int | None = None, limit: int | None = None
) -> list[tuple[UUID, bool]] | None:
    """Return the newest ``most`` threads among the rows that pass a test; None when those are more than ``limit``.

    Each row's tokens are looked at once and left behind: what is sorted and grouped is narrow.
    """
    looks, looked, certain, having = _looks(asked)
    count = "(SELECT count(*) FROM (SELECT 1 FROM hit LIMIT %s) counted)" if limit is not None else "NULL"
    sql = (
        f"WITH hit AS MATERIALIZED (SELECT {', '.join(['thread_id, mailbox_id, at', *looks])} "  # noqa: S608 (placeholders)
        f"FROM search_indexedmessage WHERE {test}) "
        f"SELECT thread_id, {certain or asked.is_certain}, {count} "
        "FROM (SELECT * FROM hit LIMIT %s) own WHERE mailbox_id = %s "
        f"GROUP BY thread_id HAVING {' AND '.join(having) or 'true'} ORDER BY max(at) DESC, thread_id DESC LIMIT %s"
    )
    cut = None if limit is None else limit + 1
    counted = [] if limit is None else [cut]
    rows = _fetch(sql, [*looked, *parameters, *counted, cut, asked.mailbox_id, most])
    if limit is not None and rows and rows[0][2] > limit:
        return None
    return [(thread_id, is_certain) for thread_id, is_certain, _ in rows]


def _array(tokens: list[int]) -> str:
    """Return tokens as PostgreSQL writes an array: the driver takes 0.1 ms longer to do the same."""
    return "{" + ",".join(map(str, tokens)) + "}"


def _fetch(sql: str, parameters: Parameters) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
