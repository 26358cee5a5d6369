"""The desk's three queues: what waits for a person, the oldest first, told without a single word of a message."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from messagecenter.accounts.models import Mailbox
from messagecenter.policy.models import Decision

from .keyset import page_after
from .models import Appeal, Report
from .statements import Rule, rules_of

HELD, APPEALS, REPORTS = "held", "appeals", "reports"
PAGE_LINES = 50
OVERVIEW_LINES = 8


@dataclass(frozen=True)
class Line:
    """One thing that waits."""

    id: uuid.UUID
    url: str
    since: datetime
    age: str
    deadline: datetime | None
    is_late: bool
    what: str
    rules: list[Rule]
    sender: Mailbox


@dataclass(frozen=True)
class Queue:
    """One of the queues: its key in the address, its names, its rows and the moment they are ordered by."""

    key: str
    title: Promise
    empty: Promise
    rows: Callable[[], QuerySet[Any]]
    moment: str
    line: Callable[[Any], Line]

    @property
    def url(self) -> str:
        """The address of the whole queue."""
        return reverse(f"admin:desk_{self.key}")

    def page(self, cursor: str = "", size: int = PAGE_LINES) -> tuple[list[Line], str]:
        """Return lines after a cursor and the next page's cursor. Raises Http404 for a cursor that is none."""
        found, following = page_after(self.rows(), self.moment, cursor, size, newest_first=False)
        return [self.line(row) for row in found], following


def told_age(since: datetime, now: datetime | None = None) -> str:
    """Return how long something has waited, in its largest unit."""
    minutes = max(int(((now or timezone.now()) - since).total_seconds() // 60), 0)
    if minutes < 60:
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    hours = minutes // 60
    if hours < 48:
        return ngettext("%d hour", "%d hours", hours) % hours
    return ngettext("%d day", "%d days", hours // 24) % (hours // 24)


def _held() -> QuerySet[Decision]:
    return Decision.objects.waiting().select_related("mailbox", "version")


def _held_line(decision: Decision) -> Line:
    return Line(
        id=decision.pk,
        url=reverse("admin:desk_held_item", args=[decision.pk]),
        since=decision.made_at,
        age=told_age(decision.made_at),
        deadline=decision.hold_until,
        is_late=decision.hold_until is not None and decision.hold_until < timezone.now(),
        what=decision.get_measure_display(),
        rules=rules_of(decision),
        sender=decision.mailbox,
    )


def _appeals() -> QuerySet[Appeal]:
    return Appeal.objects.waiting().select_related("decision__mailbox", "decision__version")


def _appeal_line(appeal: Appeal) -> Line:
    return Line(
        id=appeal.pk,
        url=reverse("admin:desk_appeals_item", args=[appeal.pk]),
        since=appeal.made_at,
        age=told_age(appeal.made_at),
        deadline=None,
        is_late=False,
        what=appeal.decision.get_measure_display(),
        rules=rules_of(appeal.decision),
        sender=appeal.decision.mailbox,
    )


def _reports() -> QuerySet[Report]:
    return Report.objects.waiting().select_related("reported")


def _report_line(report: Report) -> Line:
    return Line(
        id=report.pk,
        url=reverse("admin:desk_reports_item", args=[report.pk]),
        since=report.made_at,
        age=told_age(report.made_at),
        deadline=None,
        is_late=False,
        what=report.get_reason_display(),
        rules=[],
        sender=report.reported,
    )


QUEUES = {
    queue.key: queue
    for queue in (
        Queue(HELD, _("Held messages"), _("No message is held."), _held, "hold_until", _held_line),
        Queue(APPEALS, _("Appeals"), _("No appeal waits."), _appeals, "made_at", _appeal_line),
        Queue(REPORTS, _("Reports"), _("No report waits."), _reports, "made_at", _report_line),
    )
}
