"""Programs, documents and archives inside a document, known by their first bytes."""

from __future__ import annotations

import re
import struct

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
BEGINNINGS = (
    OLE,
    ZIP,
    b"\x7fELF",
    *(b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),
    b"#!/",
    b"L\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
    b"{\\rt",
    b"%PDF-",
    b"MSCF",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"ITSF",  # compiled help
    b"<script",
    b"<html",
    b"<HTML",
)
WINDOWS = re.compile(rb"MZ(?=.{58}(.{4}))", re.DOTALL)
FARTHEST = 0x10000  # bytes from a Windows program's beginning to its real header


def begins_as_other_file(content: bytes) -> bool:
    """Whether bytes begin as a program, an archive or a document of their own."""
    return content.startswith(BEGINNINGS)


def holds_program(content: bytes) -> bool:
    """Whether a program for Windows stands anywhere in the bytes: "MZ" and, where its header says, "PE"."""
    if b"PE\0\0" not in content:
        return False
    for match in WINDOWS.finditer(content):
        offset = struct.unpack("<L", match[1])[0]
        if 0x40 <= offset < FARTHEST and content.startswith(b"PE\0\0", match.start() + offset):
            return True
    return False
