"""Shopify's orders export: one row a line item, and only an order's first row says everything about the order.

The seller is the line item's vendor. Prices are for one piece in the file; we keep the sum for the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from orders import values
from orders.formats.source import Source
from orders.formats.table import Row, read_rows
from orders.rows import BadRow, LineKeys, ParsedItem, ParsedOrder, Reading, joined
from orders.rules import shopify_state
from orders.values import BadValue

LABEL = "Shopify orders export"
NEEDED = ("name", "created at", "lineitem name", "lineitem quantity")


def recognises(columns: list[str]) -> bool:
    """Return whether these columns are those of Shopify's orders export."""
    return {"name", "lineitem name"} <= set(columns)


def missing(columns: list[str]) -> list[str]:
    """Return the columns we cannot do without that are not there."""
    return [name for name in NEEDED if name not in columns]


def read(source: Source, reading: Reading, *, separator: str, quoted: bool) -> Iterator[ParsedOrder | BadRow]:
    """Yield the orders of an export, one for each vendor of a basket."""
    return joined(_rows(source, reading, separator))


def _rows(source: Source, reading: Reading, separator: str) -> Iterator[ParsedOrder | BadRow]:
    """Yield one order a row, completed from the order's first row."""
    keys = LineKeys()
    first: ParsedOrder | None = None
    refused, currency = ("", 0), ""
    for row in read_rows(source, separator=separator, quoted=True):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            number = values.needed(row["name"], "Name", 64)
            if first is None or first.number != number:
                if refused[0] == number and not row["created at"].strip():
                    raise BadValue(f"its order's first row, line {refused[1]}, could not be read")
                refused, first, currency = (number, row.line_number), None, ""
                first = _order(row, number, reading)
            elif row["financial status"].strip():
                first.absorb(_order(row, number, reading))
            order = copy(first)
            order.line_number, order.items = row.line_number, {}
            order.seller = values.text(row["vendor"], "Vendor", 120)
            currency = values.currency(row["currency"]) or currency
            order.add(_item(row, number, currency, keys))
        except BadValue as problem:
            yield BadRow(row.line_number, str(problem))
        else:
            yield order


def _order(row: Row, number: str, reading: Reading) -> ParsedOrder:
    """Return what the first row of an order says. Raises BadValue."""
    purchased = values.moment(row["created at"], "Created at", reading.zone)
    if purchased is None:
        raise BadValue("Created at is missing")
    financial, fulfillment = (values.clean(row[name]).lower() for name in ("financial status", "fulfillment status"))
    return ParsedOrder(
        line_number=row.line_number,
        number=number,
        purchased_at=purchased,
        buyer_email=values.email(row["email"], "Email"),
        buyer_name=values.shortened(row.first("billing name", "shipping name"), 200),
        status=shopify_state(financial, fulfillment, row["cancelled at"].strip()),
        marketplace=reading.marketplace,
        language=reading.language,
        ship_country=values.country(row["shipping country"]),
        shipped_at=values.moment(row["fulfilled at"], "Fulfilled at", reading.zone),
    )


def _item(row: Row, order: str, currency: str, keys: LineKeys) -> ParsedItem:
    """Return the line item of a row. Raises BadValue."""
    title = values.title(row["lineitem name"], "Lineitem name")
    sku = values.text(row["lineitem sku"], "Lineitem sku", 120)
    quantity = values.quantity(row["lineitem quantity"], "quantity")
    price, _unit = values.price(row["lineitem price"], "Lineitem price", point=True)
    content = (title, sku, row["vendor"], quantity, price)
    return ParsedItem(
        line_number=row.line_number,
        line=keys.key(order, sku or title, content),
        title=title,
        sku=sku,
        quantity=quantity,
        price=None if price is None else values.rounded(price * quantity, "Lineitem price"),
        currency=currency,
        is_cancelled=values.clean(row["lineitem fulfillment status"]).lower() in ("restocked", "removed")
        or quantity == 0,
    )
