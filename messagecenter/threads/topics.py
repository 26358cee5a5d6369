"""What a thread may be about: the topics offered depend on who asks and on the order's state.

The shop's list holds the reasons for which a large marketplace lets a seller write first, as its published rules name
them: an order's problem, missing information, a delivery to arrange, a design to check, a return, a refund, an invoice,
a warranty, anything the buyer needs to receive the order. There is none for advertising or reviews. Two marks decide
what gets through in particular cases:

* ``is_critical``: a shop may write first about it even to a buyer who takes only what their order needs.
* ``completes_order``: gets through a block while the order is open (``is_open``), for both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from messagecenter.accounts.models import Mailbox
from orders.models import Order

BUYER, SHOP = Mailbox.Kind.BUYER, Mailbox.Kind.SHOP
PENDING, UNSHIPPED = Order.Status.PENDING, Order.Status.UNSHIPPED
SHIPPED, DELIVERED = Order.Status.SHIPPED, Order.Status.DELIVERED
CANCELLED, REFUNDED = Order.Status.CANCELLED, Order.Status.REFUNDED
ANY = frozenset(Order.Status)
OPEN_DAYS = 30


@dataclass(frozen=True)
class Topic:
    """One topic: who may open a thread with it, in which states of the order, and what it gets through."""

    key: str
    label: Promise
    asked_by: Mailbox.Kind
    states: frozenset[Order.Status] = frozenset()
    for_inquiry: bool = False
    is_critical: bool = False
    completes_order: bool = False


TOPICS = (
    Topic(
        "where_is_it",
        pgettext_lazy("topic", "Where is my order?"),
        BUYER,
        frozenset({UNSHIPPED, SHIPPED}),
        completes_order=True,
    ),
    Topic(
        "change_order",
        pgettext_lazy("topic", "Change or cancel the order"),
        BUYER,
        frozenset({PENDING, UNSHIPPED}),
        completes_order=True,
    ),
    Topic(
        "not_received",
        pgettext_lazy("topic", "Not received"),
        BUYER,
        frozenset({SHIPPED, DELIVERED}),
        completes_order=True,
    ),
    Topic(
        "damaged",
        pgettext_lazy("topic", "Damaged, wrong or missing item"),
        BUYER,
        frozenset({SHIPPED, DELIVERED}),
        completes_order=True,
    ),
    Topic(
        "return",
        pgettext_lazy("topic", "Return or exchange"),
        BUYER,
        frozenset({SHIPPED, DELIVERED}),
        completes_order=True,
    ),
    Topic(
        "refund",
        pgettext_lazy("topic", "Refund"),
        BUYER,
        frozenset({DELIVERED, CANCELLED, REFUNDED}),
        completes_order=True,
    ),
    Topic("product_question", pgettext_lazy("topic", "Question about the product"), BUYER, ANY),
    Topic("buyer_invoice", pgettext_lazy("topic", "Invoice"), BUYER, ANY),
    Topic("buyer_other", pgettext_lazy("topic", "Something else"), BUYER, ANY),
    Topic(
        "order_problem",
        pgettext_lazy("topic", "Problem with the order"),
        SHOP,
        frozenset({PENDING, UNSHIPPED, SHIPPED, DELIVERED}),
        is_critical=True,
        completes_order=True,
    ),
    Topic(
        "more_information",
        pgettext_lazy("topic", "Information needed to complete the order"),
        SHOP,
        frozenset({PENDING, UNSHIPPED}),
        is_critical=True,
        completes_order=True,
    ),
    Topic(
        "delivery_date",
        pgettext_lazy("topic", "Delivery date of heavy or bulky goods"),
        SHOP,
        frozenset({UNSHIPPED, SHIPPED}),
        is_critical=True,
        completes_order=True,
    ),
    Topic(
        "customisation",
        pgettext_lazy("topic", "Customisation or check of a design"),
        SHOP,
        frozenset({PENDING, UNSHIPPED}),
        is_critical=True,
        completes_order=True,
    ),
    Topic(
        "receiving",
        pgettext_lazy("topic", "Needed to receive the order"),
        SHOP,
        frozenset({SHIPPED}),
        is_critical=True,
        completes_order=True,
    ),
    Topic(
        "return_question",
        pgettext_lazy("topic", "Return"),
        SHOP,
        frozenset({SHIPPED, DELIVERED, REFUNDED}),
        is_critical=True,
        completes_order=True,
    ),
    Topic(
        "refund_notice",
        pgettext_lazy("topic", "Refund or cancellation"),
        SHOP,
        frozenset({CANCELLED, REFUNDED}),
        is_critical=True,
        completes_order=True,
    ),
    Topic("invoice", pgettext_lazy("topic", "Invoice"), SHOP, ANY),
    Topic("documents", pgettext_lazy("topic", "Warranty or instructions"), SHOP, frozenset({SHIPPED, DELIVERED})),
    Topic("details", pgettext_lazy("topic", "Details of the product"), BUYER, for_inquiry=True),
    Topic("availability", pgettext_lazy("topic", "Availability"), BUYER, for_inquiry=True),
    Topic("delivery", pgettext_lazy("topic", "Delivery and shipping costs"), BUYER, for_inquiry=True),
    Topic("inquiry_other", pgettext_lazy("topic", "Something else"), BUYER, for_inquiry=True),
)
CASE = "case"  # what a seller asks support about has topics of its own
BY_KEY = {topic.key: topic for topic in TOPICS}
LABELS = {topic.key: topic.label for topic in TOPICS} | {CASE: pgettext_lazy("topic", "Support case")}


def topics_for_order(asking: Mailbox, order: Order) -> list[Topic]:
    """Return the topics that ``asking`` may open a thread about ``order`` with, the likeliest first."""
    return [topic for topic in TOPICS if topic.asked_by == asking.kind and order.status in topic.states]


def other_topics_for_order(asking: Mailbox, order: Order) -> list[Topic]:
    """Return the topics that ``asking`` could open a thread about ``order`` with if the order were in another state."""
    return [
        topic for topic in TOPICS if topic.asked_by == asking.kind and topic.states and order.status not in topic.states
    ]


def topics_for_inquiry(asking: Mailbox) -> list[Topic]:
    """Return the topics that ``asking`` may ask about a product with."""
    return [topic for topic in TOPICS if topic.for_inquiry and topic.asked_by == asking.kind]


def completed_at(order: Order) -> datetime | None:
    """Return when an order counts as complete, None while it is not even shipped.

    Order files do not tell when a parcel arrived. So an order is complete at the end of its latest day of delivery, in
    the site's time zone; without that day, when it was shipped; without that either, when it was bought. One that waits
    to be shipped is never complete, however long that takes: its buyer must be told about a delay.
    """
    if order.status in (PENDING, UNSHIPPED):
        return None
    if order.latest_delivery is not None:
        zone = timezone.get_default_timezone()
        return datetime.combine(order.latest_delivery + timedelta(days=1), time.min, tzinfo=zone)
    return order.shipped_at or order.purchased_at


def is_open(order: Order, now: datetime) -> bool:
    """Return whether the two sides may still have to settle something about an order.

    It is open until ``OPEN_DAYS`` days after it was complete, unless it was cancelled.
    """
    if order.status == CANCELLED:
        return False
    completed = completed_at(order)
    return completed is None or now <= completed + timedelta(days=OPEN_DAYS)
