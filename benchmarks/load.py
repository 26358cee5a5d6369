"""Fills PostgreSQL with threads shaped like a marketplace's, by COPY: encrypted, with entries and tallies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from tqdm import tqdm

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.ids import new_id
from messagecenter.threads.models import Message, Thread
from messagecenter.threads.words import body_place, snippet_place, subject_place
from messagecenter.vault import envelope

WORDS = (
    *(
        "lamp",
        "parcel",
        "order",
        "invoice",
        "delivery",
        "please",
        "thanks",
        "bulb",
        "shade",
        "cable",
        "delay",
        "carrier",
    ),
    *("tracking", "return", "refund", "colour", "Lampe", "Paket", "Bestellung", "Rechnung", "Lieferung", "bitte"),
    *("danke", "Schirm", "Kabel", "Verspätung", "Rücksendung", "Erstattung", "Farbe", "Größe"),
)
SHOPS, BUYERS, BIG_SHARE = 500, 7_400, 0.12
NEWEST = datetime(2026, 11, 20, 12, tzinfo=UTC)


def load(threads: int, seed: int = 7) -> dict[str, Any]:
    """Write ``threads`` threads with 3 messages on average; return the people the measuring signs in as."""
    chance = random.Random(seed)
    shops = [Mailbox(kind=Mailbox.Kind.SHOP, name=f"Shop {number}") for number in range(SHOPS)]
    buyers = [Mailbox(kind=Mailbox.Kind.BUYER, name=f"Buyer {number}") for number in range(BUYERS)]
    people = [User(email=f"p{number}@bench.example", password="!") for number in range(SHOPS + BUYERS)]
    User.objects.bulk_create(people, batch_size=2000)
    Mailbox.objects.bulk_create([*shops, *buyers], batch_size=2000)
    Membership.objects.bulk_create(
        [
            Membership(user=person, mailbox=mailbox, role=Role.OWNER)
            for person, mailbox in zip(people, [*shops, *buyers], strict=True)
        ],
        batch_size=2000,
    )
    writer = dict(zip([mailbox.pk for mailbox in (*shops, *buyers)], people, strict=True))
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    moment = NEWEST - timedelta(seconds=threads * 20)
    for number in tqdm(range(threads), unit=" threads", disable=None):
        moment += timedelta(seconds=20)
        big = chance.random() < BIG_SHARE
        shop = shops[0] if big else shops[min(int(chance.paretovariate(0.6)), SHOPS - 1)]
        _one_thread(rows, chance, number, shop, chance.choice(buyers), writer, moment)
        if number % 2000 == 1999:
            _flush(rows)
    _flush(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO threads_tally (mailbox_id, unread, needs_reply) SELECT mailbox_id, "
            "count(*) FILTER (WHERE unread > 0), count(*) FILTER (WHERE needs_reply_since IS NOT NULL) "
            "FROM threads_entry GROUP BY mailbox_id"
        )
        cursor.execute("VACUUM ANALYZE")
    return {"big": people[0], "small": people[SHOPS - 1], "buyer": people[SHOPS]}


COLUMNS = {
    "orders_order": "id number shop_id buyer_id buyer_name status marketplace language ship_country purchased_at "
    "carrier tracking_number imported_at",
    "orders_orderitem": "id order_id line title sku asin quantity price currency picture_url is_cancelled",
    "vault_datakey": "id purpose owner_id version wrapped commitment root_version created_at",
    "threads_thread": "id kind topic order_id opened_by_id client_id subject_ciphertext snippet_ciphertext "
    "snippet_message_id state files created_at last_message_at",
    "threads_entry": "id thread_id mailbox_id other_id order_number unread needs_reply_since last_message_at "
    "last_sent_at",
    "threads_message": "id thread_id sender_id author_id client_id body_ciphertext state sent_at",
}


def _flush(rows: dict[str, list[tuple[Any, ...]]]) -> None:
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        for table, columns in COLUMNS.items():
            with cursor.copy(f"COPY {table} ({', '.join(columns.split())}) FROM STDIN") as copy:
                for row in rows[table]:
                    copy.write_row(row)
            rows[table].clear()


def _text(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=min(120, 10 + int(chance.expovariate(1 / 26)))))


def _one_thread(
    rows: dict[str, list[tuple[Any, ...]]],
    chance: random.Random,
    number: int,
    shop: Mailbox,
    buyer: Mailbox,
    writer: dict[UUID, User],
    moment: datetime,
) -> None:
    order_id, order_number = new_id(), f"302-{number:07d}-{chance.randrange(10**7):07d}"
    rows["orders_order"].append(
        (order_id, order_number, shop.pk, buyer.pk, buyer.name, "shipped", "", "de", "DE", moment, "DHL", "1Z", moment)
    )
    rows["orders_orderitem"].append((new_id(), order_id, "1", "Lamp", "L-1", "", 1, "49.90", "EUR", "", False))
    thread = Thread(kind="order", topic="where_is_it", opened_by=buyer, client_id=new_id())
    key = envelope.new_key()
    rows["vault_datakey"].append(_wrapped(key, thread.pk, moment))
    thread.subject_ciphertext = envelope.seal(key, _text(chance)[:60], subject_place(thread), 1)
    senders = list(_senders(chance, buyer, shop))
    last_sent: dict[UUID, datetime] = {}
    for position, sender in enumerate(senders):
        body, at = _text(chance), moment + timedelta(seconds=position)
        message = Message(thread=thread, sender=sender, client_id=new_id(), sent_at=at)
        message.body_ciphertext = envelope.seal(key, body, body_place(message), 1)
        thread.snippet_message_id = message.pk
        thread.snippet_ciphertext = envelope.seal(key, body[:140], snippet_place(thread), 1)
        last_sent[sender.pk] = at
        rows["threads_message"].append(
            (
                message.pk,
                thread.pk,
                sender.pk,
                writer[sender.pk].pk,
                message.client_id,
                message.body_ciphertext,
                "delivered",
                at,
            )
        )
    rows["threads_thread"].append(
        (
            thread.pk, "order", "where_is_it", order_id, buyer.pk, thread.client_id, thread.subject_ciphertext,
            thread.snippet_ciphertext, thread.snippet_message_id, "open", 0, moment, at,
        )
    )  # fmt: skip
    for own, other in ((buyer, shop), (shop, buyer)):
        waits = senders[-1].pk != own.pk and chance.random() < 0.3
        rows["threads_entry"].append(
            (
                new_id(),
                thread.pk,
                own.pk,
                other.pk,
                order_number,
                int(waits),
                at if waits else None,
                at,
                last_sent.get(own.pk),
            )
        )


def _senders(chance: random.Random, buyer: Mailbox, shop: Mailbox) -> Iterator[Mailbox]:
    yield buyer
    for _more in range(chance.choice((0, 1, 2, 2, 3, 4))):
        yield chance.choice((buyer, shop))


def _wrapped(key: bytes, thread_id: UUID, moment: datetime) -> tuple[Any, ...]:
    root = settings.MESSAGE_KEY_CURRENT
    place = envelope.KeyPlace("thread", thread_id, 1, root)
    wrapped = envelope.wrap(settings.MESSAGE_KEYS[root], key, place)
    return (new_id(), "thread", thread_id, 1, wrapped, envelope.commitment(key), root, moment)
