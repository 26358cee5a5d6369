"""What bytes look like, and whether they are two kinds of file at once."""

from __future__ import annotations

import re
import struct
from functools import cache
from importlib import import_module
from typing import Any

from . import picture_parts
from .refusal import Refusal

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
BEGINNINGS = {
    "pdf": (b"%PDF-",),
    "jpg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "doc": (OLE,),
    # A .docx with a password is an OLE file around the encrypted one: its own parser names the reason.
    "docx": (ZIP, OLE),
}
# Some honest programs put a byte order mark or a line end before a PDF; readers look further, we do not.
BEFORE_PDF = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n\t \x00]{0,8}(?=%PDF-)")
# What libmagic 5.41 to 5.45 say of honest files of a kind. It is the second opinion: old versions know no .docx.
TYPES = {
    "pdf": ("application/pdf", "application/octet-stream"),
    "jpg": ("image/jpeg",),
    "gif": ("image/gif",),
    "png": ("image/png", "image/apng", "image/vnd.mozilla.apng"),
    "doc": (
        *("application/msword", "application/vnd.ms-word", "application/vnd.ms-office", "application/x-ole-storage"),
        *("application/cdfv2", "application/encrypted", "application/octet-stream"),
    ),
    "docx": (
        *("application/vnd.openxmlformats-officedocument", "application/vnd.ms-word", "application/zip"),
        "application/octet-stream",
    ),
}
# A text file that begins like this is another kind of file; further down it is only quoted.
NOT_TEXT_BEGINNINGS = (
    *(ZIP, OLE, b"%PDF-", b"%!PS", b"{\\rtf", b"\x89PNG", b"GIF87a", b"GIF89a", b"\xff\xd8\xff", b"\x7fELF"),
    *(b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ", b"ID3\x03", b"RIFF", b"MZ\x90"),
)
PROGRAM_TYPES = ("application/x-dosexec", "application/vnd.microsoft.portable-executable", "application/x-executable")

MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html[\s>]|script[\s>/]|svg[\s>/]|iframe[\s>]|body[\s>]|\?php\s|object[\s>]|img\s)"
    rb"|javascript:",
    re.IGNORECASE,
)
# Other kinds of file that do not need to stand at the beginning to be opened by somebody.
INSIDE = re.compile(
    rb"%PDF-[12]\.|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x7fELF[\x01\x02][\x01\x02]\x01|" + re.escape(OLE), re.DOTALL
)
# Kinds of file that are known by a mark further in, and so can begin as anything: tar, ISO 9660, DICOM.
FURTHER_IN = ((257, b"ustar"), (0x8001, b"CD001"), (128, b"DICM"))
PDF_HEADER_WITHIN = 1024  # readers look this far for a PDF's header, and this far from the end for its mark
AFTER_PDF = 1024
SNIFFED = 1024 * 1024  # libmagic looks no further for what it knows


@cache
def _magic() -> Any:
    """Return libmagic, its rules loaded: the machine's own, else the one that comes as a package."""
    try:
        magic = import_module("magic")
    except ImportError:
        import_module("pylibmagic")  # tells the next import where to find its library
        magic = import_module("magic")
    return magic.Magic(mime=True)


def sniff(content: bytes) -> str:
    """Return libmagic's opinion as a content type."""
    found: str = _magic().from_buffer(content[:SNIFFED])
    return found


def refuse_other_kind(kind: str, content: bytes, sniffed_type: str) -> None:
    """Raise Refusal unless a file begins as its kind must and libmagic does not say otherwise.

    A text has no beginning of its own: it must only not begin as something else, ``texts`` judges the rest.
    """
    if kind == "txt":
        if content.startswith(NOT_TEXT_BEGINNINGS) or (sniffed_type in PROGRAM_TYPES and b"\0" in content[:4096]):
            raise Refusal("mismatch")
        return
    if kind == "pdf" and (blank := BEFORE_PDF.match(content)):
        content = content[blank.end() :]
        sniffed_type = "application/pdf"  # some versions do not look behind the blanks
    if not content.startswith(BEGINNINGS[kind]):
        later = {"pdf": b"%PDF-" in content[:PDF_HEADER_WITHIN], "docx": holds_zip(content)}
        raise Refusal("polyglot" if later.get(kind) else "mismatch")
    if content.startswith(OLE) and kind == "docx":
        return
    if not sniffed_type.lower().startswith(TYPES[kind]):
        raise Refusal("mismatch")


def refuse_second_format(kind: str, content: bytes) -> None:
    """Raise Refusal "polyglot" when the bytes are another kind of file as well.

    What cameras put behind a picture (a second picture, a film, their own notes) is no second format: it goes when the
    picture is written anew. What a browser, an archiver or an operating system would open is.
    """
    if kind == "txt":
        return
    if any(content.startswith(mark, place) for place, mark in FURTHER_IN):
        raise Refusal("polyglot")
    if kind == "docx":
        _refuse_behind_zip(content)
        return
    if kind == "doc":
        return  # Word keeps its themes as a zip inside; the parser knows which one that is and where the file ends
    if holds_zip(content):
        raise Refusal("polyglot")
    if kind == "pdf":
        _refuse_around_pdf(content)
    elif kind in ("jpg", "png", "gif"):
        _refuse_in_picture(kind, content)


def holds_zip(content: bytes) -> bool:
    """Say whether an archiver finds a zip in these bytes, wherever it stands.

    Looked for is the end record with the list of entries before it (APPNOTE.TXT 4.3.6); the four bytes alone occur in
    any compressed data.
    """
    place = content.find(b"PK\x05\x06")
    while place >= 0:
        record = content[place : place + 22]
        if len(record) == 22:
            entries, size = struct.unpack("<HI", record[10:16])
            if entries and size < place and content.startswith(b"PK\x01\x02", place - size):
                return True
        place = content.find(b"PK\x05\x06", place + 4)
    return False


def _refuse_behind_zip(content: bytes) -> None:
    """Raise Refusal when a zip does not end where the file ends, or when its comment is a page."""
    if not content.startswith(ZIP):
        return
    place = content.rfind(b"PK\x05\x06")
    if place < 0 or len(content) < place + 22:
        raise Refusal("damaged")
    comment = content[place + 22 :]
    if len(comment) != struct.unpack("<H", content[place + 20 : place + 22])[0] and comment.strip(b"\0\r\n "):
        raise Refusal("polyglot")
    if _second_format_in(comment):
        raise Refusal("polyglot")


def _refuse_around_pdf(content: bytes) -> None:
    """Raise Refusal when something else stands before a PDF's first object or behind its end."""
    first = content.find(b" obj")
    end = content.rfind(b"%%EOF")
    head = content[: min(first if first >= 0 else len(content), 64 * 1024)]
    behind = content[end + 5 :] if end >= 0 else b""
    if _second_format_in(head[8:]) or _second_format_in(behind):
        raise Refusal("polyglot")
    if len(behind.strip(b"\0\r\n\t \x1a")) > AFTER_PDF:
        raise Refusal("polyglot")


def _refuse_in_picture(kind: str, content: bytes) -> None:
    """Raise Refusal when a picture's notes, or what follows its end, are a page, a program or a document."""
    # A width or a length written as the beginning of a comment makes the file a script (GIF or JPEG, and JavaScript).
    if (kind == "gif" and content[6:8] == b"/*") or (kind == "jpg" and content[4:6] == b"/*"):
        raise Refusal("polyglot")
    parts = picture_parts.PARTS[kind](content)
    if parts.trailer.startswith((ZIP, b"MZ", b"#!/")):
        raise Refusal("polyglot")
    if any(_second_format_in(piece) for piece in [*parts.notes, parts.trailer]):
        raise Refusal("polyglot")


def _second_format_in(piece: bytes) -> bool:
    """Say whether bytes that should be notes or nothing hold a page, a script, a document or a program."""
    return bool(MARKUP.search(piece) or INSIDE.search(piece) or _holds_windows_program(piece))


def _holds_windows_program(piece: bytes) -> bool:
    """Say whether a program for Windows stands in the bytes: "MZ", and where it points to, "PE"."""
    place = piece.find(b"MZ")
    while place >= 0:
        header = piece[place + 0x3C : place + 0x40]
        if len(header) == 4 and piece.startswith(b"PE\0\0", place + int.from_bytes(header, "little")):
            return True
        place = piece.find(b"MZ", place + 2)
    return False
