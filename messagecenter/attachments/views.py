"""Uploads of the person who is writing: send one up, see it, take it back. Nobody else ever sees them here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import membership_of, memberships_of
from messagecenter.accounts.models import Membership, User
from messagecenter.vault.errors import Unreadable

from . import actions, content
from .checking import size_facts
from .inspection.limits import MOST_BYTES, MOST_FILES
from .inspection.refusal import Refusal
from .models import Attachment
from .posted import refused_sentence, uuids_in
from .reasons import sentence, sentence_of
from .receiving import cut_size
from .serving import serve
from .shown import shown_upload
from .store import StoreDown

MOST_ASKED = 5 * MOST_FILES


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
def uploads(request: HttpRequest) -> HttpResponse:
    """Take one file up (POST), or tell what became of uploads named by ``?id=`` (GET). Answers in JSON."""
    if not isinstance(request.user, User):
        return _refused(401, "signed_out", _("You were signed out. Sign in in a new tab, then try again."))
    if request.method == "GET":
        return _told(request, request.user)
    return _taken(request, request.user)


@require_POST
def remove(request: HttpRequest, attachment_id: UUID) -> HttpResponse:
    """Take an upload back. One that is gone already is fine; anybody else's looks the same and stays."""
    row = Attachment.objects.visible_to(request.user).filter(pk=attachment_id).first()
    if row is not None and isinstance(request.user, User):
        actions.remove(by=request.user, attachment=row)
    return HttpResponse(status=204)


@require_GET
def small(request: HttpRequest, attachment_id: UUID) -> HttpResponseBase:
    """Show the thumbnail of one's own upload."""
    row = Attachment.objects.visible_to(request.user).sendable().filter(pk=attachment_id).first()
    try:
        if row is None or not content.has(row, content.SMALL):
            raise Http404
        return serve(
            request,
            size=content.size_of(row, content.SMALL),
            read=lambda start, stop: content.read(row, content.SMALL, start, stop),
            name="preview.webp",
            content_type="image/webp",
            etag=f"{row.object_name}-{content.SMALL}",
            inline=True,
        )
    except (Unreadable, *content.UNREADABLE_NOW):
        raise Http404 from None


def _told(request: HttpRequest, person: User) -> JsonResponse:
    keys = uuids_in(request.GET.getlist("id")[:MOST_ASKED])
    rows = Attachment.objects.visible_to(person).sendable().filter(pk__in=keys).order_by("pk")
    return JsonResponse({"files": [_as_json(row) for row in rows]})


def _taken(request: HttpRequest, person: User) -> HttpResponse:
    """Check and keep the one file of a request."""
    size = cut_size(request)
    if size is not None:
        return _refused(413, "too_large", sentence("too_large", **size_facts(size, MOST_BYTES)))
    membership = _membership(request)
    if membership is None or not membership.may_write:
        return _refused(403, "read_only", _("You can read here but not write, so you cannot add files."))
    file = request.FILES.get("file")
    if file is None:
        return _refused(422, "empty", sentence("empty"))
    try:
        row = actions.upload(by=person, mailbox=membership.mailbox, name=file.name or "", plain=file.read())
    except PermissionDenied:
        return _refused(403, "read_only", _("You can read here but not write, so you cannot add files."))
    except Refusal as refusal:
        return _refused(429, refusal.code, sentence_of(refusal, ""))
    except StoreDown:
        return _refused(503, "store_down", _("The file could not be kept just now. Please try again in a moment."))
    if row.state == Attachment.State.REFUSED:
        return _refused(422, row.reason, refused_sentence(row), name=row.details.name)
    return JsonResponse(_as_json(row), status=201)


def _membership(request: HttpRequest) -> Membership | None:
    """Return the person's membership of the mailbox the form names, or of the one they act for."""
    named = request.POST.get("mailbox", "")
    if not named:
        return membership_of(request)
    return next((one for one in memberships_of(request) if str(one.mailbox_id) == named), None)


def _as_json(row: Attachment) -> dict[str, Any]:
    shown = shown_upload(row)
    names = ("name", "kind", "size", "size_text", "state", "small_url", "note")
    return {"id": str(row.pk)} | {name: shown.get(name, "") for name in names}


def _refused(status: int, code: str, message: str, name: str = "") -> JsonResponse:
    return JsonResponse({"code": code, "message": message, "name": name}, status=status)
