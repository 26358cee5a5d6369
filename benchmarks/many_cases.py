"""Fills a database with cases of two years, nine in ten of them closed, a tenth of all one shop's."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import Permission
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.ids import first_id_at, new_id
from messagecenter.threads.actions import build_index
from messagecenter.threads.models import Entry, Message, Place, Tally, Thread
from messagecenter.threads.words import write_body, write_snippet, write_subject
from messagecenter.vault import cipher
from orders.models import Order
from support.actions import answer_case, open_case
from support.models import Case, Queue, Step, Turn
from support.numbers import new_number
from support.severities import Severity

SHOPS, STAFF, QUEUES = 200, 30, 3
BATCH = 2_000
TOPICS = ("payments_fee", "payments_payout", "orders_cancel", "returns_refund", "listings_error")
#: Words of the measured shop's cases: one that all of them hold, one that ten do.
COMMON, RARE, RARE_CASES = "commission", "bernstein", 10
RANDOM_BITS = 80  # of a key, behind its time


@dataclass(frozen=True)
class Filled:
    """Who looks and at what: the measured shop's seller, somebody of support, who may see the figures."""

    seller: User
    helper: User
    lead: User
    number: str  # of the one case that was opened and answered as people do it
    order_number: str  # of an order that one case is about


def fill(size: int) -> Filled:
    """Write so many cases; return who looks and at what.

    The measured shop's are about orders and can be read and found, as its mailbox has an index at every size. The
    others can only be listed and counted.
    """
    return _Filling(size).run()


class _Filling:
    """What all batches have in common."""

    def __init__(self, size: int) -> None:
        self.size, self.now, self.draw = size, timezone.now(), random.Random(7)
        self.taken: set[str] = set()
        self.orders: list[Order] = []
        self.queues = [
            Queue.objects.create(mailbox=Mailbox.objects.create(kind="support", name=f"Queue {n}"), languages=["en"])
            for n in range(QUEUES)
        ]
        self.shops = [Mailbox.objects.create(kind="shop", name=f"Shop {n}") for n in range(SHOPS)]
        self.buyer = Mailbox.objects.create(kind="buyer", name="Buyer")
        self.seller = User.objects.create(email="seller@bench.example")
        Membership.objects.create(user=self.seller, mailbox=self.shops[0], role=Role.OWNER)
        self.staff = [User.objects.create(email=f"helper{n}@bench.example", is_staff=True) for n in range(STAFF)]
        for queue in self.queues[:2]:
            Membership.objects.create(user=self.staff[0], mailbox=queue.mailbox, role=Role.AGENT)
        lead = self.staff[1]
        Membership.objects.create(user=lead, mailbox=self.queues[0].mailbox, role=Role.OWNER)
        lead.user_permissions.add(Permission.objects.get(codename="export_cases"))

    def run(self) -> Filled:
        """Write everything."""
        for begin in range(0, self.size, BATCH):
            self._write(min(BATCH, self.size - begin))
        mailboxes = (*self.shops, self.buyer, *(queue.mailbox for queue in self.queues))
        Tally.objects.bulk_create([Tally(mailbox=one) for one in mailboxes])
        opened = open_case(
            by=self.seller, shop=self.shops[0], topic="orders_cancel", severity=Severity.NORMAL,
            subject="Please cancel", body="The buyer has changed their mind.", client_id=new_id(), language="en",
        ).case  # fmt: skip
        if opened is None:
            raise SystemExit("The readable case was not delivered.")
        answer_case(by=self.staff[0], case=opened, body="It is cancelled.", client_id=new_id())
        build_index(mailbox=self.shops[0], by="benchmark")
        worked = Case.objects.filter(shop=self.shops[0], queue=self.queues[0], thread__order__isnull=False)
        orders = list(worked.order_by("pk").values_list("thread__order__number", flat=True))
        if not orders:
            raise SystemExit("So few cases that none is of the measured shop and queue.")
        return Filled(self.seller, self.staff[0], self.staff[1], opened.number, orders[len(orders) // 2])

    def _write(self, count: int) -> None:
        threads, cases, entries, orders, messages = [], [], [], [], []
        for _case in range(count):
            # A tenth is the measured shop's, which has as many as a shop can have.
            shop = self.shops[0] if self.draw.random() < 0.1 else self.draw.choice(self.shops)
            queue, opened = self.draw.choice(self.queues), self.now - timedelta(days=self.draw.random() * 700)
            thread = Thread(
                kind="case", topic="case", support=queue.mailbox, opened_by=shop, client_id=new_id(),
                subject_ciphertext=b"x", created_at=opened, last_message_at=opened,
            )  # fmt: skip
            case = self._case(thread, queue, shop, opened)
            if shop == self.shops[0]:
                order = self._order(shop, opened)
                orders.append(order)
                messages.append(self._write_words(thread, case, order))
            threads.append(thread)
            cases.append(case)
            entries += [
                Entry(
                    thread=thread, mailbox=own, other=other, topic="case", last_message_at=opened, place=Place.INBOX,
                    order_number=thread.order.number if thread.order else "",
                )
                for own, other in ((shop, queue.mailbox), (queue.mailbox, shop))
            ]  # fmt: skip
        Order.objects.bulk_create(orders)
        Thread.objects.bulk_create(threads)
        Message.objects.bulk_create(messages)
        Entry.objects.bulk_create(entries)
        Case.objects.bulk_create(cases)
        Step.objects.bulk_create([step for case in cases for step in self._steps(case)])
        Turn.objects.bulk_create([self._turn(case) for case in cases])

    def _case(self, thread: Thread, queue: Queue, shop: Mailbox, opened: datetime) -> Case:
        is_active = (self.now - opened).days < 10 or self.draw.random() < 0.02
        status = self.draw.choice(
            ["new", "open", "answered", "waiting", "reopened"] if is_active else ["closed", "resolved"]
        )
        waits = status in ("new", "open", "reopened")
        return Case(
            thread=thread, number=self._number(), shop=shop, queue=queue, topic=self.draw.choice(TOPICS),
            severity=self.draw.randint(1, 4), language="en", status=status, status_since=opened, opened_by=self.seller,
            opened_at=opened, last_word_at=opened + timedelta(hours=1),
            assignee=None if status == "new" else self.draw.choice(self.staff),
            waiting_since=opened if waits else None,
            due_at=opened + timedelta(days=1) if waits else None,
        )  # fmt: skip

    def _number(self) -> str:
        number = new_number()
        while number in self.taken:
            number = new_number()
        self.taken.add(number)
        return number

    def _order(self, shop: Mailbox, opened: datetime) -> Order:
        count = len(self.orders)
        number = f"302-{count * 7919 % 10_000_000:07}-{count:07}"
        order = Order(shop=shop, buyer=self.buyer, number=number, status="shipped", purchased_at=opened)
        self.orders.append(order)
        return order

    def _write_words(self, thread: Thread, case: Case, order: Order) -> Message:
        rare = f" It came with {RARE}." if len(self.orders) <= RARE_CASES else ""
        body = f"The {COMMON} for this order was taken twice, on two days. Please pay one of them back.{rare}"
        cipher.begin(thread.pk)
        thread.order = order
        write_subject(thread, f"Fee of case {case.number}")
        message = Message(
            thread=thread, sender=case.shop, author=self.seller, client_id=new_id(), sent_at=case.opened_at
        )
        write_body(message, body)
        write_snippet(thread, message.pk, body)
        return message

    def _steps(self, case: Case) -> Sequence[Step]:
        """Return a case's life: opened, answered; of those that are over resolved, some reopened, some rated."""
        told = [("opened", "", 0), ("replied", "", 9), ("moved", "answered", 9)]
        if case.status in ("closed", "resolved"):
            told.append(("moved", "resolved", 30))
            if self.draw.random() < 0.1:
                told += [("moved", "reopened", 50), ("moved", "resolved", 80)]
            if self.draw.random() < 0.2:
                told.append(("rated", str(self.draw.randint(1, 5)), 81))
        moments = [(kind, after, case.opened_at + timedelta(hours=hours)) for kind, after, hours in told]
        return [
            Step(pk=self._key(at), case=case, kind=kind, actor="agent", after=after, at=at)
            for kind, after, at in moments
            if at <= self.now
        ]

    def _turn(self, case: Case) -> Turn:
        late = self.draw.random() < 0.1
        ended = case.opened_at + timedelta(hours=30 if late else 9)
        return Turn(
            case=case, queue=case.queue, topic=case.topic, is_first=True, began_at=case.opened_at,
            due_at=case.opened_at + timedelta(days=1),
            ended_at=None if case.waiting_since else min(ended, self.now),
            answered_by=None if case.waiting_since else case.assignee,
        )  # fmt: skip

    def _key(self, at: datetime) -> uuid.UUID:
        """Return a key as one made at that moment: the figures find their steps by it."""
        return uuid.UUID(int=first_id_at(at).int | self.draw.getrandbits(RANDOM_BITS))
