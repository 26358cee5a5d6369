"""How PostgreSQL reads each list: every view in every order, each filter alone, and a page far down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks.million import NEWEST, days_ago
from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import Folder, Label
from messagecenter.ids import new_id
from messagecenter.threads.boxes import BOXES, SORTS
from messagecenter.threads.cursors import cursor_of
from messagecenter.threads.filters import read
from messagecenter.threads.listing import find_list
from orders.models import Order

BIG = {"threads_entry", "threads_thread", "threads_entrylabel", "orders_order", "orders_orderitem"}
# What a filter has picked may be put in order when it is little; the mailbox never.
MOST_SORTED = 2_000
MOST_READ = 20_000


@dataclass
class Reading:
    """How one list is read: which indexes, how many rows of big tables (those in an index alone do not
    count), how many are sorted by the list and by what is looked up for it, and how long it takes."""

    name: str
    indexes: list[str] = field(default_factory=list)
    rows: int = 0
    sorted: int = 0
    sorted_before: int = 0
    read_whole: list[str] = field(default_factory=list)
    milliseconds: float = 0.0

    @property
    def faults(self) -> list[str]:
        """What must not be: a big table read from end to end, a sort of more than a filter picks, a mailbox read."""
        found = [f"{table} is read whole" for table in self.read_whole]
        if (most := max(self.sorted, self.sorted_before)) > MOST_SORTED:
            found.append(f"{most:,} rows are sorted")
        if self.rows > MOST_READ:
            found.append(f"{self.rows:,} rows are read")
        return found


def lists_of(mailbox: Mailbox) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the name of each list, its address's query and the place it begins after."""
    for box in BOXES:
        for sort in SORTS:
            yield f"{box}, {sort}", {"box": box, "sort": sort}, ""
    middle = cursor_of(NEWEST - timedelta(days=1), new_id())
    for box in BOXES:
        yield f"{box}, far down", {"box": box}, middle
    folder, label = Folder.objects.of_mailbox(mailbox)[0], Label.objects.of_mailbox(mailbox)[0]
    order = Order.objects.filter(shop=mailbox).order_by("pk")[10]
    alone: dict[str, dict[str, str]] = {
        "folder": {"folder": str(folder.pk)},
        "label": {"label": str(label.pk)},
        "priority": {"priority": "urgent"},
        "topic": {"topic": "where_is_it"},
        "other, by id": {"other": str(order.buyer_id)},
        "other, by name": {"other": "Buyer 17"},
        "other, by a rare name": {"other": "Buyer 1711"},
        "product, by title": {"product": "Lamp 25"},
        "product, by ASIN": {"product": "B0LAMP25"},
        "product, of all": {"product": "Lamp"},
        "order, whole number": {"order": order.number},
        "order, a part": {"order": order.number[-7:]},
        "order, two characters": {"order": "30"},
        "state of the order, rare": {"status": "unshipped"},
        "state of the order, common": {"status": "shipped"},
        "with files": {"files": "1"},
        "since": {"since": days_ago(1)},
        "until": {"until": days_ago(1)},
    }
    for name, query in alone.items():
        yield name, query if "folder" in query else {"box": "all"} | query, ""


def readings(mailbox: Mailbox, reader: User) -> Iterator[Reading]:
    """Yield how each list is read. Each is run twice, so that the disk does not count."""
    for name, query, after in lists_of(mailbox):
        yield reading_of(name, query, after, mailbox, reader)


def reading_of(name: str, query: dict[str, str], after: str, mailbox: Mailbox, reader: User) -> Reading:
    """Return how one list is read, with what is looked up for it first."""
    heard = _Heard()
    with connection.execute_wrapper(heard), suppress(_HeardError):
        find_list(read(query), mailbox=mailbox, reader=reader, after=after)
    found = Reading(name)
    with connection.cursor() as cursor:
        for sql, parameters in heard.statements:
            for _time in range(2):
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)
                (told,) = cursor.fetchone()
            plan = (told if isinstance(told, list) else json.loads(told))[0]
            found.sorted_before, found.sorted = max(found.sorted_before, found.sorted), 0  # the list comes last
            _walk(plan["Plan"], found)
            found.milliseconds += plan["Execution Time"]
    return found


class _HeardError(Exception):
    """The statement of a list was heard; it is not run: nobody could read its rows."""


class _Heard:
    """Keeps the statements up to that of the list, and stops there. None at all for a list that is surely empty."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []

    def __call__(self, execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        self.statements.append((sql, parameters))
        if f"LIMIT {settings.PAGE_THREADS + 1}" in sql:
            raise _HeardError
        return execute(sql, parameters, many, context)


def _walk(node: dict[str, Any], found: Reading) -> None:
    """Add what one node of a plan, and those below it, say."""
    table, kind = node.get("Relation Name", ""), node["Node Type"]
    times = node.get("Actual Loops", 1)
    if table in BIG:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        if kind != "Index Only Scan":
            found.rows += round((node["Actual Rows"] + removed) * times)
        if kind == "Seq Scan":
            found.read_whole.append(table)
    if table == "threads_entry" or kind == "Bitmap Index Scan":
        name = node.get("Index Name", "")
        if name and name not in found.indexes:
            found.indexes.append(name)
    below = node.get("Plans", [])
    if kind == "Sort":
        found.sorted = max(found.sorted, round(below[0]["Actual Rows"] * below[0].get("Actual Loops", 1)))
    for one in below:
        _walk(one, found)
