"""Recognises the kind of an order file by what is in it, never by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType

from orders.formats import amazon, own, shopify, woocommerce
from orders.formats.source import Source, UnreadableFile, decode
from orders.formats.table import SEPARATORS, columns
from orders.rows import BadRow, ParsedOrder, Reading
from orders.values import shown

KNOWN = (
    "an Amazon order report (columns order-id, purchase-date, sku …), a Shopify orders export (columns Name, "
    "Lineitem name …), WooCommerce order JSON (number, line_items …), or our own CSV or JSON (order_number …)"
)
_NOT_TEXT = {
    b"PK\x03\x04": "It looks like an Excel workbook or a ZIP archive: unpack it, or save the sheet as CSV in UTF-8.",
    b"\xd0\xcf\x11\xe0": "It looks like an old Excel workbook: save the sheet as CSV in UTF-8.",
    b"%PDF": "It looks like a PDF.",
    b"\x1f\x8b": "It looks like a gzip archive: unpack it first.",
    b"\xff\xfe": "It looks like UTF-16 (“Unicode text”): save it as CSV in UTF-8.",
    b"\xfe\xff": "It looks like UTF-16 (“Unicode text”): save it as CSV in UTF-8.",
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """A kind of file: what it is called, whether it names sellers, and how to read it."""

    label: str
    names_sellers: bool
    read: Callable[[Source, Reading], Iterator[ParsedOrder | BadRow]]


def recognise(source: Source) -> Recognised:
    """Return what kind of order file this is. Raises UnreadableFile that says what was seen and what is known."""
    head = source.head.removeprefix(b"\xef\xbb\xbf")
    if not head.strip():
        raise UnreadableFile("The file is empty.")
    for start, what in _NOT_TEXT.items():
        if source.head.startswith(start):
            raise UnreadableFile(f"The file is not an order file. {what}")
    text = decode(head)
    if not text.strip():
        raise UnreadableFile("The file is empty.")
    if "\n" not in text and "\r" in text.rstrip():
        raise UnreadableFile("The file's lines end in CR alone, as on very old Macs: save it with LF or CRLF.")
    found = _as_json(text) if text.lstrip()[0] in "[{" else _as_table(text)
    if found is None:
        first = next(line for line in text.splitlines() if line.strip())
        raise UnreadableFile(f"The file is not one we recognise; its first line is {shown(first)}. We read {KNOWN}.")
    return found


def _as_table(text: str) -> Recognised | None:
    """Return the kind of table whose header is the first line that is not empty, or None."""
    line = next(line for line in text.split("\n") if line.strip()).rstrip("\r")
    for separator in sorted(SEPARATORS, key=line.count, reverse=True):
        names = columns(line, separator)
        for label, recognises, room, read, sellers in (
            (amazon.LABEL, amazon.recognises, amazon, amazon.read, False),
            (shopify.LABEL, shopify.recognises, shopify, shopify.read, "vendor" in names),
            (own.LABEL_CSV, own.recognises_table, own, own.read_table, "seller" in names),
        ):
            if recognises(names):
                _refuse_missing(label, room, names)
                quoted = separator != "\t" or line.startswith('"')
                return Recognised(label, sellers, partial(read, separator=separator, quoted=quoted))
    return None


def _refuse_missing(label: str, room: ModuleType, names: list[str]) -> None:
    """Raise UnreadableFile when a column is missing that the format cannot do without."""
    missing = room.missing(names)
    if missing:
        raise UnreadableFile(f"The file looks like {label}, but the column {', '.join(missing)} is missing.")


def _as_json(text: str) -> Recognised | None:
    """Return the kind of JSON by the members of its first object; the text may break off anywhere."""
    empty = re.fullmatch(r'\s*(\[\s*\]|\{\s*"orders"\s*:\s*\[\s*\]\s*\})\s*', text)
    names = set(re.findall(r'"(order_number|line_items|number|id)"\s*:', text))
    if woocommerce.recognises(dict.fromkeys(names)) or (
        not names & {"order_number"} and _starts_like_woocommerce(text)
    ):
        return Recognised(woocommerce.LABEL, True, woocommerce.read)
    if empty or own.recognises_json(dict.fromkeys(names)):
        return Recognised(own.LABEL_JSON, True, own.read_json)
    return None


def _starts_like_woocommerce(text: str) -> bool:
    """Return whether a cut off or damaged text at least starts like a WooCommerce order."""
    return bool(re.search(r'"(billing|date_created_gmt|date_created|parent_id)"\s*:', text))
