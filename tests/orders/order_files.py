"""Reads and records texts as if they were files."""

from __future__ import annotations

import io
from typing import Any
from zoneinfo import ZoneInfo

from messagecenter.accounts.models import Mailbox, Membership, User
from orders.actions import ImportResult, record_orders
from orders.formats.detect import recognise
from orders.formats.source import Source
from orders.models import Order, OrderItem, Product
from orders.rows import BadRow, ParsedOrder, Reading

BERLIN = ZoneInfo("Europe/Berlin")
OWN = (
    "order_number,seller,buyer_email,buyer_name,status,purchased_at,carrier,tracking_number,title,sku,quantity,price,"
    "currency,cancelled,seller_email\n"
)


def read(content: str | bytes, **reading: str) -> tuple[list[ParsedOrder], list[BadRow]]:
    """Return the orders and the bad rows of a file."""
    source = Source(io.BytesIO(content.encode() if isinstance(content, str) else content))
    parsed = list(recognise(source).read(source, Reading(BERLIN, **reading)))
    return (
        [each for each in parsed if isinstance(each, ParsedOrder)],
        [each for each in parsed if isinstance(each, BadRow)],
    )


def record(content: str | bytes, **options: Any) -> ImportResult:
    """Record a file."""
    source = Source(io.BytesIO(content.encode() if isinstance(content, str) else content))
    return record_orders(orders=recognise(source).read(source, Reading(BERLIN)), by=None, **options)


def row(number: str = "A-1", **cells: str) -> str:
    """Return a row of our own CSV with the columns of OWN."""
    values = {
        "order_number": number,
        "seller": "Nordlicht",
        "buyer_email": "anna@example.org",
        "buyer_name": "Anna Müller",
        "purchased_at": "2026-11-20T10:00:00Z",
        "title": "Lampe",
        "sku": "L-1",
        "quantity": "1",
        "price": "12.50",
        "currency": "EUR",
    } | cells
    return ",".join(values.get(name, "") for name in OWN.strip().split(",")) + "\n"


def tables() -> list[list[dict[str, Any]]]:
    """Return everything an import may write, row by row."""
    return [
        list(model._default_manager.order_by("pk").values())
        for model in (User, Mailbox, Membership, Order, OrderItem, Product)
    ]
