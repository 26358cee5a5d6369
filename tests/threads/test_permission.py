"""Who may write to whom: blocks, restrictions, and what holds for shops that write first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.policy.models import BlockedSender, PolicyVersion, Restriction
from messagecenter.policy.versions import SHIPPED_CONTENT, current
from messagecenter.threads import permission
from messagecenter.threads.actions import open_thread
from messagecenter.threads.models import Entry, Message, Thread
from messagecenter.threads.permission import (
    MOST_COUNTED,
    Room,
    blocks_between,
    may_open,
    outlook_for,
    post_refusal,
    require_room,
)
from messagecenter.threads.refused import OptedOut, QuotaReached, Refused, SenderBlocked, TooLate, WritingRestricted
from messagecenter.threads.topics import BY_KEY, TOPICS, completed_at, is_open, topics_for_order
from orders.models import Order
from tests.factories import MailboxFactory, OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db
Open = Callable[..., None]


def may_post(*, mailbox: Mailbox, other: Mailbox, thread: Thread) -> None:
    """Raise why ``mailbox`` may not write to ``other`` now, as posting does."""
    is_blocked = blocks_between(mailbox, other).by_them
    refusal = post_refusal(mailbox=mailbox, other=other, thread=thread, is_blocked=is_blocked)
    if refusal is not None:
        raise refusal


@pytest.fixture
def shop_opens(shop: Mailbox, buyer_mailbox: Mailbox, order: Order) -> Open:
    """Ask whether the shop may open a thread with Anna about her order."""

    def ask(topic: str = "invoice", about: Order | None = None) -> None:
        may_open(mailbox=shop, other=buyer_mailbox, topic=BY_KEY[topic], order=about or order, product=None)

    return ask


@pytest.fixture
def buyer_opens(shop: Mailbox, buyer_mailbox: Mailbox, order: Order) -> Open:
    """Ask whether Anna may open a thread with the shop about her order."""

    def ask(topic: str = "where_is_it", about: Order | None = None) -> None:
        may_open(mailbox=buyer_mailbox, other=shop, topic=BY_KEY[topic], order=about or order, product=None)

    return ask


def policy(**proactive: int) -> None:
    """Put a policy with other figures in force."""
    newest = PolicyVersion.objects.order_by("-number").first()
    content = SHIPPED_CONTENT | {"proactive": {**SHIPPED_CONTENT["proactive"], **proactive}}
    PolicyVersion.objects.create(number=newest.number + 1 if newest else 1, content=content)


def start(shop: Mailbox, order: Order, *, hours_ago: float = 1, state: str = "delivered") -> Thread:
    """Leave a thread that the shop started some hours ago, with one message."""
    moment = timezone.now() - timedelta(hours=hours_ago)
    thread = Thread.objects.create(
        kind="order",
        topic="invoice",
        order=order,
        opened_by=shop,
        client_id=new_id(),
        created_at=moment,
        last_message_at=moment,
        subject_ciphertext=b"x",
    )
    Message.objects.create(thread=thread, sender=shop, client_id=new_id(), body_ciphertext=b"x", state=state)
    Entry.objects.create(thread=thread, mailbox=shop, other=order.buyer, last_message_at=moment, last_sent_at=moment)
    Entry.objects.create(thread=thread, mailbox=order.buyer, other=shop, last_message_at=moment)
    return thread


def restrict(mailbox: Mailbox, staff: User, *, days: float = 3, lifted: bool = False) -> Restriction:
    """Leave a restriction that ends in some days."""
    now = timezone.now()
    return Restriction.objects.create(
        mailbox=mailbox,
        rule="marketing.promotion",
        explanation="Advertising to several buyers.",
        made_by=staff,
        until=now + timedelta(days=days),
        lifted_at=now if lifted else None,
    )


# --- Topics ----------------------------------------------------------------------------------------------------------


def test_every_topic_of_a_shop_is_a_permitted_reason_and_marked() -> None:
    """None is for advertising or reviews; only invoice and documents are not critical."""
    of_shops = {topic.key: topic for topic in TOPICS if topic.asked_by == Mailbox.Kind.SHOP}
    assert {key for key, topic in of_shops.items() if not topic.is_critical} == {"invoice", "documents"}
    assert {key for key, topic in of_shops.items() if not topic.completes_order} == {"invoice", "documents"}
    assert not [key for key in of_shops if "review" in key or "offer" in key]


def test_no_return_reason_before_the_order_is_shipped(shop: Mailbox) -> None:
    def offered(status: str) -> set[str]:
        return {topic.key for topic in topics_for_order(shop, Order(status=status))}

    assert "return_question" not in offered("unshipped")
    assert "customisation" in offered("unshipped")
    assert "customisation" not in offered("delivered")
    assert "refund_notice" not in offered("shipped")
    assert "refund_notice" in offered("cancelled")


def test_order_is_complete_at_the_end_of_its_latest_day_of_delivery() -> None:
    bought, shipped = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
    row = Order(status="shipped", purchased_at=bought, shipped_at=shipped, latest_delivery=date(2026, 3, 10))
    ended = completed_at(row)
    assert ended is not None
    assert timezone.localtime(ended, timezone.get_default_timezone()).isoformat()[:16] == "2026-03-11T00:00"
    row.latest_delivery = None
    assert completed_at(row) == shipped
    row.shipped_at = None
    assert completed_at(row) == bought
    row.status = "unshipped"
    assert completed_at(row) is None


@pytest.mark.parametrize(
    ("status", "days_ago", "expected"),
    [
        ("pending", 400, True),
        ("unshipped", 400, True),
        ("shipped", 29, True),
        ("shipped", 31, False),
        ("delivered", 29, True),
        ("delivered", 31, False),
        ("refunded", 29, True),
        ("cancelled", 0, False),
    ],
)
def test_order_is_open_for_thirty_days_unless_cancelled(status: str, days_ago: int, expected: bool) -> None:
    now = timezone.now()
    assert is_open(Order(status=status, purchased_at=now - timedelta(days=days_ago)), now) is expected


# --- Blocked senders -------------------------------------------------------------------------------------------------


def test_blocked_buyer_cannot_open_what_completes_nothing(
    buyer_opens: Open, buyer_mailbox: Mailbox, shop: Mailbox
) -> None:
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    with pytest.raises(SenderBlocked) as refused:
        buyer_opens("buyer_other")
    assert "block" not in str(refused.value.sentence).lower()
    product = ProductFactory(shop=shop)
    with pytest.raises(SenderBlocked):
        may_open(mailbox=buyer_mailbox, other=shop, topic=BY_KEY["details"], order=None, product=product)


def test_blocked_sender_gets_through_with_what_completes_an_open_order(
    buyer_opens: Open, shop_opens: Open, buyer_mailbox: Mailbox, shop: Mailbox, order: Order
) -> None:
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    BlockedSender.objects.create(mailbox=buyer_mailbox, sender=shop)
    for topic in ("where_is_it", "not_received", "damaged", "return"):
        buyer_opens(topic)
    for topic in ("order_problem", "delivery_date", "return_question"):
        shop_opens(topic)
    with pytest.raises(SenderBlocked):
        shop_opens("invoice")
    order.status = Order.Status.CANCELLED
    with pytest.raises(SenderBlocked):
        buyer_opens("refund")


def test_block_is_one_sided_and_of_this_pair_only(buyer_opens: Open, buyer_mailbox: Mailbox, shop: Mailbox) -> None:
    """Who blocked can write; a block of somebody else's or towards somebody else says nothing."""
    BlockedSender.objects.create(mailbox=buyer_mailbox, sender=shop)
    BlockedSender.objects.create(mailbox=MailboxFactory(), sender=buyer_mailbox)
    BlockedSender.objects.create(mailbox=shop, sender=MailboxFactory(kind=Mailbox.Kind.BUYER))
    buyer_opens("buyer_other")
    assert blocks_between(buyer_mailbox, shop) == permission.Blocks(by_us=True, by_them=False)
    assert blocks_between(shop, buyer_mailbox) == permission.Blocks(by_us=False, by_them=True)


def test_nobody_blocks_support(buyer_mailbox: Mailbox) -> None:
    support = MailboxFactory(kind=Mailbox.Kind.SUPPORT)
    BlockedSender.objects.create(mailbox=buyer_mailbox, sender=support)
    assert blocks_between(support, buyer_mailbox) == permission.Blocks(by_us=False, by_them=False)
    assert blocks_between(buyer_mailbox, support) == permission.Blocks(by_us=False, by_them=False)


def test_blocked_sender_cannot_post_but_completes_an_open_order(
    thread: Thread, answer: Message, buyer_mailbox: Mailbox, shop: Mailbox, order: Order
) -> None:
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    may_post(mailbox=buyer_mailbox, other=shop, thread=thread)
    may_post(mailbox=shop, other=buyer_mailbox, thread=thread)
    thread.topic = "buyer_other"
    with pytest.raises(SenderBlocked):
        may_post(mailbox=buyer_mailbox, other=shop, thread=thread)
    may_post(mailbox=shop, other=buyer_mailbox, thread=thread)
    thread.topic = "where_is_it"
    order.purchased_at = timezone.now() - timedelta(days=31)
    thread.order = order
    with pytest.raises(SenderBlocked):
        may_post(mailbox=buyer_mailbox, other=shop, thread=thread)


# --- Restrictions ----------------------------------------------------------------------------------------------------


def test_restricted_shop_does_not_write_first(shop_opens: Open, shop: Mailbox, admin: User) -> None:
    shop_opens()
    row = restrict(shop, admin)
    with pytest.raises(WritingRestricted) as refused:
        shop_opens("order_problem")
    assert (refused.value.until, refused.value.explanation) == (row.until, row.explanation)
    assert "still answer" in str(refused.value.sentence)


def test_restriction_ends_and_is_of_one_mailbox_only(shop_opens: Open, shop: Mailbox, admin: User) -> None:
    restrict(shop, admin, days=-1)
    restrict(shop, admin, lifted=True)
    restrict(MailboxFactory(), admin)
    shop_opens()


def test_restricted_shop_still_replies(thread: Thread, shop: Mailbox, buyer_mailbox: Mailbox, admin: User) -> None:
    restrict(shop, admin)
    may_post(mailbox=shop, other=buyer_mailbox, thread=thread)


def test_restricted_shop_does_not_go_on_before_it_is_answered(
    shop: Mailbox, buyer_mailbox: Mailbox, order: Order, admin: User
) -> None:
    started = start(shop, order)
    may_post(mailbox=shop, other=buyer_mailbox, thread=started)
    restrict(shop, admin)
    with pytest.raises(WritingRestricted):
        may_post(mailbox=shop, other=buyer_mailbox, thread=started)
    Entry.objects.filter(thread=started, mailbox=buyer_mailbox).update(last_sent_at=timezone.now())
    may_post(mailbox=shop, other=buyer_mailbox, thread=started)


def test_restricted_buyer_opens_only_what_completes_an_order(
    buyer_opens: Open, buyer_mailbox: Mailbox, shop: Mailbox, admin: User
) -> None:
    restrict(buyer_mailbox, admin)
    buyer_opens("not_received")
    with pytest.raises(WritingRestricted):
        buyer_opens("buyer_other")
    product = ProductFactory(shop=shop)
    with pytest.raises(WritingRestricted):
        may_open(mailbox=buyer_mailbox, other=shop, topic=BY_KEY["details"], order=None, product=product)


# --- Too late --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days_ago", "refused"), [(29, False), (31, True)])
def test_shop_writes_first_until_thirty_days_after_completion(
    shop_opens: Open, order: Order, days_ago: int, refused: bool
) -> None:
    order.purchased_at = timezone.now() - timedelta(days=100)
    order.shipped_at = timezone.now() - timedelta(days=days_ago)
    if not refused:
        shop_opens()
        return
    with pytest.raises(TooLate) as late:
        shop_opens("order_problem")
    assert late.value.ended_at == order.shipped_at + timedelta(days=30)


def test_latest_day_of_delivery_counts_before_the_day_of_shipping(shop_opens: Open, order: Order) -> None:
    order.purchased_at = order.shipped_at = timezone.now() - timedelta(days=100)
    order.latest_delivery = (timezone.now() - timedelta(days=5)).date()
    shop_opens()


def test_order_that_waits_to_be_shipped_is_never_too_old(shop_opens: Open, order: Order) -> None:
    order.status, order.purchased_at = Order.Status.UNSHIPPED, timezone.now() - timedelta(days=90)
    shop_opens("order_problem")


def test_buyer_is_never_too_late(buyer_opens: Open, order: Order) -> None:
    order.purchased_at = timezone.now() - timedelta(days=700)
    buyer_opens("buyer_other")


def test_too_late_to_go_on_unanswered_but_not_to_answer(
    thread: Thread, shop: Mailbox, buyer_mailbox: Mailbox, order: Order
) -> None:
    order.purchased_at = timezone.now() - timedelta(days=31)
    order.save()
    started = start(shop, order)
    with pytest.raises(TooLate):
        may_post(mailbox=shop, other=buyer_mailbox, thread=started)
    thread.order = order
    may_post(mailbox=shop, other=buyer_mailbox, thread=thread)


def test_days_come_from_the_policy_in_force(shop_opens: Open, order: Order) -> None:
    order.purchased_at = timezone.now() - timedelta(days=12)
    shop_opens()
    policy(days_after_completion=10)
    with pytest.raises(TooLate) as late:
        shop_opens()
    assert "10 days" in str(late.value.sentence)


# --- Opting out ------------------------------------------------------------------------------------------------------


def test_buyer_who_opted_out_gets_critical_topics_only(shop_opens: Open, buyer_mailbox: Mailbox, order: Order) -> None:
    shop_opens("invoice")
    buyer_mailbox.takes_proactive = False
    shop_opens("order_problem")
    for topic in ("invoice", "documents"):
        with pytest.raises(OptedOut):
            shop_opens(topic)


def test_opting_out_stops_no_answer(thread: Thread, shop: Mailbox, buyer_mailbox: Mailbox, order: Order) -> None:
    buyer_mailbox.takes_proactive = False
    thread.topic = "buyer_invoice"
    may_post(mailbox=shop, other=buyer_mailbox, thread=thread)
    started = start(shop, order)
    with pytest.raises(OptedOut):
        may_post(mailbox=shop, other=buyer_mailbox, thread=started)


# --- Quota -----------------------------------------------------------------------------------------------------------


def test_quota_counts_the_shops_own_threads_of_one_day(shop_opens: Open, shop: Mailbox, order: Order) -> None:
    policy(per_day_floor=3, per_day_factor=0)
    for hours_ago in (23.9, 2, 30, 48):
        start(shop, order, hours_ago=hours_ago)
    start(MailboxFactory(), order)
    start(shop, order, state="blocked")
    shop_opens()
    start(shop, order, state="held")
    with pytest.raises(QuotaReached) as refused:
        shop_opens("order_problem")
    assert refused.value.limit == 3
    assert refused.value.next_at is not None
    left = refused.value.next_at - timezone.now()
    assert timedelta(0) < left <= timedelta(minutes=6)


def test_quota_grows_with_the_average_of_180_days(shop: Mailbox, buyer_mailbox: Mailbox, order: Order) -> None:
    """360 orders in 180 days are two a day, times five; orders before that and of others do not count."""
    policy(per_day_floor=4, per_day_factor=5)
    now = timezone.now()
    rows = [OrderFactory.build(shop=shop, buyer=None, purchased_at=now - timedelta(days=n % 179)) for n in range(359)]
    rows += [OrderFactory.build(shop=shop, buyer=None, purchased_at=now - timedelta(days=200)) for _ in range(50)]
    Order.objects.bulk_create(rows)
    OrderFactory.create_batch(5, purchased_at=now)
    start(shop, order)
    quota = outlook_for(mailbox=shop, other=buyer_mailbox, order=order, product=None).quota
    assert quota == permission.Quota(started=1, limit=10)


def test_average_of_a_large_shop_counts_its_newest_orders_only(
    shop: Mailbox, buyer_mailbox: Mailbox, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest ten of which the first is two days old are five a day."""
    monkeypatch.setattr(permission, "MOST_COUNTED", 10)
    policy(per_day_floor=1, per_day_factor=1)
    now = timezone.now()
    moments = [now - timedelta(days=2)] + [now - timedelta(hours=1)] * 9 + [now - timedelta(days=3)] * 5
    Order.objects.bulk_create([OrderFactory.build(shop=shop, buyer=None, purchased_at=at) for at in moments])
    quota = outlook_for(mailbox=shop, other=buyer_mailbox, order=order, product=None).quota
    assert quota is not None
    assert quota.limit in (5, 6)
    assert MOST_COUNTED == 20_000


def test_policy_can_let_nobody_write_first(shop_opens: Open) -> None:
    policy(per_day_floor=0, per_day_factor=0)
    with pytest.raises(QuotaReached) as refused:
        shop_opens()
    assert refused.value.next_at is None


def test_buyer_has_no_quota(buyer_opens: Open, buyer_mailbox: Mailbox, shop: Mailbox, order: Order) -> None:
    policy(per_day_floor=0, per_day_factor=0)
    buyer_opens("buyer_other")
    assert outlook_for(mailbox=buyer_mailbox, other=shop, order=order, product=None).quota is None


# --- What it costs ---------------------------------------------------------------------------------------------------


def test_asking_costs_a_fixed_number_of_questions(
    shop_opens: Open, buyer_opens: Open, shop: Mailbox, buyer_mailbox: Mailbox, order: Order, admin: User
) -> None:
    def questions(ask: Callable[[], None]) -> int:
        with CaptureQueriesContext(connection) as captured, suppress(Refused):
            ask()
        return len(captured)

    shop_opens()
    assert (questions(shop_opens), questions(buyer_opens)) == (3, 1)
    for _number in range(3):
        start(shop, order)
    policy(per_day_floor=3)
    questions(shop_opens)
    assert questions(shop_opens) == 5
    started = start(shop, order)
    post = questions(lambda: may_post(mailbox=shop, other=buyer_mailbox, thread=started))
    assert post <= 4


def test_last_place_of_a_quota_is_given_once(shop: Mailbox, seller: User, order: Order) -> None:
    """Inside the writing transaction the quota is asked after the shop's counters are locked, where the engine can.

    With real writers at once: ``test_quota_at_once``.
    """
    with CaptureQueriesContext(connection) as captured:
        open_thread(
            by=seller, mailbox=shop, order=order, topic="invoice", subject="s", body="Invoice", client_id=new_id()
        )
    statements = [query["sql"] for query in captured.captured_queries]
    [locking] = [number for number, sql in enumerate(statements) if sql.startswith('SELECT "threads_tally"')]
    [asking] = [number for number, sql in enumerate(statements) if sql.startswith('SELECT "threads_thread"')]
    assert locking < asking
    assert connection.vendor != "postgresql" or "FOR NO KEY UPDATE" in statements[locking]


@pytest.mark.parametrize(("floor", "factor"), [(3, 0), (2, 1)])
def test_who_comes_after_the_last_place_is_refused(shop: Mailbox, order: Order, floor: int, factor: int) -> None:
    """Three threads may be started: by the floor, or because 540 orders in 180 days are three a day."""
    policy(per_day_floor=floor, per_day_factor=factor)
    now = timezone.now()
    rows = [OrderFactory.build(shop=shop, buyer=None, purchased_at=now - timedelta(days=n % 179)) for n in range(539)]
    Order.objects.bulk_create(rows)
    proactive, room = current()[1].proactive, Room(limit=floor, is_left=True)
    for _number in range(2):
        start(shop, order)
    start(shop, order, state="blocked")
    require_room(thread=start(shop, order, hours_ago=0), room=room, proactive=proactive)
    late = start(shop, order, hours_ago=0)
    with pytest.raises(QuotaReached) as refused:
        require_room(thread=late, room=room, proactive=proactive)
    assert refused.value.limit == 3
    assert refused.value.next_at is not None
    assert timedelta(hours=22) < refused.value.next_at - timezone.now() <= timedelta(hours=23)
