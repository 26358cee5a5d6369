"""What a format makes of a file: orders and items in neutral form, and rows it could not read. No database here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime, tzinfo
from decimal import Decimal

#: Marks a line's key that we made from SKU, ASIN or title because the file has none of its own.
OUR_KEY = "~"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out: its physical line in the file (from 1) and why."""

    line_number: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line_number}: {self.reason}"


@dataclass(slots=True)
class ParsedItem:
    """One line of an order. ``price`` is what the whole line costs, for all its pieces together.

    ``is_cancelled`` is None when the file does not say.
    """

    line_number: int
    line: str
    title: str
    sku: str = ""
    asin: str = ""
    quantity: int = 1
    price: Decimal | None = None
    currency: str = ""
    picture_url: str = ""
    is_cancelled: bool | None = None


@dataclass(slots=True)
class ParsedOrder:
    """What a file says about one order of one seller. Empty text and None mean that it says nothing."""

    line_number: int
    number: str
    purchased_at: datetime
    seller: str = ""
    seller_email: str = ""
    buyer_email: str = ""
    buyer_name: str = ""
    status: str = ""
    marketplace: str = ""
    language: str = ""
    ship_country: str = ""
    shipped_at: datetime | None = None
    earliest_delivery: date | None = None
    latest_delivery: date | None = None
    carrier: str = ""
    tracking_number: str = ""
    items: dict[str, ParsedItem] = field(default_factory=dict)

    def add(self, item: ParsedItem) -> None:
        """Take an item in; one with the same key is the same line, and the later one counts."""
        self.items[item.line] = item

    def absorb(self, later: ParsedOrder) -> None:
        """Take in what a later row says about the same order."""
        for name in _FIELDS:
            value = getattr(later, name)
            if value:
                setattr(self, name, value)
        self.items.update(later.items)


_FIELDS = [each.name for each in fields(ParsedOrder) if each.name not in ("line_number", "number", "items")]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a format needs beside the file: the zone of times without offset, and what counts where it is silent."""

    zone: tzinfo
    marketplace: str = ""
    language: str = ""


class LineKeys:
    """Makes keys for lines of a file that has none: the same content is the same line, other content another one."""

    def __init__(self) -> None:
        self._order = ""
        self._seen: dict[str, list[object]] = {}

    def key(self, order: str, name: str, content: object) -> str:
        """Return the key of a line called ``name`` (SKU, ASIN or title) with this content in that order."""
        if order != self._order:
            self._order, self._seen = order, {}
        contents = self._seen.setdefault(name, [])
        if content not in contents:
            contents.append(content)
        position = contents.index(content) + 1
        return f"{OUR_KEY}{name[:100]}" + (f"#{position}" if position > 1 else "")


def joined(parsed: Iterator[ParsedOrder | BadRow]) -> Iterator[ParsedOrder | BadRow]:
    """Join rows that follow one another and belong to one order; several sellers make several orders."""
    number = ""
    waiting: dict[str, ParsedOrder] = {}
    for each in parsed:
        if isinstance(each, BadRow):
            yield each
            continue
        if each.number != number:
            yield from waiting.values()
            number, waiting = each.number, {}
        if each.seller in waiting:
            waiting[each.seller].absorb(each)
        else:
            waiting[each.seller] = each
    yield from waiting.values()
