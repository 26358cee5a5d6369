"""Keys for rows that are said to have been made at some moment in the past."""

from __future__ import annotations

from random import Random
from uuid import UUID


class Ids:
    """Makes UUIDv7 (RFC 9562) of given moments. Their random part is new each time: they name things, no secrets."""

    def __init__(self) -> None:
        self._bits = Random().getrandbits  # noqa: S311 (no secrets)

    def at(self, moment: float) -> UUID:
        """Return a key of a moment, in seconds since 1970."""
        bits = self._bits(74)
        return UUID(int=int(moment * 1000) << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1)
