"""Screens one text with every detector: the one entrance to this package."""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from . import classifier, contact, links, operator, payment_data, phrases
from .finding import Finding, order
from .folding import Folded, fold
from .surroundings import Surroundings

PIECE = 20_000  # characters looked at in one go, so that the cost grows with the length and not faster
OVERLAP = 500  # what two neighbouring pieces share: more than anything found is long

_DETECTORS = (contact.find, links.find, payment_data.find, phrases.find, classifier.find, operator.find)


def screen(text: str, around: Surroundings | None = None) -> list[Finding]:
    """Return what is found in ``text``, in the order of where it begins. The same text always gives the same findings.

    Spans point into ``text`` as it is, and never overlap within one category.
    """
    around = around or Surroundings()
    found: list[Finding] = []
    for start, end, first, last in _pieces(text):
        folded = fold(text[start:end])
        here: list[Finding] = []
        for detector in _DETECTORS:
            here += detector(folded, around)
        found += [
            replace(one, start=one.start + start, end=one.end + start) if start else one
            for one in settle(classifier.second_opinion(folded, here), folded, around)
            if first <= one.start + start < last
        ]
    return found if len(text) <= PIECE + OVERLAP else _apart(found)


def settle(found: list[Finding], folded: Folded, around: Surroundings) -> list[Finding]:
    """Drop what is switched off or excepted, melt what overlaps within a category, put the rest in order.

    What melts keeps the rule and confidence of the surer finding and covers both, so that nothing of either is shown
    where the stretch is masked; what is less than half sure never makes a surer finding longer.
    """
    found = _once(found)
    excepted = list(_excepted(folded, around.lists.exceptions))
    return _apart(
        [
            one
            for one in found
            if one.rule not in around.lists.switched_off
            and one.start < one.end
            and not (excepted and any(start <= one.start and one.end <= end for start, end in excepted))
        ]
    )


#: The same letters found as something surer: the digits of an IBAN are no telephone number, the domain in a mailbox's
#: address is no link, and what stands before the @ of a link is no mailbox.
_COVERED_BY = {
    "contact.phone": frozenset({"data.iban", "data.card", "data.identity_document"}),
    "link.domain": frozenset({"contact.email"}),
    "contact.email": frozenset({"link.url"}),
}


def _once(found: list[Finding]) -> list[Finding]:
    covers = [one for one in found if one.confidence >= 0.6 and any(one.rule in by for by in _COVERED_BY.values())]
    covers.sort(key=order)
    starts = [one.start for one in covers]

    def covered(one: Finding) -> bool:
        by = _COVERED_BY.get(one.rule, frozenset())
        near = covers[max(0, bisect_left(starts, one.start) - 3) : bisect_left(starts, one.end)] if by else []
        return any(cover.rule in by and cover.start < one.end and one.start < cover.end for cover in near)

    return [one for one in found if not covered(one)]


def _apart(found: list[Finding]) -> list[Finding]:
    kept: dict[str, list[Finding]] = {}
    for one in sorted(set(found), key=order):
        line = kept.setdefault(one.category, [])
        whole = one
        while line and whole.start < line[-1].end:
            whole = _melted(line.pop(), whole)
        line.append(whole)
    return sorted((one for line in kept.values() for one in line), key=order)


def _melted(one: Finding, other: Finding) -> Finding:
    surer, weaker = sorted((one, other), key=lambda each: (-each.confidence, each.start, -each.end, each.rule))
    if weaker.confidence < 0.5 <= surer.confidence:
        return surer
    start, end = min(one.start, other.start), max(one.end, other.end)
    return surer if (start, end) == (surer.start, surer.end) else replace(surer, start=start, end=end)


def _pieces(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield the pieces of a text: where each starts and ends, and from where to where findings in it may start.

    A finding in the overlap belongs to the piece that sees more around it.
    """
    start = first = 0
    while len(text) - start > PIECE + OVERLAP:
        end = start + PIECE
        last = end - OVERLAP // 2
        yield start, end, first, last
        start, first = end - OVERLAP, last
    yield start, len(text), first, len(text)


def _excepted(folded: Folded, phrases: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield where the phrases stand as whole words, in the text as typed."""
    text = folded.plain.text
    for phrase in phrases:
        words = _folded_phrase(phrase)
        start = text.find(words) if words else -1
        while start >= 0:
            end = start + len(words)
            if not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum():
                yield folded.plain.span(start, end)
            start = text.find(words, start + 1)


@lru_cache(maxsize=4096)
def _folded_phrase(phrase: str) -> str:
    return fold(phrase).plain.text.strip()


def warm_up() -> None:
    """Load and compile everything once; the first text in a process would otherwise wait seconds for it.

    What is kept for good is then no longer looked through by the garbage collector, which took a fifth of the time of a
    long text.
    """
    phrases.warm_up()
    screen("Hello, order 302-1234567-1234567 is on its way: www.dhl.de, call +49 30 901820 or write to a@b.example.")
    gc.collect()
    gc.freeze()
