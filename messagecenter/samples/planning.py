"""Decides who gets how many threads and when: few shops with many, many with few, spread evenly over a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

BIG_SHARE = 0.12  # of all threads, in the shop with most of them
THREADS_A_BUYER = 5
SPAN = timedelta(days=365)
MOST_SHOPS, FEWEST_SHOPS = 2000, 8
THREADS_A_SHOP = 200
_INDEX_BITS = 32
_SHOP_BITS = 16


@dataclass(frozen=True)
class Plan:
    """What is to be made. ``counts`` are the threads of each shop; the first is the Sample shop, with none if unasked.

    ``run`` tells the shops and buyers of one run from those of another; ``now`` is when the newest message was sent.
    """

    run: int
    seed: int
    now: datetime
    counts: tuple[int, ...]
    buyers: int

    @property
    def threads(self) -> int:
        """How many threads are made."""
        return sum(self.counts)

    def ordered(self) -> list[int]:
        """Return all threads, the one with the oldest last message first, each as one number for ``read``."""
        packed = []
        span = int(SPAN.total_seconds())
        for shop, count in enumerate(self.counts):
            # A mailbox's threads keep their moments whatever else is in the database.
            for index in range(count):
                jitter = (index * 40_503 + shop * 9_176) % 997 / 997
                second = int((index + jitter) * span / count)
                packed.append((second << _SHOP_BITS | shop) << _INDEX_BITS | index)
        packed.sort()
        return packed

    def read(self, packed: int) -> tuple[int, int, float]:
        """Return a thread's shop, its place among that shop's threads, and when its last message was sent (epoch)."""
        index = packed & (1 << _INDEX_BITS) - 1
        shop = packed >> _INDEX_BITS & (1 << _SHOP_BITS) - 1
        second = packed >> _INDEX_BITS + _SHOP_BITS
        return shop, index, (self.now - SPAN).timestamp() + second


def plan(*, run: int, seed: int, now: datetime, threads: int, mailbox_threads: int) -> Plan:
    """Return a plan for so many threads, ``mailbox_threads`` of them in the Sample shop."""
    rest = threads - mailbox_threads
    big = min(rest, round(threads * BIG_SHARE))
    shops = min(MOST_SHOPS, max(FEWEST_SHOPS, threads // THREADS_A_SHOP))
    # Zipf's law: the n-th shop has an n-th of the first one's share.
    weights = [1 / rank for rank in range(2, shops + 1)]
    counts, given, weighed = [mailbox_threads, big], 0, 0.0
    for weight in weights:
        weighed += weight
        count = round((rest - big) * weighed / sum(weights)) - given
        given += count
        if count:
            counts.append(count)
    buyers = max(20, threads // THREADS_A_BUYER)
    return Plan(run=run, seed=seed, now=now, counts=tuple(counts), buyers=buyers)
