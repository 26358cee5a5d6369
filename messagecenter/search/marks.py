"""Shows a hit: a snippet of the text around it, in pieces that say what to highlight. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from messagecenter.search.terms import Terms, spans

SNIPPET_CHARACTERS = 160
# How far before the hit a snippet begins, at most, so that it is read in its sentence.
LEAD = 40


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text, and whether it is a hit."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """A stretch of a text in pieces, and whether something was left out on either side."""

    pieces: tuple[Piece, ...]
    is_cut_before: bool
    is_cut_after: bool

    @property
    def has_hit(self) -> bool:
        """Whether anything in it is a hit."""
        return any(piece.is_hit for piece in self.pieces)

    def __str__(self) -> str:
        """Return its text alone."""
        return "".join(piece.text for piece in self.pieces)


def pieces(text: str, terms: Terms) -> tuple[Piece, ...]:
    """Return a whole text in pieces; joined they are the text."""
    return tuple(_pieces(text, 0, len(text), spans(text, terms)))


def snippet(text: str, terms: Terms, *, size: int = SNIPPET_CHARACTERS) -> Snippet:
    """Return about ``size`` characters around the first hit (or from the beginning), cut between words.

    Line breaks and rows of blanks become single blanks.
    """
    found = spans(text, terms)
    start = _begin(text, found[0][0], min(LEAD, size // 4)) if found else 0
    end = _end(text, start, max(size + start, found[0][1] if found else 0))
    shown = []
    blank = True  # nothing begins with a blank
    for piece in _pieces(text, start, end, found):
        words = " ".join(piece.text.split())
        before = " " if piece.text[:1].isspace() and not blank and words else ""
        after = " " if piece.text[-1:].isspace() and (words or not blank) else ""
        if words or after:
            shown.append(Piece(before + words + after, piece.is_hit))
            blank = bool(after)
    if shown and blank:
        last = shown.pop()
        if last.text.rstrip():
            shown.append(Piece(last.text.rstrip(), last.is_hit))
    return Snippet(tuple(shown), bool(text[:start].strip()), bool(text[end:].strip()))


def _pieces(text: str, start: int, end: int, found: list[tuple[int, int]]) -> Iterator[Piece]:
    at = start
    for first, last in found:
        if last <= start or first >= end:
            continue
        if at < first:
            yield Piece(text[at:first], is_hit=False)
        yield Piece(text[max(first, start) : min(last, end)], is_hit=True)
        at = min(last, end)
    if at < end:
        yield Piece(text[at:end], is_hit=False)


def _begin(text: str, hit: int, lead: int) -> int:
    """Return where to begin so that ``hit`` has some words before it: after a blank, or at the hit."""
    if hit <= lead:
        return 0
    for start in range(hit - lead, hit):
        if text[start - 1].isspace():
            return start
    return hit


def _end(text: str, start: int, end: int) -> int:
    """Return where to end: at ``end`` or at the last blank before it, unless that leaves next to nothing."""
    if end >= len(text):
        return len(text)
    for last in range(end, start + (end - start) // 2, -1):
        if text[last].isspace():
            return last
    return end
