"""A text made comparable: tricks with letters undone, each character still knowing where it was typed.

What the two readings promise, so that words can be written down to match them (or simply be folded themselves):

* **plain**: lower case (``casefold``: ß is ss, and both Turkish i's are i), NFKC (full-width, circled, emoji and
  Arabic-Indic digits are 0–9), æ and œ spelled out, everything invisible gone, typographic quotes and dashes plain,
  every run of whitespace (line breaks too) one space. ä, é, ł and ş stay. Greek and Cyrillic stay, except in words
  that mix them with Latin letters or consist of nothing but look-alikes in an otherwise Latin text.
* **bare**: plain without accents (ä is a, ł is l), with leetspeak undone inside words (p4ypal), and with letters that
  stand alone joined (w h a t s, w.h.a.t.s). Numbers and everything else are as in plain.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise, zip_longest
from typing import Any

import re2
from confusable_homoglyphs.confusables import confusables_data

_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters and marks that show nothing
_OVERRIDE, _POP = "\u202e", "\u202c"

#: Letters of other scripts by what they look like. Strict ones are taken for Latin in a word of look-alikes only;
#: loose ones need Latin letters beside them in the same word.
_STRICT = dict(
    zip("авеѕіїјкмнорстухһӏԁԛԝүАВЕЅІЇЈКМНОРСТУХҺӀԀԚԜҮё", "abesiijkmhopctyxhldqwyabesiijkmhopctyxhldqwye", strict=True)
) | dict(zip("αβγεικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abyeikvoptuxwabezhikmnoptyx", strict=True))
_LOOSE = (
    dict(zip("гзийлпуцчшщъыьяєґқңф", "r3uunnyu4wwbbbrerkho", strict=True))
    | dict(zip("ГЗИЙЛПЦЧШЩЪЬЯЄҐҚҢФ", "r3uunnu4wwbbrerkho", strict=True))
    | dict(zip("ζηθλμξπσςφψδ", "znohuensscwd", strict=True))
)
_ALWAYS = {
    "ı": "i", "æ": "ae", "œ": "oe", "ɑ": "a", "ɡ": "g", "ʟ": "l", "ɪ": "i", "ɢ": "g", "ɴ": "n", "ʀ": "r", "ʏ": "y",
    "ʙ": "b", "ʜ": "h", "ꜱ": "s", "ꜰ": "f", "ᴀ": "a", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ᴊ": "j", "ᴋ": "k", "ᴍ": "m",
    "ᴏ": "o", "ᴘ": "p", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z", "⍺": "a", "∩": "n", "∪": "u",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "⁃": "-", "‘": "'", "’": "'", "‚": "'",
    "‛": "'", "′": "'", "´": "'", "`": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "‹": "'",
    "›": "'", "。": ".", "․": ".", "‧": ".", "∙": ".", "⋅": ".", "・": ".", "⁄": "/", "∕": "/", "⧸": "/", "∶": ":",
    "ː": ":", "꞉": ":", "⁕": "*", "∗": "*", "＿": "_", "🅾": "o", "⭕": "o", "⏺": "o", "\u2800": " ", "¹": "1",
    "²": "2", "³": "3", "🔟": "10", "💯": "100",
}  # fmt: skip
_ALWAYS |= {chr(0x1F150 + number): chr(ord("a") + number) for number in range(26)}  # negative circled letters
_ALWAYS |= {chr(0x1F170 + number): chr(ord("a") + number) for number in range(26)}  # negative squared letters
_ALWAYS |= {chr(0x1F1E6 + number): chr(ord("a") + number) for number in range(26)}  # regional indicators
_FOREIGN_SCRIPTS = ("GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "DESERET", "GEORGIAN")

_LONGEST = 8  # characters one may unfold to; one that unfolds to more (U+FDFA: a whole prayer) is a blank
_CHUNK = 100  # characters read at once where nothing has to be looked at one by one
_UNFOLDED = 2000  # characters a text may gain by those that unfold to three and more

_LEET = dict(zip("0134578@$!|€", "oieastbasile", strict=True))


@dataclass(frozen=True)
class Reading:
    """One way of reading a text: ``text`` to look at, and for each of its characters where it was typed."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    orderly: bool = True  # false: parts are read backwards, so that the typed places do not only grow
    notes: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)  # what is worked out only once

    @cached_property
    def flat(self) -> bytes:
        """The text without accents, one byte a character (others than ASCII: ``?``), for ``expression``s: small and
        fast automata, and places that need no counting."""
        text = self.text if self.text.isascii() else self.text.translate(_UNACCENTED)
        return text.encode("ascii", "replace")

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where ``text[start:end]`` stands in the text as typed, as [start, end). It must not be empty."""
        if self.orderly:
            return self.starts[start], self.ends[end - 1]
        return min(self.starts[start:end]), max(self.ends[start:end])


@dataclass(frozen=True)
class Folded:
    """A text as typed and its two readings (see the module)."""

    typed: str
    plain: Reading
    bare: Reading


_OPTIONS = re2.Options()
_OPTIONS.encoding = re2.Options.Encoding.LATIN1
_OPTIONS.max_mem = 32 << 20
_OPTIONS.log_errors = False


def expression(pattern: str) -> Any:
    """Return ``pattern`` compiled for ``Reading.flat``; it may be written with the accents its words have."""
    plain = "".join(one if one.isascii() else _TABLE[one] for one in pattern)
    return re2.compile(plain.translate(_UNACCENTED).encode("ascii"), _OPTIONS)


def fold(text: str) -> Folded:
    """Return the readings of ``text`` in time linear in its length."""
    plain = _plain(text)
    return Folded(text, plain, _bare(text, plain))


class _Table(dict[str, str]):
    """What each character is read as; made when first met. Empty: not read at all."""

    def __missing__(self, character: str) -> str:
        self[character] = piece = _read(character)
        return piece


_TABLE = _Table()


def _read(character: str) -> str:
    if character in _ALWAYS:
        return _ALWAYS[character]
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"  # a half of a pair: RE2 reads UTF-8, which has no such thing
    if character.isspace() or category in ("Zs", "Zl", "Zp"):
        return " "
    if category in ("Cf", "Cc", "Mn", "Me") or character in _INVISIBLE:
        return ""
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    if 0x2460 <= ord(character) <= 0x24FF or 0x2776 <= ord(character) <= 0x2793 or 0x3251 <= ord(character) <= 0x32BF:
        number = unicodedata.numeric(character, None)
        if number is not None:
            return str(int(number))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
    # İ folds to i and a dot above it; marks on their own never stay.
    folded = "".join(_ALWAYS.get(one, one) for one in folded if not unicodedata.combining(one))
    return " " if folded.isspace() or len(folded) > _LONGEST else folded


def _plain(typed: str) -> Reading:
    if typed.isascii() and typed.isprintable() and "  " not in typed and "`" not in typed:
        return Reading(typed.lower(), range(len(typed)), range(1, len(typed) + 1))
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    table = _TABLE
    order = _reading_order(typed)
    foreign = False
    spare = _UNFOLDED
    size = _CHUNK if order is None else len(typed)
    for begin in range(0, len(typed), size):
        here = typed[begin : begin + size]
        pieces = list(map(table.__getitem__, here))
        if order is None and _is_simple(pieces, characters[-1:]):
            characters += pieces
            starts += range(begin, begin + len(here))
            ends += range(begin + 1, begin + len(here) + 1)
            foreign = foreign or max(pieces) >= "\u0370"
            continue
        for place, character in enumerate(here, begin) if order is None else ((one, typed[one]) for one in order):
            piece = table[character]
            if piece == " ":
                if characters and characters[-1] == " ":
                    ends[-1] = max(place + 1, ends[-1])
                    starts[-1] = min(place, starts[-1])
                    continue
            elif len(piece) != 1:
                if piece:
                    if len(piece) > 2:
                        spare -= len(piece)
                        piece = piece if spare > 0 else piece[0]
                    for one in piece:
                        characters.append(one)
                        starts.append(place)
                        ends.append(place + 1)
                elif characters and unicodedata.category(character) == "Mn":
                    whole = unicodedata.normalize("NFC", characters[-1] + character)
                    if len(whole) == 1:
                        characters[-1] = whole
                        ends[-1] = max(place + 1, ends[-1])
                continue
            characters.append(piece)
            starts.append(place)
            ends.append(place + 1)
            foreign = foreign or piece >= "\u0370"
    text = "".join(characters)
    if foreign:
        text = _latinised(typed, text, starts)
    return Reading(text, starts, ends, order is None)


def _is_simple(pieces: list[str], before: list[str]) -> bool:
    """Return whether every character is read as one other, and no two blanks are to become one."""
    text = "".join([*before, *pieces])
    return len(min(pieces, key=len)) == 1 == len(max(pieces, key=len)) and "  " not in text


def _reading_order(typed: str) -> list[int] | None:
    """Return the places in the order they are seen when an override turns parts of the text round, else nothing."""
    if _OVERRIDE not in typed:
        return None
    order: list[int] = []
    place = 0
    while (found := typed.find(_OVERRIDE, place)) >= 0:
        order += range(place, found)
        end = min(one for one in (typed.find(_POP, found), typed.find("\n", found), len(typed)) if one >= 0)
        order += range(end - 1, found, -1)
        place = end
    return [*order, *range(place, len(typed))]


class _Kinds(dict[int, str]):
    """What kind of character each is, for ``str.translate``; made when first met.

    a Latin (or any other) letter, f letter of a script with Latin look-alikes, d digit, s sign read as a letter in
    leetspeak, and a blank for all the rest.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = "a" if character.isalpha() else "d" if character.isdigit() else "s" if character in _LEET else " "
        if kind == "a" and unicodedata.name(character, "").startswith(_FOREIGN_SCRIPTS):
            kind = "f"
        self[code] = kind
        return kind


_KINDS = _Kinds()


def _latinised(typed: str, text: str, starts: Sequence[int]) -> str:
    """Return ``text`` with letters of other scripts read as the Latin ones they stand for, where they do."""
    kinds = text.translate(_KINDS)
    if "f" not in kinds:
        return text
    characters = list(text)
    lookalikes_only: list[tuple[int, str]] = []
    honest = False
    start = -1
    for word in kinds.replace("s", " ").split(" "):
        start, end = start + 1, start + 1 + len(word)
        if "f" in word:
            loose = "a" in word
            latin = [
                read if kind != "f" else _letter_for(typed[place], read, loose)
                for kind, read, place in zip(word, text[start:end], starts[start:end], strict=True)
            ]
            if loose:
                characters[start:end] = [one or text[start + at] for at, one in enumerate(latin)]
            elif all(latin):
                lookalikes_only.append((start, "".join(latin)))
            else:
                honest = True
        start = end
    if not honest:
        for start, latin_word in lookalikes_only:
            characters[start : start + len(latin_word)] = latin_word
    return "".join(characters)


def _letter_for(typed: str, read: str, loose: bool) -> str:
    # Capitals look like other letters than the small ones (Η is H, η is n), so what was typed goes first.
    return _look_alike(typed, loose) or _look_alike(read, loose)


@lru_cache(maxsize=4096)
def _look_alike(character: str, loose: bool) -> str:
    """Return the Latin letter this letter of another script looks like, or nothing."""
    if character in _STRICT:
        return _STRICT[character]
    if loose and character in _LOOSE:
        return _LOOSE[character]
    if character in _LOOSE or character < "\u0370":
        return ""
    for other in confusables_data.get(character, ()):
        if len(other["c"]) == 1 and other["c"].isascii() and other["c"].isalnum():
            return str(other["c"]).lower()
    return ""


class _Unaccented(dict[int, str]):
    """What each character is without its accents, for ``str.translate``; made when first met."""

    def __missing__(self, code: int) -> str:
        bare = unicodedata.normalize("NFD", chr(code))[0]
        self[code] = {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ð": "d", "ƒ": "f", "ɨ": "i"}.get(bare, bare)
        return self[code]


_UNACCENTED = _Unaccented()


def _bare(typed: str, plain: Reading) -> Reading:
    text = plain.text if plain.text.isascii() else plain.text.translate(_UNACCENTED)
    characters: list[str] | None = None
    runs: list[list[int]] = [[]]  # places of letters standing alone, near each other
    start, last = -1, -9
    for word in text.translate(_KINDS).split(" "):
        start += 1
        size = len(word)
        if size == 1:
            if start - last > 4:
                runs.append([])
            runs[-1].append(start)
            last = start
        elif size:
            last = -9
            letters = word.count("a") + word.count("f")
            if letters != size and letters > 1 and letters * 2 >= size:
                characters = characters or list(text)
                characters[start : start + size] = _unleeted(text[start : start + size])
        start += size
    text = "".join(characters) if characters else text
    changes = [change for run in runs if len(run) > 2 for change in _joined(typed, text, plain, run)]
    if not changes:
        return plain if text == plain.text else Reading(text, plain.starts, plain.ends, plain.orderly)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    end = 0
    for joined, places in changes:
        pieces += (text[end : places[0]], joined)
        starts += plain.starts[end : places[0]]
        ends += plain.ends[end : places[0]]
        starts += [plain.starts[place] for place in places]
        ends += [plain.ends[place] for place in places]
        end = places[-1] + 1
    pieces.append(text[end:])
    return Reading("".join(pieces), [*starts, *plain.starts[end:]], [*ends, *plain.ends[end:]], plain.orderly)


def _joined(typed: str, text: str, plain: Reading, places: list[int]) -> list[tuple[str, list[int]]]:
    """Return the words that letters standing alone at these places spell, each with the places it uses."""
    if sum(text[place].isalpha() for place in places) < 3:
        return []
    blanks = [" " in text[before:after] for before, after in pairwise(places)]
    if all(blanks):  # w h a t s  a p p: words are where the gap is wider
        blanks = [_wide(typed, plain, before, after) for before, after in pairwise(places)]
        if all(blanks):
            blanks = []
    words: list[list[int]] = [[]]
    for place, apart in zip_longest(places, [False, *blanks], fillvalue=False):
        if apart:
            words.append([])
        words[-1].append(place)
    changes = []
    for word in words:
        letters = sum(text[place].isalpha() for place in word)
        if letters >= 3 and letters * 2 >= len(word):
            changes.append((_unleeted("".join(text[place] for place in word)), word))
    return changes


def _wide(typed: str, plain: Reading, before: int, after: int) -> bool:
    """Return whether the gap between two letters was typed wider than one character: a space between spaced words."""
    return after - before == 2 and sum(map(str.isspace, typed[plain.ends[before] : plain.starts[after]])) > 1


def _unleeted(word: str) -> str:
    """Return ``word`` with the digits and signs that stand for letters read as letters."""
    letters = sum(map(str.isalpha, word))
    if letters == len(word) or letters < 2 or letters * 2 < len(word):
        return word
    characters = list(word)
    size = len(word)
    place = 0
    while place < size:
        if characters[place].isalpha():
            place += 1
            continue
        end = place
        while end < size and not characters[end].isalpha():
            end += 1
        run = word[place:end]
        first, last = place == 0, end == size
        if len(run) <= 2 and not (first and last) and all(one in _LEET for one in run):
            if first:
                # "1nstagram" and "$ale", but "4 gb", "1st" and "3er" are numbers.
                fits = size >= 5 or (run in "@$€" and size >= 3)
            elif last:
                fits = len(run) == 1 and size >= 5 and run in "013$"  # "paypa1", but "iphone5" and "hello!"
            else:
                fits = True
            if fits:
                for at in range(place, end):
                    characters[at] = _letter(word, at)
        place = end
    return "".join(characters)


def _letter(word: str, place: int) -> str:
    if word[place] == "1":
        # l at the end and between vowels (paypa1, te1egram), else i (s1gnal, 1nstagram).
        before = word[place - 1] if place else ""
        after = word[place + 1] if place + 1 < len(word) else ""
        if not after or (before in "aeiou3" and before and after in "aeiou3"):
            return "l"
    return _LEET[word[place]]
