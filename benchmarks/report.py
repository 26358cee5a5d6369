"""What a run prints: Markdown tables of ratios, milliseconds beside them for orientation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.measuring import Taken
from benchmarks.storage import Inserts, Storage

BARE, SQL = " (bare)", " (SQL)"
MOST_OFF = 4.0


def pages(places: Sequence[Any], taken: Mapping[str, Taken]) -> list[str]:
    """Return the main pages of each size against their yardsticks."""
    lines = [
        *("", "### Main pages", ""),
        "| database | page | median ms | p95 ms | CPU ms | time : bare | CPU : bare | CPU : SQL only | CPU : empty |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in taken.items():
        if name.endswith((BARE, SQL)):
            continue
        place, _, page = name.partition(" | ")
        empty = taken[f"{place} | empty page"]
        lines.append(
            f"| {place} | {page} | {one.median:.1f} | {one.p95:.1f} | {one.cpu:.1f} | "
            f"{_ratio(one, taken.get(name + BARE), 'median')} | {_ratio(one, taken.get(name + BARE), 'cpu')} | "
            f"{_ratio(one, taken.get(name + SQL), 'cpu')} | {_ratio(one, empty, 'cpu')} |"
        )
    return lines + _against_inbox(taken)


def _against_inbox(taken: Mapping[str, Taken]) -> list[str]:
    """Return deep pages and searches against page 1 of the same mailbox's inbox."""
    lines = ["", "| database | page | time : its inbox | CPU : its inbox |", "|---|---|---|---|"]
    for name, one in taken.items():
        place, _, page = name.partition(" | ")
        owner, _, what = page.partition(": ")
        if what.startswith(("search", "inbox,")) and not name.endswith((BARE, SQL)):
            inbox = taken[f"{place} | {owner}: inbox"]
            lines.append(f"| {place} | {page} | {_ratio(one, inbox, 'median')} | {_ratio(one, inbox, 'cpu')} |")
    return lines


def growth(places: Sequence[Any], taken: Mapping[str, Taken]) -> list[str]:
    """Return how each page of the mailbox of constant size grows from the smallest database to the others."""
    ordered = sorted(places, key=lambda place: place.threads)
    if len(ordered) < 2 or any(place.main != "constant" for place in ordered):
        return []
    smallest = ordered[0]
    lines = ["", f"### Growth in a mailbox of constant size, against {smallest.threads:,} threads", ""]
    lines.append("| page | " + " | ".join(f"{one.threads:,}: time | CPU" for one in ordered[1:]) + " |")
    lines.append("|---|" + "---|---|" * len(ordered[1:]))
    for name, one in taken.items():
        place, _, page = name.partition(" | ")
        if place != smallest.name or not page.startswith("constant") or page.endswith((BARE, SQL)):
            continue
        others = [found for other in ordered[1:] if (found := taken.get(f"{other.name} | {page}"))]
        cells = [f"{_ratio(other, one, 'median')} | {_ratio(other, one, 'cpu')}" for other in others]
        if len(cells) == len(ordered) - 1:
            lines.append(f"| {page.partition(': ')[2]} | {' | '.join(cells)} |")
    return lines


def filters(place: Any, taken: Mapping[str, Taken]) -> list[str]:
    """Return views, orders and filters against their bare pages."""
    shows = {page.name: page.shows for page in place.pages[place.main]}
    lines = [
        *("", f"### Views, orders and filters, {place.threads:,} threads", ""),
        "| list | rows | median ms | CPU ms | time : bare | CPU : bare |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in taken.items():
        if not name.endswith(BARE):
            page = name.partition(" | ")[2]
            against = taken[name + BARE]
            lines.append(
                f"| {page.partition(': ')[2]} | {shows[page]} | {one.median:.1f} | {one.cpu:.1f} | "
                f"{_ratio(one, against, 'median')} | {_ratio(one, against, 'cpu')} |"
            )
    return lines


def crowd(place: Any, taken: Mapping[str, Taken]) -> list[str]:
    """Return what 16 requests at once took: the slowest against the median."""
    lines = [
        *("", f"### 16 at once, {place.threads:,} threads, two server processes", ""),
        "| page | requests | median ms | p95 ms | slowest ms | slowest : median | beyond 4 × |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one in taken.items():
        beyond = sum(time > MOST_OFF * one.median for time in one.times)
        lines.append(
            f"| {name} | {len(one.times)} | {one.median:.0f} | {one.p95:.0f} | {max(one.times):.0f} | "
            f"{max(one.times) / one.median:.1f} | {beyond} |"
        )
    return lines


def storage(place: Any, found: Storage) -> list[str]:
    """Return what the database occupies against its text."""
    ratio = found.all_bytes / max(1, found.text_bytes)
    lines = [
        *("", f"### Bytes, {place.threads:,} threads, {found.messages:,} messages", ""),
        f"Text {found.text_bytes / 1e6:.1f} MB, database {found.all_bytes / 1e6:.1f} MB: {ratio:.2f} × the text.",
        *("", "| table | rows MB | indexes MB | : text |", "|---|---|---|---|"),
    ]
    for name, rows, indexes in found.tables:
        share = (rows + indexes) / max(1, found.text_bytes)
        lines.append(f"| {name} | {rows / 1e6:.1f} | {indexes / 1e6:.1f} | {share:.2f} |")
    return lines


def inserts(place: Any, found: Inserts) -> list[str]:
    """Return how long single inserts took."""
    return [
        *("", f"### Inserts, {place.threads:,} threads", ""),
        f"{found.number:,} messages with tokens, one a transaction: median {found.median:.2f} ms, p99 {found.p99:.1f}, "
        f"worst {found.worst:.1f}; {found.over} took longer than 100 ms.",
    ]


def _ratio(one: Taken, other: Taken | None, what: str) -> str:
    if other is None:
        return ""
    below = getattr(other, what)
    return f"{getattr(one, what) / below:.2f}" if below else ""
