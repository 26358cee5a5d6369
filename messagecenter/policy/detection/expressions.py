"""Where RE2 expressions match in a text of bytes, told as places only.

Thousands are asked of a long text, most of them in vain, and what the library's own ``finditer`` and ``search`` make
around each answer takes as long as the answer. So the matcher they wrap is asked here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

_ANYWHERE = re2._re2.RE2.Anchor.UNANCHORED


def spans(compiled: Any, text: bytes, start: int, end: int, most: int = -1) -> Iterator[tuple[int, int]]:
    """Yield where ``compiled`` matches within text[start:end], at most so often (-1: always)."""
    match = compiled._regexp.Match
    while most:
        first, last = match(_ANYWHERE, text, start, end)[0]
        if first < 0:
            return
        yield first, last
        if start == end:
            return
        start = last + 1 if last == start else last
        most -= 1


def has(compiled: Any, text: bytes, start: int, end: int) -> bool:
    """Return whether ``compiled`` matches anywhere within text[start:end]."""
    return bool(compiled._regexp.Match(_ANYWHERE, text, start, end)[0][0] >= 0)
