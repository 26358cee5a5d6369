"""The door to staff pages: only staff, and only with a second factor given in this session."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
NAMESPACE = "admin"


def answer_at_staff_door(request: HttpRequest) -> HttpResponseBase | None:
    """Return what the staff door answers instead of the page asked for; None lets the request pass.

    Covers every page in the URL namespace ``admin``, wherever it is mounted, its own login page included. Raises
    PermissionDenied for people who are signed in but not staff.
    """
    match = request.resolver_match
    if match is None or NAMESPACE not in match.namespaces:
        return None
    wanted = request.get_full_path()
    if match.url_name == "login":
        wanted = _next_page(request)
    answer = answer_to_staff(request, wanted)
    if answer is None and match.url_name == "login":
        return HttpResponseRedirect(wanted)
    return answer


def answer_to_staff(request: HttpRequest, wanted: str) -> HttpResponseBase | None:
    """Return what a staff page at the path ``wanted`` answers instead of itself; None lets the request pass."""
    if not request.user.is_authenticated:
        return redirect_to_login(wanted, resolve_url(settings.LOGIN_URL))
    if not request.user.is_staff:
        raise PermissionDenied
    if not settings.STAFF_SECOND_FACTOR:
        return None
    if not is_mfa_enabled(request.user, SECOND_FACTORS):
        messages.warning(
            request,
            _("Staff pages need a second factor. Set up an authenticator app or a passkey, then open the page again."),
        )
        return redirect("mfa_index")
    if not gave_second_factor(request):
        return _ask_second_factor(request, wanted)
    return None


def gave_second_factor(request: HttpRequest) -> bool:
    """Return whether this session holds allauth's record of a second factor for the person signed in now."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def _ask_second_factor(request: HttpRequest, wanted: str) -> HttpResponseRedirect:
    """Return the way to allauth's page that asks for the second factor and then leads to ``wanted``."""
    has_app = is_mfa_enabled(request.user, [Authenticator.Type.TOTP])
    return redirect_to_login(wanted, reverse("mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn"))


def is_own_path(request: HttpRequest, wanted: str) -> bool:
    """Return whether ``wanted``, which came from outside, is a path on this site that a browser may be sent to.

    It starts with a slash (``redirect`` would take "fr" for the name of a view) and holds no control characters.
    """
    if not wanted.startswith("/") or not wanted.isprintable():
        return False
    return url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())


def _next_page(request: HttpRequest) -> str:
    """Return the page asked for by the admin's login link if it is one of ours, else the admin's first page."""
    wanted = request.GET.get("next", "")
    safe = is_own_path(request, wanted)
    return wanted if safe and not wanted.startswith(reverse("admin:login")) else reverse("admin:index")
