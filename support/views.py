"""The sellers' pages of support: the log of their cases, one case, and what they do with it."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Membership
from messagecenter.threads.access import standing_or_404
from messagecenter.threads.cursors import BadCursor
from messagecenter.threads.fragments import is_fragment_for
from messagecenter.threads.navigation import frame
from messagecenter.threads.pane import open_pane

from . import actions
from .access import case_or_404, shop_membership
from .called import call_of
from .chatted import chat_of, chat_offer_of, newest_chat
from .decorators import back_to_case
from .forms import HoldForm, RatingForm
from .listing import VIEWS, Page, View, find_log
from .models import Case, Chat
from .numbers import NotACaseNumber, is_misread, read
from .outcome import told, told_wrong
from .shown import card_of

MOST_WORDS = 200


@require_GET
@never_cache
@membership_required
def case_log(request: HttpRequest) -> HttpResponse:
    """List a shop's cases; a case's number typed into the search leads straight to it."""
    membership = shop_membership(request)
    words = "".join(one if one.isprintable() else " " for one in request.GET.get("q", "")[: 4 * MOST_WORDS])
    words = words.strip()[:MOST_WORDS]
    chosen = request.GET.get("show", "")
    # Who searches without saying where means all of them.
    view = VIEWS.get(chosen) or VIEWS["all" if words else "open"]
    problem = ""
    if words:
        try:
            number = read(words)
        except NotACaseNumber:
            pass
        else:
            if Case.objects.visible_to(person_of(request)).filter(number=number).exists():
                return redirect("support:case", number)
    try:
        page = find_log(
            view, shop=membership.mailbox, reader=person_of(request), words=words, after=request.GET.get("after", "")
        )
    except BadCursor:
        problem = _("The link to an older page is not valid. Here are the first ones.")
        page = find_log(view, shop=membership.mailbox, reader=person_of(request), words=words)
    context = _log_context(request, view, words, page) | {"problem": problem or page.problem}
    return render(request, "support/log.html", context | frame(membership, ""))


def _log_context(request: HttpRequest, view: View, words: str, page: Page) -> dict[str, Any]:
    """Return what the log shows."""
    parameters = request.GET.copy()
    parameters.pop("after", None)
    is_first = "after" not in request.GET
    parameters["after"] = page.next_cursor
    following = f"?{parameters.urlencode()}" if page.next_cursor else ""
    del parameters["after"]
    return {
        "view": view,
        "views": [
            {"key": one.key, "label": one.label, "url": _view_url(one, words), "is_current": one.key == view.key}
            for one in VIEWS.values()
        ],
        "rows": page.rows,
        "words": words,
        "older_url": following,
        "newest_url": "" if is_first else f"{reverse('support:log')}?{parameters.urlencode()}",
        "new_url": reverse("support:new"),
        "clear_url": _view_url(view if not words else VIEWS["open"], ""),
        "empty_text": _nothing(words) if words else str(view.empty),
    }


def _nothing(words: str) -> str:
    """Return that nothing was found, and of what may be a number whose check character is wrong, that as well."""
    sentence = _("No case fits “%(words)s”.") % {"words": words}
    if is_misread(words):
        sentence += " " + _("If it is a case number, one of its characters is wrong or two are swapped.")
    return sentence


def _view_url(view: View, words: str) -> str:
    asked = {"q": words, "show": view.key if words or view.key != "open" else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return reverse("support:log") + (f"?{query}" if query else "")


@require_GET
@never_cache
def case_detail(request: HttpRequest, number: str) -> HttpResponse:
    """Show a case: its conversation, and beside it what became of it and what can be done."""
    case = case_or_404(request, number)
    if number != case.number:
        query = request.META.get("QUERY_STRING", "")
        return redirect(reverse("support:case", args=[case.number]) + (f"?{query}" if query else ""))
    standing = standing_or_404(request, case.pk)
    if standing.mailbox.pk != case.shop_id:
        raise Http404
    is_fragment = is_fragment_for(request, "thread")
    context = open_pane(request, standing, is_fragment=is_fragment)
    context |= _chat_context(request, case, standing.membership)
    context |= card_of(case, standing.membership, timezone.now())
    context |= {"call": call_of(case, standing.membership)}
    # Support reads all its languages: which one an order's buyer reads says nothing about it.
    context |= {"reader_language": "", "back_url": reverse("support:log")}
    context |= {"page_url": reverse("support:case", args=[case.number])}
    if is_fragment:
        return render(request, "support/_case.html", context)
    return render(request, "support/case.html", context | frame(standing.membership, "", entry=standing.entry))


def _chat_context(request: HttpRequest, case: Case, membership: Membership) -> dict[str, Any]:
    """Return what the page shows of the case's live chat. Who opens it is there, also without a script that says so."""
    chat = newest_chat(case)
    is_looked_at = "peek" not in request.GET and "prefetch" not in request.headers.get("Sec-Purpose", "")
    if chat is not None and chat.state != Chat.State.ENDED and is_looked_at:
        actions.attend_chat(by=person_of(request), case=case)
        chat = newest_chat(case)
        case.refresh_from_db(fields=["status", "status_since", "due_at", "waiting_since"])
    now = timezone.now()
    return {"chat": chat_of(case, chat, membership, now), "chat_offer": chat_offer_of(case, chat, membership, now)}


@require_GET
@never_cache
def case_of_thread(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Lead from a case's thread to the case."""
    case = Case.objects.visible_to(person_of(request)).filter(pk=thread_id).first()
    if case is None:
        raise Http404
    return redirect("support:case", case.number)


@back_to_case
@require_POST
def case_resolve(request: HttpRequest, number: str) -> HttpResponse:
    """Say that the matter is settled."""
    case = case_or_404(request, number)
    done = _("The case is resolved. If it was not, you can reopen it within 30 days.")
    return told(request, case, partial(actions.resolve_case, by=person_of(request), case=case), done)


@back_to_case
@require_POST
def case_reopen(request: HttpRequest, number: str) -> HttpResponse:
    """Say that a resolved matter is not settled."""
    case = case_or_404(request, number)
    done = _("The case is open again. Tell support below what is still missing.")
    return told(request, case, partial(actions.reopen_case, by=person_of(request), case=case), done)


@back_to_case
@require_POST
def case_hold(request: HttpRequest, number: str) -> HttpResponse:
    """Ask support to keep a case open until the end of a day."""
    case = case_or_404(request, number)
    form = HoldForm(request.POST)
    if not form.is_valid():
        return told_wrong(request, case, form)
    hold = partial(actions.hold_case, by=person_of(request), case=case, until=form.moment)
    return told(request, case, hold, _("The case is held open for you."))


@back_to_case
@require_POST
def case_rate(request: HttpRequest, number: str) -> HttpResponse:
    """Take a seller's rating of how a case was dealt with."""
    case = case_or_404(request, number)
    form = RatingForm(request.POST)
    if not form.is_valid():
        return told_wrong(request, case, form)
    rate = partial(actions.rate_case, by=person_of(request), case=case, **form.cleaned_data)
    return told(request, case, rate, _("Thank you for your rating."))
