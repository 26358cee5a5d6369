"""Drafts: saved while somebody types or by a button, looked at by other devices, listed, thrown away."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.accounts.writing import NOT_A_WRITER
from messagecenter.attachments.posted import FIELD, bring, uuids_in
from messagecenter.vault.errors import Unreadable
from orders.models import Order, Product

from . import actions
from .access import acting_membership, membership_in, memberships_acting_first, order_number_in, standing_or_404
from .access import uuid_or_none as uuid_in
from .cursors import BadCursor
from .drafted import as_data, conflict_of, list_drafts, page_of, saved_sentence, version_in
from .fragments import lost_session
from .models import Draft
from .navigation import frame
from .refused import Refused

# What is written over on purpose, what a script had before it, and what a form was opened with.
VERSION_NAMES = ("over", "version", "draft_version")


@dataclass(frozen=True)
class _Place:
    """Whose draft it is and what it is about, and the page it is written on."""

    person: User
    membership: Membership
    matter: actions.DraftFor
    draft_url: str
    page_url: str

    @property
    def mailbox(self) -> Mailbox:
        return self.membership.mailbox


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required  # answers 401 itself: a script cannot use a redirect to the sign-in page
def thread_draft(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Give or keep the person's draft in a thread."""
    if not request.user.is_authenticated:
        return _signed_out(request)
    standing = standing_or_404(request, thread_id)
    place = _Place(
        standing.person,
        standing.membership,
        actions.DraftFor(thread=standing.entry.thread),
        reverse("threads:draft", args=[thread_id]),
        f"{reverse('threads:detail', args=[thread_id])}#composer",
    )
    return _give(place, standing.draft) if request.method == "GET" else _keep(request, place)


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
def new_draft(request: HttpRequest) -> HttpResponse:
    """Give or keep the person's draft of a first message about an order or a product."""
    if not request.user.is_authenticated:
        return _signed_out(request)
    order, product, membership = _about(request)
    matter = actions.DraftFor(order=order, product=product)
    url = reverse("threads:new_draft")
    blank = Draft(user=person_of(request), mailbox=membership.mailbox, order=order, product=product)
    place = _Place(person_of(request), membership, matter, url, page_of(blank))
    if request.method == "POST":
        return _keep(request, place)
    mine = Draft.objects.visible_to(place.person).filter(mailbox=place.mailbox, order=order, product=product)
    return _give(place, mine.filter(thread=None).first())


@require_GET
@never_cache
@membership_required
def drafts(request: HttpRequest) -> HttpResponse:
    """List the person's own drafts for the mailbox they act for, page by page (``after``)."""
    membership = acting_membership(request)
    after = request.GET.get("after", "")
    try:
        listed, more = list_drafts(person_of(request), membership.mailbox, after=after)
    except BadCursor:
        return redirect("threads:drafts")
    context = {"drafts": listed, "more": more, "is_first": not after}
    return render(request, "threads/drafts.html", context | frame(membership, "drafts"))


@require_POST
def draft_discard(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Throw a draft of one's own away."""
    draft = Draft.objects.visible_to(person_of(request)).filter(pk=draft_id).first()
    if draft is None:
        raise Http404
    actions.discard_draft(by=person_of(request), draft=draft)
    flash.success(request, _("The draft is thrown away."))
    return redirect("threads:drafts")


def _give(place: _Place, draft: Draft | None) -> HttpResponse:
    """Return a draft as JSON, for a page that was out of sight."""
    if not place.membership.may_write:
        raise PermissionDenied(NOT_A_WRITER)
    try:
        return JsonResponse(as_data(draft))
    except Unreadable:
        return JsonResponse(as_data(None))


def _keep(request: HttpRequest, place: _Place) -> HttpResponse:
    """Keep what a script or a plain form sends. When it was changed elsewhere since, show both texts (409)."""
    is_plain = "text/html" in request.headers.get("Accept", "")
    if not place.membership.may_write:
        return lost_session(request, reason="read_only", status=403) if is_plain else JsonResponse({}, status=403)
    uploads = uuids_in(request.POST.getlist(FIELD))
    if is_plain:
        brought = bring(request, by=place.person, mailbox=place.mailbox)
        uploads = brought.ids
        for sentence in brought.errors:
            flash.error(request, sentence)
    body = request.POST.get("body", "")
    try:
        draft = actions.save_draft(
            by=place.person,
            mailbox=place.mailbox,
            matter=place.matter,
            version=version_in(next(filter(None, map(request.POST.get, VERSION_NAMES)), "")),
            # A signature that waits in the box was written by nobody.
            body="" if body.strip() == request.POST.get("signature", "").strip() else body,
            subject=request.POST.get("subject", ""),
            topic=request.POST.get("topic", ""),
            client_id=uuid_in(request.POST.get("client_id", "")),
            uploads=uploads,
        )
    except actions.DraftChanged as changed:
        return _conflict(request, place, changed.other, body, is_plain=is_plain)
    except (ValidationError, Refused, Unreadable) as refusal:
        sentence = str(refusal.messages[0] if isinstance(refusal, ValidationError) else refusal.sentence)
        if is_plain:
            flash.error(request, sentence)
            return redirect(place.page_url)
        return JsonResponse({"told": sentence}, status=422)
    if is_plain:
        flash.success(request, saved_sentence(draft.updated_at) if draft else _("There is no draft any more."))
        return redirect(place.page_url)
    saved_at = draft.updated_at.isoformat() if draft else ""
    told = saved_sentence(draft.updated_at) if draft else ""
    return JsonResponse({"version": draft.version if draft else 0, "saved_at": saved_at, "told": told})


def _conflict(request: HttpRequest, place: _Place, other: Draft, mine: str, *, is_plain: bool) -> HttpResponse:
    """Show both texts; nothing is overwritten before somebody has chosen."""
    try:
        conflict = conflict_of(other, mine=mine, take_url=place.page_url)
        data = as_data(other)
    except Unreadable as error:
        return JsonResponse({"told": str(error.sentence)}, status=422)
    fields = [
        (name, request.POST.get(name, "")) for name in ("client_id", "subject", "topic", "order", "shop", "product")
    ]
    context: dict[str, Any] = {
        "conflict": conflict,
        "draft_url": place.draft_url,
        "fields": [(name, value[:200]) for name, value in fields if value],
        "uploads": uuids_in(request.POST.getlist(FIELD)),
    }
    if is_plain:
        context |= frame(place.membership, "")
        return render(request, "threads/draft_conflict.html", context, status=409)
    panel = render_to_string("threads/_draft_conflict.html", context, request)
    return JsonResponse(data | {"panel": panel}, status=409)


def _signed_out(request: HttpRequest) -> HttpResponse:
    """Give back what was typed, or tell a script that nobody is signed in."""
    if request.method == "POST" and "text/html" in request.headers.get("Accept", ""):
        return lost_session(request, reason="signed_out", status=401)
    return JsonResponse({}, status=401)


def _about(request: HttpRequest) -> tuple[Order | None, Product | None, Membership]:
    """Return what a first message is about and the membership it is written with. Raises Http404 for foreign things."""
    person = person_of(request)
    given = request.POST if request.method == "POST" else request.GET
    if number := order_number_in(given.get("order", "")):
        found = Order.objects.visible_to(person).filter(number=number).select_related("shop", "buyer")
        if shop_id := uuid_in(given.get("shop", "")):
            found = found.filter(shop=shop_id)
        order = found.order_by("pk").first()
        if order is None:
            raise Http404
        return order, None, membership_in(request, order)
    product_id = uuid_in(given.get("product", ""))
    product = (
        Product.objects.visible_to(person).filter(pk=product_id).select_related("shop").first() if product_id else None
    )
    if product is None:
        raise Http404
    for membership in memberships_acting_first(request):
        if membership.mailbox.kind == Mailbox.Kind.BUYER:
            return None, product, membership
    raise PermissionDenied(_("Only buyers can ask about a product."))
