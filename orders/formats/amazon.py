"""Amazon's flat-file order reports: "new", "unshipped" and "fulfilled" orders, and the "all orders" report.

Prices in these reports are for all pieces of a line together, which is how we keep them. The file names no seller.
"""

from __future__ import annotations

from collections.abc import Iterator

from orders import values
from orders.formats.source import Source
from orders.formats.table import Row, read_rows
from orders.rows import BadRow, LineKeys, ParsedItem, ParsedOrder, Reading, joined
from orders.rules import AMAZON_STATES, language_of
from orders.values import BadValue

LABEL = "Amazon order report"
NUMBER = ("order-id", "amazon-order-id")
ITEM = ("order-item-id", "amazon-order-item-id")
QUANTITY = ("quantity-purchased", "quantity", "quantity-shipped")


def recognises(columns: list[str]) -> bool:
    """Return whether these columns are those of an order report of Amazon."""
    names = set(columns)
    return bool(names & set(NUMBER)) and "purchase-date" in names and bool(names & {"sku", "product-name", "asin"})


def missing(columns: list[str]) -> list[str]:
    """Return the columns we cannot do without that are not there."""
    return [] if set(columns) & set(QUANTITY) else [QUANTITY[0]]


def read(source: Source, reading: Reading, *, separator: str, quoted: bool) -> Iterator[ParsedOrder | BadRow]:
    """Yield the orders of a report, each with the rows that follow one another."""
    return joined(_rows(source, reading, separator, quoted))


def _rows(source: Source, reading: Reading, separator: str, quoted: bool) -> Iterator[ParsedOrder | BadRow]:
    """Yield one order a row."""
    keys = LineKeys()
    for row in read_rows(source, separator=separator, quoted=quoted):
        if isinstance(row, BadRow):
            yield row
            continue
        if _is_continuation(row):
            continue
        try:
            order = _order(row, reading)
            order.add(_item(row, order.number, keys))
        except BadValue as problem:
            yield BadRow(row.line_number, str(problem))
        else:
            yield order


def _is_continuation(row: Row) -> bool:
    """Return whether a row only goes on about promotions of the row before: Amazon leaves its other cells blank."""
    return not row.first(*ITEM, *QUANTITY, "sku", "asin", "product-name", "purchase-date")


def _order(row: Row, reading: Reading) -> ParsedOrder:
    """Return what a row says about its order. Raises BadValue."""
    number = values.needed(row.first(*NUMBER), "order-id", 64)
    purchased = values.moment(row["purchase-date"], "purchase-date", reading.zone)
    if purchased is None:
        raise BadValue("purchase-date is missing")
    shipped = values.moment(row.first("shipment-date", "ship-date"), "shipment-date", reading.zone)
    status = AMAZON_STATES.get(values.clean(row["order-status"]).lower(), "")
    marketplace = values.text(row["sales-channel"], "sales-channel", 64).lower() or reading.marketplace
    return ParsedOrder(
        line_number=row.line_number,
        number=number,
        purchased_at=purchased,
        buyer_email=values.email(row["buyer-email"], "buyer-email"),
        buyer_name=values.shortened(row.first("buyer-name", "recipient-name"), 200),
        status=status or ("shipped" if shipped else ""),
        marketplace=marketplace,
        language=reading.language or language_of(marketplace),
        ship_country=values.country(row["ship-country"]),
        shipped_at=shipped,
        earliest_delivery=values.day(
            row.first("earliest-delivery-date", "delivery-start-date"), "delivery-start-date", reading.zone
        ),
        latest_delivery=values.day(
            row.first("latest-delivery-date", "delivery-end-date", "estimated-arrival-date"),
            "delivery-end-date",
            reading.zone,
        ),
        carrier=values.text(row.first("carrier", "carrier-name"), "carrier", 64),
        tracking_number=values.text(row["tracking-number"], "tracking-number", 64),
    )


def _item(row: Row, order: str, keys: LineKeys) -> ParsedItem:
    """Return the line of an order that a row describes. Raises BadValue."""
    sku = values.text(row["sku"], "sku", 120)
    asin = values.text(row["asin"], "asin", 20)
    title = values.shortened(row["product-name"], 500) or sku or asin
    if not title:
        raise BadValue("product-name, sku and asin are all missing")
    quantity = values.quantity(row.first(*QUANTITY), "quantity")
    price, unit = values.price(row["item-price"], "item-price")
    line = values.text(row.first(*ITEM), "order-item-id", 110)
    state = AMAZON_STATES.get(values.clean(row.first("item-status", "order-status")).lower(), "")
    return ParsedItem(
        line_number=row.line_number,
        line=line or keys.key(order, sku or asin or title, (title, asin, quantity, price)),
        title=title,
        sku=sku,
        asin=asin,
        quantity=quantity,
        price=price,
        currency=values.currency(row["currency"]) or unit,
        is_cancelled=True if quantity == 0 else (state == "cancelled" if state else None),
    )
