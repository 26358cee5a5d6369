"""What stands beside a case's conversation: its answers, the seller, the order, and who watches it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from messagecenter.replies.languages import name_of
from messagecenter.vault.errors import Unreadable
from orders.carriers import tracking_url
from orders.models import Order
from support.catalogue import label_of, topic_label_of
from support.models import Case, Watcher
from support.words import read_comment

from .door import Work

MOST_CASES, MOST_ORDERS, MOST_ITEMS, MOST_WATCHERS = 8, 5, 20, 50


def comment_of(case: Case) -> str:
    """Return what the seller wrote with the rating."""
    try:
        return read_comment(case)
    except Unreadable as error:
        return str(error.sentence)


def seller_card(work: Work) -> dict[str, Any]:
    """Return the shop, its newest orders, and its other cases that the person works on: two queries."""
    case = work.case
    others = Case.objects.worked_by(work.person).filter(shop=case.shop_id).exclude(pk=case.pk)
    return {
        "shop": case.shop,
        "language": name_of(case.shop.language),
        "cases": [
            {
                "number": one.shown_number,
                "url": reverse("admin:support_desk_case", args=[one.number]),
                "topic": label_of(one.topic),
                "status": one.get_status_display(),
                "opened_at": one.opened_at,
            }
            for one in others.order_by("-last_word_at", "-pk")[:MOST_CASES]
        ],
        "orders": Order.objects.filter(shop=case.shop_id).order_by("-purchased_at", "-pk")[:MOST_ORDERS],
    }


def order_card(case: Case) -> dict[str, Any]:
    """Return the order a case is about with its items: one query; nothing without an order."""
    order = case.thread.order
    if order is None:
        return {}
    return {
        "order": order,
        "items": list(order.items.order_by("line")[:MOST_ITEMS]),
        "tracking_link": tracking_url(order.carrier, order.tracking_number, order.ship_country),
    }


def watchers_of(case: Case) -> list[Watcher]:
    """Return who watches a case."""
    return list(case.watchers.select_related("staff").order_by("pk")[:MOST_WATCHERS])


def topic_of(case: Case) -> str:
    """Return the topic with its group."""
    return f"{topic_label_of(case.topic)} › {label_of(case.topic)}"
