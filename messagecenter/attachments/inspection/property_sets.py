"""Property sets of OLE documents (MS-OLEPS): what they say, and one that says nothing."""

from __future__ import annotations

import struct

CODE_PAGE, DICTIONARY = 1, 0
TEXT, WIDE_TEXT, VECTOR = 0x1E, 0x1F, 0x1000
MOST_PROPERTIES = 1_000
LONGEST = 10_000  # characters of one property
SECTION_AT = 48  # bytes of the header with one section


def texts(stream: bytes) -> list[str]:
    """Return the text properties of a set. Whatever is cut or broken is passed over."""
    found: list[str] = []
    if len(stream) < 28:
        return found
    for number in range(min(struct.unpack_from("<L", stream, 24)[0], 2)):
        if 28 + 20 * (number + 1) <= len(stream):
            found += _section(stream[struct.unpack_from("<L", stream, 28 + 20 * number + 16)[0] :])
    return found


def _section(section: bytes) -> list[str]:
    if len(section) < 8:
        return []
    count = min(struct.unpack_from("<L", section, 4)[0], MOST_PROPERTIES, (len(section) - 8) // 8)
    places = [struct.unpack_from("<2L", section, 8 + 8 * number) for number in range(count)]
    encoding = "cp1252"
    for kind, at in places:
        if kind == CODE_PAGE and at + 6 <= len(section):
            page = struct.unpack_from("<H", section, at + 4)[0]
            encoding = {65001: "utf-8", 1200: "utf-16-le"}.get(page, f"cp{page}")
    found: list[str] = []
    for kind, at in places:
        if kind == DICTIONARY or at + 8 > len(section):
            continue
        type_, first = struct.unpack_from("<2L", section, at)
        if type_ in (TEXT, WIDE_TEXT):
            found.append(_text(section, at + 4, type_, encoding)[0])
        elif type_ in (VECTOR | TEXT, VECTOR | WIDE_TEXT):
            place = at + 8
            for _ in range(min(first, MOST_PROPERTIES)):
                text, place = _text(section, place, type_ & 0xFF, encoding)
                found.append(text)
    return [text for text in found if text.strip()]


def _text(section: bytes, at: int, type_: int, encoding: str) -> tuple[str, int]:
    """Return a text and where the next value begins."""
    if at + 4 > len(section):
        return "", at
    length = struct.unpack_from("<L", section, at)[0] * (2 if type_ == WIDE_TEXT else 1)
    raw = section[at + 4 : at + 4 + min(length, LONGEST)]
    try:
        text = raw.decode("utf-16-le" if type_ == WIDE_TEXT else encoding, "replace")
    except LookupError:  # a code page nobody knows
        text = raw.decode("cp1252", "replace")
    return text.rstrip("\0"), at + 4 + (length + 3) // 4 * 4


def silent(stream: bytes) -> bytes | None:
    """Return a set of the same length that says only its code page; None when the stream is too short for one."""
    section = struct.pack("<6L", 24, 1, CODE_PAGE, 16, 2, 1252)
    if len(stream) < SECTION_AT + len(section):
        return None
    head = struct.pack("<2HL16xL", 0xFFFE, 0, 0x00020006, 1) + stream[28:44] + struct.pack("<L", SECTION_AT)
    return (head + section).ljust(len(stream), b"\0")
