"""Finds what is said in words: promotions, pleas for reviews, money past the platform, sensitive things, and abuse.

The words are data in ``words/``: every file of every language is always applied. A rule is a set of
phrases (the language they are written in: ``grammar.py``) with a confidence, another one for a buyer or a seller where
it matters, and the ``unless`` phrases that make a sentence an honest one.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import Any

import ahocorasick_rs
import re2

from . import masked
from .finding import Category, Finding
from .folding import Folded, Reading
from .grammar import Vocabulary, levelled
from .surroundings import Surroundings

CATEGORIES = {
    "marketing": Category.MARKETING,
    "review": Category.REVIEW_REQUEST,
    "payment": Category.OFF_PLATFORM_PAYMENT,
    "sensitive": Category.SENSITIVE_CONTENT,
    "abuse": Category.ABUSE,
}
WORDS = Path(__file__).parent / "words"
TOLD_ABUSE = 0.45  # insults somebody tells of, or gives back
TOLD_BY_SELLER = 0.6  # a seller who tells what another seller asked for may be doing the same
QUOTED = 0.6  # words people repeat in quotes to complain of them
GROUPS = 3  # of letters that are looked for before a phrase is tried
LONG = 400  # characters of a sentence; in a longer one only what is near a phrase can excuse it
SHORT_LINE = 60  # characters; a longer line may have been broken by a mail program
CERTAIN, ENOUGH = 0.8, 25  # when so many so certain findings of a category are made, no more of it are looked for
TRIES = 400  # after so many phrases tried on a text, a sentence in which a category is certain tells no more of it
HITS = 15  # of one phrase in a sentence, for the same reason
LEAST = 0.3  # below this confidence nothing is said

_END_OF_SENTENCE = re2.compile(rb"[!?;]|\.(?:\W|$)")
_KINDS = bytes(
    ord("!" if chr(code) in "!?;" else "." if chr(code) == "." else "w" if re2.fullmatch(r"\w", chr(code)) else " ")
    for code in range(256)
)
_OPTIONS = re2.Options()
_OPTIONS.max_mem = 4 << 20
_OPTIONS.log_errors = False


RETOLD = (Category.ABUSE, Category.SENSITIVE_CONTENT)


@dataclass(frozen=True)
class Rule:
    """A set of phrases that mean the same, as the data files say it."""

    id: str
    category: Category
    language: str
    confidence: float
    seller: float
    buyer: float
    told: bool  # whether telling of it ("the seller asked me to …") is honest

    def confidence_for(self, sender_role: str) -> float:
        """Return how sure the rule is when somebody of ``sender_role`` writes."""
        return {"seller": self.seller, "buyer": self.buyer}.get(sender_role, self.confidence)


@dataclass(frozen=True)
class Phrase:
    """One phrase of a rule, its expression, and where it does not count."""

    rule: Rule
    expression: str
    unless: str
    far: bool  # whether it goes across the ends of sentences


@dataclass(frozen=True)
class _Book:
    """All phrases, and which strings of letters a sentence must hold before a phrase is worth trying on it.

    Sets of phrases are whole numbers, a bit a phrase. A phrase needs a string of each of its groups of strings (at most
    ``GROUPS``); ``spared[group]`` are the phrases that have no such group.
    """

    phrases: tuple[Phrase, ...]
    letters: ahocorasick_rs.AhoCorasick
    called: tuple[tuple[tuple[int, int], ...], ...]  # for each string: a group, and the phrases it calls there
    spared: tuple[int, ...]
    far: int
    told: str


@cache
def _compiled(expression: str) -> Any:
    return re2.compile(expression.encode("ascii"), _OPTIONS)


def read_words(folder: Path = WORDS) -> Iterator[tuple[str, dict[str, Any], Vocabulary]]:
    """Read every data file; yield its language and content with all the lists of that language."""
    contents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(folder.glob("*.toml")):
        contents[path.stem.rpartition(".")[2]].append(tomllib.loads(path.read_text(encoding="utf-8")))
    for language, files in contents.items():
        lists = {name: text for content in files for name, text in content.get("lists", {}).items()}
        vocabulary = Vocabulary(lists)
        for content in files:
            yield language, content, vocabulary


def _rule(row: dict[str, Any], language: str) -> Rule:
    sure = row["confidence"]
    return Rule(
        id=row["id"],
        category=CATEGORIES[row["id"].partition(".")[0]],
        language=language,
        confidence=sure,
        seller=row.get("seller", sure),
        buyer=row.get("buyer", sure),
        told=row.get("told", True),
    )


@lru_cache(maxsize=1)
def _book() -> _Book:
    phrases: list[Phrase] = []
    called: dict[str, list[int]] = defaultdict(lambda: [0] * GROUPS)
    spared = [0] * GROUPS
    far = 0
    told: list[str] = []
    for language, content, vocabulary in read_words():
        told += (vocabulary.expression(one) for one in content.get("told", ()))
        for row in content.get("rule", ()):
            rule = _rule(row, language)
            excuse = "|".join(vocabulary.expression(one) for one in row.get("unless", ()))
            for one in row["find"]:
                bit = 1 << len(phrases)
                groups = vocabulary.letters(one)
                # Two letters stand in every sentence: looking for them costs more than it saves.
                groups = [group for group in groups if min(map(len, group)) > 2][:GROUPS] or groups[:1]
                for group in range(GROUPS):
                    if group >= len(groups):
                        spared[group] |= bit
                        continue
                    for string in groups[group]:
                        called[string][group] |= bit
                phrases.append(Phrase(rule, vocabulary.expression(one), excuse, "~~" in one))
                far |= bit if phrases[-1].far else 0
    strings = sorted(called)
    return _Book(
        phrases=tuple(phrases),
        letters=ahocorasick_rs.AhoCorasick(strings),
        called=tuple(tuple((at, one) for at, one in enumerate(called[string]) if one) for string in strings),
        spared=tuple(spared),
        far=far,
        told="|".join(told),
    )


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return every forbidden phrase in the text, once as it reads plainly and once with its disguises taken off."""
    plain = levelled(folded.plain)
    found = _find_in(folded, folded.plain, plain, around, set())
    bare = levelled(folded.bare)
    if bare != plain:
        # Only what reads differently with its disguises off is looked at again.
        known = {plain[begin:end] for begin, end in pairwise(_ends(plain))}
        found += _find_in(folded, folded.bare, bare, around, known)
    found += masked.find(folded)
    return list(_surest(found))


def _find_in(folded: Folded, reading: Reading, flat: bytes, around: Surroundings, known: set[bytes]) -> list[Finding]:
    book = _book()
    breaks = _breaks(folded.typed, reading)
    found: list[Finding] = []
    done: set[tuple[int, str]] = set()  # rules that need no further phrase in the sentence that begins there
    certain: dict[Category, int] = defaultdict(int)
    settled: set[tuple[int, Category]] = set()
    # Where some of what is found may be excepted, more has to be looked for.
    most = ENOUGH if not around.lists.exceptions else len(flat)
    tries = 0 if not around.lists.exceptions else -len(flat)
    for number, begin, until in _worth_trying(flat, book, known):
        phrase = book.phrases[number]
        rule = phrase.rule
        sure = rule.confidence_for(around.sender_role)
        if sure < LEAST or certain[rule.category] > most or (begin, f"{rule.id}{sure}") in done:
            continue
        if rule.id in around.lists.switched_off or (tries > TRIES and (begin, rule.category) in settled):
            continue
        tries += 1
        for hit in islice(_compiled(phrase.expression).finditer(flat, begin, until), HITS):
            start, end = hit.span()
            if start == end:
                continue
            bounds = _sentence(flat, start, end) if phrase.far or until - begin > LONG else (begin, until)
            bounds = _clipped(bounds, breaks, start, end)
            if rule.category in RETOLD and sure >= CERTAIN and _is_quoted(flat, start, end, bounds):
                sure = QUOTED
            confidence = round(_weighed(sure, phrase, flat, bounds, around.sender_role, book), 2)
            if confidence >= LEAST:
                first, last = reading.span(start, end)
                found.append(Finding(first, last, rule.id, rule.category, confidence))
                done.add((begin, f"{rule.id}{confidence}"))
                if confidence >= CERTAIN:
                    certain[rule.category] += 1
                    settled.add((begin, rule.category))
    return found


def _ends(flat: bytes) -> list[int]:
    """Return where sentences end (and begin): 0, each end, the text's length."""
    # As _END_OF_SENTENCE finds them, without a match object for each.
    kinds = flat.translate(_KINDS).replace(b".w", b"ww").replace(b".", b"!")
    return [0, *accumulate(len(sentence) + 1 for sentence in kinds.split(b"!")[:-1]), len(flat)]


def _worth_trying(flat: bytes, book: _Book, known: set[bytes]) -> Iterator[tuple[int, int, int]]:
    """Yield phrases by their number, each with a stretch of the text that holds the letters it needs.

    Sentences that are ``known`` are left out.
    """
    called = book.called
    everywhere = list(book.spared)
    ends = _ends(flat)
    strings: dict[int, set[int]] = defaultdict(set)
    number = 1
    for string, start, _ in book.letters.find_matches_as_indexes(flat.decode("ascii"), overlapping=True):
        if start >= ends[number]:
            number = bisect_right(ends, start, number)
        strings[number].add(string)
    for number, met in strings.items():
        begin, end = ends[number - 1], ends[min(number, len(ends) - 1)]
        if known and flat[begin:end] in known:
            continue
        here = list(book.spared)
        for string in met:
            for group, phrases in called[string]:
                here[group] |= phrases
        everywhere = [one | other for one, other in zip(everywhere, here, strict=True)]
        yield from _called(here, ~book.far, begin, end)
    yield from _called(everywhere, book.far, 0, len(flat))


def _called(groups: list[int], among: int, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the phrases of which every group of letters was met, with the stretch to try them on."""
    phrases = among
    for group in groups:
        phrases &= group
    while phrases:
        lowest = phrases & -phrases
        yield lowest.bit_length() - 1, begin, end
        phrases ^= lowest


def _weighed(sure: float, phrase: Phrase, flat: bytes, bounds: tuple[int, int], sender_role: str, book: _Book) -> float:
    """Return how sure the phrase is in the sentence within ``bounds``: 0 when that excuses it."""
    if phrase.unless and _compiled(phrase.unless).search(flat, *bounds):
        return 0.0
    if phrase.rule.told and book.told and _compiled(book.told).search(flat, *bounds):
        if phrase.rule.category is Category.ABUSE:
            return min(sure, TOLD_ABUSE)
        return min(sure, TOLD_BY_SELLER) if sender_role == "seller" else 0.0
    return sure


def _is_quoted(flat: bytes, start: int, end: int, bounds: tuple[int, int]) -> bool:
    """Return whether these words stand in quotes within a sentence that says more than the quotes hold."""
    begin, until = max(bounds[0], start - 100), min(bounds[1], end + 100)
    opening = flat.rfind(b'"', begin, start)
    closing = flat.find(b'"', end - 1, until)
    if opening < 0 or closing < 0 or flat.count(b'"', begin, start) % 2 == 0:
        return False
    said = closing - opening
    return until - begin > said + 15


def _breaks(typed: str, reading: Reading) -> list[int]:
    """Return where in the reading a line was ended on purpose: after a short line or before an empty one.

    A sentence may go on over it, but what stands on the other side excuses nothing.
    """
    if "\n" not in typed or not reading.orderly:
        return []
    found = []
    last = 0
    while (place := typed.find("\n", last)) >= 0:
        if place - last < SHORT_LINE or typed.startswith("\n", place + 1):
            found.append(bisect_left(reading.starts, place))
        last = place + 1
    return found


def _clipped(bounds: tuple[int, int], breaks: list[int], start: int, end: int) -> tuple[int, int]:
    """Return ``bounds`` without what lies beyond the line breaks around [start, end)."""
    if not breaks:
        return bounds
    before, after = bisect_right(breaks, start), bisect_left(breaks, end)
    first = breaks[before - 1] if before else bounds[0]
    last = breaks[after] if after < len(breaks) else bounds[1]
    return max(bounds[0], first), min(bounds[1], last)


def _sentence(flat: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the sentences around a hit begin and end, at most 200 characters away on either side."""
    begin = max(0, start - 200)
    for stop in _END_OF_SENTENCE.finditer(flat, begin, start):
        begin = stop.start() + 1
    last = min(len(flat), end + 200)
    stop = _END_OF_SENTENCE.search(flat, end, last)
    return begin, stop.start() + 1 if stop else last


def _surest(found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the surest of all findings of one rule that overlap."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (one.rule, one.start, -one.confidence, one.end)):
        if kept and kept[-1].rule == one.rule and one.start < kept[-1].end:
            last = kept.pop()
            better = max(last, one, key=lambda each: (each.confidence, each.end - each.start, -each.start))
            kept.append(better)
        else:
            kept.append(one)
    yield from sorted(kept)
