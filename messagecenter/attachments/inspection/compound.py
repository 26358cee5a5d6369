"""OLE compound files (MS-CFB): their streams read whole, what no stream may be, and streams written over in place."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import olefile

from .limits import MEGABYTE
from .programs import OLE, begins_as_other_file, holds_program
from .refusal import Refusal

Path = tuple[str, ...]
END_OF_CHAIN = 0xFFFFFFFA  # and everything above: markers, no sectors
FREE = 0xFFFFFFFF
MOST_FREE = 2  # sectors behind the last one in use
OTHER_FORMAT = re.compile(
    rb"PK\x05\x06|PK\x03\x04|%PDF-|Rar!\x1a\x07|7z\xbc\xaf|\x7fELF|MZ\x90|GIF8[79]a|\x89PNG|\xff\xd8\xff|<\?php|<\s*(?:html|script|svg)",
    re.IGNORECASE,
)
PASSWORD_NAMES = {"encryptedpackage", "\x06dataspaces", "encryptedsummary"}
MACRO_STORAGES = {"macros", "_vba_project_cur", "vba", "_vba_project"}
MACRO_STREAMS = {"_vba_project", "project", "projectwm", "\x03ocxname", "\x03ocxdata", "ocxdata", "ocxname"}
OBJECT_STREAMS = {"\x01ole10native", "package", "\x03linkinfo", "\x01ole10itemname", "\x03objinfo", "equation native"}
OTHER_KINDS = {
    *("workbook", "book", "powerpoint document", "visiodocument", "__properties_version1.0", "quill", "ppt97"),
    *("pp40", "wksssworkbook", "contents", "matost", "!_stringdata"),
}
WORD_CLASSES = {"", "00020906-0000-0000-C000-000000000046", "00020900-0000-0000-C000-000000000046"}
SIGNATURE_NAMES = {"_signatures", "_xmlsignatures"}


class Container:
    """A compound file whose streams were all read. ``streams`` by path in small letters, storages included in names."""

    def __init__(self, content: bytes, file: Any) -> None:
        self.content, self._file = content, file
        self.streams: dict[Path, bytes] = {}
        self.storages: set[Path] = set()
        self._own_paths: dict[Path, list[str]] = {}

    def stream(self, name: str) -> bytes | None:
        """Return a stream of the root by its name in small letters."""
        return self.streams.get((name,))

    def replaced(self, changes: dict[Path, bytes]) -> bytes:
        """Return the file with streams written over in place and free sectors emptied of what they remember.

        Each stream must be as long as it was.
        """
        out = bytearray(self.content)
        size = self._file.sectorsize
        for number, following in enumerate(self._file.fat):
            free = slice((number + 1) * size, min((number + 2) * size, len(out)))
            if following == FREE and free.start < len(out):
                out[free] = bytes(free.stop - free.start)
        for path, new in changes.items():
            if len(new) != len(self.streams[path]):
                raise ValueError("a stream cannot change its length in place")
            at = 0
            for offset, length in self._extents(path):
                out[offset : offset + length] = new[at : at + length]
                at += length
        return bytes(out)

    def _extents(self, path: Path) -> list[tuple[int, int]]:
        """Return where a stream's bytes lie in the file, as (offset, length)."""
        file = self._file
        entry = file.direntries[file._find(self._own_paths[path])]
        size, start = entry.size, entry.isectStart
        sector = file.sectorsize
        found: list[tuple[int, int]] = []
        if size >= file.minisectorcutoff:
            blocks = [(number + 1) * sector for number in _chain(file.fat, start)]
            step = sector
        else:
            roots = [(number + 1) * sector for number in _chain(file.fat, file.root.isectStart)]
            step = file.minisectorsize
            small = sector // step
            blocks = [roots[number // small] + number % small * step for number in _chain(file.minifat, start)]
        for offset in blocks:
            length = min(step, size)
            found.append((offset, length))
            size -= length
            if size <= 0:
                break
        return found


def _chain(table: Any, start: int) -> list[int]:
    """Return a chain of sectors. Raises ``Refusal("damaged")`` when it leaves the table or bites its tail."""
    found: list[int] = []
    while start < END_OF_CHAIN:
        if start >= len(table) or len(found) > len(table):
            raise Refusal("damaged")
        found.append(start)
        start = table[start]
    return found


def open_container(content: bytes) -> Container:
    """Read a compound file whole.

    Raises ``Refusal``: ``mismatch`` when it is none, ``damaged`` when a stream is cut or sectors are shared,
    ``polyglot`` when something follows its last sector.
    """
    if not content.startswith(OLE):
        raise Refusal("mismatch")
    try:
        file = olefile.OleFileIO(BytesIO(content))
        container = Container(content, file)
        _read_all(container, file)
    except (Refusal, MemoryError):
        raise
    except Exception:  # noqa: BLE001  # the library raises whatever a broken container leads it to
        raise Refusal("damaged") from None
    _judge_end(content, file)
    return container


def _read_all(container: Container, file: Any) -> None:
    total = 0
    for own in file.listdir(streams=True, storages=True):
        path = tuple(part.casefold() for part in own)
        if file.get_type(own) != olefile.STGTY_STREAM:
            container.storages.add(path)
            continue
        size = file.get_size(own)
        total += size
        if total > len(container.content) + MEGABYTE or path in container.streams:
            raise Refusal("damaged")  # streams that share sectors, or one name twice
        data = file.openstream(own).read()
        if len(data) != size:
            raise Refusal("damaged")
        container.streams[path] = data
        container._own_paths[path] = own


def _judge_end(content: bytes, file: Any) -> None:
    """Refuse bytes behind the last sector in use. Word itself leaves a free one or two with remains of the document."""
    used = max((number for number, following in enumerate(file.fat) if following != FREE), default=0)
    behind = content[(used + 2) * file.sectorsize :]
    remains = MOST_FREE * file.sectorsize
    if behind[remains:].strip(b"\0\xff") or OTHER_FORMAT.search(behind) or holds_program(behind):
        raise Refusal("polyglot")


def judge_names(container: Container) -> None:
    """Judge a Word document's storages and streams by name.

    Raises ``Refusal``: ``password``, ``macros``, ``embedded_object``, ``mismatch`` (another program's file),
    ``polyglot`` (Word's and another's at once).
    """
    names = {path[-1] for path in container.streams}
    storages = {part for path in container.storages for part in path}
    everything = names | storages
    roots = {path[0] for path in container.streams if len(path) == 1}
    if everything & PASSWORD_NAMES:
        raise Refusal("password")
    if any(set(path[:-1]) & MACRO_STORAGES for path in container.streams) or names & MACRO_STREAMS:
        raise Refusal("macros")
    if "worddocument" not in roots:
        raise Refusal("mismatch" if roots & OTHER_KINDS or roots else "damaged")
    if roots & OTHER_KINDS:
        raise Refusal("polyglot")
    if container._file.root.clsid not in WORD_CLASSES:
        raise Refusal("mismatch")
    # Word leaves an empty pool behind; anything in it is a file of another program.
    if any(path[0] == "objectpool" for path in container.streams) or names & OBJECT_STREAMS:
        raise Refusal("embedded_object")


def judge_streams(container: Container) -> None:
    """Judge every stream's bytes. Raises ``Refusal("embedded_object")`` for programs and files inside."""
    for data in container.streams.values():
        if begins_as_other_file(data) or OLE in data or holds_program(data):
            raise Refusal("embedded_object")


def is_signed(container: Container) -> bool:
    """Whether the document carries a digital signature, which any change would break."""
    return any(part in SIGNATURE_NAMES for path in [*container.streams, *container.storages] for part in path)
