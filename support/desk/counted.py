"""The figures as a page with charts and tables, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from messagecenter.figures.views import harmless
from messagecenter.moderation.charts import day_bars

from .figures import MOST_ROWS, RANGES, Figures, Group, figures_of

HEADS: tuple[Promise, ...] = (
    gettext_lazy("Opened"),
    gettext_lazy("First answer, median hours"),
    gettext_lazy("First answer, 90 of 100 within hours"),
    gettext_lazy("Later answers, median hours"),
    gettext_lazy("Later answers, 90 of 100 within hours"),
    gettext_lazy("Resolved after, median hours"),
    gettext_lazy("Answers owed"),
    gettext_lazy("Late"),
    gettext_lazy("Late, percent"),
    gettext_lazy("Resolved"),
    gettext_lazy("Reopened, percent"),
    gettext_lazy("Ratings"),
    gettext_lazy("Satisfaction, 1 to 5"),
)


def cells_of(group: Group) -> list[float | int | None]:
    """Return one group's numbers in the order of the heads; None where there is nothing to tell."""
    return [
        group.opened,
        group.first_median,
        group.first_p90,
        group.later_median,
        group.later_p90,
        group.resolve_median,
        group.turns,
        group.late,
        group.late_share,
        len(group.resolved),
        group.reopened_share,
        len(group.ratings),
        group.satisfaction,
    ]


#: The same in fewer columns, for eyes.
SHORT_HEADS: tuple[Promise, ...] = (
    gettext_lazy("Opened"),
    gettext_lazy("First answer, half / 90 of 100 within hours"),
    gettext_lazy("Later answers, half / 90 of 100 within hours"),
    gettext_lazy("Late, of answers owed"),
    gettext_lazy("Resolved"),
    gettext_lazy("Resolved after, median hours"),
    gettext_lazy("Reopened"),
    gettext_lazy("Satisfaction, 1 to 5"),
)


def short_cells_of(group: Group) -> list[str]:
    """Return one group's numbers in the order of the short heads, as they are read."""
    late = _("%(late)s of %(turns)s") % {"late": group.late, "turns": group.turns} if group.turns else "–"
    rated = f"{_one(group.satisfaction)} ({len(group.ratings)})" if group.ratings else "–"
    return [
        str(group.opened),
        _pair(group.first_median, group.first_p90),
        _pair(group.later_median, group.later_p90),
        f"{late} ({_one(group.late_share)} %)" if group.turns else late,
        str(len(group.resolved)),
        "–" if group.resolve_median is None else _one(group.resolve_median),
        "–" if group.reopened_share is None else f"{_one(group.reopened_share)} %",
        rated,
    ]


def _pair(one: float | None, other: float | None) -> str:
    return "–" if one is None else f"{_one(one)} / {_one(other)}"


def _one(number: float | None) -> str:
    return number_format(round(number, 1), decimal_pos=1) if number is not None else ""


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Show the figures of the last 7, 30 or 90 days, as charts and as tables."""
    days = _days(request)
    counted = figures_of(days)
    context = admin.site.each_context(request) | {
        "title": _("Support figures"),
        "days": days,
        "ranges": RANGES,
        "most_rows": MOST_ROWS,
        "figures": counted,
        "volume_chart": day_bars(counted.days, counted.volume, stacked=False),
        "speed_chart": day_bars(counted.days, counted.speed, stacked=False),
        "breach_chart": day_bars(counted.days, counted.breaches),
        "resolution_chart": day_bars(counted.days, counted.resolution),
        "satisfaction_chart": day_bars(counted.days, counted.satisfaction),
        "heads": SHORT_HEADS,
        "tables": [(heading, [(one.name, short_cells_of(one)) for one in rows]) for heading, rows in _tables(counted)],
        "csv_url": f"{reverse('admin:support_desk_figures_csv')}?days={days}",
    }
    return TemplateResponse(request, "admin/support/figures.html", context)


@require_safe
def figures_csv(request: HttpRequest) -> HttpResponse:
    """Give the figures as a table for a spreadsheet (CSV, RFC 4180, UTF-8 with a byte order mark)."""
    days = _days(request)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_("Days"), _("Of"), _("Name"), *(str(head) for head in HEADS)])
    for heading, rows in _tables(figures_of(days)):
        for one in rows:
            # No cell can be taken for a formula.
            writer.writerow([days, harmless(heading), harmless(one.name), *(_rounded(cell) for cell in cells_of(one))])
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"support-{days}-{timezone.localdate():%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _tables(counted: Figures) -> list[tuple[str, list[Group]]]:
    return [(_("All"), [counted.total]), (_("Queue"), counted.queues), (_("Topic"), counted.topics)]


def _rounded(cell: float | None) -> float | str:
    return "" if cell is None else round(cell, 2)


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, RANGES) else RANGES[0]
