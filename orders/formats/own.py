"""Our own format, in CSV and in JSON; ``orders/samples/README.md`` describes it member by member."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from orders import values
from orders.formats.jsontext import objects_of, read_objects, text_of
from orders.formats.source import Source
from orders.formats.table import read_rows
from orders.rows import BadRow, LineKeys, ParsedItem, ParsedOrder, Reading, joined
from orders.rules import language_of
from orders.values import BadValue

LABEL_CSV = "our own CSV"
LABEL_JSON = "our own JSON"
STATES = ("pending", "unshipped", "shipped", "delivered", "cancelled", "refunded")
YES, NO = ("true", "yes", "1", "x", "ja"), ("false", "no", "0", "nein")
NEEDED = ("order_number", "purchased_at", "title")

#: Gives the text of a member by its name, "" when it is absent.
Cells = Callable[[str], str]


def recognises_table(columns: list[str]) -> bool:
    """Return whether these columns are those of our CSV."""
    return "order_number" in columns


def recognises_json(first: dict[str, Any]) -> bool:
    """Return whether an object is an order in our JSON."""
    return "order_number" in first


def missing(columns: list[str]) -> list[str]:
    """Return the columns we cannot do without that are not there."""
    return [name for name in NEEDED if name not in columns]


def read_table(source: Source, reading: Reading, *, separator: str, quoted: bool) -> Iterator[ParsedOrder | BadRow]:
    """Yield the orders of our CSV."""
    return joined(_rows(source, reading, separator))


def _rows(source: Source, reading: Reading, separator: str) -> Iterator[ParsedOrder | BadRow]:
    """Yield one order a row."""
    keys = LineKeys()
    for row in read_rows(source, separator=separator, quoted=True):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            order = _order(row.line_number, row.__getitem__, reading)
            order.add(_item(row.line_number, row.__getitem__, order, keys, point=False))
        except BadValue as problem:
            yield BadRow(row.line_number, str(problem))
        else:
            yield order


def read_json(source: Source, reading: Reading) -> Iterator[ParsedOrder | BadRow]:
    """Yield the orders of our JSON."""
    for found in read_objects(source):
        if isinstance(found, BadRow):
            yield found
            continue
        line_number, data = found
        keys = LineKeys()
        try:
            order = _order(line_number, partial(text_of, data), reading)
            items = objects_of(data, "items")
            if not items:
                raise BadValue(f"order {order.number}: items is empty")
        except BadValue as problem:
            yield BadRow(line_number, str(problem))
            continue
        for item in items:
            try:
                order.add(
                    _item(
                        line_number, partial(text_of, item), order, keys, point=not isinstance(item.get("price"), str)
                    )
                )
            except BadValue as problem:
                yield BadRow(line_number, f"order {order.number}: {problem}")
        if order.items:
            yield order


def _order(line_number: int, cell: Cells, reading: Reading) -> ParsedOrder:
    """Return what a row or object says about its order. Raises BadValue."""
    number = values.needed(cell("order_number"), "order_number", 64)
    purchased = values.moment(cell("purchased_at"), "purchased_at", reading.zone)
    if purchased is None:
        raise BadValue("purchased_at is missing")
    marketplace = values.text(cell("marketplace"), "marketplace", 64) or reading.marketplace
    return ParsedOrder(
        line_number=line_number,
        number=number,
        purchased_at=purchased,
        seller=values.text(cell("seller"), "seller", 120),
        seller_email=values.email(cell("seller_email"), "seller_email"),
        buyer_email=values.email(cell("buyer_email"), "buyer_email"),
        buyer_name=values.shortened(cell("buyer_name"), 200),
        status=_status(cell("status")),
        marketplace=marketplace,
        language=_language(cell("language")) or reading.language or language_of(marketplace),
        ship_country=values.country(cell("ship_country")),
        shipped_at=values.moment(cell("shipped_at"), "shipped_at", reading.zone),
        earliest_delivery=values.day(cell("earliest_delivery"), "earliest_delivery", reading.zone),
        latest_delivery=values.day(cell("latest_delivery"), "latest_delivery", reading.zone),
        carrier=values.text(cell("carrier"), "carrier", 64),
        tracking_number=values.text(cell("tracking_number"), "tracking_number", 64),
    )


def _item(line_number: int, cell: Cells, order: ParsedOrder, keys: LineKeys, *, point: bool) -> ParsedItem:
    """Return the line that a row or object describes; ``point``: its price is a JSON number. Raises BadValue."""
    title = values.title(cell("title"))
    sku, asin = values.text(cell("sku"), "sku", 120), values.text(cell("asin"), "asin", 20)
    quantity = values.quantity(cell("quantity") or "1")
    price, unit = values.price(cell("price"), point=point)
    picture = values.picture(cell("picture_url"))
    line = values.text(cell("line"), "line", 110).lstrip("~")
    content = (title, sku, asin, order.seller, quantity, price)
    return ParsedItem(
        line_number=line_number,
        line=line or keys.key(order.number, sku or asin or title, content),
        title=title,
        sku=sku,
        asin=asin,
        quantity=quantity,
        price=price,
        currency=values.currency(cell("currency")) or unit,
        picture_url=picture,
        is_cancelled=True if quantity == 0 else _flag(cell("cancelled")),
    )


def _status(value: str) -> str:
    """Return one of our states, or "" for an empty cell. Raises BadValue."""
    value = values.clean(value).lower().replace("canceled", "cancelled")
    if value and value not in STATES:
        raise BadValue(f"status {values.shown(value)} is not one of {', '.join(STATES)}")
    return value


def _language(value: str) -> str:
    """Return a language's code such as de, or "" for an empty cell. Raises BadValue."""
    value = values.clean(value).lower()
    if value and not (2 <= len(value) <= 8 and value.replace("-", "").isascii() and value.replace("-", "").isalpha()):
        raise BadValue(f"language {values.shown(value)} is not a code such as de or en")
    return value


def _flag(value: str) -> bool | None:
    """Return whether a cell says yes, None for an empty one. Raises BadValue."""
    value = values.clean(value).lower()
    if not value:
        return None
    if value not in YES + NO:
        raise BadValue(f"cancelled {values.shown(value)} is neither true nor false")
    return value in YES
