"""Turning notifications on in a browser, and off in any of one's own."""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.staff import is_own_path
from messagecenter.push import actions
from messagecenter.push.cookie import device_id_of, mark, unmark
from messagecenter.push.encryption import public_key
from messagecenter.push.labels import label_of
from messagecenter.push.models import Device
from messagecenter.push.subscriptions import NotASubscription, checked


@require_POST
@never_cache
def device_add(request: HttpRequest) -> HttpResponse:
    """Tell the person in this browser from now on (201); what is no subscription is 422, and so are too many."""
    fields = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    try:
        if not public_key():
            raise NotASubscription
        subscription = checked(**fields)
        label = label_of(request.headers.get("User-Agent", ""))
        device = actions.add_device(by=person_of(request), subscription=subscription, label=label)
    except NotASubscription:
        return JsonResponse({"sentence": _("This browser cannot be told anything.")}, status=422)
    except actions.TooMany as problem:
        return JsonResponse({"sentence": str(problem.sentence)}, status=422)
    response = JsonResponse({"id": str(device.pk)}, status=201)
    mark(response, device)
    return response


@require_POST
def device_remove(request: HttpRequest, device_id: uuid.UUID) -> HttpResponse:
    """Tell the person no more in one of their browsers; other people's and missing ones are the same 404."""
    person = person_of(request)
    device = get_object_or_404(Device.objects.visible_to(person), pk=device_id)
    actions.remove_device(by=person, device=device)
    flash.success(request, _("Notifications are off in that browser."))
    wanted = request.POST.get("next", "")
    response = HttpResponseRedirect(wanted if is_own_path(request, wanted) else resolve_url("accounts:overview"))
    if device_id_of(request) == device_id:
        unmark(response)
    return response
