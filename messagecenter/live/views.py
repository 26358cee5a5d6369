"""Two ways in which an open page hears of changes without a server for streams: both answer at once."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from messagecenter.accounts.models import Membership, User
from messagecenter.live.feed import CONTENT_TYPE, HEADERS, opening
from messagecenter.live.reading import Missed, cursor_from, missed


@login_not_required  # answers 401 itself: a script cannot use a redirect to the sign-in page
@require_GET
def stream(request: HttpRequest) -> HttpResponse:
    """Return what was missed as server-sent events and end; the browser asks again after two seconds.

    Under ASGI ``messagecenter.live.streams`` answers this address with a stream that stays open.
    """
    if not isinstance(request.user, User):
        return _sign_in_first()
    after = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    return HttpResponse(opening(_missed(request.user, after)), content_type=CONTENT_TYPE, headers=HEADERS)


@login_not_required
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """Return as JSON what happened since event ``after``, for pages that cannot keep a stream open."""
    if not isinstance(request.user, User):
        return _sign_in_first()
    behind = _missed(request.user, request.GET.get("after", ""))
    return JsonResponse({"last": behind.cursor, "events": behind.as_data()}, headers={"Cache-Control": "no-store"})


def _missed(user: User, after: str) -> Missed:
    """Return what happened in the person's mailboxes since the event a browser names."""
    mailbox_ids = Membership.objects.filter(user=user).values_list("mailbox_id", flat=True)
    return missed(frozenset(mailbox_ids), cursor_from(after))


def _sign_in_first() -> JsonResponse:
    """Return the answer for someone who is not signed in, or no longer."""
    return JsonResponse({"error": _("Please sign in.")}, status=401, headers={"Cache-Control": "no-store"})
