"""What sellers' buttons are wrapped in: a session that ended costs neither what was typed nor the way back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from messagecenter.threads.fragments import GIVES_BACK, TYPED_FIELDS, lost_session


def back_to_case(view: Callable[..., HttpResponseBase], *, is_page: bool = False) -> Callable[..., HttpResponseBase]:
    """Lead who was signed out through the sign-in to the case: what only takes a form cannot be opened by its address.

    What was typed is given back instead, with a button that sends it again. With ``is_page`` the address can be opened,
    too, and who wanted that gets there.
    """

    @wraps(view)
    def guarded(request: HttpRequest, number: str) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, number)
        if request.method == "POST" and any(request.POST.get(name) for name in TYPED_FIELDS):
            return lost_session(request, reason="signed_out", status=401, keeps_all=True)
        wants_page = is_page and request.method in ("GET", "HEAD")
        return redirect_to_login(request.get_full_path() if wants_page else reverse("support:case", args=[number]))

    setattr(guarded, GIVES_BACK, True)
    return login_not_required(guarded)
