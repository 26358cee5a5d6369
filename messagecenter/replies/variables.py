"""The tiny language of saved replies: ``{name}`` stands for a value, ``{{name}}`` for these very characters.

Nothing else is special: a lone brace is a brace. A value is put in as text and never read again, so what a buyer calls
themselves cannot bring in another variable.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import re2

LONGEST_VALUE = 500  # characters
GAP_OPENS, GAP_CLOSES = "⟦", "⟧"
# The doubled braces first, so that what is in them is no variable.
_BRACES = re2.compile(r"\{\{[^{}\n]*\}\}|\{([^{}\n]+)\}")
MOST_NAME = 40
_GAP = re2.compile(r"⟦([^⟦⟧\n]+)⟧")


@dataclass(frozen=True)
class Unknown:
    """A variable nobody knows: as written, where (line and column, from 1), and the known name it resembles."""

    name: str
    line: int
    column: int
    meant: str


@dataclass(frozen=True)
class Filled:
    """A text with its values in it, and the names of the variables that had none, each once."""

    text: str
    missing: tuple[str, ...]


def names_in(text: str) -> tuple[str, ...]:
    """Return the variables a text uses, each once, known or not."""
    return tuple(dict.fromkeys(name for _start, _end, name in _found(text) if name is not None))


def unknown_in(text: str, known: Collection[str]) -> list[Unknown]:
    """Return the variables that are not ``known``, with their places."""
    wrong = []
    for start, _end, name in _found(text):
        if name is None or name in known:
            continue
        line_start = text.rfind("\n", 0, start) + 1
        meant = next(iter(get_close_matches(name.lower(), known, n=1, cutoff=0.6)), "")
        wrong.append(Unknown(name, text.count("\n", 0, start) + 1, start - line_start + 1, meant))
    return wrong


def fill(text: str, values: Mapping[str, str], gaps: Mapping[str, str]) -> Filled:
    """Return ``text`` with its ``values``. One that is missing or empty leaves a visible gap, named by ``gaps``.

    A variable that ``gaps`` does not know either stays as it is written.
    """
    pieces, at, missing = [], 0, []
    for start, end, name in _found(text):
        pieces.append(text[at:start])
        at = end
        if name is None:
            pieces.append(text[start + 1 : end - 1])
        elif value := as_text(values.get(name, "")):
            pieces.append(value)
        elif name in gaps:
            pieces.append(f"{GAP_OPENS}{gaps[name]}{GAP_CLOSES}")
            missing.append(name)
        else:
            pieces.append(text[start:end])
    return Filled("".join([*pieces, text[at:]]), tuple(dict.fromkeys(missing)))


def gaps_in(text: str) -> list[str]:
    """Return what is still to be filled in by hand, in order."""
    return [match.group(1) for match in _GAP.finditer(text)] if GAP_OPENS in text else []


def as_text(value: str) -> str:
    """Return a value as words on one line: no control or direction characters, no gaps, of bounded length."""
    kept = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in value[: 2 * LONGEST_VALUE])
    return " ".join(kept.replace(GAP_OPENS, "").replace(GAP_CLOSES, "").split())[:LONGEST_VALUE]


def _found(text: str) -> Iterator[tuple[int, int, str | None]]:
    """Yield each place in braces: from, to (characters), and the variable's name, None for doubled braces."""
    for match in _BRACES.finditer(text):
        name = match.group(1)
        if name is None:
            yield match.start(), match.end(), None
        elif _is_name(name.strip(" \t")):
            yield match.start(), match.end(), name.strip(" \t")


def _is_name(text: str) -> bool:
    """Return whether something in braces looks like a variable: one word, maybe with a dot, a dash or an underscore."""
    return len(text) <= MOST_NAME and bool(text) and all(one.isalnum() or one in "_.-" for one in text)
