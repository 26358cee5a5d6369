"""The saved replies of the queues somebody works in: their people keep them here, each queue its own."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messagecenter.accounts.acting import memberships_of, person_of
from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.replies.actions import NameTaken, NotAllowedByPolicy, NotPossible, delete_reply, save_reply
from messagecenter.replies.filling import variables_for
from messagecenter.replies.forms import SavedReplyForm
from messagecenter.replies.languages import name_of
from messagecenter.replies.models import MOST_REPLIES, SavedReply
from messagecenter.replies.words import read_text
from messagecenter.threads.access import uuid_or_none
from messagecenter.vault.errors import Unreadable

from .page import say_done

SHOWN_CHARACTERS = 160


@require_safe
def replies(request: HttpRequest) -> HttpResponse:
    """List the saved replies of one queue (``queue``), the first of one's own if none is named."""
    own = _own(request)
    asked = uuid_or_none(request.GET.get("queue", ""))
    membership = next((one for one in own if one.mailbox_id == asked), own[0] if own else None)
    rows = []
    if membership is not None:
        rows = [
            {
                "url": reverse("admin:support_desk_reply", args=[row.pk]),
                "name": row.name,
                "language": name_of(row.language),
                "start": _text_of(row)[:SHOWN_CHARACTERS],
            }
            for row in SavedReply.objects.of_mailbox(membership.mailbox)[:MOST_REPLIES]
        ]
    context = admin.site.each_context(request) | {
        "title": _("Saved replies"),
        "own": own,
        "membership": membership,
        "rows": rows,
    }
    return TemplateResponse(request, "admin/support/replies.html", context)


@require_http_methods(["GET", "POST"])
def reply_new(request: HttpRequest) -> HttpResponse:
    """Write a new saved reply for one queue (``queue``)."""
    asked = uuid_or_none(request.GET.get("queue", ""))
    membership = next((one for one in _own(request) if one.mailbox_id == asked), None)
    if membership is None:
        raise Http404
    language = membership.mailbox.language or person_of(request).language or "en"
    return _edit(request, membership, None, {"language": language})


@require_http_methods(["GET", "POST"])
def reply_edit(request: HttpRequest, reply_id: uuid.UUID) -> HttpResponse:
    """Show and change a saved reply. Other queues' and missing ones are the same 404."""
    row, membership = _reply_or_404(request, reply_id)
    return _edit(request, membership, row, {"name": row.name, "language": row.language, "text": _text_of(row)})


@require_POST
def reply_delete(request: HttpRequest, reply_id: uuid.UUID) -> HttpResponse:
    """Delete a saved reply."""
    row, membership = _reply_or_404(request, reply_id)
    delete_reply(by=person_of(request), reply=row)
    say_done(request, _("“%(name)s” is deleted.") % {"name": row.name})
    return _back(membership)


def _edit(
    request: HttpRequest, membership: Membership, row: SavedReply | None, initial: dict[str, Any]
) -> HttpResponse:
    if not membership.may_write:
        raise PermissionDenied
    form = SavedReplyForm(request.POST if request.method == "POST" else None, initial=initial)
    found: list[dict[str, Any]] = []
    if form.is_valid():
        try:
            save_reply(by=person_of(request), mailbox=membership.mailbox, reply=row, **form.cleaned_data)
        except ValidationError as problem:
            for name, errors in _by_field(problem).items():
                form.add_error(name if name in form.fields else None, errors)
        except NameTaken as problem:
            form.add_error("name", str(problem.sentence))
        except NotAllowedByPolicy as problem:
            form.add_error("text", str(problem.sentence))
            found = list(problem.checked.items)
        except NotPossible as problem:
            form.add_error(None, str(problem.sentence))
        else:
            say_done(request, _("“%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
            return _back(membership)
    context = admin.site.each_context(request) | {
        "title": row.name if row else _("New saved reply"),
        "form": form,
        "reply": row,
        "membership": membership,
        "found": found,
        "variables": [
            {"name": f"{{{one.name}}}", "label": one.label, "example": one.example}
            for one in variables_for(membership.mailbox)
        ],
    }
    return TemplateResponse(request, "admin/support/reply.html", context, status=422 if form.errors else 200)


def _by_field(problem: ValidationError) -> dict[str, Any]:
    return problem.error_dict if hasattr(problem, "error_dict") else {"text": problem}


def _own(request: HttpRequest) -> list[Membership]:
    """Return the memberships in queues."""
    return [one for one in memberships_of(request) if one.mailbox.kind == Mailbox.Kind.SUPPORT]


def _reply_or_404(request: HttpRequest, reply_id: uuid.UUID) -> tuple[SavedReply, Membership]:
    row = SavedReply.objects.visible_to(person_of(request)).filter(pk=reply_id).select_related("mailbox").first()
    membership = next((one for one in _own(request) if row and one.mailbox_id == row.mailbox_id), None)
    if row is None or membership is None:
        raise Http404
    return row, membership


def _text_of(row: SavedReply) -> str:
    try:
        return read_text(row)
    except Unreadable as error:
        return str(error.sentence)


def _back(membership: Membership) -> HttpResponse:
    return redirect(f"{reverse('admin:support_desk_replies')}?queue={membership.mailbox_id}")
