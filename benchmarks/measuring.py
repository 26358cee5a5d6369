"""Asks pages in turns and says what each took; asks many at once and says how far the slowest was off."""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from benchmarks.processor import cpu_seconds
from benchmarks.serving import Browser

Ask = Callable[[], object]
ROUND = 10  # requests of one page, then it is the next one's turn
TOKENS = re.compile(rb'(name="(?:csrfmiddlewaretoken|client_id)" value=|X-CSRFToken": )"[^"]*"')


@dataclass
class Taken:
    """What requests of one page took: times in ms, CPU of server and PostgreSQL in ms altogether."""

    times: list[float] = field(default_factory=list)
    cpu_sum: float = 0.0

    @property
    def median(self) -> float:
        """The median time, ms."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """The time that 95 % of the requests kept to, ms."""
        return statistics.quantiles(self.times, n=20)[18]

    @property
    def cpu(self) -> float:
        """CPU a request, ms."""
        return self.cpu_sum / len(self.times)


def measure(pages: Mapping[str, tuple[Ask, int]], requests: int) -> dict[str, Taken]:
    """Ask every page in turn, ``ROUND`` times in a row, until each was asked about ``requests`` times.

    ``pages`` are requests with the process whose family serves them. PostgreSQL is a part of each: see ``families``.
    """
    taken = {name: Taken() for name in pages}
    for ask, _family in pages.values():
        for _warm_up in range(3):
            ask()
    for _round in range(max(1, requests // ROUND)):
        for name, (ask, family) in pages.items():
            before = cpu_seconds(family) + cpu_seconds(POSTGRES[0])
            for _request in range(ROUND):
                start = time.perf_counter()
                ask()
                taken[name].times.append((time.perf_counter() - start) * 1000)
            taken[name].cpu_sum += (cpu_seconds(family) + cpu_seconds(POSTGRES[0]) - before) * 1000
    return taken


POSTGRES = [0]  # its parent process, set once it is known


def same_page(browser: Browser, address: str, bare: str) -> bool:
    """Return whether a bare page gives the same HTML as the product, but for its single-use tokens."""
    return _plain(browser.ask("GET", address)) == _plain(browser.ask("GET", bare))


def _plain(content: bytes) -> bytes:
    return TOKENS.sub(b"", content)


def at_once(asks: Sequence[Ask], number: int) -> Taken:
    """Let each of ``asks`` ask ``number`` times, all at once, each on a connection of its own."""
    gate = threading.Barrier(len(asks))

    def run(ask: Ask) -> list[float]:
        times = []
        gate.wait()
        for _request in range(number):
            start = time.perf_counter()
            ask()
            times.append((time.perf_counter() - start) * 1000)
        return times

    with ThreadPoolExecutor(len(asks)) as pool:
        return Taken([one for times in pool.map(run, asks) for one in times])
