"""Who writes to whom: the two sides of a thread."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from messagecenter.accounts.models import Mailbox
from orders.models import Order, Product

from ..refused import NoBuyer


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
