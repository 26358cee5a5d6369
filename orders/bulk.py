"""Inserts many rows at once, for imports: one prepared statement, clearly less work than bulk_create."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connections, models, router


def insert_rows(rows: Collection[models.Model], *, skip_existing: bool = False) -> None:
    """Insert complete rows of one model that already have their keys. ``skip_existing``: leave out those that clash."""
    if not rows:
        return
    model = type(next(iter(rows)))
    connection = connections[router.db_for_write(model)]
    fields = model._meta.concrete_fields
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column or "") for field in fields)
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({', '.join(['%s'] * len(fields))})"  # noqa: S608
    preparing = [(field.attname, field.get_db_prep_save) for field in fields]
    with connection.cursor() as cursor:
        cursor.executemany(
            sql + " ON CONFLICT DO NOTHING" * skip_existing,
            [[prepare(getattr(row, name), connection) for name, prepare in preparing] for row in rows],
        )
