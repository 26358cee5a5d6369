"""Pages on which a mailbox stops hearing from another, and undoes that."""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox
from messagecenter.accounts.writing import NOT_A_WRITER
from messagecenter.policy.actions import NotPossible, block_sender, unblock_sender
from messagecenter.policy.models import BlockedSender

from .access import acting_membership, standing_or_404, uuid_or_none
from .navigation import frame

PAGE_BLOCKED = 50


@require_http_methods(["GET", "POST"])
@never_cache
def thread_block(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Ask whether the other side of a thread shall be blocked, and say what that does; a POST blocks it."""
    standing = standing_or_404(request, thread_id)
    if not standing.membership.may_write:
        raise PermissionDenied(NOT_A_WRITER)
    other = standing.entry.other
    if request.method == "GET":
        context = {
            "thread_id": thread_id,
            "other_name": other.shown_name,
            "is_team": standing.mailbox.kind != Mailbox.Kind.BUYER,
        }
        return render(request, "threads/block.html", context | frame(standing.membership, "inbox"))
    try:
        block_sender(by=standing.person, mailbox=standing.mailbox, sender=other)
    except NotPossible as problem:
        flash.error(request, str(problem.sentence))
    else:
        flash.success(request, _("%(name)s is blocked. You can undo that at any time.") % {"name": other.shown_name})
    return redirect("threads:detail", thread_id)


@require_POST
def thread_unblock(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Hear from the other side of a thread again."""
    standing = standing_or_404(request, thread_id)
    other = standing.entry.other
    unblock_sender(by=standing.person, mailbox=standing.mailbox, sender=other)
    flash.success(request, _("%(name)s can write to you again.") % {"name": other.shown_name})
    return redirect("threads:detail", thread_id)


@require_GET
@never_cache
@membership_required
def blocked(request: HttpRequest) -> HttpResponse:
    """List whom the mailbox acted for has blocked, newest first."""
    membership = acting_membership(request)
    rows = BlockedSender.objects.visible_to(person_of(request)).filter(mailbox=membership.mailbox)
    before = uuid_or_none(request.GET.get("before", ""))
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("sender", "made_by").order_by("-pk")[: PAGE_BLOCKED + 1])
    page = found[:PAGE_BLOCKED]
    context = {
        "rows": page,
        "older_url": f"?before={page[-1].pk}" if len(found) > len(page) else "",
        "is_team": membership.mailbox.kind != Mailbox.Kind.BUYER,
    }
    return render(request, "threads/blocked.html", context | frame(membership, ""))


@require_POST
def blocked_undo(request: HttpRequest, block_id: uuid.UUID) -> HttpResponse:
    """Hear from a blocked sender again. Other mailboxes' blocks and missing ones are the same 404."""
    person = person_of(request)
    rows = BlockedSender.objects.visible_to(person).select_related("mailbox", "sender")
    row = get_object_or_404(rows, pk=block_id)
    unblock_sender(by=person, mailbox=row.mailbox, sender=row.sender)
    flash.success(request, _("%(name)s can write to you again.") % {"name": row.sender.shown_name})
    return redirect("threads:blocked")
