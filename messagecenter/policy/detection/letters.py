"""Swaps every character of a text for the one a table names, much faster than ``str.translate`` does beyond ASCII."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping

_MOST = 255  # different characters of a text; with more of them each has no byte of its own
_SPARE = range(0xE000, 0xF8FF)  # private use: what stands in for the characters beyond the first plane


class Letters:
    """A text whose characters can be swapped again and again.

    Each different character gets a byte, so that a table is asked once a character and not once a place.
    """

    __slots__ = ("_alphabet", "_codes", "text")

    def __init__(self, text: str) -> None:
        """Take the text as it stands."""
        self.text = text
        self._alphabet, self._codes = ("", b"") if text.isascii() else _coded(text)

    def swapped(self, *tables: Mapping[int, str]) -> str:
        """Return the text with each character as these tables, one after the other, name it: always one character."""
        if not self._codes:
            text = self.text
            for table in tables:
                text = text.translate(table)
            return text
        alphabet = self._alphabet
        for table in tables:
            alphabet = alphabet.translate(table)
        return codecs.charmap_decode(self._codes, "strict", alphabet)[0]


def _coded(text: str) -> tuple[str, bytes]:
    """Return the characters of a text and the text as their places in it; nothing when there are too many."""
    characters = set(text)
    if len(characters) > _MOST or "\ufffe" in characters:  # which marks a hole in a table of the codec
        return "", b""
    # The codec's own table is fast only with NUL in front and nothing beyond the first plane.
    characters.discard("\0")
    alphabet = ["\0", *characters]
    spare = (one for one in map(chr, _SPARE) if one not in characters)
    narrow = alphabet.copy()
    for place, wide in _wide(alphabet):
        narrow[place] = next(spare)
        text = text.replace(wide, narrow[place])
    return "".join(alphabet), codecs.charmap_encode(text, "strict", codecs.charmap_build("".join(narrow)))[0]


def _wide(characters: list[str]) -> Iterator[tuple[int, str]]:
    return ((place, one) for place, one in enumerate(characters) if one > "\uffff")
