"""Who asks, for which shop, about which case."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from messagecenter.accounts.acting import act_for, membership_of, memberships_of, person_of
from messagecenter.accounts.models import Mailbox, Membership

from .models import Case
from .numbers import NotACaseNumber, read


def shop_memberships(request: HttpRequest) -> list[Membership]:
    """Return the person's memberships in shops, the acting one first. Raises Http404 for who has none."""
    acting = membership_of(request)
    own = ([acting] if acting else []) + [one for one in memberships_of(request) if one != acting]
    shops = [one for one in own if one.mailbox.kind == Mailbox.Kind.SHOP]
    if not shops:
        raise Http404
    return shops


def shop_membership(request: HttpRequest) -> Membership:
    """Return the membership in a shop that the person acts with from now on. Raises Http404 for who has none."""
    return act_with(request, shop_memberships(request)[0])


def act_with(request: HttpRequest, membership: Membership) -> Membership:
    """Let the person act with a membership of theirs from now on, and return it."""
    if membership != membership_of(request):
        act_for(request, membership)
    request.membership = membership  # type: ignore[attr-defined]
    return membership


def case_or_404(request: HttpRequest, typed: str) -> Case:
    """Return a case of the person's shops by its number in any spelling. Foreign and missing raise the same Http404."""
    try:
        number = read(typed)
    except NotACaseNumber:
        raise Http404 from None
    cases = Case.objects.visible_to(person_of(request)).select_related("queue__mailbox", "shop", "thread")
    case = cases.filter(number=number).first()
    if case is None:
        raise Http404
    return case
