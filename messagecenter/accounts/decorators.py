"""Preconditions of pages: acts for a mailbox, may write for it, is staff with a second factor."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from messagecenter.accounts.acting import membership_of
from messagecenter.accounts.staff import answer_to_staff

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def membership_required(view: View[P]) -> View[P]:
    """Let in only people with a mailbox; others see what to do about it (403). Then ``request.membership`` is one."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        membership = membership_of(request)
        if membership is None:
            return render(request, "accounts/no_mailbox.html", status=403)
        request.membership = membership  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return wrapped


def writer_required(view: View[P]) -> View[P]:
    """Let in only people who may write for the mailbox they act for; a viewer is told so (403)."""

    @membership_required
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.membership.may_write:  # type: ignore[attr-defined]
            return refuse_viewer(request)
        return view(request, *args, **kwargs)

    return wrapped


def staff_required(view: View[P]) -> View[P]:
    """Let in only staff who gave a second factor in this session, as in the admin."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return answer_to_staff(request, request.get_full_path()) or view(request, *args, **kwargs)

    return wrapped


def refuse_viewer(request: HttpRequest) -> HttpResponse:
    """Return the page that tells a viewer why they cannot write, 403."""
    return render(request, "accounts/read_only.html", status=403)
