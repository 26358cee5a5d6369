"""Who may write to whom now: blocked senders, restricted ones, and shops that write first.

Everything that opens a thread or posts in one asks here, whichever way the words came. A shop writes first when it
opens a thread about an order, and goes on writing first until the buyer has answered in it. Then holds, besides blocks:

* not while staff restricted the shop; a restricted buyer can still open what completes an open order,
* until so many days after the order was complete (``topics.completed_at``),
* at most so many threads in 24 hours: a floor, or a multiple of the shop's average daily orders if that is more,
* to a buyer who takes only what an order needs, with critical topics alone.

The figures come from the policy in force (``proactive``); the rules follow what a large marketplace publishes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Exists, Min, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from messagecenter.accounts.models import Mailbox
from messagecenter.policy.models import BlockedSender, Restriction
from messagecenter.policy.rules import Proactive
from messagecenter.policy.versions import current
from orders.models import Order, Product

from .gathered import Counted, Gathered, columns_of, revived, rows_in
from .models import Entry, Message, Thread
from .refused import OptedOut, QuotaReached, Refused, SenderBlocked, TooLate, WritingRestricted
from .topics import BY_KEY, Topic, completed_at, is_open

QUOTA_HOURS = 24
AVERAGE_DAYS = 180
# A shop with more orders than this in 180 days has the average of its newest ones: nothing ever counts them all.
MOST_COUNTED = 20_000
RESTRICTION_COLUMNS = columns_of(Restriction)


@dataclass(frozen=True)
class Blocks:
    """Whether two mailboxes blocked each other."""

    by_us: bool
    by_them: bool


@dataclass(frozen=True)
class Quota:
    """How many threads a shop started in the last 24 hours, how many it may, and from when it may start another.

    ``next_at`` is None while there is room, and when the policy lets nobody start any.
    """

    started: int
    limit: int
    next_at: datetime | None = None

    @property
    def refusal(self) -> QuotaReached | None:
        """Why no other thread can be started now, if so."""
        return QuotaReached(self.limit, self.next_at) if self.started >= self.limit else None


@dataclass(frozen=True)
class Barriers:
    """What people and staff have put between two mailboxes: a block by the other side, and a restriction."""

    is_blocked: bool
    restriction: Restriction | None

    @classmethod
    def of(cls, row: Any, mailbox: Mailbox) -> Barriers:
        """Read them from a row that ``gathered_barriers`` annotated."""
        found = [revived(Restriction, RESTRICTION_COLUMNS, values) for values in rows_in(row.restricted)]
        return cls(row.is_blocked and may_be_blocked(mailbox), found[0] if found else None)


@dataclass(frozen=True)
class Room:
    """What a shop may start before its average has to be asked for, and whether it had room for one more thread.

    ``limit`` is the floor of its quota, or all of it where the floor is reached already.
    """

    limit: int
    is_left: bool

    @classmethod
    def of(cls, row: Any, proactive: Proactive, now: datetime) -> Room:
        """Read it from a row that ``gathered_quota`` annotated."""
        if row.started is None:
            return cls(proactive.per_day_floor, is_left=True)
        limit = _limit(proactive, _a_day(row.ordered, row.first_ordered_at, now))
        return cls(limit, is_left=row.started < limit)


@dataclass(frozen=True)
class Outlook:
    """What stands in the way of a mailbox that wants to open a thread. The last three are None for who is no shop."""

    mailbox: Mailbox
    other: Mailbox
    order: Order | None
    is_blocked: bool
    restriction: Restriction | None
    too_late: TooLate | None = None
    proactive: Proactive | None = None
    quota: Quota | None = None

    @property
    def for_all(self) -> Refused | None:
        """What stands in the way whatever the topic. What only some topics get through is not among it."""
        if self.mailbox.kind != Mailbox.Kind.SHOP:
            return None
        return self._restricted() or self.too_late or (self.quota.refusal if self.quota else None)

    def refusal(self, topic: Topic) -> Refused | None:
        """Return why a thread with this topic cannot be opened now, or None."""
        completes = _completes(topic, self.order)
        if self.is_blocked and not completes:
            return SenderBlocked()
        if self.mailbox.kind != Mailbox.Kind.SHOP:
            return None if completes else self._restricted()
        if self.for_all is not None:
            return self.for_all
        return OptedOut() if _is_unwanted(topic, self.other) else None

    def _restricted(self) -> WritingRestricted | None:
        return WritingRestricted(self.restriction.until, self.restriction.explanation) if self.restriction else None


def may_open(
    *,
    mailbox: Mailbox,
    other: Mailbox,
    topic: Topic,
    order: Order | None,
    product: Product | None,
    barriers: Barriers | None = None,
    proactive: Proactive | None = None,
    room: Room | None = None,
) -> None:
    """Raise why ``mailbox`` may not open a thread with ``other`` now: SenderBlocked, WritingRestricted, OptedOut,
    TooLate or QuotaReached, all of them Refused. That the topic fits the order's state is the caller's to check.

    Whoever writes asks ``require_room`` again then. ``barriers``, ``proactive`` (of the policy) and ``room`` are what
    was read already. One query for a buyer, at most five for a shop.
    """
    barriers = barriers or _barriers(mailbox, other)
    outlook = outlook_for(
        mailbox=mailbox,
        other=other,
        order=order,
        product=product,
        with_quota=False,
        barriers=barriers,
        proactive=proactive,
    )
    refusal = outlook.refusal(topic)
    if refusal is None and outlook.proactive is not None and not (room and room.is_left):
        refusal = _quota_refusal(mailbox, outlook.proactive, timezone.now())
    if refusal is not None:
        raise refusal


def require_room(*, thread: Thread, room: Room, proactive: Proactive) -> None:
    """Raise QuotaReached when a shop's others have taken up its quota before the thread it has just written.

    Inside the transaction that writes, once it holds the shop's counters, which every opening moves: a shop's openings
    wait for each other there, so that of two at once the later one counts the earlier. One query.
    """
    full = _quota_refusal(thread.opened_by, proactive, timezone.now(), beside=thread, limit=room.limit)
    if full is not None:
        raise full


def post_refusal(*, mailbox: Mailbox, other: Mailbox, thread: Thread, is_blocked: bool) -> Refused | None:
    """Return why ``mailbox`` may not write to ``other`` in this thread now, or None.

    ``is_blocked`` says whether ``other`` blocked it. SenderBlocked, or while the other side has not answered what
    ``mailbox`` opened, WritingRestricted, OptedOut or TooLate. At most three queries.
    """
    if thread.kind == Thread.Kind.CASE:
        return None  # nobody is kept from support, nor support from anybody
    topic, order = BY_KEY.get(thread.topic), thread.order
    completes = topic is not None and _completes(topic, order)
    if is_blocked and not completes:
        return SenderBlocked()
    is_shop = mailbox.kind == Mailbox.Kind.SHOP
    if thread.opened_by_id != mailbox.pk or (completes and not is_shop) or _has_answered(other, thread):
        return None
    restriction = _restriction_of(mailbox)
    if restriction is not None:
        return WritingRestricted(restriction.until, restriction.explanation)
    if not is_shop:
        return None
    if topic is not None and _is_unwanted(topic, other):
        return OptedOut()
    return _too_late(order, current()[1].proactive, timezone.now())


def outlook_for(
    *,
    mailbox: Mailbox,
    other: Mailbox,
    order: Order | None,
    product: Product | None,
    with_quota: bool = True,
    barriers: Barriers | None = None,
    proactive: Proactive | None = None,
) -> Outlook:
    """Return what stands in the way of ``mailbox`` opening a thread with ``other`` about an order or a product.

    Four queries for a shop, one for others; ``with_quota=False`` saves two, ``barriers`` and ``proactive`` one each.
    """
    if (order is None) == (product is None):
        raise ValueError("A thread is about an order or about a product.")
    barriers = barriers or _barriers(mailbox, other)
    outlook = Outlook(
        mailbox=mailbox,
        other=other,
        order=order,
        is_blocked=barriers.is_blocked,
        restriction=barriers.restriction,
    )
    if mailbox.kind != Mailbox.Kind.SHOP:
        return outlook
    now, proactive = timezone.now(), proactive or current()[1].proactive
    return replace(
        outlook,
        too_late=_too_late(order, proactive, now),
        proactive=proactive,
        quota=quota_of(mailbox, proactive, now) if with_quota else None,
    )


def gathered_barriers(mailbox: Mailbox, other: Mailbox) -> dict[str, Any]:
    """Return what to annotate a row with for ``Barriers.of``: no statement of its own."""
    in_force = Restriction.objects.filter(mailbox=mailbox).in_force().order_by("-until")[:1]
    return {
        "is_blocked": Exists(BlockedSender.objects.filter(mailbox=other, sender=mailbox)),
        "restricted": Gathered(in_force, *RESTRICTION_COLUMNS),
    }


def gathered_quota(shop: Mailbox, proactive: Proactive, now: datetime) -> dict[str, Any]:
    """Return what to annotate a row with for ``Room.of``: no statement of its own.

    Unless the shop has started as many threads as the floor allows, nothing is counted.
    """
    started, ordered, floor = _started_by(shop, now), _ordered_from(shop, now), proactive.per_day_floor
    is_reached = Exists(started[floor - 1 : floor]) if floor else Exists(Mailbox.objects.filter(pk=shop.pk))
    first = ordered.values("purchased_at")[MOST_COUNTED - 1 : MOST_COUNTED]
    return {
        "started": Case(When(is_reached, then=Counted(started))),
        "ordered": Case(When(is_reached, then=Counted(ordered[:MOST_COUNTED]))),
        "first_ordered_at": Case(When(is_reached, then=Subquery(first))),
    }


def _barriers(mailbox: Mailbox, other: Mailbox) -> Barriers:
    """Return what stands between two mailboxes: one query."""
    return Barriers.of(
        Mailbox.objects.filter(pk=mailbox.pk).annotate(**gathered_barriers(mailbox, other)).get(), mailbox
    )


def blocks_between(mailbox: Mailbox, other: Mailbox) -> Blocks:
    """Return who of the two blocked the other: one query. Nobody blocks support."""
    ours, theirs = Q(mailbox=mailbox, sender=other), Q(mailbox=other, sender=mailbox)
    by = set(BlockedSender.objects.filter(ours | theirs).values_list("mailbox_id", flat=True))
    return Blocks(
        by_us=mailbox.pk in by and may_be_blocked(other),
        by_them=other.pk in by and may_be_blocked(mailbox),
    )


def may_be_blocked(mailbox: Mailbox) -> bool:
    """Return whether others may block this mailbox: a buyer's and a shop's, never the marketplace's support."""
    return mailbox.kind != Mailbox.Kind.SUPPORT


def quota_of(shop: Mailbox, proactive: Proactive, now: datetime) -> Quota:
    """Return a shop's quota: two queries, each bounded."""
    return _quota(shop, proactive, now, None)


def _quota(shop: Mailbox, proactive: Proactive, now: datetime, beside: Thread | None) -> Quota:
    """Return a shop's quota as it would be without one thread."""
    limit = _limit(proactive, _average_daily_orders(shop, now))
    moments = _started(shop, now, most=limit, beside=beside)
    is_full = bool(limit) and len(moments) >= limit
    return Quota(len(moments), limit, moments[-1] + timedelta(hours=QUOTA_HOURS) if is_full else None)


def _limit(proactive: Proactive, orders_a_day: float) -> int:
    return max(proactive.per_day_floor, math.ceil(proactive.per_day_factor * orders_a_day))


def _quota_refusal(
    shop: Mailbox, proactive: Proactive, now: datetime, *, beside: Thread | None = None, limit: int = 0
) -> QuotaReached | None:
    """Return why a shop may start no other thread now, ``beside`` one that is there already.

    Who started fewer than the floor, or than a ``limit`` that is known to be allowed, asks one query, no average.
    """
    enough = max(limit, proactive.per_day_floor)
    if enough and len(_started(shop, now, most=enough, beside=beside)) < enough:
        return None
    return _quota(shop, proactive, now, beside).refusal


def _started(shop: Mailbox, now: datetime, *, most: int, beside: Thread | None = None) -> list[datetime]:
    """Return when the shop's newest threads of the last 24 hours were started, at most ``most``, newest first."""
    started = _started_by(shop, now)
    others = started if beside is None else started.exclude(pk=beside.pk)
    return list(others.values_list("created_at", flat=True)[:most])


def _started_by(shop: Mailbox, now: datetime) -> QuerySet[Thread]:
    """Return the threads that a shop started in the last 24 hours, newest first.

    A thread whose only message was stopped reached nobody and takes nothing from the quota.
    """
    sent = Message.objects.filter(thread=OuterRef("pk")).exclude(state=Message.State.BLOCKED)
    started = Thread.objects.filter(opened_by=shop, created_at__gt=now - timedelta(hours=QUOTA_HOURS), support=None)
    return started.filter(Exists(sent)).order_by("-created_at")


def _ordered_from(shop: Mailbox, now: datetime) -> QuerySet[Order]:
    """Return a shop's orders of the last 180 days, newest first."""
    return Order.objects.filter(shop=shop, purchased_at__gt=now - timedelta(days=AVERAGE_DAYS)).newest_first()


def _average_daily_orders(shop: Mailbox, now: datetime) -> float:
    """Return how many orders a shop had a day in the last 180 days, or over its newest 20,000 if these are fewer days.

    The days are at least one: a file of old orders brought in at once is no day's business.
    """
    told = _ordered_from(shop, now)[:MOST_COUNTED].aggregate(number=Count("pk"), first=Min("purchased_at"))
    return _a_day(told["number"], told["first"], now)


def _a_day(number: int, first: datetime | None, now: datetime) -> float:
    """Return how many orders a day ``number`` are; for MOST_COUNTED, ``first`` is when the earliest was bought."""
    if number < MOST_COUNTED or first is None:
        return number / AVERAGE_DAYS
    return number / max((now - first) / timedelta(days=1), 1.0)


def _restriction_of(mailbox: Mailbox) -> Restriction | None:
    """Return the restriction in force that ends last."""
    return Restriction.objects.filter(mailbox=mailbox).in_force().order_by("-until").first()


def _too_late(order: Order | None, proactive: Proactive, now: datetime) -> TooLate | None:
    """Return why it is too late to write first about an order; before it is complete it never is."""
    completed = completed_at(order) if order else None
    if completed is None:
        return None
    ended = completed + timedelta(days=proactive.days_after_completion)
    return TooLate(proactive.days_after_completion, ended) if now > ended else None


def _completes(topic: Topic, order: Order | None) -> bool:
    """Return whether a message with this topic is needed to complete an order that is still open."""
    return topic.completes_order and order is not None and is_open(order, timezone.now())


def _is_unwanted(topic: Topic, buyer: Mailbox) -> bool:
    """Return whether the buyer wants no shop to write first with this topic."""
    return not topic.is_critical and not buyer.takes_proactive


def _has_answered(other: Mailbox, thread: Thread) -> bool:
    """Return whether the other side has written in this thread."""
    return Entry.objects.filter(thread=thread, mailbox=other, last_sent_at__isnull=False).exists()
