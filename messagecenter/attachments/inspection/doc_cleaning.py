"""A .doc without what it tells about its writer, changed in place so that nothing in it moves."""

from __future__ import annotations

from . import property_sets, word_binary
from .compound import Container, Path, is_signed
from .picture_segments import blank_notes
from .word_binary import Header

PROPERTY_STREAMS: tuple[Path, ...] = (("\x05summaryinformation",), ("\x05documentsummaryinformation",))
PICTURE_STREAMS: tuple[Path, ...] = (("data",), ("worddocument",))
WRITE_PASSWORD = 17  # of the associated strings; the document could no longer be unlocked for editing without it
NAME = "Author"


def clean(container: Container, header: Header) -> tuple[bytes, str]:
    """Return the file without its writer's traces, and a note that says what was done.

    The note is ``metadata_kept_signed`` (untouched), ``metadata_kept`` (a part could not be emptied) or
    ``metadata_removed``. Raises ``Refusal("damaged")`` when a table with names is cut.
    """
    if is_signed(container):
        return container.content, "metadata_kept_signed"
    changes: dict[Path, bytes] = {}
    note = "metadata_removed"
    for path in PROPERTY_STREAMS:
        if stream := container.streams.get(path):
            empty = property_sets.silent(stream)
            if empty is None:
                note = "metadata_kept"
            else:
                changes[path] = empty
    tables = (header.table_name,)
    changes[tables] = _without_names(header, container.streams[tables])
    for path in PICTURE_STREAMS:
        if path in container.streams:
            changes[path] = blank_notes(changes.get(path, container.streams[path]))
    return container.replaced(changes), note


def _without_names(header: Header, tables: bytes) -> bytes:
    """Return the table stream with names and paths written over, each string as long as it was."""
    out = bytearray(tables)

    def write(start: int, found: list[tuple[int, int, str]], width: int, name: str, kept: int = -1) -> None:
        for number, (at, length, _) in enumerate(found):
            if number != kept:
                text = name[: length // width].ljust(length // width)
                out[start + at : start + at + length] = text.encode("utf-16-le" if width == 2 else "ascii")

    for number, name in ((word_binary.ASSOCIATED, ""), (word_binary.REVISERS, NAME), (word_binary.SAVED_BY, "")):
        start, length = word_binary.place(header, tables, number)
        block = tables[start : start + length]
        width = 2 if block[:2] == b"\xff\xff" else 1
        kept = WRITE_PASSWORD if number == word_binary.ASSOCIATED else -1
        write(start, word_binary.strings(block), width, name, kept)
    if not header.is_old:
        start, length = word_binary.place(header, tables, word_binary.COMMENT_OWNERS)
        write(start, word_binary.owners(tables[start : start + length]), 2, NAME)
    return bytes(out)
