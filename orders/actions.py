"""Records orders from files: safe to repeat, a batch of whole orders a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from messagecenter.accounts.models import Mailbox, User
from orders.merging import Key, merge_orders, merge_products
from orders.parties import Shops, find_buyers, lock_imports
from orders.rows import BadRow, ParsedOrder

BATCH = 1000


@dataclass(slots=True)
class ImportResult:
    """What an import did: orders counted once each, rows left out, and remarks that are no errors.

    ``refused``: nothing was recorded, because the import was strict and a row was bad.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: list[BadRow] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    refused: bool = False


class _Undo(Exception):
    """Takes back what a strict or trial import has written."""


class _Count:
    """Counts each order once, however often a file comes back to it; about 100 bytes of memory an order."""

    def __init__(self, result: ImportResult) -> None:
        self._result = result
        self._seen: dict[int, str] = {}

    def add(self, key: Key, outcome: str) -> None:
        """Count an order, or correct how it was counted when only a later row changed it."""
        before = self._seen.get(hash(key))
        if before is None or (before == "unchanged" and outcome == "updated"):
            if before:
                self._change(before, -1)
            self._change(outcome, 1)
            self._seen[hash(key)] = outcome

    def _change(self, outcome: str, by: int) -> None:
        """Change one of the result's three numbers."""
        setattr(self._result, outcome, getattr(self._result, outcome) + by)


def record_orders(
    *,
    orders: Iterable[ParsedOrder | BadRow],
    by: User | None,
    shop: Mailbox | str | None = None,
    strict: bool = False,
    dry_run: bool = False,
    progress: Callable[[int], object] | None = None,
) -> ImportResult:
    """Record orders with their items, products, shops and buyers. Safe to repeat: the same orders change nothing.

    ``by``: the member of staff who does it, or None for the operator at the command line. ``shop``: a shop, or the name
    of one, that all orders belong to whatever they say. ``strict``: nothing is recorded when any row is bad.
    ``dry_run``: everything is tried and taken back. ``progress`` is told after each batch how many orders it held.
    Raises PermissionDenied. Each batch is one transaction, so that a kill leaves whole orders and a rerun goes on.
    """
    if by is not None and not by.is_staff:
        raise PermissionDenied("Only staff may import orders.")
    result = ImportResult()
    shops, count = Shops(), _Count(result)
    fixed = shop.pk if isinstance(shop, Mailbox) else None
    try:
        with transaction.atomic() if strict or dry_run else nullcontext():
            for batch in _batches(orders, result.bad):
                if strict and result.bad:
                    continue
                if isinstance(shop, str):
                    for order in batch:
                        order.seller, order.seller_email = shop, ""
                _record_batch(_with_seller(batch, fixed, result), fixed, shops, count, result)
                if progress is not None:
                    progress(len(batch))
            if dry_run or (strict and result.bad):
                raise _Undo
    except _Undo:
        if strict and result.bad:
            return ImportResult(bad=result.bad, refused=True)
    return result


def _batches(orders: Iterable[ParsedOrder | BadRow], bad: list[BadRow]) -> Iterator[list[ParsedOrder]]:
    """Yield whole orders, at most ``BATCH`` at a time; bad rows go to ``bad``."""

    def good() -> Iterator[ParsedOrder]:
        for order in orders:
            if isinstance(order, BadRow):
                bad.append(order)
            else:
                yield order

    stream = good()
    while batch := list(islice(stream, BATCH)):
        yield batch


def _with_seller(batch: list[ParsedOrder], fixed: UUID | None, result: ImportResult) -> list[ParsedOrder]:
    """Return the orders that have a shop; the others are bad."""
    for order in batch:
        if fixed is None and not order.seller:
            result.bad.append(BadRow(order.line_number, "the seller is missing; name one with --shop"))
    return [order for order in batch if fixed is not None or order.seller]


@transaction.atomic
def _record_batch(
    batch: list[ParsedOrder], fixed: UUID | None, shops: Shops, count: _Count, result: ImportResult
) -> None:
    """Record a batch of whole orders in one transaction."""
    if not batch:
        return
    lock_imports()
    names = shops.find({order.seller: order.language for order in batch}) if fixed is None else {}
    orders: dict[Key, ParsedOrder] = {}
    for order in batch:
        key = (fixed or names[order.seller], order.number)
        if key in orders:
            orders[key].absorb(order)
        else:
            orders[key] = order
    wishes = {shop: order for (shop, _), order in reversed(orders.items()) if order.seller_email and fixed is None}
    if wishes:
        result.remarks += shops.give_owners(wishes)
    outcomes, remarks = merge_orders(orders, find_buyers(orders.values()), merge_products(orders))
    result.remarks += remarks
    for key, outcome in outcomes.items():
        count.add(key, outcome)
