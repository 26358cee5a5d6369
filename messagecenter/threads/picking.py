"""What a filter picks through other tables: little of it is known by its threads at once, much of it row by row.

A label, a state of orders, a product and the other side's name stand beside the entries, not in them. A database that
has to guess how many entries such a filter picks reads a mailbox to its end for three, or sorts it for thousands.
So the threads are looked up first, from what is selective and never further than ``MOST_PICKED``. Beyond that a page is
full soon: the list is walked in its order, and each row is tested.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from messagecenter.accounts.models import Mailbox
from orders.models import Order, OrderItem, Product

from .gathered import Gathered, OneOf, rows_in
from .models import Entry, EntryLabel, Thread

MOST_PICKED = 1000
MOST_LOOKED_AT = 3000  # orders, or lines of orders, on the way to the threads
ALL = 2**31  # a limit that never cuts anything off: what has one is looked up by itself
Few = Mapping[str, Collection[uuid.UUID]]  # by a pick's name the threads it picks, unless they are many
NOTHING_KNOWN: Few = MappingProxyType({})


@dataclass(frozen=True)
class Pick:
    """One filter by what stands in other tables, as two questions with one answer.

    ``found`` are queries for rows of one mailbox, and the name of their column with a thread's id; a thread may be in
    several. Where one of ``much`` has a row, they would have to read too much and are not believed. ``test`` says the
    same of a single entry.
    """

    name: str
    found: Sequence[tuple[QuerySet[Any], str]]
    test: Q
    much: Sequence[QuerySet[Any]] = ()

    def condition(self, few: Few) -> Q:
        """Return the condition for entries: by the threads when they are few, else the test."""
        if self.name in few:
            return Q(thread__in=few[self.name])
        return self.test


def few_of(picks: Sequence[Pick], mailbox: Mailbox) -> Few:
    """Return the threads of those picks that have few. One query, none without picks."""
    if not picks:
        return {}
    asked: dict[str, Gathered] = {}
    for pick in picks:
        for number, (rows, column) in enumerate(pick.found):
            asked[f"{pick.name}_{number}"] = Gathered(rows[: MOST_PICKED + 1], column)
        for number, rows in enumerate(pick.much):
            asked[f"much_{pick.name}_{number}"] = Gathered(rows[MOST_LOOKED_AT : MOST_LOOKED_AT + 1], "pk")
    answer: Any = Mailbox.objects.filter(pk=mailbox.pk).values(**asked).get()
    few = {}
    for pick in picks:
        if any(answer[f"much_{pick.name}_{number}"] for number in range(len(pick.much))):
            continue
        lists = (rows_in(answer[f"{pick.name}_{number}"]) for number in range(len(pick.found)))
        threads = {uuid.UUID(key) for rows in lists for (key,) in rows}
        if len(threads) <= MOST_PICKED:
            few[pick.name] = threads
    return few


def labelled_with(label: uuid.UUID, mailbox: Mailbox) -> Pick:
    """Return the pick of threads with a label, which is on entries of its own mailbox only."""
    rows = _of_exactly(EntryLabel.objects.all(), "label", label)
    entries = _first_of(rows.values("entry"), Entry.objects.of_mailbox(mailbox), "pk")
    test = _is_some(EntryLabel.objects.filter(label=label, entry=OuterRef("pk")))
    return Pick("label", [(entries, "thread_id")], test, [rows])


def with_order_in(status: str, mailbox: Mailbox) -> Pick:
    """Return the pick of threads whose order is in a state."""
    orders = _of_exactly(_orders(mailbox), "status", status)
    threads = _first_of(orders.values("pk"), Thread.objects.all(), "order_id")
    test = _is_some(Order.objects.filter(pk=OuterRef("thread__order"), status=status))
    return Pick("status", [(threads, "pk")], test, [orders])


def with_other(words: str, mailbox: Mailbox) -> Pick:
    """Return the pick of threads with somebody whose name has a part."""
    # The mailbox's own people first, each once: a name may be that of many whom it has never met.
    own = Entry.objects.of_mailbox(mailbox).order_by().values("other").distinct()[:ALL]
    named = Mailbox.objects.filter(name__icontains=words)
    entries = Entry.objects.of_mailbox(mailbox).filter(other__in=named.filter(pk__in=own).values("pk"))
    return Pick("other", [(entries, "thread_id")], _is_some(named.filter(pk=OuterRef("other"))))


def about_product(words: str, known: uuid.UUID | None, mailbox: Mailbox) -> Pick:
    """Return the pick of threads about a product: by its id, ASIN or SKU, or a part of its title.

    A shop's products are few beside what it sold: they are looked through with all that they were sold as. A buyer's
    orders are few: there each line says what it is.
    """
    of_title = Q(asin__iexact=words) | Q(sku__iexact=words) | Q(title__icontains=words)
    products = Product.objects.filter(Q(pk=known) if known else of_title | Q(sold_as__icontains=words))
    items = OrderItem.objects.order_by()
    if mailbox.kind == Mailbox.Kind.SHOP:
        products = products.filter(shop=mailbox)
        inquiries = Thread.objects.filter(OneOf(F("product_id"), Subquery(products.values("pk"))))
        items = items.filter(OneOf(F("product_id"), Subquery(products.values("pk"))))
        bought = items
    else:
        inquiries = Thread.objects.filter(entries__mailbox=mailbox, product__in=products.values("pk"))
        items = items.filter(Q(product=known) if known else of_title)
        bought = items.filter(order__in=_orders(mailbox).values("pk"))
    ordered = _first_of(bought.values("order"), Thread.objects.all(), "order_id")
    of_inquiry, of_order = (
        products.filter(pk=OuterRef("thread__product")),
        items.filter(order=OuterRef("thread__order")),
    )
    test = _is_some(of_inquiry) | _is_some(of_order)
    return Pick("product", [(inquiries, "pk"), (ordered, "pk")], test, [bought])


def _first_of(keys: QuerySet[Any, Any], rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    """Return the rows with one of these keys, of which no more are looked at than is quick."""
    return rows.filter(OneOf(F(column), Subquery(keys[:MOST_LOOKED_AT])))


def _of_exactly(rows: QuerySet[Any], column: str, value: Any) -> QuerySet[Any]:
    """Return the rows with a value, in the order of the index of that column.

    Said as a range, or there would be nothing to order: the planner would read the table from its beginning, in the
    hope of soon having enough.
    """
    return rows.filter(**{f"{column}__gte": value, f"{column}__lte": value}).order_by(column)


def _is_some(rows: QuerySet[Any]) -> Q:
    """Return the condition that there is one of these rows, which are asked for by each entry.

    Not as ``EXISTS``: of that the planner would make a join, and sort what comes out.
    """
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), False))


def _orders(mailbox: Mailbox) -> QuerySet[Order]:
    """Return what a mailbox sold, or bought."""
    side = "shop" if mailbox.kind == Mailbox.Kind.SHOP else "buyer"
    return Order.objects.filter(**{side: mailbox})
