"""Keys for rows: UUIDs that sort by the time they were made. They name things and are never secrets."""

import uuid
from datetime import datetime

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """Return a new UUIDv7 (RFC 9562): 48 bits of Unix time in milliseconds, then random bits."""
    return uuid7()


def first_id_at(moment: datetime) -> uuid.UUID:
    """Return a key that is at most as great as any made from the millisecond of ``moment`` on."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)
