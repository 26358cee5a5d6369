"""What a thread may be about: the topics offered depend on who asks and on the order's state.

The seller's list follows the reasons for which a marketplace lets a seller write first (an order's problem, missing
information, delivery date, customisation, return, invoice); there is none for advertising or reviews.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from messagecenter.accounts.models import Mailbox
from orders.models import Order

BUYER, SHOP = Mailbox.Kind.BUYER, Mailbox.Kind.SHOP
PENDING, UNSHIPPED = Order.Status.PENDING, Order.Status.UNSHIPPED
SHIPPED, DELIVERED = Order.Status.SHIPPED, Order.Status.DELIVERED
CANCELLED, REFUNDED = Order.Status.CANCELLED, Order.Status.REFUNDED
ANY = frozenset(Order.Status)


@dataclass(frozen=True)
class Topic:
    """One topic: who may open a thread with it, in which states of the order."""

    key: str
    label: Promise
    asked_by: Mailbox.Kind
    states: frozenset[Order.Status] = frozenset()
    for_inquiry: bool = False


TOPICS = (
    Topic("where_is_it", pgettext_lazy("topic", "Where is my order?"), BUYER, frozenset({UNSHIPPED, SHIPPED})),
    Topic("change_order", pgettext_lazy("topic", "Change or cancel the order"), BUYER, frozenset({PENDING, UNSHIPPED})),
    Topic("not_received", pgettext_lazy("topic", "Not received"), BUYER, frozenset({SHIPPED, DELIVERED})),
    Topic("damaged", pgettext_lazy("topic", "Damaged, wrong or missing item"), BUYER, frozenset({SHIPPED, DELIVERED})),
    Topic("return", pgettext_lazy("topic", "Return or exchange"), BUYER, frozenset({SHIPPED, DELIVERED})),
    Topic("refund", pgettext_lazy("topic", "Refund"), BUYER, frozenset({DELIVERED, CANCELLED, REFUNDED})),
    Topic("product_question", pgettext_lazy("topic", "Question about the product"), BUYER, ANY),
    Topic("buyer_invoice", pgettext_lazy("topic", "Invoice"), BUYER, ANY),
    Topic("buyer_other", pgettext_lazy("topic", "Something else"), BUYER, ANY),
    Topic(
        "order_problem",
        pgettext_lazy("topic", "Problem with the order"),
        SHOP,
        frozenset({PENDING, UNSHIPPED, SHIPPED}),
    ),
    Topic(
        "more_information",
        pgettext_lazy("topic", "Information needed to complete the order"),
        SHOP,
        frozenset({PENDING, UNSHIPPED}),
    ),
    Topic("delivery_date", pgettext_lazy("topic", "Delivery date"), SHOP, frozenset({UNSHIPPED, SHIPPED})),
    Topic("customisation", pgettext_lazy("topic", "Customisation"), SHOP, frozenset({PENDING, UNSHIPPED})),
    Topic("return_question", pgettext_lazy("topic", "Return"), SHOP, frozenset({SHIPPED, DELIVERED, REFUNDED})),
    Topic("refund_notice", pgettext_lazy("topic", "Refund or cancellation"), SHOP, frozenset({CANCELLED, REFUNDED})),
    Topic("invoice", pgettext_lazy("topic", "Invoice"), SHOP, ANY),
    Topic("details", pgettext_lazy("topic", "Details of the product"), BUYER, for_inquiry=True),
    Topic("availability", pgettext_lazy("topic", "Availability"), BUYER, for_inquiry=True),
    Topic("delivery", pgettext_lazy("topic", "Delivery and shipping costs"), BUYER, for_inquiry=True),
    Topic("inquiry_other", pgettext_lazy("topic", "Something else"), BUYER, for_inquiry=True),
)
LABELS = {topic.key: topic.label for topic in TOPICS}


def topics_for_order(asking: Mailbox, order: Order) -> list[Topic]:
    """Return the topics that ``asking`` may open a thread about ``order`` with, the likeliest first."""
    return [topic for topic in TOPICS if topic.asked_by == asking.kind and order.status in topic.states]


def topics_for_inquiry(asking: Mailbox) -> list[Topic]:
    """Return the topics that ``asking`` may ask about a product with."""
    return [topic for topic in TOPICS if topic.for_inquiry and topic.asked_by == asking.kind]
