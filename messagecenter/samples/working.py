"""Makes and writes batches of threads: the work that several processes share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from messagecenter.search.models import IndexedMessage
from messagecenter.threads.models import Entry, EntryLabel, Message, Thread, Wait
from messagecenter.vault import envelope, keyring
from messagecenter.vault.models import DataKey
from orders.models import Order, OrderItem

from .conversations import Conversation, chance_of, converse, length_of
from .counters import Counters
from .ids import Ids
from .keeping import keep
from .people import Buyer, Shop
from .planning import Plan
from .rows import Maker, Rows
from .tokens import Tokens, collect_much, indexed

BATCH = 500  # threads
REMEMBERED = 200  # the largest shops: their words come again and again

_KEY, _ENTRY_LABEL = Maker(DataKey), Maker(EntryLabel)


@dataclass
class Done:
    """How much was written."""

    threads: int = 0
    messages: int = 0
    rows: int = 0
    text_bytes: int = 0

    def add(self, other: Done) -> None:
        """Add what was written besides."""
        self.threads += other.threads
        self.messages += other.messages
        self.rows += other.rows
        self.text_bytes += other.text_bytes


@dataclass
class People:
    """Who writes: the shops by number, the buyers, and which shops have a search index."""

    shops: dict[int, Shop]
    buyers: Sequence[Buyer]
    indexed: Collection[int] = field(default_factory=frozenset)


class Worker:
    """Writes threads and counts what it has written."""

    def __init__(self, plan: Plan, people: People, ids: Ids) -> None:
        self._plan, self._people, self._ids = plan, people, ids
        self._now = plan.now.timestamp()
        self._tokens: dict[int, Tokens] = {}
        self._rows = Rows(DataKey, Order, OrderItem, Thread, Entry, EntryLabel, Message, Wait, IndexedMessage)
        self.counters = Counters()

    def write(self, packed: Sequence[int]) -> Done:
        """Write a batch of planned threads, in one transaction."""
        talks = [self._talk(*self._plan.read(one)) for one in packed]
        self._rows.of(IndexedMessage).sort(key=lambda row: row.at)
        done = Done(len(packed), rows=self._rows.write())
        for talk, shop, labels in talks:
            messages = len(talk.said)
            hexes = frozenset(label.hex for label in labels)
            self.counters.count(talk.shop, messages, hexes, shop.pinned)
            self.counters.count(talk.buyer, messages)
            done.messages += messages
            done.text_bytes += talk.text_bytes
        return done

    def _talk(self, number: int, index: int, ended: float) -> tuple[Conversation, Shop, frozenset[UUID]]:
        """Make one thread's rows."""
        shop, ids, rows = self._people.shops[number], self._ids, self._rows
        rare = rare_word(self._plan) if (number, index) == rare_place(self._plan) else ""
        talk, chance = converse(self._plan, shop, index, self._people.buyers, ids, ended, rare)
        labels = keep(talk, shop, chance, ids, self._now)
        matter = talk.matter
        if matter.order:
            rows.add(matter.order, *matter.items)
        rows.add(_wrapped(talk, ids), talk.thread, talk.shop, talk.buyer, *talk.waits)
        rows.of(EntryLabel).extend(_ENTRY_LABEL(entry_id=talk.shop.pk, label_id=label) for label in sorted(labels))
        rows.of(Message).extend(one.message for one in talk.said)
        if number in self._people.indexed:
            if number not in self._tokens:
                self._tokens[number] = Tokens(shop.mailbox.pk, remembers=number < REMEMBERED)
            rows.of(IndexedMessage).extend(indexed(talk, self._tokens[number]))
        return talk, shop, labels


def rare_place(plan: Plan) -> tuple[int, int]:
    """Return the shop and the place of the thread in which the rare word is: in the middle of the Sample shop."""
    return 0, plan.counts[0] // 2


def rare_word(plan: Plan) -> str:
    """Return a word that one message of a run has, in the Sample shop."""
    return f"Zimtquitte{plan.run}"


def large_shops(plan: Plan, at_least: int) -> set[int]:
    """Return which shops get so many messages."""
    return {number for number in range(len(plan.counts)) if _has_messages(plan, number, at_least)}


def _has_messages(plan: Plan, shop: int, at_least: int) -> bool:
    found = 0
    for index in range(plan.counts[shop]):
        found += length_of(chance_of(plan, shop, index))
        if found >= at_least:
            return True
    return False


def _wrapped(talk: Conversation, ids: Ids) -> DataKey:
    """Return the row of a thread's key, as ``keyring.ring_for_writing`` makes it."""
    root = settings.MESSAGE_KEY_CURRENT
    row = _KEY(
        id=ids.at(talk.thread.created_at.timestamp()),
        purpose=keyring.THREAD,
        owner_id=talk.thread.pk,
        version=1,
        root_version=root,
        created_at=talk.thread.created_at,
    )
    row.wrapped = envelope.wrap(settings.MESSAGE_KEYS[root], talk.key, keyring.key_place(row))
    row.commitment = envelope.commitment(talk.key)
    return row


def work(worker: Worker, batches: Sequence[Sequence[int]], tell: Callable[[Done], bool]) -> None:
    """Write batch after batch, telling each, until ``tell`` says that it is enough."""
    collect_much()
    for batch in batches:
        if tell(worker.write(batch)):
            return
