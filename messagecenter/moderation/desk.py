"""The desk: an overview of what waits, the three queues, and the addresses of all its pages in the admin."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from messagecenter.accounts.acting import person_of
from messagecenter.threads.access import uuid_or_none

from . import actions
from .charts import day_bars, rule_bars
from .figures import RANGES, figures_of
from .forms import RejectManyForm
from .items import item_decide, item_page, item_read, item_sender
from .queues import HELD, OVERVIEW_LINES, QUEUES

View = Callable[..., HttpResponse]


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show the oldest of each queue."""
    shown = []
    for queue in QUEUES.values():
        lines, following = queue.page(size=OVERVIEW_LINES)
        shown.append({"queue": queue, "lines": lines, "has_more": bool(following)})
    context = admin.site.each_context(request) | {"title": _("Moderation desk"), "queues": shown}
    return TemplateResponse(request, "admin/moderation/desk.html", context)


@require_safe
def queue_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Show one queue, a page at a time."""
    return _queue(request, kind, RejectManyForm())


@require_POST
def reject_many(request: HttpRequest) -> HttpResponse:
    """Reject the chosen held messages with one reason, without reading them: for obvious spam."""
    form = RejectManyForm(request.POST)
    ids = [key for key in map(uuid_or_none, request.POST.getlist("chosen")) if key is not None]
    if not ids:
        messages.error(request, _("Please choose the messages first."))
        return redirect(QUEUES[HELD].url)
    if not form.is_valid():
        return _queue(request, HELD, form, chosen=ids, status=422)
    done = actions.reject_many(by=person_of(request), ids=ids, answer=form.cleaned_data["answer"])
    messages.success(request, ngettext("%d message was not delivered.", "%d messages were not delivered.", done) % done)
    return redirect(QUEUES[HELD].url)


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Show the figures of the last 7, 30 or 90 days, as charts and as tables."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, RANGES) else RANGES[0]
    counted = figures_of(days)
    context = admin.site.each_context(request) | {
        "title": _("Moderation figures"),
        "days": days,
        "ranges": RANGES,
        "figures": counted,
        "volume_chart": day_bars(counted.days, counted.volume),
        "hold_chart": day_bars(counted.days, counted.hold, stacked=False),
        "appeals_chart": day_bars(counted.days, counted.appeals, stacked=False),
        "rules_chart": rule_bars(counted.rules),
    }
    return TemplateResponse(request, "admin/moderation/figures.html", context)


def _queue(
    request: HttpRequest, kind: str, form: RejectManyForm, chosen: list[uuid.UUID] | None = None, status: int = 200
) -> HttpResponse:
    queue = QUEUES[kind]
    lines, following = queue.page(request.GET.get("after", ""))
    context: dict[str, Any] = admin.site.each_context(request) | {
        "title": str(queue.title),
        "queue": queue,
        "lines": lines,
        "next_url": f"{queue.url}?after={following}" if following else "",
        "form": form if kind == HELD else None,
        "chosen": chosen or [],
    }
    return TemplateResponse(request, "admin/moderation/queue.html", context, status=status)


def _desk_page(view: View) -> View:
    """Let in staff who may decide, through the admin's own door."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(actions.MODERATE):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return admin.site.admin_view(never_cache(guarded))


def _addresses(kind: str) -> list[URLPattern]:
    """Return the addresses of one queue and of what stands in it."""
    named = {"kind": kind}
    return [
        path(f"{kind}/", _desk_page(queue_page), named, name=f"desk_{kind}"),
        path(f"{kind}/<uuid:pk>/", _desk_page(item_page), named, name=f"desk_{kind}_item"),
        path(f"{kind}/<uuid:pk>/read/", _desk_page(item_read), named, name=f"desk_{kind}_read"),
        path(f"{kind}/<uuid:pk>/decide/", _desk_page(item_decide), named, name=f"desk_{kind}_decide"),
        path(f"{kind}/<uuid:pk>/sender/", _desk_page(item_sender), named, name=f"desk_{kind}_sender"),
    ]


# Part of the admin's own addresses (namespace "admin"), under /admin/moderation/desk/.
urlpatterns = [
    path("", _desk_page(overview), name="desk"),
    path("figures/", _desk_page(figures), name="desk_figures"),
    path("held/reject/", _desk_page(reject_many), name="desk_held_reject"),
    *(address for kind in QUEUES for address in _addresses(kind)),
]
