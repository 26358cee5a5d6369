"""The desk's figures: how much is stopped, how long people wait for the desk, how often it or a rule was wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from messagecenter.policy.models import Decision

from .models import Appeal, Report
from .statements import Rule, told_rule

RANGES = (7, 30, 90)
MOST_ROWS = 20_000  # the newest ones; a figure over more would not tell more


@dataclass(frozen=True)
class Series:
    """One row of numbers, one a day; ``key`` chooses its colour."""

    key: str
    label: str
    numbers: list[float]

    @property
    def total(self) -> float:
        """All days together."""
        return sum(self.numbers)


@dataclass(frozen=True)
class RuleFigure:
    """How often people looked at what a rule had found, and how often it was wrong."""

    rule: Rule
    looked_at: int
    wrong: int

    @property
    def precision(self) -> float:
        """The share that was right, 0 to 1."""
        return 1 - self.wrong / self.looked_at


@dataclass(frozen=True)
class Figures:
    """What the figures page shows. Times are in minutes; None when nothing was held."""

    days: list[date]
    volume: list[Series]
    hold: list[Series]
    appeals: list[Series]
    rules: list[RuleFigure]
    hold_median: float | None
    hold_p95: float | None
    is_cut: bool

    @property
    def volume_rows(self) -> list[tuple[date, list[float]]]:
        """The volume as a table: a day and its numbers."""
        return _rows(self.days, self.volume)

    @property
    def hold_rows(self) -> list[tuple[date, list[float]]]:
        """The hold times as a table."""
        return _rows(self.days, self.hold)

    @property
    def appeal_rows(self) -> list[tuple[date, list[float]]]:
        """The appeals and reports as a table."""
        return _rows(self.days, self.appeals)


def figures_of(days: int) -> Figures:
    """Return the figures of the last ``days`` days, today included, in the active time zone.

    Days without anything are zeros. Bounded by an index on the day, and where single rows are read by 20,000 of them.
    """
    today = timezone.localdate()
    all_days = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    since = timezone.make_aware(datetime.combine(all_days[0], datetime.min.time()))
    made = Decision.objects.filter(made_at__gte=since)
    looked = list(
        made.filter(settled_by__isnull=False)
        .order_by("-made_at", "-pk")
        .values_list("measure", "made_at", "settled_at", "findings", "was_mistaken")[: MOST_ROWS + 1]
    )
    held = [
        (timezone.localdate(at), (settled - at).total_seconds() / 60)
        for measure, at, settled, _findings, _wrong in looked[:MOST_ROWS]
        if measure == Decision.Measure.HELD and settled is not None
    ]
    waits = sorted(minutes for _day, minutes in held)
    return Figures(
        days=all_days,
        volume=_volume(made, all_days),
        hold=_hold(held, all_days),
        appeals=_asked(since, all_days),
        rules=_rules([(findings, wrong) for _measure, _at, _settled, findings, wrong in looked[:MOST_ROWS]]),
        hold_median=percentile(waits, 50),
        hold_p95=percentile(waits, 95),
        is_cut=len(looked) > MOST_ROWS,
    )


def percentile(ordered: list[float], share: int) -> float | None:
    """Return the value below or at which ``share`` percent of ``ordered`` lie (nearest rank), or None for no values."""
    return ordered[ceil(len(ordered) * share / 100) - 1] if ordered else None


def _rows(days: list[date], series: list[Series]) -> list[tuple[date, list[float]]]:
    """Return the days that have any number, newest first."""
    rows = [(day, [one.numbers[at] for one in series]) for at, day in enumerate(days)]
    return [row for row in reversed(rows) if any(row[1])]


def _per_day(rows: QuerySet[Any], field: str) -> Counter[tuple[date, str]]:
    """Count rows by day and by ``field``."""
    counted = rows.order_by().annotate(day=TruncDate("made_at")).values("day", field).annotate(number=Count("pk"))
    return Counter({(one["day"], one[field]): one["number"] for one in counted})


def _volume(made: QuerySet[Decision], days: list[date]) -> list[Series]:
    counted = _per_day(made, "measure")
    return [
        Series(measure.value, str(measure.label), [counted[day, measure.value] for day in days])
        for measure in Decision.Measure
    ]


def _hold(held: list[tuple[date, float]], days: list[date]) -> list[Series]:
    by_day: dict[date, list[float]] = defaultdict(list)
    for day, minutes in held:
        by_day[day].append(minutes)
    shares = (("median", _("Median minutes"), 50), ("p95", _("95 of 100 within minutes"), 95))
    return [
        Series(key, label, [round(percentile(sorted(by_day[day]), share) or 0, 1) for day in days])
        for key, label, share in shares
    ]


def _asked(since: datetime, days: list[date]) -> list[Series]:
    appeals = _per_day(Appeal.objects.filter(made_at__gte=since), "state")
    reports = _per_day(Report.objects.filter(made_at__gte=since), "state")

    def series(key: str, label: str, counted: Counter[tuple[date, str]], states: list[str]) -> Series:
        return Series(key, label, [sum(counted[day, state] for state in states) for day in days])

    return [
        series("appeals", _("Appeals"), appeals, list(Appeal.State.values)),
        series("reversed", _("Reversed on appeal"), appeals, [Appeal.State.REVERSED]),
        series("reports", _("Reports"), reports, list(Report.State.values)),
        series("acted", _("Reports that were right"), reports, [Report.State.ACTED]),
    ]


def _rules(looked: list[tuple[list[dict[str, Any]], bool]]) -> list[RuleFigure]:
    """Return how right each rule was, the one people saw most often first."""
    seen: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for findings, was_mistaken in looked:
        rules = {one["rule"] for one in findings if one["rule"] and one["action"] != "allow"}
        seen.update(rules)
        if was_mistaken:
            wrong.update(rules)
    ordered = sorted(seen, key=lambda rule: (-seen[rule], rule))
    return [RuleFigure(told_rule(rule), seen[rule], wrong[rule]) for rule in ordered]
