"""Who writes to whom: the two sides of a thread, and what is known of them before one writes first."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, QuerySet, Subquery

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.policy.rules import Proactive
from orders.models import Order, Product

from ..models import Thread
from ..permission import gathered_barriers, gathered_quota
from ..refused import NoBuyer
from .delivering import mailboxes_told


def both_sides(
    *, by: User, mailbox: Mailbox, other: Mailbox, before: QuerySet[Thread], proactive: Proactive, now: datetime
) -> dict[uuid.UUID, Any]:
    """Return both mailboxes by id with all that opening a thread asks of them: one query.

    With each comes what a delivery has to know of it (``mailboxes_told``), and of ``mailbox`` the ``role`` of ``by``,
    whether there is a thread ``before`` (``is_repeat``), and what ``Barriers.of`` and, for a shop, ``Room.of`` read.
    """
    own: dict[str, Any] = {
        "role": Subquery(Membership.objects.filter(user=by, mailbox=mailbox).values("role")[:1]),
        "is_repeat": Exists(before),
        **gathered_barriers(mailbox, other),
    }
    if mailbox.kind == Mailbox.Kind.SHOP:
        own |= gathered_quota(mailbox, proactive, now)
    return {row.pk: row for row in mailboxes_told([mailbox.pk, other.pk]).annotate(**own)}


def other_side_in(thread: Thread, mailbox: Mailbox) -> Mailbox:
    """Return whom ``mailbox`` talks to in a thread. Raises PermissionDenied or NoBuyer."""
    if thread.support is None:
        return other_side(mailbox, thread.order, thread.product, thread.opened_by)
    return thread.support if mailbox.pk == thread.opened_by_id else thread.opened_by


def other_side(
    mailbox: Mailbox, order: Order | None, product: Product | None, opened_by: Mailbox | None = None
) -> Mailbox:
    """Return whom ``mailbox`` talks to about this order or product. Raises PermissionDenied or NoBuyer.

    A shop talks about a product to whoever ``opened_by`` says.
    """
    if order is not None and product is None:
        if mailbox.pk == order.buyer_id:
            return order.shop
        if mailbox.pk == order.shop_id:
            if order.buyer is None:
                raise NoBuyer
            return order.buyer
    elif product is not None and order is None and mailbox.kind == Mailbox.Kind.BUYER:
        return product.shop
    elif product is not None and mailbox.pk == product.shop_id and opened_by is not None:
        return opened_by
    raise PermissionDenied
