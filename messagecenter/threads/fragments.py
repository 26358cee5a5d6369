"""Which part of a page a request asks for, and how text survives a lost session or an expired form."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messagecenter.accounts.writing import NOT_A_WRITER
from messagecenter.attachments.inspection.limits import MOST_FILES
from messagecenter.attachments.posted import FIELD

from .forms import ReplyForm

KEPT_FIELDS = ("topic", "subject", "client_id", "draft_version", "order", "product")
#: Filled in by somebody in a form that is no message, such as a rating or a call-back: never a password's.
TYPED_FIELDS = ("comment", "number")
#: What a view is marked with whose form is such a one.
GIVES_BACK = "gives_back_typed"
MOST_KEPT = 20_000
MOST_FIELDS = 100
BUSY = gettext_lazy("The site is busy just now. Nothing is lost: please try again in a moment.")


def is_fragment_for(request: HttpRequest, target: str) -> bool:
    """Return whether htmx asks for what goes into the element with the id ``target``."""
    named = request.headers.get("HX-Target", "")
    return "HX-Request" in request.headers and named.rpartition("#")[2] == target


def lost_session(request: HttpRequest, *, reason: str, status: int, keeps_all: bool = False) -> HttpResponse:
    """Give back what was typed, with a way to sign in and a button that sends it again.

    ``reason`` is "signed_out", "csrf", "read_only" (the person may not write here any more) or "busy" (the database
    could not take it). What was refused for the last is whole: all its fields come back, as with ``keeps_all``, for
    forms that are no message.
    """
    sentence = {
        "signed_out": _("You were signed out while writing. Sign in in a new tab, then send your text again."),
        "csrf": _("The form had expired. Nothing is lost: please send your text again."),
        "read_only": NOT_A_WRITER,
        "busy": BUSY,
    }[reason]
    context: dict[str, Any] = {
        "reason": reason,
        "error_text": sentence,
        "form_action": request.get_full_path(),
        "fields": _all_fields(request) if keeps_all or reason == "busy" else _kept_fields(request),
        "has_body": not (keeps_all or reason == "busy") or "body" in request.POST,
        "body": request.POST.get("body", "")[:MOST_KEPT],
        "login_url": f"{reverse('account_login')}?next={reverse('threads:inbox')}",
    }
    if is_fragment_for(request, "composer"):
        context |= {
            "form": ReplyForm(
                initial={name: request.POST.get(name, "")[:200] for name in ("client_id", "draft_version")}
                | {"body": context["body"]}
            ),
            "form_url": request.path,
            "last_message_id": request.POST.get("last_message_id", ""),
            "may_write": True,
            "signed_out": reason == "signed_out",
            "expired": reason == "csrf",
        }
        return render(request, "threads/_composer.html", context, status=status)
    return render(request, "threads/lost_session.html", context, status=status)


def _kept_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what a message, or a case for support, is made of beside its text."""
    return [
        *((name, value[:MOST_KEPT]) for name, value in _of_a_case(request)),
        *((name, request.POST[name][:200]) for name in KEPT_FIELDS if name in request.POST),
        *((FIELD, value[:36]) for value in request.POST.getlist(FIELD)[:MOST_FILES]),
    ]


def _of_a_case(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, request.POST[name]) for name in request.POST if name.startswith("case_")][:MOST_FIELDS]


def _all_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Return everything a form of ours brought beside a message's text."""
    fields = [(name, value[:MOST_KEPT]) for name, values in request.POST.lists() for value in values]
    return [pair for pair in fields if pair[0] not in ("csrfmiddlewaretoken", "body")][:MOST_FIELDS]


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is not valid. Text typed on our own pages comes back; a foreign page's never does."""
    own_page = request.headers.get("Sec-Fetch-Site") == "same-origin" or _origin(request) == settings.SITE_URL
    if own_page and request.POST.get("body"):
        return lost_session(request, reason="csrf", status=403)
    view = request.resolver_match.func if request.resolver_match else None
    if own_page and getattr(view, GIVES_BACK, False) and any(request.POST.get(name) for name in TYPED_FIELDS):
        return lost_session(request, reason="csrf", status=403, keeps_all=True)
    sentence = _("The form had expired and nothing was saved. Please go back, reload the page and try again.")
    return render(request, "403.html", {"sentence": sentence}, status=403)


def _origin(request: HttpRequest) -> str:
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
