"""Finds what the operator added: own words and phrases, and own expressions.

Words match as whole words in any case, with or without accents and disguises; expressions are RE2 on the plain reading
of the text. Compiled once a list and process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from .finding import Category, Finding
from .folding import Folded, Reading, fold
from .grammar import level
from .surroundings import Lists, Surroundings

LONGEST = 500  # characters of an expression
LARGEST = 4000  # RE2 instructions; expressions people write by hand stay far below
MOST_FINDINGS = 200  # of one expression or word in one text
_OPTIONS = re2.Options()
_OPTIONS.max_mem = 4 << 20
_OPTIONS.log_errors = False


@dataclass(frozen=True)
class _Word:
    rule: str
    expression: Any
    category: Category
    confidence: float


def check_pattern(expression: str) -> str:
    """Return why ``expression`` cannot be used, as a plain sentence; empty when it can."""
    if not expression.strip():
        return "The expression is empty."
    if len(expression) > LONGEST:
        return f"The expression has {len(expression)} characters; at most {LONGEST} are possible."
    try:
        compiled = re2.compile(expression, _OPTIONS)
    except re2.error as problem:
        reason = problem.args[0] if problem.args else ""
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        if "too large" in said or "repetition" in said:
            return f"The expression becomes too large ({said})."
        return f"The expression cannot be read: {said}."
    except UnicodeEncodeError:
        return "The expression holds a character that is no character."
    if compiled.programsize > LARGEST:
        return "The expression becomes too large; use fewer or smaller repetitions."
    if compiled.search("") is not None:
        return "The expression matches an empty text, so it would match everywhere."
    return ""


def rule_of_term(text: str) -> str:
    """Return the rule id of an operator's word: the same for the same word, and it does not tell the word."""
    letters = level(fold(text).plain.text)
    return "operator.term_" + hashlib.sha256(letters).hexdigest()[:8]


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return every place of an operator's word or expression."""
    lists = around.lists
    if not lists.terms and not lists.patterns:
        return []
    words, patterns = _compiled(lists)
    found = _words_in(folded.plain, words)
    if folded.bare.text != folded.plain.text:
        found += _words_in(folded.bare, words)
    for pattern in patterns:
        found += _matches(folded.plain, pattern, folded.plain.text)
    return sorted(set(found))


def _words_in(reading: Reading, words: tuple[_Word, ...]) -> list[Finding]:
    flat = level(reading.text)
    return [one for word in words for one in _matches(reading, word, flat)]


def _matches(reading: Reading, word: _Word, text: str | bytes) -> list[Finding]:
    found: list[Finding] = []
    for hit in word.expression.finditer(text):
        start, end = hit.span()
        if start == end:
            continue
        first, last = reading.span(start, end)
        found.append(Finding(first, last, word.rule, word.category, word.confidence))
        if len(found) == MOST_FINDINGS:
            break
    return found


@lru_cache(maxsize=16)
def _compiled(lists: Lists) -> tuple[tuple[_Word, ...], tuple[_Word, ...]]:
    words = []
    for term in lists.terms:
        expression = term_expression(term.text)
        if expression:
            compiled = re2.compile(expression, _OPTIONS)
            words.append(_Word(rule_of_term(term.text), compiled, term.category, round(term.confidence, 2)))
    patterns = tuple(
        _Word(f"operator.{one.name}", re2.compile(one.expression, _OPTIONS), one.category, round(one.confidence, 2))
        for one in lists.patterns
        if not check_pattern(one.expression)  # an expression that went bad must not stop every message
    )
    return tuple(words), patterns


def term_expression(text: str) -> bytes:
    """Return the expression that finds ``text`` as whole words in a levelled reading; empty for a text of no letters.

    Between two words there may be anything that is no letter; a hyphen in the term may be a space or nothing.
    """
    flat = level(fold(text).plain.text).strip()
    parts = [re2.escape(part) for part in flat.replace(b"-", b" - ").split()]
    if not any(one.isalnum() for one in flat.decode("ascii")):
        return b"" if b"_" not in flat else b"|".join(parts)
    made = b""
    for part in parts:
        if part == b"\\-":
            made += rb"\W{0,3}"
        else:
            made += (rb"\W{1,3}" if made and not made.endswith(rb"\W{0,3}") else b"") + part
    begin = rb"\b" if flat[:1].isalnum() or flat[:1] == b"_" else b""
    end = rb"\b" if flat[-1:].isalnum() or flat[-1:] == b"_" else b""
    return begin + made + end
