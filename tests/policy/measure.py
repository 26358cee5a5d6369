"""Screens the labelled corpus and prints, for each category, precision, recall and how often honest words are stopped.

``python -m tests.policy.measure [--misses] [--domains DOMAIN,…] [FILE…]``: other corpora in the same form may be named.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
DOMAINS = "marketplace.example"  # the marketplace the corpus was written for
CATEGORIES = (
    *("contact_details", "external_link", "marketing", "review_request"),
    *("off_platform_payment", "sensitive_content", "abuse", "payment_data"),
)
STOPPED = ("block",)
HELD = ("redact", "review", "warn")


@dataclass(frozen=True)
class Screened:
    """A labelled message and what ``manage.py screen_messages`` says about it."""

    row: dict[str, Any]
    said: dict[str, Any]

    @property
    def is_honest(self) -> bool:
        return not self.row["categories"]

    def is_found(self, category: str) -> bool:
        """Whether anything but "allow" is done about it for this category."""
        return category in self.said["categories"]


@dataclass
class Figures:
    """Of one category: how many messages it is in, and in how many it was found, rightly and wrongly."""

    found: list[Screened] = field(default_factory=list)
    missed: list[Screened] = field(default_factory=list)
    wrong: list[Screened] = field(default_factory=list)
    blocked: list[Screened] = field(default_factory=list)  # honest messages blocked for it
    honest: int = 0

    @property
    def recall(self) -> float:
        return _share(len(self.found), len(self.found) + len(self.missed))

    @property
    def precision(self) -> float:
        return _share(len(self.found), len(self.found) + len(self.wrong))

    @property
    def false_block_rate(self) -> float:
        return len(self.blocked) / self.honest if self.honest else 0.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def load(files: Iterable[Path] = ()) -> list[dict[str, Any]]:
    """Return the rows of the corpus, or of the files named."""
    rows = []
    for file in list(files) or sorted(CORPUS.glob("*.jsonl")):
        rows += [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return rows


def screen_all(rows: Sequence[dict[str, Any]], domains: str = DOMAINS) -> list[Screened]:
    """Return what the command says about each row."""
    from tempfile import TemporaryDirectory

    from django.core.management import call_command

    out = io.StringIO()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "messages.jsonl"
        hidden = ("categories", "tags")
        lines = [json.dumps({key: row[key] for key in row if key not in hidden}) for row in rows]
        file.write_text("\n".join(lines))
        call_command("screen_messages", str(file), domains=domains, stdout=out)
    return [Screened(row, json.loads(said)) for row, said in zip(rows, out.getvalue().splitlines(), strict=True)]


def figures_of(screened: Iterable[Screened]) -> dict[str, Figures]:
    """Return the figures of each category."""
    figures = {category: Figures() for category in CATEGORIES}
    for one in screened:
        for category, counted in figures.items():
            is_meant, is_found = category in one.row["categories"], one.is_found(category)
            if is_meant:
                (counted.found if is_found else counted.missed).append(one)
            elif is_found:
                counted.wrong.append(one)
            counted.honest += one.is_honest
            if one.is_honest and any(
                finding["category"] == category and finding["action"] in STOPPED for finding in one.said["findings"]
            ):
                counted.blocked.append(one)
    return figures


def table(screened: Sequence[Screened]) -> Iterator[str]:
    """Yield the lines people read."""
    honest = [one for one in screened if one.is_honest]
    yield f"{len(screened)} messages, {len(honest)} of them honest ({_share(len(honest), len(screened)):.1%})"
    yield ""
    yield f"{'category':<22}{'messages':>9}{'recall':>9}{'evasions':>10}{'precision':>11}{'false blocks':>14}"
    for category, counted in figures_of(screened).items():
        meant = counted.found + counted.missed
        evasions = [one for one in meant if "evasion" in one.row.get("tags", ())]
        evasions_found = sum(one.is_found(category) for one in evasions)
        yield (
            f"{category:<22}{len(meant):>9}{counted.recall:>9.1%}{_share(evasions_found, len(evasions)):>10.1%}"
            f"{counted.precision:>11.1%}{counted.false_block_rate:>14.2%}"
        )
    yield ""
    for action in ("block", *HELD):
        hit = sum(one.said["action"] == action for one in honest)
        yield f"honest messages with {action + ':':<8}{hit:>5} ({hit / max(1, len(honest)):.2%})"
    stopped = sum(one.said["action"] in ("block", "redact", "review") for one in screened if not one.is_honest)
    yield f"forbidden messages not delivered as they are: {_share(stopped, len(screened) - len(honest)):.1%}"
    for lang in sorted({one.row["lang"] for one in screened}):
        pairs = [(one, category) for one in screened if one.row["lang"] == lang for category in one.row["categories"]]
        found = sum(one.is_found(category) for one, category in pairs)
        yield f"recall in {lang}: {_share(found, len(pairs)):>7.1%} of {len(pairs)}"


def misses(screened: Sequence[Screened]) -> Iterator[str]:
    """Yield each message that was missed, found for the wrong thing or stopped although it is honest."""
    for category, counted in figures_of(screened).items():
        yield f"\n## {category}: {len(counted.missed)} missed, {len(counted.wrong)} wrongly found"
        for sign, hits in (("missed", counted.missed), ("wrong ", counted.wrong)):
            for one in hits:
                ours = [finding for finding in one.said["findings"] if finding["category"] == category]
                rules = ", ".join(f"{each['rule']} {each['confidence']} {each['action']}" for each in ours)
                yield f"- {sign} {one.row['id']} {json.dumps(one.row['text'], ensure_ascii=False)} {rules}".rstrip()


def main() -> None:
    """Print the figures."""
    import django

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--misses", action="store_true", help="print the messages too that were judged otherwise")
    parser.add_argument("--domains", default=DOMAINS, help=f"the marketplace's own domains (default: {DOMAINS})")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")
    django.setup()
    screened = screen_all(load(options.files), options.domains)
    print("\n".join(table(screened)))
    if options.misses:
        print("\n".join(misses(screened)))


if __name__ == "__main__":
    main()
