"""Finds what is said in words: promotions, pleas for reviews, money and talk past the platform, secrets, abuse.

The words are data in ``words/``: every file of every language is always applied. A rule is a set of
phrases (the language they are written in: ``grammar.py``) with a confidence, another one for a buyer or a seller where
it matters, and the ``unless`` phrases that make a sentence an honest one.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from itertools import accumulate, pairwise
from operator import or_
from pathlib import Path
from typing import Any

import ahocorasick_rs
import re2

from . import masked
from .expressions import has, spans
from .finding import Category, Finding, order
from .folding import Folded, Reading
from .grammar import Vocabulary, apart, levelled
from .surroundings import Surroundings

CATEGORIES = {
    "marketing": Category.MARKETING,
    "review": Category.REVIEW_REQUEST,
    "payment": Category.OFF_PLATFORM_PAYMENT,
    "sensitive": Category.SENSITIVE_CONTENT,
    "abuse": Category.ABUSE,
    "data": Category.PAYMENT_DATA,
    "contact": Category.CONTACT_DETAILS,
    "link": Category.EXTERNAL_LINK,
}
WORDS = Path(__file__).parent / "words"
TOLD_ABUSE = 0.45  # insults somebody tells of, or gives back
TOLD_BY_SELLER = 0.6  # a seller who tells what another seller asked for may be doing the same
QUOTED = 0.6  # words people repeat in quotes to complain of them
LONG = 400  # characters of a sentence; in a longer one only what is near a phrase can excuse it
SHORT_LINE = 60  # characters; a longer line may have been broken by a mail program
CERTAIN, ENOUGH = 0.8, 25  # when so many so certain findings of a category are made, no more of it are looked for
TRIES = 400  # after so many phrases tried on a text, a sentence in which a category is certain tells no more of it
HITS = 15  # of one phrase in a sentence, for the same reason
_SIDES = 2  # groups of strings that are held side by side
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
        if sender_role == "seller":
            return self.seller
        return self.buyer if sender_role == "buyer" else self.confidence


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

    Sets of phrases are whole numbers, a bit a phrase. A phrase needs a string of each of its groups of strings; most
    are told by their two rarest groups, which stand side by side in one number.
    """

    phrases: tuple[Phrase, ...]
    letters: ahocorasick_rs.AhoCorasick
    called: tuple[int, ...]  # for each string: the phrases it calls by their rarest group, and above them by their next
    spared: int  # the phrases that have no such groups, in the same way
    further: tuple[tuple[frozenset[int], ...], ...]  # for each phrase: the strings of its other groups
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
    groups: list[list[frozenset[str]]] = []  # of each phrase
    told: list[str] = []
    for language, content, vocabulary in read_words():
        told += (vocabulary.expression(one) for one in content.get("told", ()))
        for row in content.get("rule", ()):
            rule = _rule(row, language)
            excuse = "|".join(vocabulary.expression(one) for one in row.get("unless", ()))
            for one in row["find"]:
                phrases.append(Phrase(rule, vocabulary.expression(one), excuse, "~~" in one))
                groups.append(vocabulary.letters(one))
    called: dict[str, int] = defaultdict(int)
    spared = 0
    for number, needed in enumerate(groups):
        for at in range(_SIDES):
            bit = 1 << (number + at * len(phrases))
            for string in needed[at] if at < len(needed) else ():
                called[string] |= bit
            spared |= bit if at >= len(needed) else 0
    places = {string: place for place, string in enumerate(called)}
    further: list[tuple[frozenset[int], ...]] = []
    same: dict[Any, Any] = {}  # many strings call the same phrases, and many phrases need the same strings
    for needed in groups:
        sets = [frozenset(places.setdefault(one, len(places)) for one in strings) for strings in needed[_SIDES:]]
        further.append(tuple(same.setdefault(one, one) for one in sets))
    calls = [called.get(string, 0) for string in places]
    return _Book(
        phrases=tuple(phrases),
        letters=ahocorasick_rs.AhoCorasick(list(places)),
        called=tuple(same.setdefault(one, one) for one in calls),
        spared=spared,
        further=tuple(further),
        far=sum(1 << number for number, phrase in enumerate(phrases) if phrase.far),
        told="|".join(told),
    )


def warm_up() -> None:
    """Compile every phrase: half a second and 30 MB once, or a few milliseconds in many a message later."""
    for phrase in _book().phrases:
        _compiled(phrase.expression)


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return every forbidden phrase in the text, once as it reads plainly and once with its disguises taken off."""
    plain = levelled(folded.plain)
    met: set[int] = set()
    found = _find_in(folded, folded.plain, plain, around, frozenset(), met)
    bare = levelled(folded.bare)
    if bare != plain:
        # Only what reads differently with its disguises off is looked at again.
        known = frozenset(plain[begin:end] for begin, end in pairwise(_ends(plain)))
        found += _find_in(folded, folded.bare, bare, around, known, met)
    found += masked.find(folded)
    return list(_surest(found))


def _find_in(
    folded: Folded, reading: Reading, flat: bytes, around: Surroundings, known: Set[bytes], met: set[int]
) -> list[Finding]:
    book = _book()
    breaks = _breaks(folded.typed, reading)
    found: list[Finding] = []
    done: set[tuple[int, str, float]] = set()  # rules that need no further phrase in the sentence that begins there
    certain: dict[Category, int] = defaultdict(int)
    settled: set[tuple[int, Category]] = set()
    # Where some of what is found may be excepted, more has to be looked for.
    most = ENOUGH if not around.lists.exceptions else len(flat)
    tries = 0 if not around.lists.exceptions else -len(flat)
    sures = _sures(around.sender_role)
    switched_off = around.lists.switched_off
    context = _Context(flat)

    for number, begin, until in _worth_trying(flat, book, known, met):
        sure = sures[number]
        if sure < LEAST:
            continue
        phrase = book.phrases[number]
        rule = phrase.rule
        category = rule.category
        if certain[category] > most or (begin, rule.id, sure) in done:
            continue
        if rule.id in switched_off or (tries > TRIES and (begin, category) in settled):
            continue
        tries += 1
        for start, end in spans(_compiled(phrase.expression), flat, begin, until, HITS):
            if start == end:
                continue
            if phrase.far:
                bounds = _sentence(flat, start, end)
            else:
                bounds = _sentence(flat, start, end, begin, until) if until - begin > LONG else (begin, until)
            bounds = _clipped(bounds, breaks, start, end)
            if category in RETOLD and sure >= CERTAIN and _is_quoted(flat, start, end, bounds):
                sure = QUOTED
            confidence = round(_weighed(sure, phrase, around.sender_role, context, bounds), 2)
            if confidence >= LEAST:
                first, last = reading.span(start, end)
                found.append(Finding(first, last, rule.id, category, confidence))
                done.add((begin, rule.id, confidence))
                if confidence >= CERTAIN:
                    certain[category] += 1
                    settled.add((begin, category))
    return found


@lru_cache(maxsize=8)
def _sures(sender_role: str) -> tuple[float, ...]:
    """Return for each phrase how sure its rule is when somebody of this role writes."""
    return tuple(phrase.rule.confidence_for(sender_role) for phrase in _book().phrases)


class _Context:
    """What else stands in the sentences of a text; asked once."""

    def __init__(self, flat: bytes) -> None:
        self._flat = flat
        self._answers: dict[tuple[tuple[int, int], str], bool] = {}

    def holds(self, bounds: tuple[int, int], expression: str) -> bool:
        """Return whether the expression matches within these bounds."""
        question = bounds, expression
        if question not in self._answers:
            self._answers[question] = has(_compiled(expression), self._flat, *bounds)
        return self._answers[question]


def _ends(flat: bytes) -> list[int]:
    """Return where sentences end (and begin): 0, each end, the text's length."""
    # As _END_OF_SENTENCE finds them, without a match object for each.
    kinds = flat.translate(_KINDS).replace(b".w", b"ww").replace(b".", b"!")
    return [0, *accumulate(len(sentence) + 1 for sentence in kinds.split(b"!")[:-1]), len(flat)]


def _worth_trying(flat: bytes, book: _Book, known: Set[bytes], met: set[int]) -> Iterator[tuple[int, int, int]]:
    """Yield phrases by their number, each with a stretch of the text that holds the letters it needs.

    Sentences that are ``known`` are left out. ``met`` are the strings met in those; the others' are added.
    """
    numbers: dict[bytes, list[int]] = {}  # of the phrases to try on a sentence
    for begin, end in pairwise(_ends(flat)):
        sentence = flat[begin:end]
        if sentence in known:
            continue
        if sentence not in numbers:
            strings = {hit[0] for hit in book.letters.find_matches_as_indexes(apart(sentence), overlapping=True)}
            numbers[sentence] = _called(strings, ~book.far, book)
            met |= strings
        for number in numbers[sentence]:
            yield number, begin, end
    for number in _called(met, book.far, book):
        yield number, 0, len(flat)


def _called(strings: Set[int], among: int, book: _Book) -> list[int]:
    """Return the phrases, ``among`` some, that need no other strings than these."""
    both = reduce(or_, map(book.called.__getitem__, strings), book.spared)
    phrases = both & (both >> len(book.phrases)) & among & ((1 << len(book.phrases)) - 1)
    numbers = []
    while phrases:
        number = phrases.bit_length() - 1
        if not any(map(strings.isdisjoint, book.further[number])):
            numbers.append(number)
        phrases ^= 1 << number
    return numbers[::-1]


def _weighed(sure: float, phrase: Phrase, sender_role: str, context: _Context, bounds: tuple[int, int]) -> float:
    """Return how sure the phrase is within these bounds: 0 when something there excuses it."""
    if phrase.unless and context.holds(bounds, phrase.unless):
        return 0.0
    told = _book().told
    if phrase.rule.told and told and context.holds(bounds, told):
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


def _sentence(flat: bytes, start: int, end: int, within: int = -1, until: int = -1) -> tuple[int, int]:
    """Return where the sentences around a hit begin and end, at most 200 characters away on either side.

    ``within`` and ``until`` are where the hit's own sentence is known to begin and end.
    """
    begin = max(0, start - 200)
    if within < 0 or begin < within:
        for stop, _ in spans(_END_OF_SENTENCE, flat, begin, start):
            begin = stop + 1
    last = min(len(flat), end + 200)
    if last < until:
        return begin, last
    for stop, _ in spans(_END_OF_SENTENCE, flat, end, last, 1):
        return begin, stop + 1
    return begin, last


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
    yield from sorted(kept, key=order)
