"""The bytes of an order file: split into physical lines, decoded line by line, memory flat."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

HEAD = 64 * 1024
CHUNK = 256 * 1024
MAX_LINE = 8 * 1024 * 1024
MAX_JSON = 512 * 1024 * 1024


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the text says why and what to do."""


class LineTooLong(Exception):
    """A line that no order file has."""


def decode(raw: bytes) -> str:
    """Return text from UTF-8 or, when it is not that, from Windows-1252 as older shop software writes it."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("windows-1252", errors="replace")


class Source:
    """A file being read once from front to back, from disk or from a pipe."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.head = b""
        while len(self.head) < HEAD and (more := stream.read(HEAD - len(self.head))):
            self.head += more
        self.offset = 0
        self.line = 0

    def _chunks(self) -> Iterator[bytes]:
        """Yield the file in pieces, without a byte order mark."""
        yield self.head.removeprefix(b"\xef\xbb\xbf")
        while chunk := self._stream.read(CHUNK):
            yield chunk

    def lines(self) -> Iterator[str]:
        """Yield the physical lines without their ends; ``line`` is the number of the last one. Raises LineTooLong."""
        rest = b""
        for chunk in self._chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            for raw in whole:
                self.line += 1
                self.offset += len(raw) + 1
                yield decode(raw).rstrip("\r").replace("\r", " ")
            if len(rest) > MAX_LINE:
                self.line += 1
                raise LineTooLong
        if rest:
            self.line += 1
            self.offset += len(rest)
            yield decode(rest).rstrip("\r").replace("\r", " ")

    def whole(self) -> str:
        """Return the whole text. Raises UnreadableFile above 512 MB: JSON can only be read at once."""
        buffer = io.BytesIO()
        for chunk in self._chunks():
            buffer.write(chunk)
            if buffer.tell() > MAX_JSON:
                raise UnreadableFile(
                    f"The file is larger than {MAX_JSON // 1024**2} MB. Export it in parts, or as CSV."
                )
        return decode(buffer.getvalue())
