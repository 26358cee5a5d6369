"""The saved replies of a mailbox, filled in for one matter: for the composer's script, and as a page to choose from."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Membership
from messagecenter.accounts.writing import NOT_A_WRITER
from messagecenter.replies.filling import Matter
from messagecenter.replies.languages import name_of
from orders.models import Order

from .access import membership_in, order_number_in, standing_or_404, uuid_or_none
from .composing import matter_of, replies_for
from .navigation import frame

MOST_SOUGHT = 80  # characters


@require_GET
@never_cache
def thread_replies(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Give the saved replies with the thread's values; as JSON to a script, else as a page that leads back."""
    standing = standing_or_404(request, thread_id)
    back = {"back_url": reverse("threads:detail", args=[thread_id]), "back_data": {}, "use_to": "#composer"}
    return _give(request, standing.membership, matter_of(standing), standing.entry.other.shown_name, back)


@require_GET
@never_cache
@membership_required
def new_replies(request: HttpRequest) -> HttpResponse:
    """Give the saved replies with the values of the order (``order``, ``shop``) that a first message is about."""
    number, shop_id = order_number_in(request.GET.get("order", "")), uuid_or_none(request.GET.get("shop", ""))
    orders = Order.objects.visible_to(person_of(request)).filter(number=number, shop=shop_id)
    order = orders.select_related("shop", "buyer").first() if number and shop_id else None
    if order is None:
        raise Http404
    membership = membership_in(request, order)
    own = membership.mailbox
    other = order.buyer if own.pk == order.shop_id else order.shop
    matter = Matter(own, other, order=order, person=person_of(request))
    about = {"order": order.number, "shop": str(order.shop_id)}
    back = {"back_url": f"{reverse('threads:new')}?{urlencode(about)}", "back_data": about, "use_to": ""}
    return _give(request, membership, matter, other.shown_name if other else "", back)


def _give(
    request: HttpRequest, membership: Membership, matter: Matter, other_name: str, back: dict[str, Any]
) -> HttpResponse:
    if not membership.may_write:
        raise PermissionDenied(NOT_A_WRITER)
    offered = replies_for(matter)
    language = matter.language
    if "application/json" in request.headers.get("Accept", ""):
        rows = [
            {
                "id": str(one.id),
                "name": one.name,
                "language": one.language,
                "language_name": one.language_name,
                "text": one.text,
                "missing": one.missing,
            }
            for one in offered
        ]
        return JsonResponse({"language": language, "language_name": name_of(language), "replies": rows})
    sought = request.GET.get("q", "").strip()[:MOST_SOUGHT]
    words = sought.casefold().split()
    context = back | {
        "other_name": other_name,
        "use_url": f"{back['back_url']}{'&' if back['back_data'] else '?'}reply=",
        "sought": sought,
        "language_name": name_of(language),
        "offered": [one for one in offered if all(word in f"{one.name}\n{one.text}".casefold() for word in words)],
    }
    return render(request, "threads/replies.html", context | frame(membership, ""))
