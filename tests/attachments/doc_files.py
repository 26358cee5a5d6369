"""Compound files and binary Word documents (.doc) for the tests, written byte by byte."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

SECTOR, SMALL, CUTOFF = 512, 64, 4096
END, FAT_MARK, FURTHER_MARK, FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC, 0xFFFFFFFF
WORD_CLASS = bytes.fromhex("0609020000000000c000000000000046")
TEXT_AT = 0x600
AUTHOR = "Änne Geheim"
Tree = dict[str, Any]  # name → bytes or Tree


@dataclasses.dataclass
class _Entry:
    name: str
    kind: int  # 1 storage, 2 stream, 5 root
    data: bytes = b""
    children: list[int] = dataclasses.field(default_factory=list)
    start: int = END
    left: int = FREE
    right: int = FREE
    child: int = FREE


def compound(tree: Tree, class_id: bytes = WORD_CLASS, *, cross: tuple[str, str] | None = None) -> bytes:
    """Write a compound file (MS-CFB, version 3). ``cross``: the first stream uses the second one's sectors as well."""
    entries = [_Entry("Root Entry", 5)]
    _collect(tree, entries, 0)
    fat: list[int] = []
    sectors = bytearray()

    def store(data: bytes) -> int:
        if not data:
            return END
        start, count = len(fat), -(-len(data) // SECTOR)
        fat.extend([*range(start + 1, start + count), END])
        sectors.extend(data.ljust(count * SECTOR, b"\0"))
        return start

    mini, minifat = bytearray(), list[int]()
    for entry in entries:
        if entry.kind != 2 or not entry.data:
            continue
        if len(entry.data) >= CUTOFF:
            entry.start = store(entry.data)
        else:
            start, count = len(minifat), -(-len(entry.data) // SMALL)
            minifat.extend([*range(start + 1, start + count), END])
            mini.extend(entry.data.ljust(count * SMALL, b"\0"))
            entry.start = start
    if cross:
        by_name = {entry.name: entry for entry in entries}
        by_name[cross[0]].start = by_name[cross[1]].start
    entries[0].start, entries[0].data = store(bytes(mini)), bytes(mini)
    minifat_bytes = struct.pack(f"<{len(minifat)}L", *minifat)
    minifat_bytes += b"\xff" * (-len(minifat_bytes) % SECTOR)
    minifat_at = store(minifat_bytes)
    directory = b"".join(_line(entry, class_id) for entry in entries)
    directory_at = store(directory + _line(_Entry("", 0), b"")[:128] * (-len(entries) % 4))
    fat_count, further = 1, 0
    while (len(fat) + fat_count + further) * 4 > fat_count * SECTOR or fat_count > 109 + further * 127:
        fat_count += 1
        further = max(0, -(-(fat_count - 109) // 127))
    fat_at = len(fat)
    fat += [FAT_MARK] * fat_count + [FURTHER_MARK] * further
    fat_bytes = struct.pack(f"<{len(fat)}L", *fat).ljust(fat_count * SECTOR, b"\xff")
    places = [*range(fat_at, fat_at + fat_count), *[FREE] * (109 + 127 * further - fat_count)]
    at = fat_at + fat_count  # where the places lie that the header has no room for
    for number in range(further):
        following = at + number + 1 if number + 1 < further else END
        fat_bytes += struct.pack("<128L", *places[109 + 127 * number :][:127], following)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<6L", 0, fat_count, directory_at, 0, CUTOFF, minifat_at)
    head += struct.pack("<3L", len(minifat_bytes) // SECTOR, at if further else END, further)
    head += struct.pack("<109L", *places[:109])
    return head + bytes(sectors) + fat_bytes


def _collect(tree: Tree, entries: list[_Entry], parent: int) -> None:
    for name, inside in tree.items():
        entries[parent].children.append(len(entries))
        is_stream = isinstance(inside, bytes)
        entries.append(_Entry(name, 2 if is_stream else 1, inside if is_stream else b""))
        if not is_stream:
            _collect(inside, entries, len(entries) - 1)
    order = sorted(entries[parent].children, key=lambda at: (len(entries[at].name), entries[at].name.upper()))
    entries[parent].child = _balanced(order, entries)


def _balanced(order: list[int], entries: list[_Entry]) -> int:
    if not order:
        return FREE
    middle = len(order) // 2
    entries[order[middle]].left = _balanced(order[:middle], entries)
    entries[order[middle]].right = _balanced(order[middle + 1 :], entries)
    return order[middle]


def _line(entry: _Entry, class_id: bytes) -> bytes:
    raw = (entry.name + "\0").encode("utf-16-le") if entry.name else b""
    line = raw.ljust(64, b"\0") + struct.pack("<H2B3L", len(raw), entry.kind, 1, entry.left, entry.right, entry.child)
    line += (class_id if entry.kind == 5 else b"").ljust(16, b"\0") + bytes(20)
    return line + struct.pack("<LQ", entry.start, len(entry.data))


def property_set(texts: dict[int, str]) -> bytes:
    """Write a property set (MS-OLEPS) of texts by number, padded as Word does."""
    values = b"".join(
        struct.pack("<2L", 0x1E, len(raw := text.encode("cp1252") + b"\0")) + raw + bytes(-len(raw) % 4)
        for text in texts.values()
    )
    count = len(texts) + 1
    at = 8 + 8 * count + 8
    index = struct.pack("<2L", 1, 8 + 8 * count)
    for number, text in texts.items():
        index += struct.pack("<2L", number, at)
        at += 8 + -(-(len(text.encode("cp1252")) + 1) // 4) * 4
    section = struct.pack("<2L", at, count) + index + struct.pack("<2L", 2, 1252) + values
    head = struct.pack("<2HL16xL", 0xFFFE, 0, 0x00020006, 1) + bytes(16) + struct.pack("<L", 48)
    return (head + section).ljust(4096, b"\0")


def string_table(texts: list[str]) -> bytes:
    """Write a table of strings (STTB with two-byte characters)."""
    rows = b"".join(struct.pack("<H", len(text)) + text.encode("utf-16-le") for text in texts)
    return struct.pack("<3H", 0xFFFF, len(texts), 0) + rows


def associated(template: str = "Normal.dot", data_source: str = "") -> bytes:
    """Write the strings a document is associated with: template, author, source of a mail merge."""
    texts = [""] * 18
    texts[1], texts[6], texts[7], texts[8] = template, AUTHOR, AUTHOR, data_source
    return string_table(texts)


def doc(
    text: str = "Guten Tag, die Lampe ist zerbrochen.\r",
    *,
    notes: str = "",
    narrow: bool = False,
    pieces: int = 1,
    flags: int = 0,
    tables: dict[int, bytes] | None = None,
    streams: Tree | None = None,
    magic: int = 0xA5EC,
    without: str = "",
) -> bytes:
    """Write a Word 97 document: its text in ``pieces``, ``notes`` as footnotes, more ``tables`` by number."""
    whole = text + notes + ("\r" if notes else "")
    encoding, width, mark = ("cp1252", 1, 0x40000000) if narrow else ("utf-16-le", 2, 0)
    cuts = [len(whole) * number // pieces for number in range(pieces)] + [len(whole)]
    descriptors = b"".join(
        struct.pack("<HLH", 0, (TEXT_AT + cut * width) * (2 if narrow else 1) | mark, 0) for cut in cuts[:-1]
    )
    plc = struct.pack(f"<{pieces + 1}L", *cuts) + descriptors
    held = {32: associated(), 33: b"\x01\x04\x00abcd\x02" + struct.pack("<L", len(plc)) + plc} | (tables or {})
    body, places = bytearray(8), {}
    for number, block in held.items():
        places[number] = (len(body), len(block))
        body += block
    word = bytearray(TEXT_AT)
    struct.pack_into("<2H", word, 0, magic, 0xC1)
    struct.pack_into("<H", word, 0x0A, 0x0200 | flags)
    struct.pack_into("<2L", word, 0x18, TEXT_AT, TEXT_AT + len(whole) * width)
    struct.pack_into("<H", word, 0x20, 14)
    struct.pack_into("<H", word, 0x3E, 22)
    struct.pack_into("<2l", word, 0x4C, len(text), len(notes))
    struct.pack_into("<H", word, 0x98, 0x5D)
    for number, place in places.items():
        struct.pack_into("<2L", word, 0x9A + 8 * number, *place)
    word += whole.encode(encoding)
    tree: Tree = {
        "WordDocument": bytes(word).ljust(4096, b"\0"),
        "1Table": bytes(body),
        "\x05SummaryInformation": property_set({2: "Reklamation", 4: AUTHOR}),
        "\x05DocumentSummaryInformation": property_set({15: "Geheim & Söhne"}),
        "\x01CompObj": b"\x01\0\xfe\xff" + bytes(60),
    } | (streams or {})
    return compound({name: inside for name, inside in tree.items() if name != without})


def word_6(text: str = "Ein alter Brief.\r", *, flags: int = 0) -> bytes:
    """Write a Word 6 document: narrow text in one stretch, no tables."""
    word = bytearray(0x300)
    struct.pack_into("<2H", word, 0, 0xA5DC, 0x65)
    struct.pack_into("<H", word, 0x0A, flags)
    struct.pack_into("<2L", word, 0x18, 0x300, 0x300 + len(text))
    struct.pack_into("<l", word, 0x34, len(text))
    word += text.encode("cp1252")
    return compound({"WordDocument": bytes(word).ljust(4096, b"\0")}, bytes.fromhex("0009020000000000c000000000000046"))


def field(code: str, result: str = "x") -> str:
    """Return a field as it stands in the text."""
    return f"\x13{code}\x14{result}\x15"


def linked_picture(address: str, flags: int) -> bytes:
    """Write the properties of a drawing whose picture has an address (MS-ODRAW)."""
    raw = (address + "\0").encode("utf-16-le")
    properties = struct.pack("<HLHL", 0xC105, len(raw), 0x0106, flags)
    return struct.pack("<2HL", 2 << 4 | 3, 0xF00B, len(properties) + len(raw)) + properties + raw
