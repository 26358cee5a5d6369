"""Loads sample conversations: plans them, makes the people, shares the writing, and puts counters and indexes right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from messagecenter.accounts.models import Mailbox, User
from messagecenter.search.models import WORDS_VERSION, IndexedMailbox
from messagecenter.threads.actions import build_index
from messagecenter.threads.models import Tally, Thread

from .counters import Counters
from .ids import Ids
from .people import DOMAIN, Shop, address, make_buyers, make_shops
from .planning import Plan, plan
from .rows import Rows
from .sharing import work_here, work_shared
from .tokens import taking_many
from .working import BATCH, Done, People, large_shops, rare_word

BY = "load_sample"


@dataclass(frozen=True)
class Loaded:
    """What a run has made, and who can be signed in as.

    ``people``: "sample" and "agent" of the Sample shop, "big" who owns the largest of the other shops, "small" the
    smallest, "stranger" one between, and "buyer". ``rare`` is a word that one message of the Sample shop has,
    ``order_number`` an order of it. ``text_bytes`` are those of texts and subjects, in plain UTF-8.
    """

    run: int
    people: dict[str, User]
    threads: int
    messages: int
    rows: int
    text_bytes: int
    seconds: float
    rare: str = ""
    order_number: str = ""


def load(*, threads: int, mailbox_threads: int = 0, seed: int = 7, workers: int = 2, progress: bool = True) -> Loaded:
    """Write ``threads`` sample threads, ``mailbox_threads`` of them in the Sample shop; return what there is now.

    Each run brings shops and buyers of its own. Batches are committed one by one; after Ctrl-C what was committed is
    counted and indexed. SQLite, which lets one write at a time, has one process whatever ``workers`` says. Raises
    ValueError for numbers that cannot be.
    """
    if not 0 <= mailbox_threads <= threads or threads < 1 or workers < 1:
        raise ValueError("At least one thread is made, at most all of them in the Sample shop, by one process or more.")
    started = time.monotonic()
    made = plan(run=_next_run(), seed=seed, now=timezone.now(), threads=threads, mailbox_threads=mailbox_threads)
    total = Done()
    people = _make_people(made)
    packed = made.ordered()
    batches = [packed[begin : begin + BATCH] for begin in range(0, len(packed), BATCH)]
    with tqdm(total=threads, unit=" threads", disable=None if progress else True) as bar:

        def tell(done: Done) -> None:
            total.add(done)
            bar.set_postfix_str(f"{total.messages / (time.monotonic() - started):,.0f} messages/s", refresh=False)
            bar.update(done.threads)

        with taking_many():
            if workers > 1 and connection.vendor == "postgresql" and not connection.in_atomic_block:
                counters = work_shared(made, people, batches, tell, workers)
            else:
                counters = work_here(made, people, batches, tell)
    total.rows += _finish(people, counters)
    has_sample = made.counts[0] > 0
    return Loaded(
        run=made.run,
        people=_cast(made, people),
        threads=total.threads,
        messages=total.messages,
        rows=total.rows,
        text_bytes=total.text_bytes,
        seconds=time.monotonic() - started,
        rare=rare_word(made) if has_sample else "",
        order_number=_some_order(people.shops[0]) if has_sample else "",
    )


def has_real_threads() -> bool:
    """Return whether there are threads that no sample has made."""
    return Thread.objects.exclude(opened_by__members__email__endswith=f"@{DOMAIN}").exists()


def _next_run() -> int:
    """Return a number no run has had."""
    run = 1
    while User.objects.filter(email=address("shop1", run)).exists():
        run += 1
    return run


def _make_people(made: Plan) -> People:
    """Write shops and buyers, and begin the search index of shops that will need one."""
    ids = Ids()
    shops = make_shops(made, ids)
    large = large_shops(made, settings.SEARCH_INDEX_FROM) & set(shops)
    # Being built until all is written: if this is stopped by force, the timetable finishes them.
    IndexedMailbox.objects.bulk_create(
        IndexedMailbox(mailbox=shops[number].mailbox, version=WORDS_VERSION, started_at=made.now) for number in large
    )
    return People(shops, make_buyers(made, ids), frozenset(large))


def _finish(people: People, counters: Counters) -> int:
    """Write the tallies, have the indexes asked from now on, and let the database look at what is new."""
    pinned = {shop.mailbox.pk: shop.pinned for shop in people.shops.values() if shop.pinned}
    rows = Rows(Tally)
    rows.add(*counters.tallies(pinned))
    number = rows.write()
    indexed = IndexedMailbox.objects.in_bulk([people.shops[one].mailbox.pk for one in people.indexed])
    for mailbox_id, row in indexed.items():
        row.state, row.ready_at = IndexedMailbox.State.READY, timezone.now()
        row.done = row.total = counters.messages[mailbox_id]
    IndexedMailbox.objects.bulk_update(indexed.values(), ["state", "ready_at", "done", "total"], batch_size=500)
    _index_the_others(counters, set(indexed))
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as autovacuum would soon, and lists are quick at once
    return number


def _index_the_others(counters: Counters, indexed: set[UUID]) -> None:
    """Build the index of the mailboxes that have grown large without having been expected to: some buyer's."""
    large = [key for key, number in counters.messages.items() if number >= settings.SEARCH_INDEX_FROM]
    for mailbox in Mailbox.objects.filter(pk__in=set(large) - indexed):
        build_index(mailbox=mailbox, by=BY)


def _cast(made: Plan, people: People) -> dict[str, User]:
    """Return the people worth signing in as, as the database has them."""
    shops: Sequence[Shop] = [people.shops[number] for number in sorted(people.shops) if number]
    cast = {"buyer": people.buyers[0].user_id}
    if shops:
        cast |= {"big": shops[0].owner.pk, "small": shops[-1].owner.pk, "stranger": shops[len(shops) // 2].owner.pk}
    if made.counts[0]:
        cast |= {"sample": people.shops[0].writers[0].pk, "agent": people.shops[0].writers[1].pk}
    found = User.objects.in_bulk(list(cast.values()))
    return {role: found[key] for role, key in cast.items()}


def _some_order(shop: Shop) -> str:
    """Return the number of an order of a shop."""
    order = shop.mailbox.orders_sold.order_by("-purchased_at").first()
    return order.number if order else ""
