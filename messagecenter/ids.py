"""Keys for rows: UUIDs that sort by the time they were made. They name things and are never secrets."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """Return a new UUIDv7 (RFC 9562): 48 bits of Unix time in milliseconds, then random bits."""
    return uuid7()
