"""What a word is to the search: how texts are cut into words, folded and stemmed. Pure, the same for index and query.

A *run* is what stands without a blank and may hold joiners, "E-Mail" or "302-1234567-1234567". It is found by each of
its *parts* and by the *whole*, its parts written together. Each word has one *key*, whatever its language: folded, then
stemmed as English and the rest as German. A word of eight letters or more has a second key, "^" and its first five
letters, so that a typed beginning finds it. The 50 most frequent words of both languages have none. Chinese and
Japanese characters are parts of their own; other scripts are taken as they stand, without stems.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import Stemmer

# Whoever cuts, folds or stems another way raises ``models.WORDS_VERSION``: indexes must then be built anew.

# A document counts with its first distinct keys; whatever a longer one holds besides is not found.
MOST_KEYS = 1000
ALL_COUNTS = MOST_KEYS  # characters that cannot have more keys: at most three in "a-b "
MOST_LETTERS = 64
MOST_PARTS = 8
PREFIX_LETTERS = 5
PREFIXED_LETTERS = 8
SHORTEST_STEM = 3

# Folded; without "hat", "war" and "man", which are English words somebody may look for.
GERMAN_STOP_WORDS = """
    der die und in zu den das nicht von sie ist des sich mit dem dass er es ein ich auf so eine auch als an nach wie im
    fur aber aus durch wenn nur noch werden bei wir was wird sein einen sind oder um haben einer mir ihr
"""
# Without "will" and "can", which are things as well.
ENGLISH_STOP_WORDS = """
    the be to of and a that have i it for not on with he as you do at this but his by from they we say her she or an my
    one all would there their is are was if me so your had has been which were when
"""
STOP_WORDS = frozenset(GERMAN_STOP_WORDS.split() + ENGLISH_STOP_WORDS.split())

# A stretch of one class with single joiners between: no two ways to read a text, so that it takes linear time. RE2
# would promise the same and needs twenty times as long here, because it counts characters anew for each word.
_INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff"
_LETTER = rf"[\w\u0300-\u036f{_INVISIBLE}]"
_RUN = re.compile(rf"{_LETTER}+(?:[-‐‑–.@'’]{_LETTER}+)*")
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(rf"[{_IDEOGRAPHS}]|[^-‐‑–.@'’_{_IDEOGRAPHS}]+")
_JOINED = re.compile(rf"[-‐‑–.@'’_{_IDEOGRAPHS}]")
_MARKS = re.compile(rf"[\u0300-\u036f{_INVISIBLE}]+")
# Letters no decomposition takes apart.
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
_TO_ASCII = str.maketrans(_LETTERS)
# What ``skim`` leaves out: joiners, and the signs inside "½" and "ŀ", so that a run is in there written together.
_SKIMMED = str.maketrans(_LETTERS | dict.fromkeys("‐‑–’⁄·", ""))
_JOINERS = b"-.@'_"
_NUMBER_SIGNS = re.compile("[⑴-⒛🄀-🄊]")
# An umlaut written as two letters ("Ruecksendung"), but not "neue", "Quelle", "value", "values", "valued", "Boeing".
_WRITTEN_UMLAUT = re.compile(r"(?<![aeoq])([aou])e(?=u?[b-df-hj-np-tv-z])(?![sd]$)")

_local = threading.local()


def fold(word: str) -> str:
    """Return a word without what people write now one way, now another: case, accents, umlauts, ß, odd characters."""
    if not word.isascii():
        word = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
        word = _MARKS.sub("", word).translate(_TO_ASCII)
        if not word.isalnum():
            word = "".join(filter(str.isalnum, word))
    else:
        word = word.lower()
    return _WRITTEN_UMLAUT.sub(r"\1", word[:MOST_LETTERS]) if "e" in word else word[:MOST_LETTERS]


def stem(folded: str) -> str:
    """Return the stem of a folded word: at least three letters, and all but its last one begin the word itself.

    The second half is what ``skim`` rests on; the few words whose stem breaks it ("dying", "die") keep their form.
    """
    if len(folded) <= SHORTEST_STEM or not folded.isalpha():
        return folded
    try:
        german, english = _local.stemmers
    except AttributeError:
        # One pair a thread: they are not safe to share. They remember nothing; ``_remembered`` does.
        german, english = _local.stemmers = Stemmer.Stemmer("german", 0), Stemmer.Stemmer("english", 0)
    found = str(german.stemWord(english.stemWord(folded)))
    return found if len(found) >= SHORTEST_STEM and folded.startswith(found[:-1]) else folded


def key_of(folded: str) -> str:
    """Return what a folded word is found by, "" for a stop word."""
    return "" if folded in STOP_WORDS else stem(folded)


def beginning_key(folded: str) -> str:
    """Return the key by which long words are found that begin as this folded word does."""
    return "^" + folded[:PREFIX_LETTERS]


class Word(NamedTuple):
    """A folded word and what it is found by: its key, then for a long word that of its beginning; no stop word is."""

    folded: str
    keys: tuple[str, ...]

    @property
    def key(self) -> str:
        """What the whole word is found by, "" for a stop word."""
        return self.keys[0] if self.keys else ""

    def begins_with(self, beginning: str) -> bool:
        """Whether a typed beginning finds it: it must be long enough to have a key for that."""
        return len(self.keys) > 1 and self.folded.startswith(beginning)


class Part(NamedTuple):
    """A word of a text, and where it stands in it."""

    start: int
    end: int
    word: Word


@dataclass(frozen=True, slots=True)
class Run:
    """What stands together in a text: its parts, and the whole where that is a word of its own.

    There is no whole of a single part, nor of so much that nobody would look for it.
    """

    parts: tuple[Part, ...]
    whole: Word | None

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return self.parts[0].start

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.parts[-1].end


def runs_typed(text: str) -> Iterator[re.Match[str]]:
    """Return where runs may stand in a text, as typed."""
    return _RUN.finditer(text)


def runs(text: str) -> Iterator[Run]:
    """Yield the runs of a text in its order."""
    for found in _RUN.finditer(text):
        offset, typed = found.start(), found.group()
        if is_one_word(typed):
            if (word := _remembered(typed)).folded:
                yield Run((Part(offset, found.end(), word),), None)
            continue
        places = [(offset + part.start(), offset + part.end(), part.group()) for part in _PART.finditer(typed)]
        parts = tuple(Part(start, end, word) for start, end, part in places if (word := word_of(part)).folded)
        if parts:
            yield Run(parts, _whole([part.word for part in parts]))


@dataclass(slots=True)
class Reading:
    """What was read of a document: its keys, each text's folded words in their order, and runs written together."""

    keys: set[str] = field(default_factory=set)
    texts: list[list[str]] = field(default_factory=list)
    wholes: list[str] = field(default_factory=list)

    def begins(self, beginning: str) -> bool:
        """Whether a typed beginning finds one of its words."""
        if beginning_key(beginning) not in self.keys:
            return False
        found = (word for text in (*self.texts, self.wholes) for word in text if word.startswith(beginning))
        return any(_word(word).begins_with(beginning) for word in found)


def read(texts: Iterable[str]) -> Reading:
    """Return what a document of several texts holds, until it has ``MOST_KEYS`` distinct keys (or a few more)."""
    reading = Reading()
    keys = reading.keys
    for text in texts:
        words: list[str] = []
        reading.texts.append(words)
        for typed in _RUN.findall(text):
            if is_one_word(typed):
                word = _remembered(typed)
                if word.folded:
                    words.append(word.folded)
                    keys.update(word.keys)
            else:
                parts = [word for part in _PART.findall(typed) if (word := word_of(part)).folded]
                words += [word.folded for word in parts]
                keys.update(key for word in parts for key in word.keys)
                if whole := _whole(parts):
                    reading.wholes.append(whole.folded)
                    keys.update(whole.keys)
            if len(keys) >= MOST_KEYS:
                return reading
    return reading


def keys_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the keys a document of several texts is found by; about ``MOST_KEYS`` at most."""
    return frozenset(read(texts).keys)


def skim(text: str) -> bytes:
    """Return a text so that one search of its bytes says which words it cannot hold; ten times as fast as ``read``.

    Whatever ``needle_of`` returns for a key is in here when the text has a word of that key.
    """
    try:
        western = text.encode("latin-1")  # quicker than what has dashes and quotation marks as well
    except UnicodeEncodeError:
        try:
            western = text.encode("cp1252")
        except UnicodeEncodeError:
            return _without_umlauts(_skimmed(text))
    skimmed = western.translate(_SKIMMED_BYTES, _LEFT_OUT)
    for sign, letters in _SEVERAL_LETTERS:
        if sign in skimmed:
            skimmed = skimmed.replace(sign, letters)
    return _without_umlauts(skimmed)


def _skimmed(text: str) -> bytes:
    """Return ``skim`` of any text but for the umlauts, character by character."""
    if not text.isascii():
        text = _NUMBER_SIGNS.sub(lambda sign: fold(sign.group()), text)
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = _MARKS.sub("", text).translate(_SKIMMED)
    return text.lower().encode("ascii", "replace").translate(None, _JOINERS)


def needle_of(key: str) -> bytes | None:
    """Return what ``skim`` of a text with a word of this key must hold; None when that cannot be said."""
    if not key.isascii():
        return None
    sure = key[:-1] if len(key) >= SHORTEST_STEM and key.isalpha() else key
    # An "e" at the beginning could have been taken for the second half of an umlaut.
    return _without_umlauts(sure.encode()).lstrip(b"e") or None


# What becomes of each byte of Western texts, nearly all there are: a table is ten times as fast as to look at each.
_OF_BYTES = {code: _skimmed(bytes([code]).decode("cp1252", "ignore")) for code in range(256)}
_SKIMMED_BYTES = bytes(ord(letters) if len(letters) == 1 else code for code, letters in _OF_BYTES.items())
_LEFT_OUT = bytes(code for code, letters in _OF_BYTES.items() if not letters)
_SEVERAL_LETTERS = tuple((bytes([code]), letters) for code, letters in _OF_BYTES.items() if len(letters) > 1)


def _without_umlauts(ascii_text: bytes) -> bytes:
    """Return a text without any "e" that follows a, o or u."""
    for written, letter in ((b"ae", b"a"), (b"oe", b"o"), (b"ue", b"u")):
        while written in ascii_text:
            ascii_text = ascii_text.replace(written, letter)
    return ascii_text


def is_one_word(run: str) -> bool:
    """Return whether a run is letters only, with nothing in it that joins or parts: nearly all of a text is."""
    return run.isalpha() and (run.isascii() or not _JOINED.search(run))


def word_of(typed: str) -> Word:
    """Return a part as a word; its ``folded`` is "" when nothing of it can be looked for."""
    return _remembered(typed) if typed.isalpha() else _word(fold(typed))


def _word(folded: str) -> Word:
    key = key_of(folded)
    if key and len(folded) >= PREFIXED_LETTERS and folded.isalpha():
        return Word(folded, (key, beginning_key(folded)))
    return Word(folded, (key,) if key else ())


@lru_cache(maxsize=20_000)
def _remembered(typed: str) -> Word:
    """Return a word of letters only, remembered in this process: without order or owner, and no number or address."""
    return _word(fold(typed))


def _whole(parts: list[Word]) -> Word | None:
    """Return the parts of a run written together, None when that is nothing of its own or nothing to look for."""
    if not 1 < len(parts) <= MOST_PARTS:
        return None
    folded = "".join(part.folded for part in parts)
    return _word(folded) if len(folded) <= MOST_LETTERS else None
