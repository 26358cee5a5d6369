"""Pages of a list by the place of their last row: any page costs the same, and nothing is counted."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from messagecenter.threads.cursors import BadCursor, cursor_of, parse_cursor


def page_after(
    rows: QuerySet[Any], moment: str, cursor: str, size: int, *, newest_first: bool
) -> tuple[list[Any], str]:
    """Return up to ``size`` of ``rows`` after a cursor, and the cursor of the next page, empty on the last.

    ``rows`` are ordered here, by the field ``moment`` and the key. Raises Http404 for a cursor that is none.
    """
    if cursor:
        try:
            at, key = parse_cursor(cursor)
        except BadCursor:
            raise Http404 from None
        beyond = "lt" if newest_first else "gt"
        further = Q(**{f"{moment}__{beyond}": at}) | Q(**{f"pk__{beyond}": key})
        rows = rows.filter(further, **{f"{moment}__{beyond}e": at})
    sign = "-" if newest_first else ""
    found = list(rows.order_by(f"{sign}{moment}", f"{sign}pk")[: size + 1])
    page = found[:size]
    return page, cursor_of(getattr(page[-1], moment), page[-1].pk) if len(found) > size else ""
