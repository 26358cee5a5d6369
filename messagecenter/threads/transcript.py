"""A whole thread as one reader may read it, piece by piece: what is printed, and what is taken along."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from messagecenter.vault.errors import Unreadable
from orders.models import Order, OrderItem
from orders.templatetags.order_words import money

from .access import Standing
from .clock import told_fully
from .conversation import Shown, show, with_all_shown
from .models import Message
from .topics import LABELS
from .words import read_subject

AT_ONCE = 500  # messages read and decrypted together: what is in memory at any time
MOST_ON_PAPER = 5_000  # the newest ones; as data all of them can be had


@dataclass(frozen=True)
class Head:
    """What stands above a thread's messages."""

    subject: str
    topic: str
    own_name: str
    other_name: str
    facts: list[tuple[str, str]]  # what it is about, by name
    about: str  # the order's number, or the product's


@dataclass(frozen=True)
class Part:
    """Which messages are on one paper, counted from 1, of how many; ``before`` is the message that follows them."""

    first: int
    last: int
    total: int
    before: uuid.UUID | None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.first <= 1 and self.last == self.total

    @property
    def has_earlier(self) -> bool:
        """Whether there are messages before them."""
        return self.first > 1


def head_of(standing: Standing) -> Head:
    """Return what stands above the messages: one query for an order's items."""
    entry, thread = standing.entry, standing.entry.thread
    try:
        subject = read_subject(thread)
    except Unreadable as error:
        subject = str(error.sentence)
    order, product = thread.order, thread.product
    facts = [(_("Opened"), told_fully(thread.created_at))]
    if order is not None:
        facts += _facts_of(order)
    elif product is not None:
        facts.append((_("Product"), f"{product.title} ({product.sku})"))
    return Head(
        subject=subject,
        topic=str(LABELS.get(thread.topic, thread.topic)),
        own_name=entry.mailbox.shown_name,
        other_name=entry.other.shown_name,
        facts=facts,
        about=order.number if order else product.sku if product else "",
    )


def _facts_of(order: Order) -> list[tuple[str, str]]:
    """Return what an order's card says, in lines."""
    facts = [
        (_("Order"), order.number),
        (_("Ordered"), date_format(timezone.localtime(order.purchased_at), "DATE_FORMAT")),
        (_("Status"), capfirst(order.get_status_display())),
    ]
    facts += [(_("Item"), _told(item)) for item in order.items.all()]
    days = [day for day in (order.earliest_delivery, order.latest_delivery) if day]
    if days:
        facts.append((_("Delivery"), " – ".join(dict.fromkeys(date_format(day, "DATE_FORMAT") for day in days))))
    if order.tracking_number or order.carrier:
        facts.append((_("Parcel"), f"{order.carrier} {order.tracking_number}".strip()))
    return facts


def _told(item: OrderItem) -> str:
    """Return one line of an order: how many, what, for how much."""
    price = f", {money(item.price, item.currency)}" if item.price is not None else ""
    cancelled = f" ({_('cancelled')})" if item.is_cancelled else ""
    return f"{item.quantity} × {item.title}{f' ({item.sku})' if item.sku else ''}{price}{cancelled}"


def said_in(standing: Standing, *, most: int | None = None, before: uuid.UUID | None = None) -> Iterator[Shown]:
    """Yield what the reader may read of a thread, oldest first; with ``most`` only the newest so many.

    ``before`` leaves out that message and all later ones.

    The same door as the thread's page: one's own held and stopped messages with their state, the other side's only once
    delivered, without hidden words, and nothing this side threw away for good. A few queries for every 500.
    """
    thread = standing.entry.thread
    visible = with_all_shown(thread.messages.visible_to(standing.person))
    if before is not None:
        visible = visible.filter(pk__lt=before)
    after: uuid.UUID | None = None
    if most is not None:
        after = next(iter(visible.order_by("-pk").values_list("pk", flat=True)[most : most + 1]), None)
    while True:
        found: list[Message] = list((visible.filter(pk__gt=after) if after else visible).order_by("pk")[:AT_ONCE])
        yield from show(thread, found, mailbox=standing.mailbox, seen_up_to=standing.seen_up_to)
        if len(found) < AT_ONCE:
            return
        after = found[-1].pk


def part_on_paper(standing: Standing, before: uuid.UUID | None) -> Part:
    """Return which messages of a long thread are on one paper: the newest 5,000, or those before a message. One query.

    Numbers count what the reader may read, from the first message on.
    """
    readable = standing.entry.thread.messages.visible_to(standing.person)
    total = readable.count()
    last = readable.filter(pk__lt=before).count() if before else total
    first = max(1, last - MOST_ON_PAPER + 1)
    return Part(first, last, total, before)


def as_data(standing: Standing, head: Head) -> dict[str, Any]:
    """Return what stands above the messages as data, with moments in UTC."""
    thread, order, product = standing.entry.thread, standing.entry.thread.order, standing.entry.thread.product
    return {
        "format": "messagecenter.thread/1",
        "exported_at": _moment(timezone.now()),
        "id": str(thread.pk),
        "subject": head.subject,
        "topic": thread.topic,
        "state": thread.state,
        "opened_at": _moment(thread.created_at),
        "own": head.own_name,
        "other": head.other_name,
        "order": _order_as_data(order) if order else None,
        "product": {"title": product.title, "sku": product.sku, "asin": product.asin} if product else None,
    }


def _order_as_data(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "status": order.status,
        "purchased_at": _moment(order.purchased_at),
        "carrier": order.carrier,
        "tracking_number": order.tracking_number,
        "earliest_delivery": order.earliest_delivery.isoformat() if order.earliest_delivery else None,
        "latest_delivery": order.latest_delivery.isoformat() if order.latest_delivery else None,
        "items": [
            {
                "title": item.title,
                "sku": item.sku,
                "asin": item.asin,
                "quantity": item.quantity,
                "price": str(item.price) if item.price is not None else None,
                "currency": item.currency,
                "is_cancelled": item.is_cancelled,
            }
            for item in order.items.all()
        ],
    }


def message_as_data(message: Shown) -> dict[str, Any]:
    """Return one message as data."""
    return {
        "id": str(message.id),
        "sent_at": message.when_iso,
        "from": "own" if message.mine else "other",
        "sender": message.sender_name,
        "author": message.author_name or None,
        "text": None if message.unreadable else message.text,
        "unreadable": message.unreadable or None,
        "state": message.state,
        "is_automatic": message.is_automatic,
        "has_hidden_words": bool(message.hidden_text),
        "files": [{"name": one["name"], "bytes": one["size"], "kind": one["kind"]} for one in message.files],
        "files_note": message.files_waiting or None,
    }


def _moment(moment: Any) -> str:
    return str(moment.isoformat(timespec="seconds"))
