"""A text on paper: what it is made of, and the way to a PDF. Knows nothing of threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

# The library's fonts remember what they are used for: one document at a time in each process.
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Block:
    """A heading or a paragraph; ``tag`` is what it is to a screen reader (PDF 1.7, 14.8.4)."""

    text: str
    tag: str = "P"  # "H1", "H2", "P"
    size: float = 10
    is_bold: bool = False
    is_grey: bool = False
    space: float = 0  # points above it


def write_paper(
    blocks: Iterable[Block],
    *,
    title: str,
    language: str,
    page_label: str,
    note: str,
    enclosed: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return a PDF of ``blocks`` on A4; ``enclosed`` are texts that go along in it as files, by name.

    ``page_label`` has a place for ``%(number)s``; ``note`` is set at the end when some characters could not be printed:
    emoji that the font lacks are named instead, other characters it lacks become a mark, and words written from right
    to left stand in the order they are kept in.
    """
    from .typesetting import Sheet  # half a second and 40 MB, which most processes never need

    with _one_at_a_time:
        sheet = Sheet(title, language, page_label)
        for block in blocks:
            sheet.add(block)
        if not sheet.is_complete:
            sheet.add(Block(note, size=8, is_grey=True, space=16))
        return sheet.finish(enclosed or {})
