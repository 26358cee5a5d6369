"""Sellers' side of a live chat: ask for one, end it, and the bar of an open page, which says that somebody is there."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.threads.access import standing_or_404

from . import actions
from .access import case_or_404
from .chatted import chat_of, newest_chat
from .decorators import back_to_case
from .models import Case, Chat
from .outcome import told

#: What a page says that is done there, and whether that is writing; None where it says nothing of it.
DOING = {"viewing": None, "writing": True, "paused": False}
LEFT = "left"


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required  # answers 401 itself: a script cannot use a redirect to the sign-in page
def case_chat(request: HttpRequest, number: str) -> HttpResponse:
    """Take what the person does here (``doing``, one of DOING or LEFT) and show the chat's bar; by GET only that."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    case = case_or_404(request, number)
    membership = standing_or_404(request, case.pk).membership
    if membership.mailbox_id != case.shop_id:
        raise Http404
    if (answer := heard(request, case)) is not None:
        return answer
    shown = chat_of(case, newest_chat(case), membership, timezone.now())
    return render(request, "support/_chat.html", {"chat": shown})


def heard(request: HttpRequest, case: Case) -> HttpResponse | None:
    """Take by POST what an open page of either side says is done there; return the answer where no bar is shown."""
    if request.method != "POST":
        return None
    doing = request.POST.get("doing", "")
    if doing == LEFT:
        actions.leave_chat(by=person_of(request), case=case)
        return HttpResponse(status=204)
    if doing not in DOING:
        return HttpResponse(status=400)
    actions.attend_chat(by=person_of(request), case=case, is_writing=DOING[doing])
    return None


@back_to_case
@require_POST
def case_chat_ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for a live chat."""
    case = case_or_404(request, number)
    return told(request, case, partial(actions.ask_for_chat, by=person_of(request), case=case))


@back_to_case
@require_POST
def case_chat_end(request: HttpRequest, number: str) -> HttpResponse:
    """End the chat, or wait no more for one: the case goes on in writing, as its page says."""
    case = case_or_404(request, number)
    only_waiting = request.POST.get("seen") == Chat.State.WAITING  # what the button said when it was pressed
    return told(request, case, partial(actions.end_chat, by=person_of(request), case=case, only_waiting=only_waiting))
