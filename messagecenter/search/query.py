"""Reads what people type into the search field: words, "phrases", -without and operators. Pure; never an error."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from messagecenter.search import words
from messagecenter.search.terms import Term, Terms, phrase_term, without_stop_words, word_terms

MOST_CHARACTERS = 200
MOST_TERMS = 20

# What may stand before the colon, in both languages, and what it means.
OPERATORS = {
    "from": "from",
    "von": "from",
    "order": "order",
    "bestellung": "order",
    "label": "label",
    "etikett": "label",
    "before": "before",
    "vor": "before",
    "after": "after",
    "nach": "after",
    "has": "has",
    "hat": "has",
    "in": "in",
}
FILES = {"file", "files", "attachment", "attachments", "datei", "dateien", "anhang", "anhänge"}

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″", '"'))
# The names are ASCII, the rest of each alternative is one class up to a fixed character: linear.
_ITEM = re.compile(r'(?P<minus>[-−]?)(?:(?P<name>[A-Za-z]+):[ ]?)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]+))')
_DATES = (
    (re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4}|\d{2})"), (3, 2, 1)),
)


NO_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, taken apart. Of several values of one operator each must hold.

    ``before`` and ``after`` are days in the reader's time zone: strictly before the first begins; from the beginning of
    the second on. ``excluded`` holds the values after -from:, -order:, -label: and -in: by operator. ``is_cut`` tells
    that some of it was too much and left out.
    """

    typed: str = ""
    terms: Terms = NO_TERMS
    senders: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    before: dt.date | None = None
    after: dt.date | None = None
    has_file: bool | None = None
    excluded: tuple[tuple[str, str], ...] = ()
    is_cut: bool = False

    def __bool__(self) -> bool:
        """Whether it asks for anything."""
        return self != Query(self.typed, is_cut=self.is_cut)


@dataclass(frozen=True, slots=True)
class _Item:
    is_minus: bool
    name: str
    value: str
    is_quoted: bool


def parse(typed: str) -> Query:
    """Return what ``typed`` asks for; at most 200 characters and 20 terms of it, the rest is left out."""
    text = " ".join(typed.translate(_QUOTES).replace("\0", " ").split())
    kept = text[:MOST_CHARACTERS]
    if len(text) > len(kept) and text[MOST_CHARACTERS] != " " and " " in kept:
        kept = kept.rpartition(" ")[0]
    items = list(_items(kept))
    reading = _Reading()
    for item in items[:MOST_TERMS]:
        reading.take(item)
    return reading.query(typed, is_cut=len(kept) < len(text) or len(items) > MOST_TERMS)


def _items(text: str) -> Iterator[_Item]:
    for found in _ITEM.finditer(text):
        name, quoted = OPERATORS.get((found["name"] or "").lower(), ""), found["quoted"]
        value = found["bare"] if quoted is None else quoted
        minus = bool(found["minus"])
        if name or not found["name"]:
            yield _Item(minus, name, value.strip(), quoted is not None)
            continue
        # Not an operator of ours ("https://…", "Re: lamp"): words.
        yield _Item(minus, "", found["name"] if quoted is not None else f"{found['name']} {value}", False)
        if quoted is not None:
            yield _Item(minus, "", quoted, True)


class _Reading:
    """What has been taken so far."""

    def __init__(self) -> None:
        self.wanted: list[Term] = []
        self.unwanted: list[Term] = []
        self.values: dict[str, list[str]] = {"from": [], "order": [], "label": [], "in": []}
        self.excluded: list[tuple[str, str]] = []
        self.before: dt.date | None = None
        self.after: dt.date | None = None
        self.has_file: bool | None = None

    def take(self, item: _Item) -> None:
        """Add one item."""
        if not item.name or not item.value or not self._take_operator(item):
            terms = self.unwanted if item.is_minus else self.wanted
            typed = item.value or item.name
            runs = list(words.runs(typed))
            if item.is_quoted and not item.name:
                phrase = phrase_term(runs)
                terms += [phrase] if phrase else []
            else:
                terms += word_terms(runs)

    def _take_operator(self, item: _Item) -> bool:
        """Add an operator's value; return False when it makes no sense, so that it counts as words."""
        if item.name in self.values:
            if item.is_minus:
                self.excluded.append((item.name, item.value))
            else:
                self.values[item.name].append(item.value)
            return True
        if item.name == "has":
            is_file = item.value.casefold() in FILES
            self.has_file = not item.is_minus if is_file else self.has_file
            return is_file
        day = day_of(item.value)
        if day is None:
            return False
        # "Not before" a day is from that day on, and the other way round.
        if (item.name == "before") != item.is_minus:
            self.before = min(day, self.before or day)
        else:
            self.after = max(day, self.after or day)
        return True

    def query(self, typed: str, *, is_cut: bool) -> Query:
        """Return all of it."""
        return Query(
            typed=typed,
            terms=without_stop_words(self.wanted[:MOST_TERMS], self.unwanted[:MOST_TERMS]),
            senders=tuple(self.values["from"]),
            orders=tuple(self.values["order"]),
            labels=tuple(self.values["label"]),
            boxes=tuple(self.values["in"]),
            before=self.before,
            after=self.after,
            has_file=self.has_file,
            excluded=tuple(self.excluded),
            is_cut=is_cut or len(self.wanted) > MOST_TERMS or len(self.unwanted) > MOST_TERMS,
        )


def day_of(typed: str) -> dt.date | None:
    """Return the day somebody means by 2026-03-05, 5.3.2026, 5/3/26, 2026-03 or 2026 (their first days), or None."""
    for pattern, (year, month, day) in _DATES:
        if found := pattern.fullmatch(typed.strip(" .")):
            years = int(found[year])
            try:
                return dt.date(years + 2000 if years < 100 else years, int(found[month] or 1), int(found[day] or 1))
            except ValueError:
                return None
    return None
