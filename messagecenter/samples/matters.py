"""What a sample thread is about: the order or product, its dates, and the words that fill the sentences' braces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from messagecenter.accounts.models import Mailbox
from messagecenter.threads.topics import TOPICS, Topic
from orders.models import Order, OrderItem, Product

from .ids import Ids
from .people import Buyer, Shop
from .planning import Plan
from .rows import Maker
from .sentences import pick
from .world import COLORS, MARKETPLACES, MONTHS, PARTS, STREETS

_ORDER, _ITEM = Maker(Order), Maker(OrderItem)
INQUIRIES = 0.16  # of the threads that buyers open; the others are about an order
LIKELY = {
    "where_is_it": 24,
    "damaged": 15,
    "return": 14,
    "buyer_invoice": 10,
    "product_question": 10,
    "refund": 8,
    "not_received": 8,
    "change_order": 7,
    "buyer_other": 4,
}


def _weighted(topics: list[Topic]) -> list[Topic]:
    return [topic for topic in topics for _ in range(LIKELY.get(topic.key, 1))]


_BY_BUYERS = _weighted([topic for topic in TOPICS if topic.asked_by == Mailbox.Kind.BUYER and topic.states])
_BY_SHOPS = [topic for topic in TOPICS if topic.asked_by == Mailbox.Kind.SHOP and topic.key != "customisation"]
_ABOUT_PRODUCTS = _weighted([topic for topic in TOPICS if topic.for_inquiry])
_STATES = {topic.key: sorted(str(state) for state in topic.states) for topic in TOPICS}
_SENT = {Order.Status.SHIPPED, Order.Status.DELIVERED, Order.Status.REFUNDED}


@dataclass(frozen=True)
class Matter:
    """What a thread is about. ``facts`` fill the braces; ``items`` are the order's."""

    topic: str
    language: str
    facts: dict[str, str]
    order: Order | None
    product: Product | None
    items: list[OrderItem]

    def vary(self, chance: Random, moment: float) -> None:
        """Let the next message name another day, part, number."""
        facts, parts = self.facts, PARTS[self.language]
        facts["part"] = part = parts[int(chance.random() * len(parts))]
        facts["Part"] = part[0].upper() + part[1:]
        facts["days"] = str(2 + int(chance.random() * 12))
        facts["due"] = told_day(_day(int(moment / 86_400) + 1 + int(chance.random() * 14)), self.language)
        facts["serial"] = f"SN{int(chance.random() * 9e7) + 10**7}"


def order_number(plan: Plan, shop: int, index: int) -> str:
    """Return the number of an order, as a large marketplace writes it; unique among those of a run's shop."""
    first = (shop * 7_919 + plan.run * 104_729) % 10**7
    return f"{302 + index % 5}-{first:07d}-{index * 7_368_787 % 10**7:07d}"


def make_matter(
    plan: Plan, shop: Shop, index: int, buyer: Buyer, by_shop: bool, chance: Random, ids: Ids, began: float
) -> Matter:
    """Return what the thread is about that began at a moment (epoch); its rows are not written."""
    is_inquiry = not by_shop and chance.random() < INQUIRIES
    topics = _ABOUT_PRODUCTS if is_inquiry else _BY_SHOPS if by_shop else _BY_BUYERS
    topic = pick(chance, topics).key
    product = pick(chance, shop.products)
    facts = {
        "first": buyer.first_name,
        "last": buyer.last_name,
        "city": buyer.city,
        "street": f"{pick(chance, STREETS[buyer.language])} {1 + int(chance.random() * 120)}",
        "agent": pick(chance, shop.writers).name,
        "product": product.title.partition(",")[0],
        "other": pick(chance, shop.products).title.partition(",")[0],
        "color": pick(chance, COLORS[buyer.language]),
        "quantity": str(2 + int(chance.random() * 9)),
    }
    if is_inquiry:
        # No sentence of theirs names an order or a parcel.
        facts |= {"amount": _money(shop.prices[product.pk], "EUR")}
        return Matter(topic, buyer.language, facts, None, product, [])
    order, items = _make_order(plan, shop, index, buyer, chance, ids, began, topic, product)
    total = sum((item.price or 0) * item.quantity for item in items)
    facts |= {
        "order": order.number,
        "tracking": order.tracking_number or _tracking(chance),
        "carrier": order.carrier or "DHL",
        "date": told_day(order.purchased_at.date(), buyer.language),
        "amount": _money(total, items[0].currency),
    }
    return Matter(topic, buyer.language, facts, order, None, items)


def _make_order(
    plan: Plan,
    shop: Shop,
    index: int,
    buyer: Buyer,
    chance: Random,
    ids: Ids,
    began: float,
    topic: str,
    product: Product,
) -> tuple[Order, list[OrderItem]]:
    market = pick(chance, MARKETPLACES[buyer.language])
    status = pick(chance, _STATES[topic])
    days = 0.1 + chance.random() * (2 if status in ("pending", "unshipped") else 14)
    bought = began - days * 86_400
    is_sent = status in _SENT
    order = _ORDER(
        id=ids.at(bought),
        number=order_number(plan, shop.number, index),
        shop_id=shop.mailbox.pk,
        buyer_id=buyer.mailbox_id,
        buyer_name=f"{buyer.first_name} {buyer.last_name}",
        status=status,
        marketplace=market.name,
        language=buyer.language,
        ship_country=market.country,
        purchased_at=at(bought),
        shipped_at=at(bought + days * 0.4 * 86_400) if is_sent else None,
        earliest_delivery=_day(int(bought / 86_400) + 2),
        latest_delivery=_day(int(bought / 86_400) + 5),
        carrier=pick(chance, market.carriers) if is_sent else "",
        tracking_number=_tracking(chance) if is_sent else "",
        imported_at=at(bought + 600),
    )
    bought_products = [product]
    while chance.random() < 0.25 and len(bought_products) < 4:
        bought_products.append(pick(chance, shop.products))
    items = [
        _ITEM(
            id=ids.at(bought),
            order_id=order.pk,
            product_id=one.pk,
            line=str(line),
            title=one.title,
            sku=one.sku,
            asin=one.asin,
            quantity=1 if chance.random() < 0.8 else 1 + int(chance.random() * 5),
            price=shop.prices[one.pk],
            currency=market.currency,
        )
        for line, one in enumerate(bought_products, start=1)
    ]
    return order, items


def at(moment: float) -> datetime:
    """Return a moment of the epoch as a date and time."""
    return datetime.fromtimestamp(moment, UTC)


def _tracking(chance: Random) -> str:
    return f"003404{int(chance.random() * 1e14):014d}"


def _money(amount: Any, currency: str) -> str:
    sign = {"EUR": "€", "GBP": "£", "USD": "$"}[currency]
    return f"{amount:.2f} €".replace(".", ",") if currency == "EUR" else f"{sign}{amount:.2f}"


@lru_cache(maxsize=2000)
def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


@lru_cache(maxsize=4000)
def told_day(day: date, language: str) -> str:
    """Return a day as people write it."""
    month = MONTHS[language][day.month - 1]
    return f"{day.day}. {month}" if language == "de" else f"{day.day} {month}"
