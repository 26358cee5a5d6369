"""The head of a mail, undecoded: for what must be known of it before, and apart from, reading it."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

MOST_HEAD_BYTES = 512 * 1024
END = re.compile(rb"\r?\n\r?\n")


def head_of(raw: bytes) -> Message:
    """Return the header fields as they stand, of at most the first 512 KiB; nothing of the text is looked at."""
    found = END.search(raw, 0, MOST_HEAD_BYTES)
    return BytesHeaderParser(policy=compat32).parsebytes(raw[: found.end() if found else MOST_HEAD_BYTES])


def fields(head: Message, name: str) -> list[str]:
    """Return the values of a header field, topmost first, each on one line."""
    return [" ".join(str(value).split()) for value in head.get_all(name) or []]
