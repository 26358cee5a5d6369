"""Zip archives: what is refused before and while unpacking, what passes, and what is written anew."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.attachments.inspection.archives import open_archive, pack
from messagecenter.attachments.inspection.limits import MEGABYTE
from messagecenter.attachments.inspection.refusal import Refusal

from .office_files import DEFLATED, STORED, Item, zipped

ITEMS = [Item("a.xml", b"<a/>" * 50), Item("word/b.xml", b"<b/>", STORED), Item("word/größe.png", bytes(range(256)))]
NOISE = zlib.compress(bytes(range(256)) * 400, 0)
PLAIN = zipped(ITEMS)
END = struct.Struct("<4s4H2LH")


def refused(content: bytes, *, read: bool = True) -> str:
    """Return the code an archive is refused with, nothing when it passes."""
    try:
        archive = open_archive(content)
        if read:
            for name in archive.entries:
                archive.read(name)
    except Refusal as refusal:
        return refusal.code
    return ""


def by_zipfile(compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.mkdir("word")
        for item in ITEMS:
            archive.writestr(item.name, item.data)
    return out.getvalue()


class Unseekable(io.RawIOBase):
    """A pipe: what is written cannot be changed any more."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.held += bytes(data)
        return len(bytes(data))


def by_pipe() -> bytes:
    pipe = Unseekable()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in ITEMS:
            archive.writestr(item.name, item.data)
    return bytes(pipe.held)


HONEST = {
    "deflated": PLAIN,
    "stored": zipped([Item(item.name, item.data, STORED) for item in ITEMS]),
    "streamed": zipped(ITEMS, streamed=True),
    "zip64": zipped(ITEMS, wide=True),
    "streamed zip64": zipped(ITEMS, streamed=True, wide=True),
    "comment": zipped(ITEMS, comment=b"made by a program"),
    "with folders": by_zipfile(),
    "with folders, deflated": by_zipfile(compression=zipfile.ZIP_DEFLATED),
    "written to a pipe": by_pipe(),
    "an empty entry": zipped([*ITEMS, Item("empty.xml", b"", STORED), Item("empty.bin", b"")]),
    "1,000 entries": zipped([Item(f"{number}.xml", b"x", STORED) for number in range(1000)]),
    "a uniform part of 9 MB": zipped([*ITEMS, Item("a.bmp", bytes(9 * MEGABYTE)), Item("b", NOISE, STORED)]),
}
BOMB = zipped([Item("bomb.xml", bytes(120 * MEGABYTE))])
HOSTILE = {
    "1,001 entries": ("unpacks_too_large", zipped([Item(f"{number}.xml", b"x", STORED) for number in range(1001)])),
    "unpacks to 120 MB": ("unpacks_too_large", BOMB),
    "ratio of all": ("unpacks_too_large", zipped([Item("a", bytes(5 * MEGABYTE)), Item("b", bytes(5 * MEGABYTE))])),
    "ratio of one": (
        "unpacks_too_large",
        zipped([Item("a", bytes(11 * MEGABYTE)), Item("b", bytes(MEGABYTE), STORED)]),
    ),
    "says 100 bytes, unpacks to 120 MB": (
        "unpacks_too_large",
        zipped([Item("bomb.xml", bytes(120 * MEGABYTE), listed_size=100)]),
    ),
    "says 4 GB": ("unpacks_too_large", zipped([Item("a", b"x" * 100, listed_size=0xFFFFFFF0)])),
    "says less than there is": ("damaged", zipped([Item("a", b"x" * 5000, listed_size=100), *ITEMS])),
    "says more than there is": ("damaged", zipped([Item("a", b"x" * 100, listed_size=5000), *ITEMS])),
    "password": ("password", zipped([Item("a.xml", b"12 byte head" * 3, STORED, flags=1)])),
    "password, strong": ("password", zipped([*ITEMS, Item("b.xml", b"secret", STORED, flags=0x41)])),
    "password, AES": ("password", zipped([*ITEMS, Item("b.xml", b"secret", 99)])),
    "same name twice": ("damaged", zipped([*ITEMS, ITEMS[0]])),
    "same name in capitals": ("damaged", zipped([*ITEMS, Item("A.XML", b"<other/>")])),
    "two names": ("damaged", zipped([*ITEMS, Item("c.xml", b"<c/>", own_name="d.xml")])),
    "absolute name": ("damaged", zipped([*ITEMS, Item("/etc/passwd", b"x")])),
    "climbing name": ("damaged", zipped([*ITEMS, Item("word/../../x", b"x")])),
    "climbing name with backslashes": ("damaged", zipped([*ITEMS, Item("..\\x", b"x")])),
    "a drive's name": ("damaged", zipped([*ITEMS, Item("C:/x", b"x")])),
    "name with a zero": ("damaged", zipped([*ITEMS, Item("a\0.xml", b"x")])),
    "symbolic link": ("damaged", zipped([*ITEMS, Item("link", b"/etc/passwd", STORED, mode=0o120777)])),
    "overlapping entries": ("damaged", zipped([*ITEMS, Item("a.xml2", ITEMS[0].data, own_name="a.xml", again=0)])),
    "overlapping entries of one name": (
        "damaged",
        zipped([Item("same.xml", b"<a/>"), Item("again.xml", b"<a/>", again=0)]),
    ),
    "hidden entry in the middle": ("polyglot", zipped([ITEMS[0], Item("x.exe", b"MZ" * 50, hidden=True), ITEMS[1]])),
    "hidden entry at the end": ("polyglot", zipped([*ITEMS, Item("x.exe", b"MZ" * 50, hidden=True)])),
    "wrong checksum": ("damaged", zipped([*ITEMS, Item("c.xml", b"<c/>", listed_checksum=1)])),
    "wrong checksum, stored": ("damaged", zipped([Item("c.xml", b"<c/>", STORED, listed_checksum=7), *ITEMS])),
    "method Deflate64": ("damaged", zipped([*ITEMS, Item("c.xml", b"<c/>", 9)])),
    "method LZMA": ("damaged", zipped([*ITEMS, Item("c.xml", b"<c/>", 14)])),
    "stub in front": ("polyglot", zipped(ITEMS, stub=b"MZ" + bytes(200))),
    "stub in front, places not corrected": ("polyglot", b"\x89PNG\r\n\x1a\n" + bytes(100) + PLAIN),
    "a first entry that is not listed": ("polyglot", zipped([Item("x", b"x" * 99, hidden=True), *ITEMS])),
    "page behind": ("polyglot", PLAIN + b"<html><script>alert(1)</script></html>"),
    "zip behind": ("polyglot", PLAIN + zipped([Item("evil.xml", b"<x/>")])),
    "line end behind": ("polyglot", PLAIN + b"\r\n"),
    "endless comment": ("polyglot", zipped(ITEMS, comment=b"x" * 2000)),
    "cut in the middle": ("damaged", PLAIN[: len(PLAIN) // 2]),
    "cut at the end": ("damaged", PLAIN[:-1]),
    "without beginning": ("mismatch", PLAIN[4:20]),
    "empty archive": ("mismatch", END.pack(b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)),
    "counts one entry too few": ("damaged", PLAIN[:-14] + struct.pack("<2H", 2, 2) + PLAIN[-10:]),
    "of two disks": ("damaged", PLAIN[:-18] + struct.pack("<H", 1) + PLAIN[-16:]),
    "no archive": ("mismatch", b"Guten Tag"),
    "nothing": ("mismatch", b""),
    "bytes behind the packed ones": ("damaged", None),
}


def _with_slack() -> bytes:
    """An entry whose packed bytes end before its own length says so."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = packer.compress(b"<a/>") + packer.flush() + b"MZ program"
    made = bytearray(zipped([Item("a.xml", raw, STORED)]))
    entry = made.index(b"PK\1\2")
    for at in (8, entry + 10):
        struct.pack_into("<H", made, at, DEFLATED)
    for at in (14, entry + 16):
        struct.pack_into("<L", made, at, zlib.crc32(b"<a/>"))
    for at in (22, entry + 24):
        struct.pack_into("<L", made, at, 4)
    return bytes(made)


HOSTILE["bytes behind the packed ones"] = ("damaged", _with_slack())


@pytest.mark.parametrize("name", HONEST)
def test_honest_archive_passes(name: str) -> None:
    assert refused(HONEST[name]) == ""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archive_is_refused(name: str) -> None:
    code, content = HOSTILE[name]
    assert refused(content) == code


@pytest.mark.parametrize(
    "name", ["unpacks to 120 MB", "ratio of one", "password", "overlapping entries", "stub in front"]
)
def test_archive_is_refused_before_anything_is_unpacked(name: str) -> None:
    code, content = HOSTILE[name]
    assert refused(content, read=False) == code


def test_what_is_read_is_what_was_packed() -> None:
    for content in HONEST.values():
        archive = open_archive(content)
        for item in ITEMS:
            if item.name in archive.entries:
                assert archive.read(item.name) == item.data


def test_limit_counts_all_entries_together() -> None:
    archive = open_archive(PLAIN, most=10_000)
    archive.most = len(ITEMS[0].data) + 3
    archive.read("a.xml")
    archive.read("a.xml")  # the same entry again is not counted again
    with pytest.raises(Refusal, match="unpacks_too_large"):
        archive.read("word/b.xml")


def test_packed_archive_keeps_changes_leaves_out_and_forgets_the_rest() -> None:
    out = pack(open_archive(zipped(ITEMS, comment=b"SECRET", streamed=True)), {"a.xml": b"<new/>", "word/b.xml": None})
    with zipfile.ZipFile(io.BytesIO(out)) as archive:
        assert archive.namelist() == ["a.xml", "word/größe.png"]
        assert archive.read("a.xml") == b"<new/>"
        assert archive.read("word/größe.png") == ITEMS[2].data
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert b"SECRET" not in out
    assert refused(out) == ""


@given(st.data())
def test_mutated_archive_is_judged(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([PLAIN, HONEST["zip64"], HONEST["streamed"]])))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 40))
    assert refused(bytes(content[: len(content) - cut])) in {
        *("", "damaged", "password", "polyglot", "mismatch", "unpacks_too_large")
    }
