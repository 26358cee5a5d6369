"""Places in lists: the moment a row is sorted by and its key, as an address carries them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadCursor(ValueError):
    """The address names no place in a list."""


def cursor_of(moment: datetime, key: uuid.UUID) -> str:
    """Return the place after a row: its moment in microseconds since 1970 (UTC) and its key."""
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}-{key.hex}"


def parse_cursor(cursor: str) -> tuple[datetime, uuid.UUID]:
    """Return the moment and key of a cursor. Raises BadCursor."""
    micros, _, key = cursor.partition("-")
    try:
        if not micros.isascii() or not micros.isdecimal() or len(key) != 32:
            raise BadCursor
        return _EPOCH + timedelta(microseconds=int(micros)), uuid.UUID(key)
    except (ValueError, OverflowError):
        raise BadCursor from None
