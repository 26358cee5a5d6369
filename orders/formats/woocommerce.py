"""WooCommerce's orders as its REST interface gives them: one object, a list, or one object a line.

The seller is named by the line item's or the order's vendor data, as multi-vendor plugins leave it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from orders import values
from orders.formats.jsontext import object_of, objects_of, read_objects, text_of
from orders.formats.source import Source
from orders.rows import BadRow, ParsedItem, ParsedOrder, Reading
from orders.rules import WOOCOMMERCE_STATES
from orders.values import BadValue

LABEL = "WooCommerce order JSON"
_VENDOR_NAMES = ("vendor", "_vendor_name", "vendor_name", "_vendor", "sold by", "_sold_by")


def recognises(first: dict[str, Any]) -> bool:
    """Return whether an object has the members of a WooCommerce order."""
    return "line_items" in first and bool({"number", "id"} & set(first))


def read(source: Source, reading: Reading) -> Iterator[ParsedOrder | BadRow]:
    """Yield the orders, one for each vendor of a basket."""
    for found in read_objects(source):
        if isinstance(found, BadRow):
            yield found
            continue
        line_number, data = found
        try:
            order = _order(line_number, data, reading)
            lines = objects_of(data, "line_items")
            store = object_of(data, "store")
            seller = values.text(text_of(store, "shop_name") or text_of(store, "name"), "store", 120)
        except BadValue as problem:
            yield BadRow(line_number, str(problem))
            continue
        sellers: dict[str, ParsedOrder] = {}
        for line in lines:
            try:
                name = _seller(line) or seller
                item = _item(line_number, line, order, text_of(data, "currency"))
            except BadValue as problem:
                yield BadRow(line_number, f"order {order.number}: {problem}")
                continue
            if name not in sellers:
                sellers[name] = copy(order)
                sellers[name].seller, sellers[name].items = name, {}
            sellers[name].add(item)
        if not lines:
            yield BadRow(line_number, f"order {order.number}: line_items is empty")
        yield from sellers.values()


def _order(line_number: int, data: dict[str, Any], reading: Reading) -> ParsedOrder:
    """Return what the object says about the order itself. Raises BadValue."""
    number = values.needed(text_of(data, "number") or text_of(data, "id"), "number", 64)
    purchased = values.moment(text_of(data, "date_created_gmt"), "date_created_gmt", UTC) or values.moment(
        text_of(data, "date_created"), "date_created", reading.zone
    )
    if purchased is None:
        raise BadValue(f"order {number}: date_created_gmt is missing")
    billing, shipping = object_of(data, "billing"), object_of(data, "shipping")
    tracking = _tracking(data)
    completed = values.moment(text_of(data, "date_completed_gmt"), "date_completed_gmt", UTC)
    return ParsedOrder(
        line_number=line_number,
        number=number,
        purchased_at=purchased,
        buyer_email=values.email(text_of(billing, "email"), "billing email"),
        buyer_name=values.shortened(f"{text_of(billing, 'first_name')} {text_of(billing, 'last_name')}", 200),
        status=WOOCOMMERCE_STATES.get(text_of(data, "status").lower().removeprefix("wc-"), ""),
        marketplace=reading.marketplace,
        language=reading.language,
        ship_country=values.country(text_of(shipping, "country") or text_of(billing, "country")),
        shipped_at=_unix(text_of(tracking, "date_shipped")) or completed,
        carrier=values.text(
            text_of(tracking, "tracking_provider") or text_of(tracking, "custom_tracking_provider"),
            "tracking_provider",
            64,
        ),
        tracking_number=values.text(text_of(tracking, "tracking_number"), "tracking_number", 64),
    )


def _item(line_number: int, line: dict[str, Any], order: ParsedOrder, currency: str) -> ParsedItem:
    """Return one line item; its price is what was paid for the line, tax included. Raises BadValue."""
    title = values.title(text_of(line, "name"), "name")
    quantity = values.quantity(text_of(line, "quantity"), "quantity")
    total = values.price(text_of(line, "total"), "total", point=True)[0]
    tax = values.price(text_of(line, "total_tax"), "total_tax", point=True)[0] or Decimal()
    if total is None:
        one = values.price(text_of(line, "price"), "price", point=True)[0]
        total, tax = (None if one is None else one * quantity), Decimal()
    image = object_of(line, "image")
    return ParsedItem(
        line_number=line_number,
        line=values.needed(text_of(line, "id") or text_of(line, "product_id"), "line item id", 110),
        title=title,
        sku=values.text(text_of(line, "sku"), "sku", 120),
        quantity=quantity,
        price=None if total is None else values.rounded(total + tax),
        currency=values.currency(currency),
        picture_url=_picture(text_of(image, "src")),
        is_cancelled=True if quantity == 0 else None,
    )


def _seller(line: dict[str, Any]) -> str:
    """Return the vendor a line item names, or "". Raises BadValue."""
    meta = {text_of(each, "key").lower(): each for each in objects_of(line, "meta_data")}
    for key in _VENDOR_NAMES:
        if key in meta and (name := values.text(text_of(meta[key], "value"), "vendor", 120)):
            return name
    number = text_of(meta["_vendor_id"], "value") if "_vendor_id" in meta else ""
    return values.text(f"Vendor {number}", "vendor", 120) if number else ""


def _tracking(data: dict[str, Any]) -> dict[str, Any]:
    """Return the newest parcel that the shipment tracking plugin noted, or {}."""
    for each in objects_of(data, "meta_data"):
        if each.get("key") == "_wc_shipment_tracking_items" and isinstance(each.get("value"), list):
            parcels = [parcel for parcel in each["value"] if isinstance(parcel, dict) and parcel.get("tracking_number")]
            return parcels[-1] if parcels else {}
    return {}


def _unix(seconds: str) -> datetime | None:
    """Return the moment of a Unix time, or None for anything else."""
    plausible = seconds.isascii() and seconds.isdecimal() and len(seconds) <= 10
    return datetime.fromtimestamp(int(seconds), UTC) if plausible and int(seconds) else None


def _picture(address: str) -> str:
    """Return a picture's address if a page of ours may show it: a shop's plain http:// picture is left out."""
    try:
        return values.picture(address)
    except BadValue:
        return ""
