"""Zip archives: judged by their directory before anything is unpacked, counted while unpacking, written anew.

Everything two readers of zip files could disagree on is refused (duplicate or overlapping entries, gaps, headers that
do not match the directory), so that what was judged is what every program sees. Format: PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .limits import MEGABYTE, MOST_ENTRIES, MOST_RATIO, MOST_UNPACKED
from .refusal import Refusal

LOCAL, CENTRAL, END, END64, LOCATOR64 = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
STORED, DEFLATED = 0, 8
ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # traditional, strong, hidden directory
STREAMED, UTF8 = 0x0008, 0x0800
AES = 99
MOST_COMMENT = 1024
DESCRIPTOR = 24  # bytes: signature, checksum and two 64-bit sizes
BLOCK = MEGABYTE
SMALL_ENTRY = 10 * MEGABYTE  # below this an honest, very uniform part may pass the ratio by itself
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF
SYMLINK = 0xA000


@dataclass(frozen=True)
class Entry:
    """One file of an archive as its directory describes it; ``start`` is where its packed bytes begin."""

    name: str
    method: int
    checksum: int
    packed: int
    size: int
    start: int


@dataclass(frozen=True)
class _Ending:
    """Where the central directory lies and how many entries it has."""

    count: int
    size: int
    offset: int
    position: int  # of the first end record


class Archive:
    """A zip archive whose directory was found sane. ``entries`` are in the directory's order, folders left out."""

    def __init__(self, content: bytes, entries: dict[str, Entry], most: int) -> None:
        self.content, self.entries, self.most = content, entries, most
        self._seen: set[str] = set()
        self._unpacked = 0

    def raw(self, name: str) -> bytes:
        """Return an entry's packed bytes as they lie in the archive."""
        entry = self.entries[name]
        return self.content[entry.start : entry.start + entry.packed]

    def read(self, name: str) -> bytes:
        """Return an entry's bytes.

        Raises ``Refusal``: ``unpacks_too_large`` when the archive unpacks to more than its limit, whatever its
        headers say, ``damaged`` when size or checksum are not those of the directory.
        """
        entry = self.entries[name]
        blocks, size, checksum = [], 0, 0
        left = self.most - (0 if name in self._seen else self._unpacked)
        for block in _inflate(self.content, entry):
            size += len(block)
            if size > left:
                raise Refusal("unpacks_too_large")
            if size <= entry.size:  # a lying header: count on, keep nothing more
                blocks.append(block)
                checksum = zlib.crc32(block, checksum)
        if size != entry.size or checksum != entry.checksum:
            raise Refusal("damaged")
        if name not in self._seen:
            self._seen.add(name)
            self._unpacked += size
        return b"".join(blocks)


def open_archive(content: bytes, most: int = MOST_UNPACKED) -> Archive:
    """Judge a zip archive without unpacking it; ``most`` is how many bytes it may unpack to.

    Raises ``Refusal``: ``mismatch`` (no zip at all), ``damaged``, ``password``, ``polyglot`` (bytes before, between or
    after the archive's own), ``unpacks_too_large``.
    """
    ending = _find_ending(content)
    entries, headers = _read_directory(content, ending)
    _judge_layout(content, ending, headers)
    _judge_sizes(entries, len(content), most)
    return Archive(content, {entry.name: entry for entry in entries if not entry.name.endswith("/")}, most)


def _inflate(content: bytes, entry: Entry) -> Iterator[bytes]:
    packed = memoryview(content)[entry.start : entry.start + entry.packed]
    if entry.method == STORED:
        yield from (bytes(packed[at : at + BLOCK]) for at in range(0, len(packed), BLOCK))
        return
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    pending: bytes | memoryview = packed
    try:
        while not unpacker.eof:
            block = unpacker.decompress(pending, BLOCK)
            pending = unpacker.unconsumed_tail
            if not block and not pending:
                break
            yield block
    except zlib.error:
        raise Refusal("damaged") from None
    if not unpacker.eof or unpacker.unused_data:
        raise Refusal("damaged")


def _find_ending(content: bytes) -> _Ending:
    position = content.rfind(END)
    if not content.startswith(LOCAL):
        if position >= 0 and _reads_as_end(content, position):
            raise Refusal("mismatch" if content.startswith(END) else "polyglot")
        raise Refusal("mismatch")
    if position < 0 or len(content) - position < 22:
        raise Refusal("damaged")
    disk, start_disk, here, count, size, offset, comment = struct.unpack_from("<4H2LH", content, position + 4)
    behind = len(content) - position - 22
    if behind != comment:
        raise Refusal("polyglot" if behind > comment and _reads_as_end(content, position) else "damaged")
    if behind > MOST_COMMENT:
        raise Refusal("polyglot")
    first = position
    locator = position - 20
    if locator > 0 and content[locator : locator + 4] == LOCATOR64:
        first = struct.unpack_from("<Q", content, locator + 8)[0]
        if first + 56 > locator or content[first : first + 4] != END64:
            raise Refusal("damaged")
        length, disk64, start64, here64, count64, size64, offset64 = struct.unpack_from("<Q4x2L4Q", content, first + 4)
        old = ((count, FULL16, count64), (size, FULL32, size64), (offset, FULL32, offset64))
        if first + 12 + length != locator or disk64 or start64 or here64 != count64:
            raise Refusal("damaged")
        if any(value not in (full, value64) for value, full, value64 in old):
            raise Refusal("damaged")
        count, size, offset = count64, size64, offset64
    elif disk or start_disk or here != count:
        raise Refusal("damaged")
    if count > MOST_ENTRIES:
        raise Refusal("unpacks_too_large")
    if offset + size != first:
        raise Refusal("polyglot" if first - size > offset and content[first - size :][:4] == CENTRAL else "damaged")
    return _Ending(count, size, offset, first)


def _reads_as_end(content: bytes, position: int) -> bool:
    """Whether an end record there has its directory right before it, as a tolerant reader would find it."""
    if len(content) - position < 22:
        return False
    size = struct.unpack_from("<L", content, position + 12)[0]
    return size == 0 or content[max(0, position - size) :][:4] == CENTRAL


def _read_directory(content: bytes, ending: _Ending) -> tuple[list[Entry], list[tuple[int, int, bool]]]:
    """Return the entries and where each one's bytes begin and end, and whether a descriptor follows."""
    entries: list[Entry] = []
    extents: list[tuple[int, int, bool]] = []
    names: set[str] = set()
    at = ending.offset
    for _ in range(ending.count):
        if at + 46 > ending.position or content[at : at + 4] != CENTRAL:
            raise Refusal("damaged")
        _, _, flags, method, _, _, checksum, packed, size, *rest = struct.unpack_from("<6H3L5H2L", content, at + 4)
        name_length, extra_length, comment_length, disk, _, mode, header = rest
        raw_name = content[at + 46 : at + 46 + name_length]
        extra = content[at + 46 + name_length : at + 46 + name_length + extra_length]
        at += 46 + name_length + extra_length + comment_length
        if at > ending.position or disk:
            raise Refusal("damaged")
        packed, size, header = _wide_values(extra, packed, size, header)
        if flags & ENCRYPTED or method == AES:
            raise Refusal("password")
        if method not in (STORED, DEFLATED) or (mode >> 16) & 0xF000 == SYMLINK:
            raise Refusal("damaged")
        name = _name(raw_name, flags)
        key = name.casefold()  # part names differ not only by case (ECMA-376-2, 6.2.2)
        if key in names:
            raise Refusal("damaged")
        names.add(key)
        start, streamed = _judge_header(content, header, raw_name, (method, checksum, packed, size), ending.offset)
        if method == STORED and packed != size:
            raise Refusal("damaged")
        entries.append(Entry(name, method, checksum, packed, size, start))
        extents.append((header, start + packed, streamed))
    if at != ending.offset + ending.size or not entries:
        raise Refusal("damaged")
    return entries, extents


def _wide_values(extra: bytes, packed: int, size: int, header: int) -> tuple[int, int, int]:
    """Fill in 64-bit values from the extra field 0x0001, in the order the standard gives them."""
    wide = b""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            wide = extra[at + 4 : at + 4 + length]
        at += 4 + length
    values = [size, packed, header]
    for place, value in enumerate(values):
        if value == FULL32:
            if len(wide) < 8:
                raise Refusal("damaged")
            values[place] = struct.unpack_from("<Q", wide)[0]
            wide = wide[8:]
    return values[1], values[0], values[2]


def _name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8") if flags & UTF8 else raw.decode("ascii")
    except UnicodeDecodeError:
        if flags & UTF8:
            raise Refusal("damaged") from None
        name = raw.decode("cp437")
    parts = name.removesuffix("/").split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in name or ":" in name or not name.isprintable():
        raise Refusal("damaged")
    return name


def _judge_header(
    content: bytes, at: int, name: bytes, known: tuple[int, int, int, int], limit: int
) -> tuple[int, bool]:
    """Compare an entry's own header with the directory's; return where its packed bytes begin and if streamed."""
    if at + 30 > limit or content[at : at + 4] != LOCAL:
        raise Refusal("damaged")
    flags, method, _, _, *own, name_length, extra_length = struct.unpack_from("<4H3L2H", content, at + 6)
    start = at + 30 + name_length + extra_length
    if flags & ENCRYPTED:
        raise Refusal("password")
    if method != known[0] or content[at + 30 : at + 30 + name_length] != name or start + known[2] > limit:
        raise Refusal("damaged")
    streamed = bool(flags & STREAMED)
    for value, listed in zip(own, known[1:], strict=True):
        if value not in (listed, FULL32) and not (streamed and value == 0):
            raise Refusal("damaged")
    return start, streamed


def _judge_layout(content: bytes, ending: _Ending, extents: list[tuple[int, int, bool]]) -> None:
    """Refuse entries that overlap and bytes that belong to none."""
    position, streamed = 0, False
    for begin, end, has_descriptor in [*sorted(extents), (ending.offset, ending.offset, False)]:
        gap = begin - position
        if gap < 0:
            raise Refusal("damaged")
        if gap > (DESCRIPTOR if streamed else 0) and content[position:begin].strip(b"\0"):
            raise Refusal("polyglot")
        position, streamed = end, has_descriptor


def _judge_sizes(entries: list[Entry], archive: int, most: int) -> None:
    total = sum(entry.size for entry in entries)
    uneven = any(entry.size > max(SMALL_ENTRY, MOST_RATIO * entry.packed) for entry in entries)
    if total > most or total > MOST_RATIO * archive or uneven:
        raise Refusal("unpacks_too_large")


def pack(archive: Archive, changed: dict[str, bytes | None], order: Iterable[str] | None = None) -> bytes:
    """Return the archive with some entries ``changed`` (None: left out) and the rest as they were packed.

    Dates, comments, extra fields and system marks of the old archive are gone.
    """
    body, directory, count = bytearray(), bytearray(), 0
    for name in order or archive.entries:
        new = changed.get(name, b"")
        if new is None:
            continue
        if name in changed:
            squeezer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
            packed = squeezer.compress(new) + squeezer.flush()
            method, checksum, size = DEFLATED, zlib.crc32(new), len(new)
            if len(packed) >= size:
                method, packed = STORED, new
        else:
            entry = archive.entries[name]
            method, checksum, size, packed = entry.method, entry.checksum, entry.size, archive.raw(name)
        raw = name.encode()
        # Version 2.0, the earliest date there is (1980-01-01), the UTF-8 flag only where it says something.
        flags = 0 if name.isascii() else UTF8
        shared = struct.pack("<5H3L2H", 20, flags, method, 0, 0x21, checksum, len(packed), size, len(raw), 0)
        directory += CENTRAL + struct.pack("<H", 20) + shared + struct.pack("<3H2L", 0, 0, 0, 0, len(body)) + raw
        body += LOCAL + shared + raw + packed
        count += 1
    end = END + struct.pack("<4H2LH", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)
