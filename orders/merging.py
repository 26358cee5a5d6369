"""Compares orders from a file with the stored ones and writes only what differs, many rows at a time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from messagecenter.ids import new_id
from orders.bulk import insert_rows
from orders.models import Order, OrderItem, Product
from orders.rows import OUR_KEY, ParsedItem, ParsedOrder

#: What tells one order from another: its shop and its number.
Key = tuple[UUID, str]

_COUNTED = re.compile(r"#([0-9]{1,6})$")

_Row = TypeVar("_Row", bound=models.Model)

_GIVEN = (
    "purchased_at",
    "buyer_name",
    "marketplace",
    "language",
    "ship_country",
    "shipped_at",
    "earliest_delivery",
    "latest_delivery",
    "carrier",
    "tracking_number",
)
_ORDER_FIELDS = [*_GIVEN, "status", "buyer"]
_ITEM_GIVEN = ("title", "sku", "asin", "price", "currency", "picture_url", "is_cancelled")
_ITEM_FIELDS = [*_ITEM_GIVEN, "line", "quantity", "product"]
_PRODUCT_FIELDS = ["asin", "title", "picture_url", "sold_as"]
_MOST_SOLD_AS = 20  # lines
_LONGEST_SKU = 120


def _take(row: models.Model, values: Mapping[str, Any]) -> bool:
    """Set what differs and return whether anything did. What a file leaves empty never overwrites anything."""
    differing = {
        name: value for name, value in values.items() if value not in ("", None) and getattr(row, name) != value
    }
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)


def _write(model: type[_Row], new: Sequence[_Row], changed: Sequence[_Row], fields: Sequence[str]) -> None:
    """Insert the new rows and update the changed ones."""
    insert_rows(new)
    model._default_manager.bulk_create(changed, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def sku_of(item: ParsedItem) -> str:
    """Return what tells a line's product from others of its shop: SKU, else ASIN, else the title's beginning."""
    return item.sku or item.asin or item.title[:_LONGEST_SKU]


def merge_products(orders: Mapping[Key, ParsedOrder]) -> dict[tuple[UUID, str], UUID]:
    """Bring the shops' products up to date and return them by shop and ``sku_of`` their lines."""
    latest = {(shop, sku_of(item)): item for (shop, _), order in orders.items() for item in order.items.values()}
    names: dict[tuple[UUID, str], set[str]] = defaultdict(set)
    for (shop, _), order in orders.items():
        for item in order.items.values():
            names[shop, sku_of(item)] |= {item.title, item.asin}
    stored = Product.objects.filter(shop__in={shop for shop, _ in latest}, sku__in={sku for _, sku in latest})
    known = {(product.shop_id, product.sku): product for product in stored}
    new, changed = [], []
    for (shop, sku), item in latest.items():
        values = {"asin": item.asin, "title": item.title, "picture_url": item.picture_url}
        product = known.get((shop, sku))
        if product is None:
            known[shop, sku] = product = Product(id=new_id(), shop_id=shop, sku=sku, **values)
            product.sold_as = _sold_as(product, names[shop, sku])
            new.append(product)
            continue
        also = names[shop, sku] | {product.title, product.asin}
        if _take(product, values) | _take(product, {"sold_as": _sold_as(product, also)}):
            changed.append(product)
    _write(Product, new, changed, _PRODUCT_FIELDS)
    return {key: product.pk for key, product in known.items()}


def _sold_as(product: Product, names: Iterable[str]) -> str:
    """Return the lines of a product's ``sold_as``, with these names as well: the newest of many."""
    now = {"", product.title, product.asin}
    lines = [*product.sold_as.split("\n"), *sorted(" ".join(name.split()) for name in names)]
    return "\n".join([line for line in dict.fromkeys(lines) if line not in now][-_MOST_SOLD_AS:])


def _stored(keys: Iterable[Key]) -> tuple[dict[Key, Order], dict[UUID, list[OrderItem]]]:
    """Return the orders we already have among ``keys``, and the items of each."""
    wanted = set(keys)
    found = Order.objects.filter(shop__in={shop for shop, _ in wanted}, number__in={number for _, number in wanted})
    orders = {key: order for order in found if (key := (order.shop_id, order.number)) in wanted}
    items: dict[UUID, list[OrderItem]] = {order.pk: [] for order in orders.values()}
    if items:
        for item in OrderItem.objects.filter(order__in=items).order_by("pk"):
            items[item.order_id].append(item)
    return orders, items


def merge_orders(
    parsed: Mapping[Key, ParsedOrder], buyers: Mapping[str, UUID], products: Mapping[tuple[UUID, str], UUID]
) -> tuple[dict[Key, str], list[str]]:
    """Bring orders and their items up to date.

    Returns for each order "created", "updated" or "unchanged", and remarks about buyers that could not be changed.
    """
    orders, stored_items = _stored(parsed)
    outcomes: dict[Key, str] = {}
    remarks: list[str] = []
    new: list[Order] = []
    changed: list[Order] = []
    new_items: list[OrderItem] = []
    changed_items: list[OrderItem] = []
    for key, source in parsed.items():
        buyer = buyers.get(source.buyer_email)
        order = orders.get(key)
        is_new = order is None
        if order is None:
            order = Order(id=new_id(), shop_id=key[0], number=key[1], buyer_id=buyer)
        elif buyer and order.buyer_id and order.buyer_id != buyer:
            remarks.append(
                f"line {source.line_number}: order {source.number} already belongs to a buyer with another address; "
                "it stays with that buyer."
            )
        items = stored_items.get(order.pk, [])
        was_cancelled = bool(items) and all(item.is_cancelled for item in items)
        added, touched = _merge_items(order, items, source.items.values(), products)
        differs = _take(order, {name: getattr(source, name) for name in _GIVEN})
        differs |= _take(order, {"buyer_id": order.buyer_id or buyer})
        differs |= _take(order, {"status": _status(order, source, was_cancelled, [*items, *added])})
        if is_new:
            new.append(order)
        elif differs:
            changed.append(order)
        new_items += added
        changed_items += touched
        outcomes[key] = "created" if is_new else "updated" if differs or added or touched else "unchanged"
    _write(Order, new, changed, _ORDER_FIELDS)
    _write(OrderItem, new_items, changed_items, _ITEM_FIELDS)
    return outcomes, remarks


def _status(order: Order, source: ParsedOrder, was_cancelled: bool, items: Sequence[OrderItem]) -> str:
    """Return the state an order has now: what the file says, but cancelled when all its lines are."""
    status = source.status or order.status
    if items and status != Order.Status.REFUNDED and all(item.is_cancelled for item in items):
        return Order.Status.CANCELLED
    if was_cancelled and not source.status and status == Order.Status.CANCELLED:
        return Order.Status.UNSHIPPED
    return status


def _merge_items(
    order: Order,
    items: list[OrderItem],
    parsed: Iterable[ParsedItem],
    products: Mapping[tuple[UUID, str], UUID],
) -> tuple[list[OrderItem], list[OrderItem]]:
    """Return the items to insert and those of ``items`` that changed."""
    lines = {item.line: item for item in items}
    added, touched = [], []
    for source in parsed:
        values = {name: getattr(source, name) for name in _ITEM_GIVEN}
        values["quantity"] = None if source.quantity == 0 else source.quantity
        values["product_id"] = products.get((order.shop_id, sku_of(source)))
        item = lines.get(source.line) or _same_line(items, source)
        if item is None:
            known = {name: value for name, value in values.items() if value is not None}
            added.append(OrderItem(id=new_id(), order=order, line=source.line, **known | {"quantity": source.quantity}))
            continue
        if not source.line.startswith(OUR_KEY):
            values["line"] = source.line
        if _take(item, values):
            touched.append(item)
    return added, touched


def _same_line(items: Sequence[OrderItem], source: ParsedItem) -> OrderItem | None:
    """Return the stored line that another report of the same marketplace named by another kind of key, if there is one.

    The n-th line of a SKU by our own count is the n-th of that SKU with a key of the marketplace's, and the other way
    round: two reports about one order must not double its lines.
    """
    ours = source.line.startswith(OUR_KEY)
    other_kind = [
        item for item in items if source.sku and item.sku == source.sku and item.line.startswith(OUR_KEY) != ours
    ]
    position = int(found[1]) - 1 if ours and (found := _COUNTED.search(source.line)) else 0
    return other_kind[position] if position < len(other_kind) else None
