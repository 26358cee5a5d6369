"""The small language phrase rules are written in, and how it becomes RE2 expressions and the letters to look for first.

A phrase is words with one space between them. In it

- ``{name}`` is one of the phrases listed under that name, ``(one|the other)`` one of those written there, and
  ``[phrase]`` one that may be missing (as ``{name}?`` and ``(…)?`` may),
- inside a word ``(a|b)`` is either, ``s?`` and ``(es)?`` may be missing, ``*`` is any rest of a word, ``#`` a number,
- ``~3`` stands for up to three other words, and ``~~`` for up to 100 characters, across the ends of sentences.

Between two words anything may stand that is neither a letter nor the end of a sentence. The text it is matched on is
:func:`level`: plain ASCII, a character a character, so that a place in one is the same place in the other. ``ä ö ü``
match written as ä, ae or a; every other accent is dropped on both sides.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product

import re2

from .folding import Reading

STAR, FINGER, MONEY, HEART = "\x02", "\x03", "\x04", "\x05"  # signs that say something, in plain ASCII
_SIGNS = {
    **dict.fromkeys("★☆⭐🌟✩✭⋆", STAR),
    **dict.fromkeys("🖕", FINGER),
    **dict.fromkeys("€£$₺", MONEY),
    **dict.fromkeys("🔪💣🔫", HEART),
    **dict.fromkeys("’‘´`ʼ′", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "_": " ", "ł": "l", "Ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "a", "œ": "o", "þ": "t", "ð": "d", "ß": "s",
    "…": ".", "。": ".", "？": "?", "！": "!",
}  # fmt: skip
GAP_WORD = r"(?:[^\w.!?;]+|\.\b)\w+(?:['.]\w+)*"
BETWEEN = r"(?:[^\w.!?;]+|\.\b)"
NUMBER = r"\d+(?:[.,]\d+)?"
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}
_LOOSE_SIGNS = "%★€+🖕"  # there may be a blank or two before them
_MOST_SPELLINGS = 200
_MOST_WAYS = 50  # to write a stretch of a phrase; more strings to look for cost memory and find no more
_MOST_ABBREVIATIONS = 500  # in a text: nobody honest writes more, and looking takes long


@lru_cache(maxsize=4096)
def _level_character(character: str) -> str:
    """Return the one ASCII character that stands for ``character``: its base letter, ``_`` for a foreign letter."""
    if character in _SIGNS:
        return _SIGNS[character]
    if character < "\x80":
        return character.lower()
    base = unicodedata.normalize("NFKD", character)[0]
    if base < "\x80":
        return base.lower()
    return "_" if character.isalnum() else " "


class _Table(dict[int, str]):
    """Fills itself with what a text holds."""

    def __missing__(self, code: int) -> str:
        value = _level_character(chr(code))
        if len(self) < 5000:
            self[code] = value
        return value


_TABLE = _Table()
# A full stop after these is no end of a sentence.
_ABBREVIATION = re2.compile(
    rb"\b(?:z\.b|d\.h|u\.a|e\.g|i\.e|ca|bzw|inkl|zzgl|evtl|ggf|usw|etc|nr|no|mr|mrs|ms|dr|st|art|tel|str|max|min|incl"
    rb"|vs|approx|z|d|u|a)\."
)


def levelled(reading: Reading) -> bytes:
    """Return the text of a reading as ``level`` does, worked out once for all who ask."""
    if "levelled" not in reading.notes:
        reading.notes["levelled"] = _without_abbreviations(reading.letters.swapped(_TABLE).encode("ascii", "replace"))
    flat: bytes = reading.notes["levelled"]
    return flat


def level(text: str) -> bytes:
    """Return ``text`` in plain ASCII letters of small case, each character in its place."""
    return _without_abbreviations(text.translate(_TABLE).encode("ascii", "replace"))


def _without_abbreviations(flat: bytes) -> bytes:
    """Return a levelled text with a blank for each full stop that ends no sentence."""
    if b"." not in flat:
        return flat
    parts: list[bytes] = []
    last = 0
    for hit in islice(_ABBREVIATION.finditer(flat), _MOST_ABBREVIATIONS):
        parts += (flat[last : hit.start()], hit.group().replace(b".", b" "))
        last = hit.end()
    return b"".join((*parts, flat[last:])) if parts else flat


_SIGNS_APART = ("%", "+", STAR, FINGER, MONEY, HEART)
_SIGNS_AND_CODES = tuple((sign, ord(sign)) for sign in _SIGNS_APART)
_APART = bytes(code if chr(code).isalnum() or chr(code) in "_\0" else 32 for code in range(128)) + b" " * 128


def apart(flat: bytes) -> str:
    """Return the words of a levelled text with one blank on either side of each, and behind them signs it holds."""
    words = b" ".join(flat.translate(_APART).split()).decode("ascii")
    return f" {words} " + "".join(sign for sign, code in _SIGNS_AND_CODES if code in flat)


class Vocabulary:
    """The named lists of words of one language, and what phrases made of them look like."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        """Take name → alternatives divided by ``|`` (lists may name other lists)."""
        self._lists = {name: _divided(" ".join(text.split()), "|") for name, text in lists.items()}
        self._expressions: dict[str, str] = {}
        self._written: dict[str, list[str]] = {}

    def expression(self, phrase: str) -> str:
        """Return ``phrase`` as an RE2 expression. Raises KeyError for a list that does not exist."""
        made = ""
        joint = ""  # what stands before the next word
        for part in _divided(phrase, " "):
            if part == "~~":
                joint = r"\b.{0,100}?\b"
            elif part.startswith("~"):
                joint = f"(?:{GAP_WORD}){{0,{int(part[1:])}}}{BETWEEN}"
            elif (optional := _optional(part)) is not None:
                # A word that may be missing brings its own joint along.
                word = self.expression(optional) if part[0] == "[" else self._token(optional)
                made += f"(?:{joint}{word})?" if joint else f"(?:{word}{BETWEEN})?"
                joint = joint and BETWEEN
            else:
                made += joint + self._token(part)
                joint = BETWEEN
        return made

    def _token(self, token: str) -> str:
        if token.startswith("{"):
            name = token[1:-1]
            if name not in self._expressions:
                self._expressions[name] = self._any_of(self._lists[name])
            return self._expressions[name]
        if _is_group(token):
            return self._any_of(_divided(token[1:-1], "|"))
        return _word(token)

    def _any_of(self, phrases: Sequence[str]) -> str:
        return "(?:" + "|".join(self.expression(one) for one in phrases) + ")"

    def letters(self, phrase: str) -> list[frozenset[str]]:
        """Return sets of strings; of each set at least one stands in :func:`apart` of whatever ``phrase`` matches.

        The rarest set comes first. A stretch of the phrase of which nothing is sure gives none.
        """
        sets = [frozenset(map(_longest_letters, ways)) for ways in self._stretches(phrase)]
        return sorted(filter(all, sets), key=_rarity, reverse=True)

    def _stretches(self, phrase: str) -> Iterator[list[str]]:
        """Yield for each stretch of the phrase that has no gap the ways it can be written (see ``spellings``)."""
        ways = [""]
        for part in _divided(phrase, " "):
            gap = part.startswith("~") or _optional(part) is not None
            here = [""] if gap else self._ways(part)
            if gap or len(ways) * len(here) > _MOST_WAYS:
                yield ways
                ways = [""]
            ways = [f"{one} {other}" for one in ways for other in here]
        yield ways

    def _ways(self, part: str) -> list[str]:
        if part.startswith("{"):
            name = part[1:-1]
            if name not in self._written:
                self._written[name] = [way for one in self._lists[name] for way in self._ways_of_phrase(one)]
            return self._written[name]
        if _is_group(part):
            return [way for one in _divided(part[1:-1], "|") for way in self._ways_of_phrase(one)]
        start, end = _boundaries(part)
        return [
            " " * (start and one[:1].isalnum()) + one + " " * (end and one[-1:].isalnum()) for one in spellings(part)
        ]

    def _ways_of_phrase(self, phrase: str) -> list[str]:
        stretches = list(self._stretches(phrase))
        if len(stretches) == 1:
            return stretches[0]
        return [f"\0{one}\0" for one in next(iter(self.letters(phrase)), ("",))]


def _divided(text: str, divider: str) -> list[str]:
    """Return what stands between the dividers that are in no brackets, without spaces around it."""
    parts: list[str] = []
    depth = last = 0
    for place, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == divider and not depth:
            parts.append(text[last:place].strip())
            last = place + 1
    if depth:
        raise ValueError(f"A bracket is left open in {text!r}.")
    return [one for one in (*parts, text[last:].strip()) if one]


def _is_group(token: str) -> bool:
    """Return whether the token is one pair of brackets around alternatives, not a word with brackets in it."""
    depth = 0
    if token[0] != "(":
        return False
    for place, character in enumerate(token):
        depth += (character == "(") - (character == ")")
        if not depth:
            return place == len(token) - 1
    return False


def _optional(token: str) -> str | None:
    """Return the phrase inside ``[…]``, ``(…)?`` or ``{…}?``; nothing when the token has to be there."""
    if token[0] == "[":
        return token[1:-1]
    if token[-1] == "?" and (token[0] == "{" or (token[0] == "(" and _is_group(token[:-1]))):
        return token[:-1]
    return None


def _rarity(letters: frozenset[str]) -> tuple[int, int]:
    return (min(6, *map(len, letters), 6), -len(letters))


@lru_cache(maxsize=1 << 13)
def _word(token: str) -> str:
    """Return one word of a phrase as an expression with its boundaries."""
    made = []
    for character in token:
        if character == "*":
            made.append(r"\w*")
        elif character == "#":
            made.append(NUMBER)
        elif character in UMLAUTS:
            made.append(f"(?:{_level_character(character)}|{UMLAUTS[character]})")
        elif character == "(":
            made.append("(?:")
        elif character in "|)?":
            made.append(character)
        elif character in _LOOSE_SIGNS:
            made.append(r"[^\w.!?;%]{0,2}" + re2.escape(_level_character(character)))
        else:
            flat = _level_character(character)
            made.append(flat if flat.isalnum() else re2.escape(flat))
    start, end = _boundaries(token)
    return (r"\b" if start else "") + "".join(made) + (r"\b" if end else "")


def _boundaries(token: str) -> tuple[bool, bool]:
    """Return whether a word of a phrase begins and ends where a word of the text does."""
    # After an optional ending or any rest of a word the boundary still has to hold.
    return token[0].isalnum() or token[0] in "(#*", token[-1].isalnum() or token[-1] in "?)#*"


@lru_cache(maxsize=1 << 15)
def _longest_letters(way: str) -> str:
    """Return the longest string sure to be in :func:`apart` of what is written in this way; nothing if none is."""
    pieces = [one.strip() if one.strip() in _SIGNS_APART else _spaced(one) for one in way.split("\0")]
    return max((one for one in pieces if one != " "), key=len, default="")


def _spaced(piece: str) -> str:
    """Return a piece of a way to write a phrase as it stands between the first and the last blank of ``apart``."""
    flat = piece.encode("ascii").translate(_APART).decode("ascii")
    while "  " in flat:
        flat = flat.replace("  ", " ")
    return flat


def spellings(token: str) -> list[str]:
    """Return the ways a word of a phrase can be spelt, with ``\\0`` where anything may stand."""
    parts, _ = _alternatives(token, 0)
    return parts[:_MOST_SPELLINGS] if len(parts) <= _MOST_SPELLINGS else ["\0"]


def _alternatives(token: str, at: int) -> tuple[list[str], int]:
    """Read ``a|b`` from ``at`` on to the closing bracket or the end; return the spellings and where it stopped."""
    found: list[str] = []
    sequence: list[Sequence[str]] = []
    while at < len(token) and token[at] != ")":
        character = token[at]
        if character == "|":
            found += ("".join(one) for one in product(*sequence))
            sequence = []
            at += 1
            continue
        if character == "(":
            choices, at = _alternatives(token, at + 1)
        elif character in "*#":
            choices = ["\0"]
        elif character in UMLAUTS:
            choices = [_level_character(character), UMLAUTS[character]]
        elif character in _LOOSE_SIGNS:
            choices = ["\0" + _level_character(character)]
        else:
            choices = [_level_character(character)]
        at += 1
        if at < len(token) and token[at] == "?":
            choices = [*choices, ""]
            at += 1
        sequence.append(choices)
    return [*found, *("".join(one) for one in product(*sequence))], at
