"""Guesses from whole sentences what the phrase rules have no words for; only ever sure enough for a person to look.

A linear classifier: which word pairs and letter groups a sentence holds, each hashed to one of 2¹⁵ places, and for each
category one weight a place (logistic regression, one against the rest). It is trained by ``manage.py train_classifier``
from the sentences in ``messagecenter/policy/training/``; the weights are a file beside this module.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise, repeat
from math import exp, sqrt
from operator import and_
from pathlib import Path
from zlib import crc32

import re2

from .finding import Category, Finding
from .folding import Folded, Reading
from .grammar import levelled
from .surroundings import Surroundings

WEIGHTS = Path(__file__).parent / "words" / "classifier.weights"
CATEGORIES = (
    Category.MARKETING,
    Category.REVIEW_REQUEST,
    Category.OFF_PLATFORM_PAYMENT,
    Category.SENSITIVE_CONTENT,
    Category.ABUSE,
    Category.PAYMENT_DATA,
    Category.CONTACT_DETAILS,
)
# Of these a phrase rule is believed less where the whole sentence tells nothing of it.
DOUBTED = CATEGORIES[:5]
PLACES = 1 << 15
FIELD, MIDDLE = 20, 128  # bits of a sum of weights beside others, and what makes each positive: for 4096 features
MOST_CHARACTERS = 3000  # of a text: enough for every message, and the time stays small for a file
SHORTEST, LONGEST = 24, 300  # characters of a sentence worth guessing about
FEWEST_WORDS = 4
SUREST = 0.75  # so that it never blocks by itself
DOUBTFUL = 0.35  # below this guess a phrase rule is not believed alone
HINT = 0.35  # likely, but not so likely that a person should have to look
# Where hints find much that the rules miss; elsewhere they found little and asked honest writers often (measured).
HINTED = (Category.ABUSE,)
# Who warns of these says the same words as who does them.
WARNED_OF = (Category.PAYMENT_DATA, Category.OFF_PLATFORM_PAYMENT)
_WARNING = re2.compile(
    rb"\b(?:never|nobody|no one|nie|niemals|niemand[a-z]*|nichts|jamais|personne|nunca|nadie|mai|nessuno|nigdy|nikomu"
    rb"|nooit|niemand|asla|kimse[a-z]*)\b"
)
# "Please do not contact me via WhatsApp"
_DECLINED = re2.compile(
    rb"\b(?:do not|don'?t|never|nor) (?:contact|call|text|message|write|phone|add|send)\b"
    rb"|\b(?:nicht|nie|niemals) (?:[^ ]+ ){0,4}(?:kontaktier|anruf|anschreib|schreib|melde|hinzufug)[a-z]*\b"
)
_SENTENCE = re2.compile(rb"[^.!?]+[.!?]*")
_CONDITION = re2.compile(
    rb"\b(?:or|otherwise|unless|if|until|else|depends|choice|decide|oder|sonst|ansonsten|andernfalls|wenn|falls|solange|bis"
    rb"|sobald|entscheid[a-z]*|sinon|si|tant que|si no|o|se|altrimenti|albo|jesli|inaczej|anders|als|yoksa)\b"
)
_SIGNS_OF_WORDS = b"abcdefghijklmnopqrstuvwxyz0_'$\x02\x03\x04\x05%"
_WORDS = bytes(48 if code in b"123456789" else code if code in _SIGNS_OF_WORDS else 32 for code in range(256))


@dataclass(frozen=True)
class Weights:
    """What training found: for each category a whole number a place, its worth, a start value, and a threshold."""

    rows: Mapping[Category, Sequence[int]]  # -127 to 127; whole, so that a sum is the same in whatever order
    step: Mapping[Category, float]  # what one of them is worth
    bias: Mapping[Category, float]
    threshold: Mapping[Category, float]  # from which guess on the writer is asked
    certain: Mapping[Category, float]  # from which guess on a person is asked

    def guess(self, places: Sequence[int]) -> dict[Category, float]:
        """Return for each category how likely a sentence with these features is one of it, from 0 to 1."""
        size = sqrt(len(places)) or 1.0
        total = sum(map(self._column.__getitem__, places))
        found = {}
        for category in self.rows:
            points = total % (1 << FIELD) - MIDDLE * len(places)
            total >>= FIELD
            found[category] = _logistic(self.bias[category] + self.step[category] * points / size)
        return found

    @cached_property
    def _column(self) -> list[int]:
        """The rows of all categories as one, their weights side by side in each number: one sum for all."""
        numbers = zip(*self.rows.values(), strict=True)
        return [sum((one + MIDDLE) << (FIELD * at) for at, one in enumerate(number)) for number in numbers]


def _logistic(value: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, value))))


def features(flat: bytes) -> list[int]:
    """Return the places of what a levelled sentence holds: words, pairs of words, groups of 3 and 5 letters."""
    words = flat.translate(_WORDS).split()
    joined = b" " + b" ".join(words) + b" "
    size = len(joined)
    grams = {joined[at : at + 3] for at in range(size - 2)}
    grams.update([joined[at : at + 5] for at in range(size - 4)])
    # A word of its own must not be taken for a group of letters.
    grams.update([b"=" + word for word in words])
    grams.update([b"=" + one + b" " + two for one, two in pairwise(words)])
    return list(map(and_, map(crc32, grams), repeat(PLACES - 1)))


def sentences(flat: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the sentences worth guessing about begin and end; a very short one goes with the next."""
    begin = -1
    for hit in _SENTENCE.finditer(flat[:MOST_CHARACTERS]):
        start, end = hit.span()
        start += len(hit.group()) - len(hit.group().lstrip())
        if begin < 0:
            begin = start
        if end - begin < SHORTEST:
            continue
        for piece in range(begin, end, LONGEST):
            if min(end, piece + LONGEST) - piece >= SHORTEST:
                yield piece, min(end, piece + LONGEST)
        begin = -1


def read_weights(path: Path = WEIGHTS) -> Weights:
    """Read a file of weights: one line of JSON, then one signed byte a category and place."""
    head, _, body = path.read_bytes().partition(b"\n")
    said = json.loads(head)
    rows = {}
    for number, category in enumerate(CATEGORIES):
        rows[category] = list(array("b", body[number * PLACES : (number + 1) * PLACES]))
    kept = ("step", "bias", "threshold", "certain")
    return Weights(rows, *({one: said[name][one] for one in CATEGORIES} for name in kept))


def write_weights(weights: Weights, path: Path = WEIGHTS) -> None:
    """Write ``weights`` as :func:`read_weights` reads them."""
    head = {
        "step": {category: round(weights.step[category], 8) for category in CATEGORIES},
        "bias": {category: round(weights.bias[category], 6) for category in CATEGORIES},
        "threshold": {category: round(weights.threshold[category], 3) for category in CATEGORIES},
        "certain": {category: round(weights.certain[category], 3) for category in CATEGORIES},
    }
    body = b"".join(array("b", weights.rows[category]).tobytes() for category in CATEGORIES)
    path.write_bytes(json.dumps(head, sort_keys=True).encode() + b"\n" + body)


@lru_cache(maxsize=1)
def _weights() -> Weights:
    return read_weights()


@dataclass(frozen=True)
class _Guess:
    """What the classifier thinks of one sentence; places as typed."""

    start: int
    end: int
    likely: Mapping[Category, float]
    first: int  # where it begins and ends in the reading
    last: int


def _guesses(reading: Reading) -> list[_Guess]:
    """Return a guess for each sentence that says enough; worked out once a text."""
    if "classifier" not in reading.notes:
        flat = levelled(reading)[:MOST_CHARACTERS]
        weights = _weights()
        reading.notes["classifier"] = [
            _Guess(*reading.span(start, end), weights.guess(features(flat[start:end])), start, end)
            for start, end in sentences(flat)
            if len(set(flat[start:end].translate(_WORDS).split())) >= FEWEST_WORDS
        ]
    found: list[_Guess] = reading.notes["classifier"]
    return found


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return a finding a sentence and category that is likely enough; its rule is ``classifier.<category>``.

    What few honest sentences look like is for a person (0.5 to 0.75), what some do is a hint for the writer.
    """
    weights = _weights()
    found = []
    for guess in _guesses(folded.plain):
        for category, likely in guess.likely.items():
            if likely < weights.threshold[category]:
                continue
            if around.sender_role == "buyer" and not _can_be_a_buyers(category, folded.plain, guess):
                continue
            if category in WARNED_OF and _WARNING.search(levelled(folded.plain), guess.first, guess.last):
                continue
            if category is Category.CONTACT_DETAILS and _DECLINED.search(
                levelled(folded.plain), guess.first, guess.last
            ):
                continue
            certain = weights.certain[category]
            if likely < certain and category not in HINTED:
                continue
            sure = 0.5 + (SUREST - 0.5) * (likely - certain) / (1.0001 - certain) if likely >= certain else HINT
            found.append(
                Finding(guess.start, guess.end, f"classifier.{category}", category, round(min(sure, SUREST), 2))
            )
    return found


def _can_be_a_buyers(category: Category, reading: Reading, guess: _Guess) -> bool:
    """Return whether a buyer would write so: who sells nothing does not advertise, and asks for no review.

    One who makes conditions with a review is no better than a seller who does.
    """
    if category is not Category.REVIEW_REQUEST:
        return category is not Category.MARKETING
    return _CONDITION.search(levelled(reading), guess.first, guess.last) is not None


def second_opinion(folded: Folded, found: list[Finding]) -> list[Finding]:
    """Return the findings, those the classifier doubts less sure: then a person looks before anything is blocked.

    Words that nobody honest uses in most sentences stand in an honest one now and then; a whole sentence tells more.
    Only rules about phrases are asked about, and only where a sentence says enough to guess.
    """
    if not any(one.confidence > SUREST and one.category in DOUBTED for one in found):
        return found
    guesses = _guesses(folded.plain)
    return [_doubted(one, guesses) if one.confidence > SUREST and one.category in DOUBTED else one for one in found]


def _doubted(one: Finding, guesses: list[_Guess]) -> Finding:
    likely = [guess.likely[one.category] for guess in guesses if guess.start < one.end and one.start < guess.end]
    if likely and max(likely) < DOUBTFUL and not one.rule.startswith("operator."):
        return replace(one, confidence=SUREST)
    return one
