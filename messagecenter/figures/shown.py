"""The reply figures as a page shows them: rows with words, formatted once, and bars beside their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from messagecenter.accounts.models import User
from messagecenter.threads.topics import LABELS

from .sums import Figures, Outcome, Report

OUTCOMES: dict[str, Promise] = {
    Outcome.IN_TIME: pgettext_lazy("reply clock", "In time"),
    Outcome.LATE: pgettext_lazy("reply clock", "Late"),
    Outcome.UNANSWERED: pgettext_lazy("reply clock", "Unanswered and overdue"),
    Outcome.RUNNING: pgettext_lazy("reply clock", "Still in time"),
}
ENDS: dict[str, Promise] = {
    "answered": pgettext_lazy("reply clock", "answered"),
    "no_response": pgettext_lazy("reply clock", "no response needed"),
    "closed": pgettext_lazy("reply clock", "closed"),
    "": pgettext_lazy("reply clock", "open"),
}
WEEKDAYS = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)
NOTHING = "–"


@dataclass(frozen=True)
class Line:
    """One line of a table: what it is about, its numbers, and what its link narrows the list of waits to."""

    name: str
    key: str
    waits: int
    in_time: int
    late: int
    unanswered: int
    running: int
    rate: str
    rate_number: float | None
    average: str
    median: str


def told_span(span: timedelta | None) -> str:
    """Return how long something took: minutes below an hour, hours and minutes below two days, then days."""
    if span is None:
        return NOTHING
    minutes = round(span.total_seconds() / 60)
    if minutes < 60:
        return ngettext("%d min", "%d min", minutes) % minutes
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": rest}
    days = number_format(span / timedelta(days=1), decimal_pos=1)
    return _("%(days)s days") % {"days": days}


def told_share(share: float | None) -> str:
    """Return a share from 0 to 1 in percent; never rounded up to 100."""
    if share is None:
        return NOTHING
    tenths = int(share * 1000)
    return f"{number_format(tenths / 10, decimal_pos=0 if tenths == 1000 else 1)}\u00a0%"


def line(name: str, key: str, figures: Figures) -> Line:
    """Return the figures as one line."""
    return Line(
        name=name,
        key=key,
        waits=figures.waits,
        in_time=figures.in_time,
        late=figures.late,
        unanswered=figures.unanswered,
        running=figures.running,
        rate=told_share(figures.rate),
        rate_number=figures.rate,
        average=told_span(figures.average),
        median=told_span(figures.median),
    )


def by_topic(report: Report) -> list[Line]:
    """Return a line a topic, the one with most waits first."""
    found = [line(str(LABELS.get(key, key)), key, figures) for key, figures in report.by_topic.items()]
    return sorted(found, key=lambda one: (-one.waits, one.name))


def by_member(report: Report, people: Mapping[UUID, User]) -> list[Line]:
    """Return a line a member who answered, then what nobody answered."""
    nobody = _("Nobody (open, closed or no response needed)")
    found = []
    for key, figures in report.by_member.items():
        person = people.get(key) if key else None
        name = person.get_full_name() if person else (_("A former member") if key else nobody)
        found.append(line(name, str(key) if key else "none", figures))
    return sorted(found, key=lambda one: (one.key == "none", -one.waits, one.name))


@dataclass(frozen=True)
class Cell:
    """One hour of one weekday: how many waits began then, and how dark it is drawn, 0 to 4."""

    number: int
    shade: int


@dataclass(frozen=True)
class WeekRow:
    """A weekday with its 24 hours."""

    name: str
    cells: Sequence[Cell]
    total: int
    rate: str


def by_hour(report: Report) -> list[WeekRow]:
    """Return the seven weekdays with the number of waits that began in each hour."""
    highest = max((figures.waits for figures in report.by_hour.values()), default=0)
    rows = []
    for day, name in enumerate(WEEKDAYS):
        cells, in_time, judged = [], 0, 0
        for hour in range(24):
            figures = report.by_hour.get((day, hour), Figures())
            in_time, judged = in_time + figures.in_time, judged + figures.judged
            shade = 0 if not figures.waits else 1 + min(3, figures.waits * 4 // (highest + 1))
            cells.append(Cell(figures.waits, shade))
        total = sum(cell.number for cell in cells)
        rows.append(WeekRow(str(name), cells, total, told_share(in_time / judged if judged else None)))
    return rows


def told_moment(moment: object) -> str:
    """Return a moment with date and time, or a dash."""
    return date_format(moment, "SHORT_DATETIME_FORMAT") if moment else NOTHING  # type: ignore[arg-type]
