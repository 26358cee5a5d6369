"""Finds swear words with some of their letters hidden or stretched: ``f*ck``, ``f^ck``, ``sch***e``, ``idiooooot``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import re2

from .finding import Category, Finding
from .folding import Folded
from .grammar import level, levelled

_FILE = Path(__file__).parent / "words" / "masked.txt"
_TOKEN = re2.compile(rb"\b[a-z]+(?:[*#@%?!x^&~+-]{0,3}[*#@%^&~+]+[*#@%?!^&~+-]{0,6}[a-z]*){1,3}")
_RUN = re2.compile(r"[*#@%?!^&~+-]+")
_SIGNS = tuple(bytes([sign]) for sign in b"*#@%^&~+")
_STRETCHED = re2.compile(rb"\b[a-z]*(?:" + b"|".join(bytes([sign]) * 3 for sign in range(97, 123)) + rb")[a-z]*\b")
_SHORTEST = 4  # letters of a stretched word without its doubled ones: "gooot" is good and "naaah" is none
_AT_SOMEBODY = re2.compile(rb" (?:you|u|off|ur|yourself|dich|euch|sie|te|vous|ti|off?)\b")
_OWN = re2.compile(rb"\b(?:my|our|mein|meine|meinen|unser|unsere|ma|mi|mia) (?:\w+ )?$")
INSULT, WORD = 0.85, 0.35


@lru_cache(maxsize=1)
def _words() -> dict[str, float]:
    """Return every word of the file in plain letters with its confidence: what calls a person names, or just swears."""
    found: dict[str, float] = {}
    sure = WORD
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            sure = {"[insults]": INSULT, "[swearing]": WORD}[line.strip()]
            continue
        for word in line.split():
            found[level(word).decode("ascii")] = sure
    return found


@lru_cache(maxsize=2048)
def confidence(token: str) -> float:
    """Return how surely ``token`` (plain small letters and signs that hide some) is one of the words; 0: it is none."""
    letters = _RUN.sub("", token)
    if not letters or len(token) > 25 or len(letters) == len(token):
        return 0.0
    if len(letters) == 1 and not set(token) <= {letters, *"*#@%?!-"}:
        return 0.0  # A+++
    if len(letters) == 1:  # only f*** is left: no more than a hint
        return 0.35 if any(len(word) == len(token) and word[0] == letters for word in _words()) else 0.0
    expression = ""
    last = 0
    for run in _RUN.finditer(token):
        size = run.end() - run.start()
        expression += token[last : run.start()] + rf"[a-z]{{{max(1, size - 1)},{size + 1}}}"
        last = run.end()
    fits = re2.compile(expression + token[last:])
    return max((sure for word, sure in _words().items() if word[0] == token[0] and fits.fullmatch(word)), default=0.0)


def find(folded: Folded) -> list[Finding]:
    """Return every masked swear word of the text."""
    reading = folded.plain
    flat = levelled(reading)
    found = []
    for first, last, word in (*_hidden(flat), *_drawn_out(flat)):
        sure = INSULT if word == WORD and _AT_SOMEBODY.match(flat, last) else word
        if sure == INSULT and _OWN.search(flat[max(0, first - 12) : first]):
            sure = WORD
        start, end = reading.span(first, last)
        found.append(Finding(start, end, "abuse.insult", Category.ABUSE, sure))
    return found


def _hidden(flat: bytes) -> Iterator[tuple[int, int, float]]:
    if not any(sign in flat for sign in _SIGNS):
        return
    for hit in _TOKEN.finditer(flat):
        token = hit.group()[:26].rstrip(b"!?-+&~").decode("ascii")
        if sure := confidence(token):
            yield hit.start(), hit.start() + len(token), sure


def _drawn_out(flat: bytes) -> Iterator[tuple[int, int, float]]:
    """Yield the words written with a letter three times and more that are swear words without."""
    for hit in _STRETCHED.finditer(flat):
        if len(hit.group()) <= 100 and (sure := _squeezed_words().get(_squeezed(hit.group().decode("ascii")), 0.0)):
            yield *hit.span(), sure


def _squeezed(word: str) -> str:
    return "".join(one for one, before in zip(word, " " + word, strict=False) if one != before)


@lru_cache(maxsize=1)
def _squeezed_words() -> dict[str, float]:
    found: dict[str, float] = {}
    for word, sure in _words().items():
        squeezed = _squeezed(word)
        if len(squeezed) >= _SHORTEST:
            found[squeezed] = max(sure, found.get(squeezed, 0.0))
    return found
