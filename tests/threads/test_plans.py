"""PostgreSQL's plans of the lists: every view in every order and each filter walks an index, and sorts no mailbox."""

from __future__ import annotations

import pytest
from django.db import connection

from benchmarks.lists import readings
from benchmarks.million import fill
from messagecenter.threads.picking import MOST_LOOKED_AT

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no EXPLAIN that counts rows"),
]
ROWS = 20_000  # a tenth of them in the mailbox that is looked at; a million: ``python -m benchmarks.plans``
# In so small a mailbox the planner rightly sorts what a filter picks, and reads the few orders of a shop.
FEW = 400
LARGE = ("inbox", "waiting", "sent", "received", "archive", "all")


def test_each_list_walks_an_index_and_sorts_no_mailbox() -> None:
    mailbox, reader = fill(ROWS)
    assert mailbox.entries.count() == ROWS // 10
    found = list(readings(mailbox, reader))
    assert len(found) > 80
    whole = [one.name for one in found if "threads_entry" in one.read_whole]
    sorts = [(one.name, one.sorted) for one in found if one.sorted > FEW]
    assert (whole, sorts) == ([], [])
    # The few orders of so small a shop are sorted to be looked up, never more than are looked at.
    assert [(one.name, one.sorted_before) for one in found if one.sorted_before > MOST_LOOKED_AT] == []
    large = [one for one in found if one.name.startswith(LARGE) and ("newest" in one.name or "far down" in one.name)]
    assert len(large) == 2 * len(LARGE)
    assert [one.name for one in large if one.sorted] == []


def test_the_test_sees_a_list_that_sorts_the_mailbox() -> None:
    mailbox, reader = fill(ROWS)
    with connection.cursor() as cursor:
        for name in ("entry_newest", "entry_in_inbox", "entry_put_away"):
            cursor.execute(f"DROP INDEX {name}")
    assert max(one.sorted for one in readings(mailbox, reader) if one.name in ("inbox, newest", "all, newest")) > FEW
