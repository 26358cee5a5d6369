"""Saved filters: the list of them, and what its forms and the list's "save this filter" do."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox
from messagecenter.accounts.writing import require_writing
from messagecenter.filing import actions as filing
from messagecenter.filing.models import FilterCount, SavedFilter
from messagecenter.filing.refused import NotFiled

from .. import actions
from ..access import acting_membership
from ..context import told_count
from ..counting import is_countable
from ..filters import read
from ..matching import is_counted_later, matching_saved

MOST_QUERY = 2000  # characters


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def page(request: HttpRequest) -> HttpResponse:
    """Show the saved filters; a POST saves ``query`` (of a list's address) under ``name``, ``pinned`` or not."""
    if request.method == "GET":
        return _page(request)
    membership = acting_membership(request)
    require_writing(membership)
    wanted = read(QueryDict(request.POST.get("query", "").lstrip("?")[:MOST_QUERY]))
    if wanted.problems:
        return _page(request, problem=" ".join(wanted.problems), status=422)
    try:
        saved = actions.save_filter(
            by=person_of(request),
            mailbox=membership.mailbox,
            name=request.POST.get("name", ""),
            query=wanted.as_query(),
            is_pinned=bool(request.POST.get("pinned")),
            matching=matching_saved,
        )
    except NotFiled as refusal:
        return _page(request, problem=str(refusal.sentence), status=422)
    flash.success(request, _("The filter “%(name)s” is saved.") % {"name": saved.name})
    return redirect(f"{reverse('threads:inbox')}?{saved.query}")


@require_POST
@membership_required
def filter_rename(request: HttpRequest, filter_id: uuid.UUID) -> HttpResponse:
    """Give a saved filter another name."""
    saved = _filter(request, filter_id)
    try:
        filing.rename_filter(by=person_of(request), saved=saved, name=request.POST.get("name", ""))
    except NotFiled as refusal:
        return _page(request, problem=str(refusal.sentence), status=422)
    flash.success(request, _("The filter has a new name."))
    return redirect("filing:save_filter")


@require_POST
@membership_required
def filter_pin(request: HttpRequest, filter_id: uuid.UUID) -> HttpResponse:
    """Put a saved filter into the menu (``pinned``) or take it out."""
    saved, is_pinned = _filter(request, filter_id), bool(request.POST.get("pinned"))
    actions.pin_filter(by=person_of(request), saved=saved, is_pinned=is_pinned, matching=matching_saved)
    flash.success(request, _("The filter stands in the menu.") if is_pinned else _("The filter left the menu."))
    return redirect("filing:save_filter")


@require_POST
@membership_required
def filter_move(request: HttpRequest, filter_id: uuid.UUID) -> HttpResponse:
    """Move a saved filter up (``up``) or down in the list."""
    saved = _filter(request, filter_id)
    filing.move_filter(by=person_of(request), saved=saved, up=bool(request.POST.get("up")))
    return redirect("filing:save_filter")


@require_POST
@membership_required
def filter_delete(request: HttpRequest, filter_id: uuid.UUID) -> HttpResponse:
    """Delete a saved filter."""
    saved = _filter(request, filter_id)
    actions.delete_filter(by=person_of(request), saved=saved, matching=matching_saved)
    flash.success(request, _("The filter “%(name)s” is deleted.") % {"name": saved.name})
    return redirect("filing:save_filter")


def _filter(request: HttpRequest, filter_id: uuid.UUID) -> SavedFilter:
    """Return a saved filter of the mailbox acted for; others and missing ones are the same 404."""
    membership = acting_membership(request)
    rows = SavedFilter.objects.of_mailbox(membership.mailbox).select_related("mailbox")
    saved = get_object_or_404(rows, pk=filter_id)
    require_writing(membership)
    return saved


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    membership = acting_membership(request)
    inbox = reverse("threads:inbox")
    context: dict[str, Any] = {
        "rows": [
            {"saved": one, "url": f"{inbox}?{one.query}"} | _number_of(one)
            for one in SavedFilter.objects.of_mailbox(membership.mailbox).select_related("count")
        ],
        "longest": SavedFilter.LONGEST_NAME,
        "may_write": membership.may_write,
        "is_team": membership.mailbox.kind != Mailbox.Kind.BUYER,
        "problem": problem,
    }
    return render(request, "filing/saved.html", context, status=status)


def _number_of(saved: SavedFilter) -> dict[str, Any]:
    """Return what is said about a filter's number: that it has none, or when it was counted."""
    if is_countable(saved.as_data()):
        return {}
    if not is_counted_later(saved.as_data()):
        return {"has_none": True}
    count: FilterCount | None = getattr(saved, "count", None)
    if count is None or count.counted_at is None or not saved.is_pinned:
        return {"is_later": True}
    return {"is_later": True, "said": told_count(count.number, count.counted_at.isoformat())}
