"""Lets two sides talk: who writes when, and what each message does to both sides' entries and the reply clock.

The entries change by the very functions that posting uses, so that what is shown of a sample is what would be shown of
a conversation that took place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from messagecenter.threads.actions.arriving import arrival, departure
from messagecenter.threads.clock import reply_due
from messagecenter.threads.models import Entry, Message, Thread, Wait
from messagecenter.threads.thanks import LONGEST
from messagecenter.threads.words import SNIPPET_LENGTH, body_place, snippet_place, subject_place
from messagecenter.vault import envelope

from .ids import Ids
from .matters import Matter, at, make_matter
from .people import LANGUAGE_TURNS, Buyer, Shop
from .planning import Plan
from .rows import Maker
from .sentences import LANGUAGES, MATTERS

LENGTHS = (3, 3, 4, 4, 4, 5, 5, 6)  # messages a thread
OPENED_BY_SHOP = 0.07
WRITES_AGAIN = 0.08  # before the other side has answered
THANKS = 0.5  # how often a buyer's last word is only that
HOUR, DAY = 3600, 86_400
# Hours until the other side writes: half of the answers come sooner, one of fifteen after more than six times as long.
SHOP_ANSWERS, BUYER_ANSWERS, SPREAD = 4.0, 7.0, 1.2
AGAIN = 0.6
# Longer than any thank-you: that a text is none is known here, and asking takes longer than encrypting it.
NO_THANKS = "." * (LONGEST + 1)

_THREAD, _ENTRY, _MESSAGE, _WAIT = Maker(Thread), Maker(Entry), Maker(Message), Maker(Wait)


@dataclass
class Said:
    """One message: its row, its text, and whether the shop wrote it."""

    message: Message
    text: str
    by_shop: bool
    is_thanks: bool


@dataclass
class Conversation:
    """A thread with all rows but those of the search index and the counters."""

    thread: Thread
    matter: Matter
    subject: str
    key: bytes
    shop: Entry
    buyer: Entry
    said: list[Said] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)

    @property
    def text_bytes(self) -> int:
        """How much was written, as plain UTF-8."""
        return len(self.subject.encode()) + sum(len(one.text.encode()) for one in self.said)


def chance_of(plan: Plan, shop: int, index: int) -> Random:
    """Return the chance of one thread: the same whatever else is made, and by whichever process."""
    return Random(plan.seed * 1_000_003 + shop * 10_000_019 + index)  # noqa: S311 (samples)


def length_of(chance: Random) -> int:
    """Return how many messages a thread has: the first thing that its chance decides."""
    return LENGTHS[int(chance.random() * len(LENGTHS))]


def converse(
    plan: Plan, shop: Shop, index: int, buyers: Sequence[Buyer], ids: Ids, ended: float, rare: str = ""
) -> tuple[Conversation, Random]:
    """Return a conversation whose last message was sent at ``ended`` (epoch), and the chance to go on with.

    ``rare`` is a word that its first message says.
    """
    chance = chance_of(plan, shop.number, index)
    number = length_of(chance)
    buyer = _buyer(chance, buyers)
    by_shop = chance.random() < OPENED_BY_SHOP
    sides, gaps = _turns(chance, number, by_shop)
    began = ended - sum(gaps)
    matter = make_matter(plan, shop, index, buyer, by_shop, chance, ids, began)
    talk = _begin(shop, buyer, matter, by_shop, chance, ids, began)
    moment = began
    for place, (by_shop, gap) in enumerate(zip(sides, gaps, strict=True)):
        moment += gap
        is_last = place == number - 1
        is_thanks = is_last and place > 0 and not by_shop and chance.random() < THANKS
        text = _text(talk, chance, moment, by_shop, is_thanks)
        if rare and not place:
            text += f"\n({rare})"
        author = shop.writers[int(chance.random() * len(shop.writers))].pk if by_shop else buyer.user_id
        _say(talk, text, by_shop, is_thanks, author, ids, moment)
    _seal_heads(talk)
    return talk, chance


def _buyer(chance: Random, buyers: Sequence[Buyer]) -> Buyer:
    """Return who writes with the shop; some buy more than others. The language is the same however many there are."""
    group, place = int(len(buyers) // LANGUAGE_TURNS * chance.random() ** 1.3), int(chance.random() * LANGUAGE_TURNS)
    return buyers[group * LANGUAGE_TURNS + place]


def _turns(chance: Random, number: int, first_by_shop: bool) -> tuple[list[bool], list[float]]:
    """Return which messages are the shop's, and the seconds before each; before the first there are none."""
    sides, gaps = [first_by_shop], [0.0]
    for _ in range(number - 1):
        again = chance.random() < WRITES_AGAIN
        by_shop = sides[-1] if again else not sides[-1]
        usual = AGAIN if again else SHOP_ANSWERS if by_shop else BUYER_ANSWERS
        gaps.append(60 + HOUR * usual * math.exp(SPREAD * chance.gauss(0, 1)))
        sides.append(by_shop)
    return sides, gaps


def _begin(
    shop: Shop, buyer: Buyer, matter: Matter, by_shop: bool, chance: Random, ids: Ids, began: float
) -> Conversation:
    """Return a thread without messages."""
    subject = LANGUAGES[matter.language].subject(chance, MATTERS[matter.topic], _varied(matter, chance, began))[:200]
    opener = shop.mailbox.pk if by_shop else buyer.mailbox_id
    thread = _THREAD(
        id=ids.at(began),
        kind=Thread.Kind.ORDER.value if matter.order else Thread.Kind.INQUIRY.value,
        topic=matter.topic,
        opened_by_id=opener,
        client_id=ids.at(began),
        created_at=at(began),
        order_id=matter.order and matter.order.pk,
        product_id=matter.product and matter.product.pk,
    )
    if matter.order:
        thread._state.fields_cache["order"] = matter.order
    entries = []
    for own, other in ((shop.mailbox.pk, buyer.mailbox_id), (buyer.mailbox_id, shop.mailbox.pk)):
        entry = _ENTRY(
            id=ids.at(began),
            thread_id=thread.pk,
            mailbox_id=own,
            other_id=other,
            order_number=matter.order.number if matter.order else "",
            topic=matter.topic,
        )
        entry._state.fields_cache["thread"] = thread
        entries.append(entry)
    entries[0]._state.fields_cache["mailbox"] = shop.mailbox
    return Conversation(thread, matter, subject, envelope.new_key(), shop=entries[0], buyer=entries[1])


def _varied(matter: Matter, chance: Random, moment: float) -> dict[str, str]:
    matter.vary(chance, moment)
    return matter.facts


def _text(talk: Conversation, chance: Random, moment: float, by_shop: bool, is_thanks: bool) -> str:
    """Return the next message."""
    matter, phrases = talk.matter, LANGUAGES[talk.matter.language]
    if is_thanks:
        return phrases.thanks[int(chance.random() * len(phrases.thanks))]
    opened_by_shop = talk.said[0].by_shop if talk.said else by_shop
    is_first = not any(one.by_shop == by_shop for one in talk.said)
    if by_shop:
        part = "reply" if not is_first else "notice" if opened_by_shop else "answer"
    else:
        part = "follow" if not is_first else "reaction" if opened_by_shop else "opening"
    facts = _varied(matter, chance, moment)
    return phrases.message(chance, MATTERS[matter.topic], part, facts, by_shop=by_shop)


def _say(talk: Conversation, text: str, by_shop: bool, is_thanks: bool, author: UUID, ids: Ids, moment: float) -> None:
    """Let one side write: its message, and what that does to both entries."""
    thread, sent_at = talk.thread, at(moment)
    own, other = (talk.shop, talk.buyer) if by_shop else (talk.buyer, talk.shop)
    message = _MESSAGE(
        id=ids.at(moment),
        thread_id=thread.pk,
        sender_id=own.mailbox_id,
        author_id=author,
        client_id=ids.at(moment),
        sent_at=sent_at,
        state=Message.State.DELIVERED.value,
    )
    message.body_ciphertext = envelope.seal(talk.key, text, body_place(message), 1)
    if talk.said:
        own.read_up_to = talk.said[-1].message.pk  # nobody answers what they have not read
    waited_since = talk.shop.needs_reply_since
    for entry, values in (
        (own, departure(own, sent_at)),
        (other, arrival(other, sent_at, text=text if is_thanks else NO_THANKS)),
    ):
        entry.__dict__.update(values)
    if talk.shop.needs_reply_since != waited_since:
        keep_clock(talk, waited_since is not None, author, moment, ids)
    thread.last_message_at = sent_at
    talk.said.append(Said(message, text, by_shop, is_thanks))


def keep_clock(
    talk: Conversation, has_ended: bool, answered_by: UUID | None, moment: float, ids: Ids, end: str = "answered"
) -> None:
    """End the wait for the shop's answer that ran, or begin one."""
    entry = talk.shop
    if has_ended:
        wait = talk.waits[-1]
        wait.ended_at, wait.end, wait.answered_by_id = at(moment), end, answered_by
        entry.reply_due_at = None
        return
    since = entry.needs_reply_since
    assert since is not None  # noqa: S101 (it has just begun)
    entry.reply_due_at = reply_due(entry, since)
    if entry.reply_due_at is not None:
        talk.waits.append(
            _WAIT(
                id=ids.at(moment),
                thread_id=talk.thread.pk,
                mailbox_id=entry.mailbox_id,
                topic=entry.topic,
                started_at=since,
                due_at=entry.reply_due_at,
            )
        )


def _seal_heads(talk: Conversation) -> None:
    """Write the thread's subject and the beginning of its last message, as ciphertext."""
    thread, last = talk.thread, talk.said[-1]
    thread.subject_ciphertext = envelope.seal(talk.key, talk.subject, subject_place(thread), 1)
    thread.snippet_message_id = last.message.pk
    snippet = " ".join(last.text[: 2 * SNIPPET_LENGTH].split())[:SNIPPET_LENGTH]
    thread.snippet_ciphertext = envelope.seal(talk.key, snippet, snippet_place(thread), 1)


def findable(talk: Conversation, said: Said) -> Iterator[str]:
    """Yield the texts a message is found by; the first one also by what can be found of its thread.

    They are those of ``searchable.head_texts`` and ``searchable.message_texts``.
    """
    yield said.text
    if said is not talk.said[0]:
        return
    matter = talk.matter
    if matter.order:
        yield matter.order.number
    yield talk.subject
    for one in [matter.product] if matter.product else matter.items:
        yield from (one.title, one.sku, one.asin)
