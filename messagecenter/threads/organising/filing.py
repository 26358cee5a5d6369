"""The answers to filing: a few threads at once, all that match in the background, undo, and how far a run is."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from messagecenter.accounts.acting import memberships_of, person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.staff import is_own_path

from .. import actions
from ..access import acting_membership, uuid_or_none
from ..actions.filing import MOST_AT_ONCE
from ..filing_verbs import Filing, Verb
from ..fragments import is_fragment_for
from ..matching import meant, wanted_in
from ..models import Entry, FilingRun
from ..refused import NothingChosen, NothingToFileWith, Refused
from .sentences import told

MOST_QUERY = 2000  # characters


@require_POST
@membership_required
def file(request: HttpRequest) -> HttpResponse:
    """Do one thing to the threads that were chosen, or to all that match a filter.

    Foreign and missing threads, folders, labels and people are the same 404; who only reads gets 403.
    """
    filing = _filing_in(request)
    try:
        done = _file_all(request, filing) if request.POST.get("all") else _file_chosen(request, filing)
    except NothingToFileWith as refusal:
        return _refused(request, refusal, HTTPStatus.NOT_FOUND)
    except Refused as refusal:
        return _refused(request, refusal, HTTPStatus.UNPROCESSABLE_ENTITY)
    except PermissionDenied as refusal:
        if _wants_json(request):
            return JsonResponse({"sentence": str(refusal)}, status=HTTPStatus.FORBIDDEN)
        raise
    return _answer(request, done)


def _file_chosen(request: HttpRequest, filing: Filing) -> FilingRun:
    """File the threads that were named. Raises NothingChosen, and Http404 when none is there for the person."""
    if not request.POST.getlist("thread"):
        raise NothingChosen
    chosen = [key for key in map(uuid_or_none, request.POST.getlist("thread")) if key]
    mine = Entry.objects.visible_to(person_of(request)).filter(thread__in=chosen[:MOST_AT_ONCE])
    mailboxes = set(mine.values_list("mailbox", flat=True)) if chosen else set()
    acting = acting_membership(request)
    for membership in [acting, *memberships_of(request)]:
        if membership.mailbox_id in mailboxes:
            return actions.file_threads(
                by=person_of(request), mailbox=membership.mailbox, threads=chosen, filing=filing
            )
    raise Http404


def _file_all(request: HttpRequest, filing: Filing) -> FilingRun:
    """File all that match: at once when they are few, else in the background."""
    person, mailbox = person_of(request), acting_membership(request).mailbox
    wanted = wanted_in(QueryDict(request.POST.get("query", "")[:MOST_QUERY]))
    found = meant(mailbox, wanted, person)
    part = list(found.entries.only("pk", "thread", "cleared_up_to")[: found.at_once + 1])
    if len(part) <= found.at_once:
        held = {one.pk for one in part} if found.holding is None else set(found.holding(part))
        threads = [one.thread_id for one in part if one.pk in held]
        return actions.file_threads(by=person, mailbox=mailbox, threads=threads, filing=filing)
    return actions.start_run(by=person, mailbox=mailbox, query=wanted.as_data(), filing=filing)


@require_POST
def undo(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Give back what a run changed. Other mailboxes' runs and missing ones are the same 404."""
    found = _run_or_404(request, run_id)
    return _answer(request, actions.undo_run(by=person_of(request), run=found))


@require_GET
@never_cache
def run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Show how far a run is; as JSON {done, total, looked_at, state, sentence, undo}."""
    found = _run_or_404(request, run_id)
    if _wants_json(request):
        return JsonResponse(_progress(found))
    context = {"run": found, "sentence": told(found), "list_url": reverse("threads:inbox")}
    if is_fragment_for(request, "run"):
        return render(request, "filing/_run.html", context)
    return render(request, "filing/run.html", context)


def _run_or_404(request: HttpRequest, run_id: uuid.UUID) -> FilingRun:
    rows = FilingRun.objects.visible_to(person_of(request)).select_related("mailbox", "rule")
    return get_object_or_404(rows, pk=run_id)


def _filing_in(request: HttpRequest) -> Filing:
    # Without JavaScript a button sends one field only: "move:<folder id>" is a verb with its value.
    verb, colon, value = request.POST.get("verb", "").partition(":")
    value = value if colon else request.POST.get("value", "")
    if verb not in Verb.values:
        raise Http404
    return Filing(Verb(verb), value[:64])


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _progress(found: FilingRun) -> dict[str, Any]:
    can_undo = found.can_be_undone
    return {
        "done": found.done,
        "total": found.total,
        "looked_at": found.looked_at,
        "state": found.state,
        "sentence": told(found),
        "undo": reverse("threads:file_undo", args=[found.pk]) if can_undo else "",
        "progress": "" if found.is_finished else reverse("threads:file_run", args=[found.pk]),
    }


def _answer(request: HttpRequest, found: FilingRun) -> HttpResponse:
    """Tell what was done: as JSON, or on the page that is gone back to, or on the run's own page."""
    if _wants_json(request):
        return JsonResponse(_progress(found))
    if not found.is_finished:
        return redirect("threads:file_run", found.pk)
    undo_url = reverse("threads:file_undo", args=[found.pk]) if found.can_be_undone else ""
    flash.success(request, told(found), extra_tags=undo_url)
    return redirect(_next(request))


def _refused(request: HttpRequest, refusal: Refused, status: HTTPStatus) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"sentence": str(refusal.sentence)}, status=status)
    if status == HTTPStatus.NOT_FOUND:
        raise Http404
    flash.error(request, str(refusal.sentence))
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    return wanted if is_own_path(request, wanted) else reverse("threads:inbox")
