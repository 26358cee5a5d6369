"""Which queue a new case goes to, and who there gets it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q

from orders.models import Order

from .catalogue import TOPIC_OF
from .models import Attendance, Case, Queue, Route
from .refused import NoQueue
from .waiting import present_staff, speakers_of

# Marketplaces are named by their domain: its end is the country, but for these.
COUNTRIES = {"com": "US", "uk": "GB", "org": "", "net": "", "example": "", "eu": "", "shop": ""}


def country_of(marketplace: str) -> str:
    """Return the country (ISO 3166-1 alpha-2) a marketplace's domain stands for, "" when it says none."""
    end = marketplace.strip().rstrip(".").lower().rpartition(".")[2]
    return COUNTRIES.get(end, end.upper() if len(end) == 2 and end.isalpha() else "")


def country_for(order: Order | None, marketplace: str) -> str:
    """Return the country a case is about: that of the marketplace it names, else of its order's."""
    return country_of(marketplace) or (country_of(order.marketplace) if order else "")


def queue_for(*, topic: str, severity: int, country: str, language: str) -> Queue:
    """Return the queue a case goes to: that of the first rule that fits, else the one set up first.

    ``topic`` is a sub-topic's key; a rule may name its group. Raises NoQueue.
    """
    group = TOPIC_OF[topic].key if topic in TOPIC_OF else topic
    fits = Route.objects.filter(
        Q(topic__in=["", topic, group]),
        Q(severity=None) | Q(severity__gte=severity),  # 1 is the most urgent
        country__in={"", country},
        language__in={"", language},
        queue__is_active=True,
    )
    route = fits.select_related("queue__mailbox").order_by("position", "pk").first()
    if route is not None:
        return route.queue
    first = Queue.objects.active().select_related("mailbox").order_by("mailbox__created_at", "pk").first()
    if first is None:
        raise NoQueue
    return first


def agent_for(queue: Queue, *, language: str, topic: str, rested_since: datetime | None = None) -> Attendance | None:
    """Return who gets a new case of a queue, or None where its people take cases themselves or nobody is present.

    Of those present, who speak the case's language come first, of these who know its topic (a sub-topic's key) best.
    With ``rested_since`` only who was given none since then.
    """
    if queue.handing == Queue.Handing.NOBODY:
        return None
    people = present_staff(queue)
    if rested_since is not None:
        people = [one for one in people if one.last_given_at < rested_since]
    chosen = speakers_of(queue, language, people) or people
    group = TOPIC_OF[topic].key if topic in TOPIC_OF else topic
    chosen = [one for one in chosen if group in one.topics] or chosen
    if queue.handing == Queue.Handing.LEAST_LOADED:
        loads = Case.objects.active().filter(assignee__in=[one.staff_id for one in chosen])
        counted = dict(loads.values_list("assignee").annotate(number=Count("pk")))
        chosen.sort(key=lambda one: counted.get(one.staff_id, 0))
    return chosen[0] if chosen else None
