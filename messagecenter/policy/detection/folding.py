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
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import Any

import re2
from confusable_homoglyphs.confusables import confusables_data

from . import spaced
from .letters import Letters

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
_MARK = "\0"  # stands for a character that is not read as one other
_UNFOLDED = 2000  # characters a text may gain by those that unfold to three and more

_LEET = dict(zip("0134578@$!|€", "oieastbasile", strict=True))


@dataclass(frozen=True)
class Reading:
    """One way of reading a text: ``text`` to look at, and for each of its characters where it was typed."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    orderly: bool = True  # false: parts are read backwards, so that the typed places do not only grow
    undone: tuple[tuple[int, int], ...] = ()  # words that were disguised: with other signs in them, or letter by letter
    notes: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)  # what is worked out only once

    @cached_property
    def flat(self) -> bytes:
        """The text without accents, one byte a character (others than ASCII: ``?``), for ``expression``s: small and
        fast automata, and places that need no counting."""
        return self.unaccented.encode("ascii", "replace")

    @property
    def letters(self) -> Letters:
        """The text, ready to have its characters swapped by tables."""
        if "letters" not in self.notes:
            self.notes["letters"] = Letters(self.text)
        letters: Letters = self.notes["letters"]
        return letters

    @cached_property
    def unaccented(self) -> str:
        """The text without accents, as far as letters of other scripts have any."""
        return self.text if self.text.isascii() else self.letters.swapped(_UNACCENTED)

    def stretches(self, places: Iterable[tuple[int, int]], reach: int) -> Iterator[Reading]:
        """Yield what stands around these places, ``reach`` characters and the rest of a word on either side.

        Places come in order; those near each other share a stretch.
        """
        text = self.text
        wide: list[tuple[int, int]] = []
        for start, end in places:
            begin = text.rfind(" ", 0, max(0, start - reach)) + 1
            until = text.find(" ", end + reach)
            until = until if until >= 0 else len(text)
            if wide and begin <= wide[-1][1]:
                begin = wide.pop()[0]
            wide.append((begin, until))
        for begin, until in wide:
            part = slice(begin, until)
            yield Reading(text[part], self.starts[part], self.ends[part], self.orderly)

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
    spare = _UNFOLDED
    table = _TABLE
    simple = Letters(typed).swapped(_SIMPLE)
    order = _reading_order(typed)
    for stretch in order:
        begin, end = stretch.start, stretch.stop
        forward = stretch.step == 1
        for place in _read_alone(simple, begin, end) if forward else stretch:
            if forward and begin < place:  # what lies between is read in one go
                characters += simple[begin:place]
                starts += range(begin, place)
                ends += range(begin + 1, place + 1)
            begin = place + 1
            piece = table[typed[place]]
            if piece == " " and characters and characters[-1] == " ":
                ends[-1] = max(begin, ends[-1])
                starts[-1] = min(place, starts[-1])
            elif piece:
                if len(piece) > 2:
                    spare -= len(piece)
                    piece = piece if spare > 0 else piece[0]
                for one in piece:
                    characters.append(one)
                    starts.append(place)
                    ends.append(begin)
            elif characters and unicodedata.category(typed[place]) == "Mn":
                whole = unicodedata.normalize("NFC", characters[-1] + typed[place])
                if len(whole) == 1:
                    characters[-1] = whole
                    ends[-1] = max(begin, ends[-1])
        if forward:
            characters += simple[begin:end]
            starts += range(begin, end)
            ends += range(begin + 1, end + 1)
    text = "".join(characters)
    letters = Letters(text)
    latin = text if text.isascii() else _latinised(typed, letters, starts)
    notes = {"letters": letters} if latin == text else {}
    return Reading(latin, starts, ends, len(order) == 1, notes=notes)


class _Simple(dict[int, str]):
    """What each character is read as where that is one other, for ``str.translate``; made when first met."""

    def __missing__(self, code: int) -> str:
        piece = _TABLE[chr(code)]
        self[code] = value = piece if len(piece) == 1 else _MARK
        return value


_SIMPLE = _Simple()


def _read_alone(simple: str, begin: int, end: int) -> Iterator[int]:
    """Yield the first place, and those of marks and of blanks that may stand behind another blank."""
    if begin < end:
        yield begin
    mark, blank = simple.find(_MARK, begin, end), simple.find("  ", begin, end)
    while mark >= 0 or blank >= 0:
        if blank < 0 or 0 <= mark < blank:
            if mark > begin:
                yield mark
            if simple.startswith(" ", mark + 1, end):
                yield mark + 1
            mark = simple.find(_MARK, mark + 1, end)
        else:
            yield blank + 1
            blank = simple.find("  ", blank + 1, end)


def _reading_order(typed: str) -> list[range]:
    """Return the places in the order they are seen: overrides turn parts of a text round."""
    order: list[range] = []
    place = 0
    while (found := typed.find(_OVERRIDE, place)) >= 0:
        order.append(range(place, found))
        end = min(one for one in (typed.find(_POP, found), typed.find("\n", found), len(typed)) if one >= 0)
        order.append(range(end - 1, found, -1))
        place = end
    return [*order, range(place, len(typed))]


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


def _latinised(typed: str, letters: Letters, starts: Sequence[int]) -> str:
    """Return the text with letters of other scripts read as the Latin ones they stand for, where they do."""
    text, kinds = letters.text, letters.swapped(_KINDS)
    if "f" not in kinds:
        return text
    characters = list(text)
    lookalikes_only: list[tuple[int, str]] = []
    honest = False
    kinds = kinds.replace("s", " ")
    place = kinds.find("f")
    while place >= 0:
        start, end = kinds.rfind(" ", 0, place) + 1, kinds.find(" ", place)
        end = end if end >= 0 else len(kinds)
        word = kinds[start:end]
        loose = "a" in word
        latin = [
            read if kind != "f" else _letter_for(typed[at], read, loose)
            for kind, read, at in zip(word, text[start:end], starts[start:end], strict=True)
        ]
        if loose:
            characters[start:end] = [one or text[start + at] for at, one in enumerate(latin)]
        elif all(latin):
            lookalikes_only.append((start, "".join(latin)))
        else:
            honest = True
        place = kinds.find("f", end)
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
    text = plain.unaccented
    characters: list[str] | None = None
    undone: list[tuple[int, int]] = []
    runs: list[list[int]] = [[]]  # places of letters standing alone, near each other
    last = -9
    words = plain.letters.swapped(_UNACCENTED, _KINDS).split(" ")
    mixed = {word for word in set(words) if _is_mixed(word)}
    for number, (word, reach) in enumerate(zip(words, accumulate(map(len, words)), strict=True)):
        if len(word) == 1:
            start = reach + number - 1
            if start - last > 4:
                runs.append([])
            runs[-1].append(start)
            last = start
        elif word in mixed:
            start = reach + number - len(word)
            end = start + len(word)
            read = _unleeted(text[start:end])
            if read != text[start:end]:
                characters = characters or list(text)
                characters[start:end] = read
                undone.append((start, end))
    text = "".join(characters) if characters else text
    changes = [change for run in runs if len(run) > 2 for change in _joined(typed, text, plain, run)]
    if not changes:
        same = text == plain.text
        return plain if same else Reading(text, plain.starts, plain.ends, plain.orderly, tuple(undone))
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
    starts += plain.starts[end:]
    ends += plain.ends[end:]
    return Reading("".join(pieces), starts, ends, plain.orderly, tuple(_moved(undone, changes)))


def _moved(undone: Iterable[tuple[int, int]], changes: Iterable[tuple[str, list[int]]]) -> Iterator[tuple[int, int]]:
    """Yield where the words whose signs were undone, and those that were joined, stand after the joining, in order."""
    waiting = deque(undone)
    gone = 0  # characters between letters that were joined, so far
    for joined, places in changes:
        start = places[0]
        while waiting and waiting[0][0] < start:
            yield waiting[0][0] - gone, waiting.popleft()[1] - gone
        yield start - gone, start - gone + len(joined)
        gone += places[-1] + 1 - start - len(joined)
    for start, end in waiting:
        yield start - gone, end - gone


def _is_mixed(kinds: str) -> bool:
    """Return whether a word of these kinds of characters has other signs among its letters."""
    letters = kinds.count("a") + kinds.count("f")
    return len(kinds) > 1 and letters != len(kinds) and letters > 1 and letters * 2 >= len(kinds)


def _joined(typed: str, text: str, plain: Reading, places: list[int]) -> list[tuple[str, list[int]]]:
    """Return the words that letters standing alone at these places spell, each with the places it uses."""
    if sum(text[place].isalpha() for place in places) < spaced.FEWEST:
        return []
    wide = [_wide(typed, plain, before, after) for before, after in pairwise(places)]
    words = spaced.together(text, places, wide)
    return [(_unleeted("".join(text[place] for place in word)), word) for word in words]


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
