"""Who is asking, for which mailbox, about which thread: the one door every page of a thread goes through."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404, HttpRequest

from messagecenter.accounts.acting import membership_of, memberships_of, person_of
from messagecenter.accounts.models import Mailbox, Membership, User
from orders.models import Order

from .models import Entry


@dataclass(frozen=True)
class Standing:
    """A person with their entry of a thread and the membership they act with."""

    person: User
    entry: Entry
    membership: Membership

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox the person acts for."""
        return self.entry.mailbox


def acting_membership(request: HttpRequest) -> Membership:
    """Return the membership the person acts with. Raises Http404 for someone without a mailbox."""
    membership = membership_of(request)
    if membership is None:
        raise Http404
    return membership


def standing_or_404(request: HttpRequest, thread_id: uuid.UUID) -> Standing:
    """Return the person's standing in a thread, with the mailbox they act for if it takes part, else another of theirs.

    Foreign and missing threads raise the same Http404.
    """
    person = person_of(request)
    acting = membership_of(request)
    entries = {
        entry.mailbox_id: entry
        for entry in Entry.objects.visible_to(person)
        .filter(thread=thread_id)
        .select_related("thread__order", "thread__product", "mailbox", "other")
    }
    for membership in ([acting] if acting else []) + memberships_of(request):
        if membership.mailbox_id in entries:
            return Standing(person, entries[membership.mailbox_id], membership)
    raise Http404


def order_number_in(text: str) -> str:
    """Return the order number a browser sent: without blanks around it, at most 64 characters, all of them printable.

    PostgreSQL takes no NUL in a text, and no order has one in its number.
    """
    return "".join(character for character in text if character.isprintable()).strip()[:64]


def uuid_or_none(value: str) -> uuid.UUID | None:
    """Return the UUID a browser sent, or None when it is none."""
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def memberships_acting_first(request: HttpRequest) -> list[Membership]:
    """Return the person's memberships, the acting one first."""
    acting = acting_membership(request)
    return [acting, *(own for own in memberships_of(request) if own != acting)]


def membership_in(request: HttpRequest, order: Order) -> Membership:
    """Return the membership the person writes about an order with: the acting one if it has a part in it.

    Raises Http404 for someone without a part in it.
    """
    for membership in memberships_acting_first(request):
        if membership.mailbox_id in (order.shop_id, order.buyer_id):
            return membership
    raise Http404
