"""The lists of cases: mine, unassigned, late, waiting, all; each a page at a time, told without a word of a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from messagecenter.accounts.acting import memberships_of, person_of
from messagecenter.accounts.models import Mailbox, User
from messagecenter.moderation.keyset import page_after
from messagecenter.moderation.queues import told_age
from messagecenter.threads.access import order_number_in, uuid_or_none
from support.actions import attend_desk, stay_at_desk
from support.catalogue import label_of
from support.models import GONE_AFTER, Attendance, Case, CaseQuerySet, Queue
from support.numbers import NotACaseNumber, read

from .chatted import open_chats
from .door import EXPORT, OVERSEE, queues_of
from .forms import AttendanceForm

PAGE_LINES = 50
MOST_FOUND = 50


@dataclass(frozen=True)
class CaseList:
    """One of the lists: its key in the address, its names, its rows, and the moment they are ordered by."""

    key: str
    title: Promise
    empty: Promise
    rows: Callable[[CaseQuerySet, User], CaseQuerySet]
    moment: str
    newest_first: bool


LISTS = {
    one.key: one
    for one in (
        CaseList(
            "mine",
            gettext_lazy("My cases"),
            gettext_lazy("You have no open case. Take one of those nobody has."),
            lambda cases, me: cases.active().assigned_to(me),
            "last_word_at",
            newest_first=True,
        ),
        CaseList(
            "unassigned",
            gettext_lazy("Nobody’s"),
            gettext_lazy("Somebody has every open case."),
            lambda cases, _me: cases.active().unassigned(),
            "last_word_at",
            newest_first=True,
        ),
        CaseList(
            "overdue",
            gettext_lazy("Late"),
            gettext_lazy("No answer is late."),
            lambda cases, _me: cases.overdue(timezone.now()),
            "due_at",
            newest_first=False,
        ),
        CaseList(
            "waiting",
            gettext_lazy("Waiting for us"),
            gettext_lazy("Nobody waits for an answer."),
            lambda cases, _me: cases.filter(due_at__isnull=False),
            "due_at",
            newest_first=False,
        ),
        CaseList(
            "seller",
            gettext_lazy("Waiting for the seller"),
            gettext_lazy("No seller has the next word."),
            lambda cases, _me: cases.with_seller(),
            "last_word_at",
            newest_first=True,
        ),
        CaseList(
            "all",
            gettext_lazy("All open"),
            gettext_lazy("There is no open case."),
            lambda cases, _me: cases.active(),
            "last_word_at",
            newest_first=True,
        ),
    )
}


@dataclass(frozen=True)
class Line:
    """One case in a list."""

    number: str
    url: str
    topic: str
    shop: str
    queue: str
    severity: str
    severity_key: int
    level: int
    status: str
    assignee: str
    age: str
    opened_at: datetime
    due_at: datetime | None
    due: str
    is_late: bool


def lines_of(cases: Sequence[Case], now: datetime) -> list[Line]:
    """Return cases as a list shows them."""
    return [
        Line(
            number=case.shown_number,
            url=reverse("admin:support_desk_case", args=[case.number]),
            topic=label_of(case.topic),
            shop=case.shop.shown_name,
            queue=case.queue.mailbox.shown_name,
            severity=case.get_severity_display(),
            severity_key=case.severity,
            level=case.level,
            status=str(case.get_status_display()),
            assignee=case.assignee.get_full_name() if case.assignee else "",
            age=told_age(case.opened_at, now),
            opened_at=case.opened_at,
            due_at=case.due_at,
            due=told_due(case, now),
            is_late=is_late(case, now),
        )
        for case in cases
    ]


def is_late(case: Case, now: datetime) -> bool:
    """Return whether support owes an answer since longer than it promised."""
    return case.due_at is not None and case.due_at < now


def told_due(case: Case, now: datetime) -> str:
    """Return how long there is left to answer, or how late it is; "" while nothing is owed."""
    if case.due_at is None:
        return ""
    if case.due_at < now:
        return _("late by %(span)s") % {"span": told_age(case.due_at, now)}
    return _("in %(span)s") % {"span": told_age(now, case.due_at)}


@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """Show one of the lists (``list``), of one queue (``queue``) or of all that somebody works in."""
    person, now = person_of(request), timezone.now()
    queues = queues_of(person)
    asked = uuid_or_none(request.GET.get("queue", ""))
    queue = next((one for one in queues if one.pk == asked), None)
    shown = LISTS.get(request.GET.get("list", ""), LISTS["all" if queue else "mine"])
    rows = shown.rows(_cases([queue] if queue else queues), person)
    cursor = request.GET.get("after", "")
    page, following = page_after(rows, shown.moment, cursor, PAGE_LINES, newest_first=shown.newest_first)
    narrowed = {"queue": str(queue.pk)} if queue else {}
    this = {"list": shown.key} | narrowed
    context = admin.site.each_context(request) | {
        "title": queue.mailbox.shown_name if queue else _("Support desk"),
        "list": shown,
        "lines": lines_of(page, now),
        "next_url": f"?{urlencode(this | {'after': following})}" if following else "",
        "tabs": [
            {"title": one.title, "url": f"?{urlencode({'list': one.key} | narrowed)}", "is_current": one == shown}
            for one in LISTS.values()
        ],
        "queues": [
            {
                "title": one.mailbox.shown_name,
                "url": f"?{urlencode({'list': shown.key, 'queue': str(one.pk)})}",
                "is_current": one == queue,
            }
            for one in queues
        ],
        "every_queue_url": f"?{urlencode({'list': shown.key})}",
        "queue": queue,
        "chats": open_chats(request),
        "may_see_figures": person.has_perm(EXPORT) or person.has_perm(OVERSEE),
        **_attendance(request),
    }
    return TemplateResponse(request, "admin/support/desk.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find a case by its number, in any spelling, or the cases about an order."""
    person, typed = person_of(request), order_number_in(request.GET.get("q", ""))
    cases = Case.objects.worked_by(person)
    problem = ""
    try:
        found = cases.filter(number=read(typed)).first() if typed else None
    except NotACaseNumber:
        found = None
    if found is not None:
        return redirect("admin:support_desk_case", found.number)
    about = cases.filter(thread__order__number=typed).select_related("shop", "queue__mailbox", "assignee")
    rows = list(about.order_by("-last_word_at", "-pk")[:MOST_FOUND]) if typed else []
    if not rows:
        problem = (
            _("There is no case with this number that you work on, and none about an order with it.")
            if typed
            else _("Please type the number of a case or of an order.")
        )
    context = admin.site.each_context(request) | {
        "title": _("Cases found"),
        "sought": typed,
        "problem": problem,
        "lines": lines_of(rows, timezone.now()),
    }
    return TemplateResponse(request, "admin/support/search.html", context, status=200 if rows else 404)


@require_POST
def attendance(request: HttpRequest) -> HttpResponse:
    """Say whether one is there and takes cases; with ``beat`` only that the page is still open."""
    if "beat" in request.POST:
        stay_at_desk(by=person_of(request))
        return HttpResponse(status=204)
    form = AttendanceForm(request.POST)
    if form.is_valid():
        attend_desk(by=person_of(request), **form.cleaned_data)
        there = form.cleaned_data["is_present"]
        messages.success(request, _("You get cases now.") if there else _("You get no cases now."))
    else:
        messages.error(request, _("Nothing was changed: please choose what you speak, and 1 to 10 chats."))
    return redirect("admin:support_desk")


def _cases(queues: Sequence[Queue]) -> CaseQuerySet:
    """Return the cases of queues, with all that a line shows."""
    found = Case.objects.filter(queue__in=[one.pk for one in queues])
    return found.select_related("shop", "queue__mailbox", "assignee")


def _attendance(request: HttpRequest) -> dict[str, Any]:
    """Return the form for being there; looking at a list is a sign of life, too."""
    person = person_of(request)
    writes = any(one.mailbox.kind == Mailbox.Kind.SUPPORT and one.may_write for one in memberships_of(request))
    if not writes:
        return {"attendance": None}
    row = Attendance.objects.filter(staff=person).first()
    if row is not None:
        stay_at_desk(by=person)
    known = row or Attendance(languages=[person.language or "en"])
    initial = {name: getattr(known, name) for name in ("is_present", "languages", "topics", "chats_at_once")}
    return {
        "attendance": AttendanceForm(initial=initial),
        "is_present": bool(row and row.is_present),
        "was_gone": bool(row and row.is_present and row.seen_at < timezone.now() - GONE_AFTER),
    }
