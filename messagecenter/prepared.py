"""Statements that are written quickly: querysets whose SQL is made once a process, and updates of a few rows.

Django writes a queryset's SQL anew each time. For one with a dozen joins and subqueries, or a ``bulk_update`` of many
fields, that takes longer than PostgreSQL needs to answer it.
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from types import SimpleNamespace
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db import connections, router
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import Model, QuerySet
from psycopg.sql import Literal

Answer = TypeVar("Answer")
Value = UUID | datetime
PLACEHOLDER = re.compile("%%|%s")
MOST_KEPT = 200  # shapes of one queryset
# What stands for the values while the SQL is made: nothing real is equal to one of these.
STAND_IN_ID = 0x5EED_0000_0000_4000_8000_0000_0000_0000
STAND_IN_MOMENT = datetime(9001, 1, 1, tzinfo=UTC)


def prepared(build: Callable[..., QuerySet[Any, Answer]]) -> Callable[..., list[Answer]]:
    """Return a function that gives the rows of the queryset ``build`` makes, its SQL made on the first call.

    Positional arguments are ids (UUIDs) and aware moments, which become parameters of the SQL; ``build`` may do with
    them only what passes them on unchanged. Keyword arguments are its shape: whatever else decides what the SQL looks
    like, hashable. A value that does not stand in the SQL raises ValueError.
    """
    return _decorated(build, keeps_plan=False)


def planned(build: Callable[..., QuerySet[Any, Answer]]) -> Callable[..., list[Answer]]:
    """Do as ``prepared``, and let PostgreSQL keep the plan as long as the connection lives.

    Only for what finds a handful of rows by keys: the plan is the same for every value. A list of a mailbox, whether of
    ten threads or a million, needs one of its own.
    """
    return _decorated(build, keeps_plan=True)


def _decorated(build: Callable[..., QuerySet[Any, Answer]], *, keeps_plan: bool) -> Callable[..., list[Answer]]:
    kept: dict[tuple[Any, ...], _Plan] = {}
    lock = threading.Lock()

    @wraps(build)
    def rows(*values: Value, **shape: Any) -> list[Any]:
        key = (*map(type, values), *sorted(shape.items()))
        plan = kept.get(key)
        if plan is None:
            plan = _Plan(build, values, shape, keeps_plan=keeps_plan)
            with lock:
                if len(kept) >= MOST_KEPT:
                    kept.clear()
                kept[key] = plan
        return plan.rows(values)

    return rows


def update_rows(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Write these fields of rows of one model in one statement, as ``bulk_update`` does with plain values."""
    if not rows or not names:
        return
    meta: Any = rows[0]._meta
    connection = connections[router.db_for_write(type(rows[0]))]
    quote = connection.ops.quote_name
    keys = [meta.pk.get_db_prep_save(row.pk, connection) for row in rows]
    whens = " ".join(["WHEN %s THEN %s"] * len(rows))
    columns, parameters = [], []
    for name in names:
        field = meta.get_field(name)
        # Where every value is NULL, PostgreSQL could not tell the type.
        cast_to = f"::{field.db_type(connection)}" if connection.vendor == "postgresql" else ""
        columns.append(f"{quote(field.column)} = (CASE {quote(meta.pk.column)} {whens} END){cast_to}")
        for key, row in zip(keys, rows, strict=True):
            parameters += [key, field.get_db_prep_save(getattr(row, field.attname), connection)]
    places = ", ".join(["%s"] * len(rows))
    sql = f"UPDATE {quote(meta.db_table)} SET {', '.join(columns)} WHERE {quote(meta.pk.column)} IN ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, *keys])


class _Plan:
    """A queryset's SQL, and where its values stand in the parameters."""

    _literal: str | None = None

    def __init__(
        self,
        build: Callable[..., QuerySet[Any]],
        values: tuple[Value, ...],
        shape: dict[str, Any],
        *,
        keeps_plan: bool,
    ) -> None:
        stand_ins = [_stand_in(number, value) for number, value in enumerate(values)]
        self.queryset = build(*stand_ins, **shape)
        self.alias = self.queryset.db
        self.compiler = self.queryset.query.get_compiler(using=self.alias)
        self.sql, parameters = self.compiler.as_sql()
        adapted = self._adapted(stand_ins)
        self.fixed = tuple(parameters)
        self.places = [
            (place, number)
            for place, one in enumerate(self.fixed)
            for number, value in enumerate(adapted)
            if type(one) is type(value) and one == value
        ]
        # The second is the driver's switch for statements that the server keeps; see the settings.
        self.is_kept = (
            keeps_plan and connections[self.alias].settings_dict["OPTIONS"].get("prepare_threshold") is not None
        )
        if missing := set(range(len(values))) - {number for _place, number in self.places}:
            raise ValueError(f"{build.__qualname__}: the values {sorted(missing)} are not parameters of the SQL.")

    def rows(self, values: tuple[Value, ...]) -> list[Any]:
        """Return the rows for these values."""
        adapted = self._adapted(values)
        compiler = copy.copy(self.compiler)
        if self.is_kept:
            kept: Any = _Keeping(connections[self.alias])
            sql, parameters = self._with_literals(), tuple(adapted[number] for _place, number in self.places)
        else:
            kept, sql = connections[self.alias], self.sql  # each thread has its own
            values_at = {place: adapted[number] for place, number in self.places}
            parameters = tuple(values_at.get(place, one) for place, one in enumerate(self.fixed))
        compiler.connection = kept
        compiler.as_sql = lambda *_args, **_more: (sql, parameters)
        queryset = object.__new__(type(self.queryset))
        queryset.__dict__ |= self.queryset.__dict__ | {"_query": _Bound(self.queryset.query, compiler)}
        return list(queryset)

    def _with_literals(self) -> str:
        """Return the SQL with only the values left as parameters: a plan made for any value needs to see the rest.

        Partial indexes above all: that a parameter is what their condition asks for, no such plan could know.
        """
        if self._literal is None:
            connection = connections[self.alias]
            connection.ensure_connection()
            left = {place for place, _number in self.places}
            fixed = iter(enumerate(self.fixed))

            def written(found: re.Match[str]) -> str:
                if found.group() == "%%":
                    return "%%"
                place, value = next(fixed)
                return "%s" if place in left else _literal(value, connection.connection)

            self._literal = PLACEHOLDER.sub(written, self.sql)
        return self._literal

    def _adapted(self, values: Any) -> list[Any]:
        """Return values as Django hands them to the driver."""
        connection = connections[self.alias]
        if connection.features.has_native_uuid_field:
            return list(values)
        return [
            value.hex if isinstance(value, UUID) else connection.ops.adapt_datetimefield_value(value)
            for value in values
        ]


class _Keeping:
    """A PostgreSQL connection whose cursors have the server keep a statement and its plan after the first time."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def cursor(self) -> Any:
        """Return a cursor, counted and logged as any other."""
        self._connection.ensure_connection()
        return self._connection._prepare_cursor(_KeepingCursor(self._connection.connection))  # type: ignore[call-arg]


class _KeepingCursor(ServerBindingCursor):
    """Has the server keep each statement, and tells Django's log of queries its SQL: psycopg forgets it of those."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        result = super().execute(query, params, **more | {"prepare": True})  # type: ignore[misc]
        self._query = SimpleNamespace(query=str(query).encode())
        return result


def _literal(value: Any, connection: Any) -> str:
    """Return a value as PostgreSQL reads it in a statement that still has parameters."""
    return str(Literal(value).as_string(connection)).replace("%", "%%")


class _Bound:
    """A query that is read like the one it was made from, and is run by a compiler that has its SQL already."""

    def __init__(self, query: Any, compiler: Any) -> None:
        self._query, self._compiler = query, compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)

    def get_compiler(self, *_args: Any, **_more: Any) -> Any:
        """Return the compiler."""
        return self._compiler


def _stand_in(number: int, value: Value) -> Value:
    if isinstance(value, UUID):
        return UUID(int=STAND_IN_ID + number)
    return cast("Value", STAND_IN_MOMENT + timedelta(days=number))
