"""Trains the sentence classifier: reads the sentences, finds the weights, and tells what they are worth. Pure Python.

A file a kind of sentence: its name begins with the category, or with ``honest`` for none. A line is a
language and a sentence. Nothing here is random without a fixed seed, so the same sentences give the same weights.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from pathlib import Path

from messagecenter.policy.detection.classifier import CATEGORIES, PLACES, Weights, features
from messagecenter.policy.detection.finding import Category
from messagecenter.policy.detection.folding import fold
from messagecenter.policy.detection.grammar import level

FOLDER = Path(__file__).parent
ROUNDS, RATE, KEEP = 14, 0.6, 2e-5  # passes over all sentences, step size, how strongly weights are kept small
LEAST = 0.2  # no threshold below this, however quiet the honest sentences are
LEAST_OF_FEW = 0.93  # nor of a category with so few sentences that honest ones unlike all others still look like it
FEW = 500
WEIGHT = 3.0  # how much more a sentence of the category counts than one of the many others
# Of the honest sentences, in cross-validation: how many all categories together may ask the writer about, and a person.
# A message has several sentences, and what the classifier finds that no rule found is little: it must cost less still.
FALSE_HINTS, FALSE_ALARMS = 0.01, 0.004


@dataclass(frozen=True)
class Sentence:
    """One sentence to learn from; ``category`` is nothing for an honest one."""

    category: Category | None
    language: str
    text: str
    places: tuple[int, ...]


def read_sentences(folder: Path = FOLDER) -> list[Sentence]:
    """Read every file of ``folder``. Raises ValueError for a line without a language or a file without a category."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        kind = path.stem
        category = None if kind.startswith("honest") else next((one for one in Category if kind.startswith(one)), None)
        if category is None and not kind.startswith("honest"):
            raise ValueError(f"{path.name} names no category")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            language, _, text = line.partition(" ")
            if len(language) != 2 or not text:
                raise ValueError(f"{path.name}, line {number}: a language and a sentence are needed")
            found.append(Sentence(category, language, text, tuple(sorted(features(level(fold(text).plain.text))))))
    return found


def train(sentences: Sequence[Sentence]) -> Weights:
    """Return weights learnt from ``sentences`` (logistic regression by AdaGrad), with thresholds of 0.5."""
    rows, steps, bias = {}, {}, {}
    for category in CATEGORIES:
        row, bias[category] = _train_one(sentences, category)
        steps[category] = max(map(abs, row)) / 127 or 1.0
        rows[category] = [round(value / steps[category]) for value in row]
    even = dict.fromkeys(CATEGORIES, 0.5)
    return Weights(rows, steps, bias, even, even)


def _train_one(sentences: Sequence[Sentence], category: Category) -> tuple[list[float], float]:
    row, seen = [0.0] * PLACES, [1e-3] * PLACES
    bias, bias_seen = 0.0, 1e-3
    order = list(range(len(sentences)))
    dice = random.Random(20)  # noqa: S311 (an order to read in, no secret)
    for _ in range(ROUNDS):
        dice.shuffle(order)
        for number in order:
            sentence = sentences[number]
            size = sqrt(len(sentence.places)) or 1.0
            value = bias + sum(map(row.__getitem__, sentence.places)) / size
            wanted = 1.0 if sentence.category is category else 0.0
            wrong = 1 / (1 + exp(-max(-30.0, min(30.0, value)))) - wanted
            if abs(wrong) < 0.01:
                continue
            if wanted:
                wrong *= WEIGHT
            slope = wrong / size
            for place in sentence.places:
                step = slope + KEEP * row[place]
                seen[place] += step * step
                row[place] -= RATE * step / sqrt(seen[place]) / 4
            bias_seen += wrong * wrong
            bias -= RATE * wrong / sqrt(bias_seen) / 4
    return row, bias


def _thresholds(
    honest: Sequence[dict[Category, float]], share: float, least: dict[Category, float]
) -> dict[Category, float]:
    """Return the lowest thresholds, each category's reached by as many, that ``share`` of the honest ones reach one."""
    ranked = {category: sorted((guess[category] for guess in honest), reverse=True) for category in CATEGORIES}
    best: dict[Category, float] = {}
    for many in range(int(len(honest) * share) + 1):
        found = {one: round(max(least[one], ranked[one][many] + 0.002), 3) for one in CATEGORIES}
        if sum(any(guess[one] >= found[one] for one in CATEGORIES) for guess in honest) > share * len(honest):
            break
        best = found
    return best


def cross_validated(
    sentences: Sequence[Sentence], folds: int = 5, tell: Callable[[str], None] = lambda line: None
) -> tuple[dict[Category, float], dict[Category, float]]:
    """Return the thresholds a category, for hints and for review, by what honest sentences raise; tell the figures."""
    guesses: list[tuple[Sentence, dict[Category, float]]] = []
    for fold_number in range(folds):
        kept = [one for number, one in enumerate(sentences) if number % folds != fold_number]
        weights = train(kept)
        guesses += (
            (one, weights.guess(one.places)) for number, one in enumerate(sentences) if number % folds == fold_number
        )
    honest = [guess for one, guess in guesses if one.category is None]
    sizes = Counter(one.category for one in sentences)
    least = {category: LEAST_OF_FEW if sizes[category] < FEW else LEAST for category in CATEGORIES}
    limits = []
    for name, share in (("hints", FALSE_HINTS), ("review", FALSE_ALARMS)):
        thresholds = _thresholds(honest, share, least)
        for category in CATEGORIES:
            ranked = [guess[category] for guess in honest]
            of_it = [guess[category] for one, guess in guesses if one.category is category]
            found = sum(value >= thresholds[category] for value in of_it)
            false = sum(value >= thresholds[category] for value in ranked)
            tell(
                f"{name}, {category}: threshold {thresholds[category]:.2f}, finds {found} of {len(of_it)} unseen"
                f" sentences ({found / max(1, len(of_it)):.0%}), false alarms {false} of {len(ranked)} honest ones"
            )
        anything = sum(any(guess[one] >= thresholds[one] for one in CATEGORIES) for guess in honest)
        tell(f"{name}, any category: false alarms {anything} of {len(honest)} honest sentences")
        limits.append(thresholds)
    return limits[0], limits[1]
