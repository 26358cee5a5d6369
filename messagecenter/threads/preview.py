"""Tells somebody who is writing what the policy will say. Nothing is kept or logged, nobody else learns of it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.models import Mailbox
from orders.models import Order, Product

from .access import acting_membership, membership_in, order_number_in, standing_or_404, uuid_or_none
from .actions.sides import other_side
from .explaining import as_hints
from .refused import Refused
from .screening import About, screen_message
from .topics import CASE
from .validators import MAX_BODY, MAX_SUBJECT

CHECKS_A_MINUTE = 90


@require_POST
@never_cache
@login_not_required
def check(request: HttpRequest) -> JsonResponse:
    """Return what would be found in a text by the code that judges a message.

    It is about a thread, an order or a product, or with the topic "case" for support.
    """
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    if not _may_ask(str(person_of(request).pk)):
        return JsonResponse({}, status=429, headers={"Retry-After": "60"})
    # Positions are counted in what the browser shows: line ends there are one character.
    body = request.POST.get("body", "").replace("\r\n", "\n").replace("\r", "\n")[:MAX_BODY]
    subject = request.POST.get("subject", "")[:MAX_SUBJECT]
    return JsonResponse(as_hints(screen_message(_about(request), body=body, subject=subject)))


def _may_ask(person: str) -> bool:
    """Count one check of this person; false beyond CHECKS_A_MINUTE."""
    key = f"policy-checks:{person}"
    if cache.add(key, 1, timeout=60):
        return True
    try:
        return cache.incr(key) <= CHECKS_A_MINUTE
    except ValueError:  # expired between the two
        return True


def _about(request: HttpRequest) -> About:
    """Return what the text is about. Foreign and missing things raise the same Http404."""
    person = person_of(request)
    if thread_id := uuid_or_none(request.POST.get("thread", "")):
        standing = standing_or_404(request, thread_id)
        thread = standing.entry.thread
        return About(standing.mailbox, standing.entry.other, thread.order, thread.product, thread.topic)
    topic = request.POST.get("topic", "")
    if topic == CASE:
        shop = acting_membership(request).mailbox
        if shop.kind != Mailbox.Kind.SHOP:
            raise Http404
        return About(shop, Mailbox(kind=Mailbox.Kind.SUPPORT), topic=CASE)
    order: Order | None = None
    product: Product | None = None
    if number := order_number_in(request.POST.get("order", "")):
        found = Order.objects.visible_to(person).filter(number=number).select_related("shop", "buyer")
        if shop_id := uuid_or_none(request.POST.get("shop", "")):
            found = found.filter(shop=shop_id)
        order = found.order_by("pk").first()
    elif product_id := uuid_or_none(request.POST.get("product", "")):
        product = Product.objects.visible_to(person).filter(pk=product_id).select_related("shop").first()
    if order is None and product is None:
        raise Http404
    mailbox = (membership_in(request, order) if order else acting_membership(request)).mailbox
    try:
        return About(mailbox, other_side(mailbox, order, product), order, product, topic)
    except Refused:
        raise Http404 from None
