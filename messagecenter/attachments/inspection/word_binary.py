"""Word's binary format (MS-DOC; Word 6 and 95 as far as they share it): header, pieces of text, strings, links."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .refusal import Refusal

WORD_97, WORD_6 = 0xA5EC, 0xA5DC
ENCRYPTED, TABLE_1, COMPLEX = 0x0100, 0x0200, 0x0004
# Places in the list of tables: of fields, strings and others (MS-DOC 2.5.6).
FIELD_TABLES = (16, 17, 18, 19, 48, 57, 59)
ASSOCIATED, CLX, COMMENT_OWNERS, DRAWINGS, REVISERS, SAVED_BY = 32, 33, 36, 50, 51, 71
TEMPLATE, DATA_SOURCE, HEADER_SOURCE = 1, 8, 9  # strings of ASSOCIATED
FIELD_BEGIN, DDE_FIELDS = 0x13, (45, 46)
PICTURE_FILE, PICTURE_FLAGS = 0x0105, 0x0106  # properties of a drawing: the file's address, and how it is linked
LINKED = 0x08  # flag: loaded from its file; an address alone only says where an embedded picture came from
MOST_PIECES = 200_000


@dataclass(frozen=True)
class Header:
    """The file information block: which Word wrote it, its flags, how long its text is, where its tables lie."""

    is_old: bool
    flags: int
    characters: int  # of the main text; notes, headers and the rest follow
    all_characters: int
    first: int  # in the stream, of Word 6 text without a piece table
    last: int
    places: tuple[tuple[int, int], ...]

    @property
    def table_name(self) -> str:
        """The stream that holds the tables, in small letters."""
        if self.is_old:
            return "worddocument"
        return "1table" if self.flags & TABLE_1 else "0table"


def read_header(word: bytes) -> Header:
    """Read the WordDocument stream's header. Raises ``Refusal``: ``damaged``, ``password``."""
    if len(word) < 0x180:
        raise Refusal("damaged")
    magic, version = struct.unpack_from("<2H", word)
    flags = struct.unpack_from("<H", word, 0x0A)[0]
    first, last = struct.unpack_from("<2L", word, 0x18)
    if magic in (WORD_97, WORD_6) and flags & ENCRYPTED:  # all behind it may be ciphered
        raise Refusal("password")
    if magic == WORD_97 and version >= 0xC0:
        words, longs = struct.unpack_from("<H", word, 0x20)[0], struct.unpack_from("<H", word, 0x3E)[0]
        count = struct.unpack_from("<H", word, 0x98)[0]
        if words != 14 or longs != 22 or count < 0x5D or 0x9A + 8 * count > len(word):
            raise Refusal("damaged")
        counts, base = struct.unpack_from("<3l4x4l", word, 0x4C), 0x9A
    elif magic == WORD_6 and 0x65 <= version <= 0x69:
        counts, base, count = struct.unpack_from("<7l", word, 0x34), 0x58, 34
    else:
        raise Refusal("damaged")
    if min(counts) < 0 or sum(counts) > len(word):
        raise Refusal("damaged")
    places = tuple(struct.unpack_from("<2L", word, base + 8 * number) for number in range(count))
    # A sentinel follows the last of several texts.
    every = sum(counts) + (1 if any(counts[1:]) else 0)
    return Header(magic == WORD_6, flags, counts[0], every, first, last, places)


def table(header: Header, tables: bytes, number: int) -> bytes:
    """Return one table's bytes, nothing when the document has none. Raises ``Refusal("damaged")`` when it is cut."""
    start, length = place(header, tables, number)
    return tables[start : start + length]


def place(header: Header, tables: bytes, number: int) -> tuple[int, int]:
    """Return where a table begins and how long it is."""
    if number >= len(header.places):
        return 0, 0
    start, length = header.places[number]
    if not length:
        return 0, 0
    if start + length > len(tables):
        raise Refusal("damaged")
    return start, length


def read_text(header: Header, word: bytes, tables: bytes) -> str:
    """Return all text in the order Word counts it: main text, notes, headers, comments, text boxes.

    Raises ``Refusal("damaged")`` when the table of pieces is cut, out of order or points beyond the stream.
    """
    pieces = table(header, tables, CLX)
    if not pieces or (header.is_old and not header.flags & COMPLEX):
        if not header.is_old or not 0x180 <= header.first <= header.last <= len(word):
            raise Refusal("damaged")
        return word[header.first : header.last].decode("cp1252", "replace")
    at = 0
    while at + 3 <= len(pieces) and pieces[at] == 1:  # saved formatting comes first
        at += 3 + struct.unpack_from("<H", pieces, at + 1)[0]
    if at + 5 > len(pieces) or pieces[at] != 2:
        raise Refusal("damaged")
    length = struct.unpack_from("<L", pieces, at + 1)[0]
    count = (length - 4) // 12
    if at + 5 + length > len(pieces) or count < 1 or (length - 4) % 12 or count > MOST_PIECES:
        raise Refusal("damaged")
    positions = struct.unpack_from(f"<{count + 1}L", pieces, at + 5)
    found, total = [], 0
    for number in range(count):
        size = positions[number + 1] - positions[number]
        start = struct.unpack_from("<L", pieces, at + 5 + 4 * (count + 1) + 8 * number + 2)[0]
        is_narrow = header.is_old or bool(start & 0x40000000)
        start = start if header.is_old else (start & 0x3FFFFFFF) // (2 if is_narrow else 1)
        end = start + size * (1 if is_narrow else 2)
        total += size
        if size < 0 or end > len(word) or total > len(word):
            raise Refusal("damaged")
        found.append(word[start:end].decode("cp1252" if is_narrow else "utf-16-le", "replace"))
    if positions[0] != 0 or positions[-1] < header.characters:
        raise Refusal("damaged")
    return "".join(found)


def strings(block: bytes) -> list[tuple[int, int, str]]:
    """Return a string table's entries (STTB, MS-DOC 2.2.4) as (place, length in bytes, text); a cut one ends early."""
    found: list[tuple[int, int, str]] = []
    if len(block) < 6:
        return found
    is_wide = block[:2] == b"\xff\xff"
    count, extra = struct.unpack_from("<2H", block, 2) if is_wide else (0xFFFF, 0)
    at = 6 if is_wide else 2
    while len(found) < count and at < len(block):
        if is_wide:
            if at + 2 > len(block):
                break
            length, at = 2 * struct.unpack_from("<H", block, at)[0], at + 2
        else:
            length, at = block[at], at + 1
        text = block[at : at + length]
        if len(text) < length:
            break
        found.append((at, length, text.decode("utf-16-le" if is_wide else "cp1252", "replace")))
        at += length + extra
    return found


def owners(block: bytes) -> list[tuple[int, int, str]]:
    """Return the names of those who commented (GrpXstAtnOwners) as (place, length in bytes, text)."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while at + 2 <= len(block):
        length, at = 2 * struct.unpack_from("<H", block, at)[0], at + 2
        if at + length > len(block):
            break
        found.append((at, length, block[at : at + length].decode("utf-16-le", "replace")))
        at += length
    return found


def holds_dde_field(header: Header, tables: bytes) -> bool:
    """Whether a table of fields names DDE or DDEAUTO, whatever the text says."""
    for number in FIELD_TABLES:
        block = table(header, tables, number)
        count = (len(block) - 4) // 6
        for at in range(4 * (count + 1), 4 * (count + 1) + 2 * count, 2) if count > 0 else ():
            if block[at] & 0x1F == FIELD_BEGIN and block[at + 1] in DDE_FIELDS:
                return True
    return False


def linked_pictures(stream: bytes) -> list[str]:
    """Return the addresses of pictures that drawings in a stream load from elsewhere (MS-ODRAW 2.2.9, 2.3.23.5)."""
    found = []
    at = stream.find(b"\x0b\xf0")
    while at >= 2:
        version = struct.unpack_from("<H", stream, at - 2)[0]
        count, start = version >> 4, at + 6
        complex_at = start + 6 * count
        if version & 0xF == 3 and complex_at <= len(stream):
            name, flags = b"", 0
            for place_of in range(start, complex_at, 6):
                property_id, value = struct.unpack_from("<HL", stream, place_of)
                number = property_id & 0x3FFF
                if number == PICTURE_FLAGS:
                    flags = value
                if property_id & 0x8000:
                    if number == PICTURE_FILE:
                        name = stream[complex_at : complex_at + min(value, 4096)]
                    complex_at += value
            if flags & LINKED and name:
                found.append(name.decode("utf-16-le", "replace").rstrip("\0"))
        at = stream.find(b"\x0b\xf0", at + 2)
    return found
