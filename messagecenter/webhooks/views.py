"""Pages of a shop's webhooks: add, change, a new secret, a test, the log of deliveries. Owners only."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import memberships_of, person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.ids import new_id
from messagecenter.vault.errors import Unreadable
from messagecenter.webhooks import actions, reasons
from messagecenter.webhooks.forms import EndpointForm
from messagecenter.webhooks.models import MOST_ENDPOINTS, MOST_SHOWN, TOPICS, Delivery, Endpoint
from messagecenter.webhooks.sealed import read_url


def _shop(request: HttpRequest) -> Mailbox:
    """Return the shop a page is about: the one its form was drawn for, else the acting one.

    Raises Http404 for what is no shop of the person's, PermissionDenied for who does not own it.
    """
    membership: Membership | None = request.membership  # type: ignore[attr-defined]
    if meant := request.POST.get("mailbox", ""):
        membership = next((one for one in memberships_of(request) if str(one.mailbox_id) == meant), None)
    if membership is None or membership.mailbox.kind != Mailbox.Kind.SHOP:
        raise Http404
    if not membership.may_manage:
        raise PermissionDenied(actions.NOT_AN_OWNER)
    return membership.mailbox


def _endpoint(request: HttpRequest, endpoint_id: uuid.UUID) -> Endpoint:
    """Return an endpoint of a shop the person owns. Other shops' and missing ones are the same 404.

    Raises PermissionDenied for a member who is no owner.
    """
    rows = Endpoint.objects.visible_to(person_of(request)).select_related("mailbox")
    endpoint = get_object_or_404(rows, pk=endpoint_id)
    membership = next((one for one in memberships_of(request) if one.mailbox_id == endpoint.mailbox_id), None)
    if membership is None or not membership.may_manage:
        raise PermissionDenied(actions.NOT_AN_OWNER)
    return endpoint


def _url_of(endpoint: Endpoint) -> str:
    """Return an endpoint's address, or "" when it cannot be opened."""
    try:
        return read_url(endpoint)
    except Unreadable:
        return ""


def _refuse(form: EndpointForm, problem: ValidationError | actions.NotPossible) -> None:
    """Show beside the form why nothing was saved."""
    if isinstance(problem, ValidationError):
        for name, errors in problem.error_dict.items():
            form.add_error(name, errors)
    else:
        form.add_error(None, str(problem.sentence))


@require_GET
@never_cache
@membership_required
def endpoints(request: HttpRequest) -> HttpResponse:
    """List the webhooks of the shop acted for."""
    shop = _shop(request)
    rows = [{"endpoint": row, "url": _url_of(row)} for row in Endpoint.objects.of_mailbox(shop)]
    context = {"rows": rows, "mailbox": shop, "may_add": len(rows) < MOST_ENDPOINTS, "most": MOST_ENDPOINTS}
    return render(request, "webhooks/list.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def endpoint_new(request: HttpRequest) -> HttpResponse:
    """Add a webhook; the page that answers shows its secret, this once."""
    shop = _shop(request)
    initial = {"endpoint_id": new_id(), "topics": [str(topic) for topic in TOPICS]}
    form = EndpointForm(request.POST if request.method == "POST" else None, initial=initial, is_new=True)
    if form.is_valid():
        try:
            endpoint, secret = actions.create_endpoint(by=person_of(request), mailbox=shop, **form.cleaned_data)
        except (ValidationError, actions.NotPossible) as problem:
            _refuse(form, problem)
        else:
            return _secret_page(request, endpoint, secret)
    return render(request, "webhooks/new.html", {"form": form, "mailbox": shop}, status=422 if form.errors else 200)


def _secret_page(request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
    """Show a secret that was just made; a page sent twice leads to the webhook instead."""
    if not secret:
        flash.info(request, _("This was done before. A secret is shown only once."))
        return redirect("webhooks:endpoint", endpoint.pk)
    return render(request, "webhooks/secret.html", {"endpoint": endpoint, "secret": secret}, status=201)


@require_http_methods(["GET", "POST"])
@never_cache
def endpoint(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Show a webhook with its log, and change it."""
    row = _endpoint(request, endpoint_id)
    initial = {"url": _url_of(row), "topics": row.topics, "is_active": row.is_active}
    form = EndpointForm(request.POST if request.method == "POST" else None, initial=initial, is_new=False)
    if form.is_valid():
        try:
            actions.change_endpoint(by=person_of(request), endpoint=row, **form.cleaned_data)
        except ValidationError as problem:
            _refuse(form, problem)
        else:
            flash.success(request, _("The webhook is saved."))
            return redirect("webhooks:endpoint", row.pk)
    context = {
        "form": form,
        "endpoint": row,
        "url": initial["url"],
        "mailbox": row.mailbox,
        "log": _log(row),
        "most": MOST_SHOWN,
        "former_until": row.former_until if row.former_until and row.former_until > timezone.now() else None,
    }
    return render(request, "webhooks/endpoint.html", context, status=422 if form.errors else 200)


def _log(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return the newest deliveries; an event can be sent again from its latest attempt only."""
    seen: set[uuid.UUID] = set()
    rows = []
    for delivery in Delivery.objects.newest_of(endpoint):
        is_latest = delivery.notice_id not in seen
        seen.add(delivery.notice_id)
        may_resend = is_latest and not delivery.is_test and endpoint.is_active
        rows.append({"delivery": delivery, "reason": reasons.shown(delivery.reason), "may_resend": may_resend})
    return rows


@require_POST
@never_cache
def secret_new(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Give a webhook a new secret; the page that answers shows it, this once."""
    row = _endpoint(request, endpoint_id)
    number = request.POST.get("number", "")
    replaced = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 0
    return _secret_page(request, row, actions.rotate_secret(by=person_of(request), endpoint=row, number=replaced))


@require_POST
def endpoint_test(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Send a test and say what was answered."""
    row = _endpoint(request, endpoint_id)
    try:
        log = actions.send_test(by=person_of(request), endpoint=row)
    except actions.NotPossible as problem:
        flash.warning(request, str(problem.sentence))
    else:
        if log.is_taken:
            values = {"status": log.status, "milliseconds": log.milliseconds}
            flash.success(request, _("The test arrived: answer %(status)s after %(milliseconds)s ms.") % values)
        else:
            flash.error(request, _("The test did not arrive. The log says why."))
    return redirect("webhooks:endpoint", row.pk)


@require_POST
def endpoint_remove(request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponse:
    """Remove a webhook and its log."""
    row = _endpoint(request, endpoint_id)
    actions.remove_endpoint(by=person_of(request), endpoint=row)
    flash.success(request, _("The webhook is removed."))
    return redirect("webhooks:list")


@require_POST
def delivery_resend(request: HttpRequest, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> HttpResponse:
    """Send the event of a delivery again, unless that was done since."""
    row = _endpoint(request, endpoint_id)
    delivery = get_object_or_404(
        Delivery.objects.filter(endpoint=row).select_related("endpoint__mailbox"), pk=delivery_id
    )
    try:
        if actions.resend(by=person_of(request), delivery=delivery):
            flash.success(request, _("It is sent again. The log shows the answer in a moment."))
        else:
            flash.info(request, _("Nothing to do: it was sent again already, or is no longer kept."))
    except actions.NotPossible as problem:
        flash.warning(request, str(problem.sentence))
    return redirect("webhooks:endpoint", row.pk)
