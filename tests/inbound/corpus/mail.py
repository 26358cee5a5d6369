"""Lays a mail out byte by byte, as mail programs do: headers, transfer encodings, parts.

Deliberately not the standard library's writer: it would only make well-formed mails.
"""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass, field

from messagecenter.inbound.reading import Kind

THREAD = "reply+k7f3q9x2m5t8@reply.shop.example.org"
BUYER = "anna.mueller@example.org"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x11" * 60_000 + b"\xff\xd9"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@dataclass(frozen=True)
class Case:
    """A mail and what a person reading it would say about it; nothing here is computed by the reader."""

    name: str
    raw: bytes
    text: str = ""
    kind: Kind = Kind.PERSON
    files: tuple[tuple[str, int], ...] = ()  # names and sizes
    reason: str = ""
    recipients: tuple[tuple[str, str, bool], ...] = ()  # address, status, permanent
    original: str = ""
    more: dict[str, object] = field(default_factory=dict)  # other fields of the letter


def mail(
    body: str | bytes,
    *,
    subject: str = "Re: Neue Nachricht zu Ihrer Bestellung 2026-4711",
    kind: str = "text/plain; charset=utf-8",
    encoding: str = "8bit",
    charset: str = "utf-8",
    sender: str = f"Anna Müller <{BUYER}>",
    to: str = THREAD,
    extra: str = "",
    mime: bool = True,
) -> bytes:
    """Return a whole mail; ``extra`` are more header lines, ``kind`` is the Content-Type as written."""
    head = (
        f"Return-Path: <{BUYER}>\nReceived: from mx.example.org (mx.example.org [192.0.2.7])\n\tby in.shop.example.org;"
        f" Mon, 23 Nov 2026 10:15:02 +0100\nFrom: {sender}\nTo: {to}\nSubject: {subject}\n"
        "Date: Mon, 23 Nov 2026 10:15:00 +0100\nMessage-ID: <CAF4711@mail.example.org>\n"
        "In-Reply-To: <ob-0193@shop.example.org>\nReferences: <ob-0192@shop.example.org> <ob-0193@shop.example.org>\n"
    )
    if "Return-Path:" in extra:
        head = head.partition("\n")[2]
    if mime:
        head += f"MIME-Version: 1.0\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n"
    return crlf(head + extra) + b"\r\n" + encoded(body, encoding, charset)


def encoded(body: str | bytes, encoding: str = "8bit", charset: str = "utf-8") -> bytes:
    """Return a part's body in its charset and transfer encoding."""
    content = body if isinstance(body, bytes) else crlf(body, charset)
    if encoding == "base64":
        return base64.encodebytes(content).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return content


def crlf(text: str, charset: str = "utf-8") -> bytes:
    """Return text as bytes with the line ends of the wire."""
    return text.replace("\n", "\r\n").encode(charset)


def part(body: str | bytes, kind: str, *, encoding: str = "8bit", charset: str = "utf-8", extra: str = "") -> bytes:
    """Return a part with its header; ``extra`` are more header lines."""
    head = f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n{extra}\n"
    return crlf(head) + encoded(body, encoding, charset)


def many(subtype: str, *parts: bytes, boundary: str = "----=_Part_1", parameters: str = "") -> bytes:
    """Return a multipart with its header, to be put into a mail or another multipart."""
    head = crlf(f'Content-Type: multipart/{subtype}; boundary="{boundary}"{parameters}\n\n')
    return head + between(boundary, *parts)


def between(boundary: str, *parts: bytes) -> bytes:
    """Return parts with the boundary's lines around them."""
    line = f"--{boundary}".encode()
    return b"".join(line + b"\r\n" + one + b"\r\n" for one in parts) + line + b"--\r\n"


def mixed(*parts: bytes, subtype: str = "mixed", parameters: str = "", **headers: str) -> bytes:
    """Return a mail of several parts."""
    return mail(
        between("----=_NextPart_000_0A1B", *parts),
        kind=f'multipart/{subtype}; boundary="----=_NextPart_000_0A1B"{parameters}',
        **headers,
    )


def alternative(plain: str, page: str, **headers: str) -> bytes:
    """Return a mail in text and HTML, as nearly every program sends them."""
    return mixed(
        part(plain, "text/plain; charset=utf-8", encoding="quoted-printable"),
        part(page, "text/html; charset=utf-8", encoding="quoted-printable"),
        subtype="alternative",
        **headers,
    )


def attached(name: str, content: bytes, kind: str, *, extra: str = "", disposition: str = "attachment") -> bytes:
    """Return a file as an attachment."""
    return part(
        content,
        f'{kind}; name="{name}"',
        encoding="base64",
        extra=f'Content-Disposition: {disposition}; filename="{name}"\n{extra}',
    )
