"""Who writes to whom: the two sides of a thread, and who may write for one."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, Membership, User
from orders.models import Order, Product

from ..refused import NoBuyer

NOT_A_WRITER = _("You can read here but not write. Ask an owner of the mailbox for the role of agent.")


def require_writer(user: User, mailbox: Mailbox) -> None:
    """Raise PermissionDenied unless ``user`` may write for ``mailbox``."""
    membership = Membership.objects.filter(user=user, mailbox=mailbox).first()
    if membership is None or not membership.may_write:
        raise PermissionDenied(NOT_A_WRITER)


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
