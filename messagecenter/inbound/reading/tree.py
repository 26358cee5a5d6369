"""The parts of a mail (RFC 2045, 2046): split once from outside to inside, within limits.

Own code and not the standard library's parser: that one recurses with the depth and compares every line with every
open boundary, so that a small hostile mail takes minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import re2

from messagecenter.inbound.reading import headers
from messagecenter.inbound.reading.charsets import declared_in, decode
from messagecenter.inbound.reading.transfer import undone

MAX_BYTES = 15_000_000
MAX_PARTS = 100
MAX_DEPTH = 10

_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_BYTES.log_errors = False
_CARRIERS = ("message/rfc822", "message/global", "message/news")


class Beyond(Exception):
    """A mail is beyond our limits; the word says which: size, headers, parts or depth."""


@dataclass
class Part:
    """A part of a mail: its header, and either its bytes or the parts inside it."""

    fields: headers.Fields
    kind: str  # such as text/plain
    parameters: dict[str, str]
    disposition: str
    name: str
    body: bytes = b""  # still with its transfer encoding
    children: list[Part] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Return a header field's first value, undecoded."""
        return next((value for field_, value in self.fields if field_ == name), "")

    @property
    def content_id(self) -> str:
        """Return the Content-ID without angle brackets."""
        return self.value("content-id").strip().strip("<>")

    @property
    def content(self) -> bytes:
        """Return the bytes without transfer encoding."""
        return undone(self.body, self.value("content-transfer-encoding"))

    def text(self) -> str:
        """Return the content as text."""
        content = self.content
        charset = self.parameters.get("charset", "")
        if not charset and self.kind == "text/html":
            charset = declared_in(content)
        return decode(content, charset).replace("\r\n", "\n").replace("\r", "\n")

    def walk(self) -> list[Part]:
        """Return this part and all inside it, in order."""
        found = [self]
        for child in self.children:
            found += child.walk()
        return found


def tree(raw: bytes) -> Part:
    """Return a mail's outermost part. Raises Beyond."""
    if len(raw) > MAX_BYTES:
        raise Beyond("size")
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    return _Splitter().part(raw, 0, "text/plain")


class _Splitter:
    """Counts the parts of one mail while splitting it."""

    def __init__(self) -> None:
        self.parts = 0

    def part(self, raw: bytes, depth: int, default: str) -> Part:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise Beyond("parts")
        if depth > MAX_DEPTH:
            raise Beyond("depth")
        block, body = _halves(raw)
        found = _described(headers.split_fields(block), default)
        if found.kind.startswith("multipart/"):
            boundary = found.parameters.get("boundary", "").rstrip() or _guessed(body)
            pieces = _pieces(body, boundary) if boundary else []
            inner = "message/rfc822" if found.kind == "multipart/digest" else "text/plain"
            if len(pieces) + self.parts > MAX_PARTS:
                raise Beyond("parts")
            found.children = [self.part(piece, depth + 1, inner) for piece in pieces]
            if not pieces:  # nothing to split: what is there is shown as text
                found.kind, found.body = "text/plain", body
        elif found.kind in _CARRIERS:
            found.children = [
                self.part(undone(body, _carrier_encoding(found)).lstrip(b"\r\n"), depth + 1, "text/plain")
            ]
            found.body = body
        else:
            found.body = body
        return found


def _carrier_encoding(part: Part) -> str:
    """Return how a carried mail is encoded: RFC 2046 forbids it, some programs do it all the same."""
    return part.value("content-transfer-encoding")


def _described(fields: headers.Fields, default: str) -> Part:
    by_name = dict(reversed(fields))  # the first of each counts
    kind, parameters = headers.parameters(by_name.get("content-type", default))
    if kind.count("/") != 1 or kind.startswith("/") or kind.endswith("/") or " " in kind:
        kind = {"text": "text/plain", "html": "text/html"}.get(kind, default)
    disposition, named = headers.parameters(by_name.get("content-disposition", ""))
    name = named.get("filename") or parameters.get("name") or ""
    return Part(fields=fields, kind=kind, parameters=parameters, disposition=disposition, name=name)


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    """Return header block and body. A line that is no field ends the header, as the writer forgot the empty line."""
    place, first = 0, True
    while place < len(raw):
        if place > headers.MAX_HEADER_BYTES:
            raise Beyond("headers")
        end = raw.find(b"\n", place)
        end = len(raw) if end < 0 else end
        line = raw[place : min(end, place + 1000)].rstrip(b"\r")
        if not line:
            return raw[:place], raw[end + 1 :]
        envelope = first and line.startswith((b"From ", b">From "))
        if line[:1] not in (b" ", b"\t") and not envelope and not headers.is_field(line):
            return raw[:place], raw[place:]
        if end - place > headers.MAX_HEADER_BYTES:
            raise Beyond("headers")
        place, first = end + 1, False
    return raw, b""


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    """Return what stands between the boundary's lines; the last piece counts also where its end is missing."""
    marker = re2.escape(b"--" + boundary.encode("utf-8", "replace"))
    pieces: list[bytes] = []
    start = -1
    for found in re2.compile(rb"(?m)^" + marker + rb"(--)?[ \t]*\r?$", options=_BYTES).finditer(body):
        if start >= 0:
            pieces.append(_without_line_end(body[start : found.start()]))
        start = -1 if found.group(1) else found.end() + 1
        if found.group(1) or len(pieces) > MAX_PARTS:
            break
    if start >= 0 and body[start:].strip():
        pieces.append(body[start:])
    return pieces


def _without_line_end(piece: bytes) -> bytes:
    """The line break before a boundary belongs to the boundary (RFC 2046, 5.1.1)."""
    if piece.endswith(b"\r\n"):
        return piece[:-2]
    return piece[:-1] if piece.endswith((b"\n", b"\r")) else piece


def _guessed(body: bytes) -> str:
    """Return the boundary of a multipart whose header lost it: the first line that starts with two dashes."""
    for line in body[:4000].splitlines()[:20]:
        if line.startswith(b"--") and len(line) > 4:
            return line[2:].strip().decode("latin-1")
    return ""
