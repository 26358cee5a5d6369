"""Rows of another table beside each row, as JSON in the same statement, on both databases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DecimalField,
    F,
    Field,
    Func,
    IntegerField,
    JSONField,
    Model,
    QuerySet,
    TextField,
)
from django.db.models import Subquery as _Subquery

Row = TypeVar("Row", bound=Model)
_DECODER = json.JSONDecoder(parse_float=Decimal)  # ``json.loads`` would make one each time
_AGGREGATES = {
    "postgresql": "json_agg(json_build_array({columns}))::text",
    "sqlite": "json_group_array(json_array({columns}))",
}


class _Hex(Func):
    """Bytes as JSON can hold them."""

    output_field = TextField()
    template = "hex(%(expressions)s)"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        """Return PostgreSQL's words for it."""
        return self.as_sql(compiler, connection, template="encode(%(expressions)s, 'hex')", **extra)


class OneOf(Func):
    """Whether a column is among what a query gives, which is looked up first, on PostgreSQL as an array.

    ``OneOf(F("order_id"), Subquery(orders))``: of ``IN`` the planner would make a join, and read the whole table for
    as many rows as it guesses.
    """

    output_field = BooleanField()
    template = "%(expressions)s"
    arg_joiner = " IN "

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        """Return PostgreSQL's words for it."""
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(ARRAY", **extra)


class Gathered(_Subquery):
    """These columns of a query's rows, in its order, as one JSON text: for ``annotate``, then ``rows_in``."""

    def __init__(self, rows: QuerySet[Any], *names: str) -> None:
        columns = {
            f"gathered_{place}": _Hex(F(name)) if _is_bytes(rows, name) else F(name) for place, name in enumerate(names)
        }
        self.columns = ", ".join(columns)
        super().__init__(rows.annotate(**columns).values(*columns), output_field=TextField())

    def as_sql(self, compiler: Any, connection: Any, template: str | None = None, **extra: Any) -> tuple[str, Any]:
        """Return the statement's part."""
        aggregate = _AGGREGATES[connection.vendor].format(columns=self.columns)
        return super().as_sql(
            compiler,
            connection,
            template or f"(SELECT {aggregate} FROM (%(subquery)s) gathered)",  # noqa: S608 (no names but ours)
            **extra,
        )


class Counted(_Subquery):
    """How many rows a query gives; one that is cut off counts no further."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.values("pk"), output_field=IntegerField())


def columns_of(model: type[Model], path: str = "") -> list[str]:
    """Return the names of all columns of a model, as seen from the end of ``path``."""
    return [path + one.attname for one in model._meta.concrete_fields]


def rows_in(gathered: str | list[list[Any]] | None) -> list[list[Any]]:
    """Return what was gathered, as JSON tells it; of what was gathered inside another SQLite may have made rows."""
    if isinstance(gathered, list):
        return gathered
    return _DECODER.decode(gathered) if gathered else []


def revived(model: type[Row], names: Sequence[str], values: Sequence[Any]) -> Row:
    """Return a row of a model from gathered values; ``names`` are column names of the model."""
    fields = [field_named(model, name) for name in names]
    return model.from_db(None, names, [_value(field, value) for field, value in zip(fields, values, strict=True)])


def give(row: Model, name: str, related: Sequence[Model]) -> None:
    """Let a row have what belongs to it (``row.<name>.all()``), which was gathered with it: no query any more."""
    found = getattr(row, name).all()
    found._result_cache, found._prefetch_done = list(related), True
    row.__dict__.setdefault("_prefetched_objects_cache", {})[name] = found


def field_named(model: type[Model], path: str) -> Field[Any, Any]:
    """Return the column that a path ends at, for example ``attachment__mailbox_id``."""
    *steps, name = path.split("__")
    for step in steps:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    found = model._meta.pk if name == "pk" else None
    return found or next(one for one in model._meta.concrete_fields if name in (one.attname, one.name))


def _is_bytes(rows: QuerySet[Any], name: str) -> bool:
    return name not in rows.query.annotations and isinstance(field_named(rows.model, name), BinaryField)


def _value(field: Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, BinaryField):
        return bytes.fromhex(value)
    if isinstance(field, JSONField):  # SQLite keeps it as text
        return json.loads(value) if isinstance(value, str) else value
    made = field.to_python(value)
    if isinstance(field, DateTimeField) and made.tzinfo is None:  # SQLite keeps UTC and does not say so
        return made.replace(tzinfo=UTC)
    if isinstance(field, DecimalField):
        return made.quantize(Decimal(1).scaleb(-(field.decimal_places or 0)))
    return made
