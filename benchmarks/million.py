"""Fills PostgreSQL with a million rows of lists, by SQL alone: none of it can be read, all of it can be listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.filing.models import Folder, Label
from messagecenter.threads.models import Entry, EntryLabel, Thread
from messagecenter.threads.topics import LABELS
from orders.models import Order, OrderItem, Product

NEWEST = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHOPS, BUYERS, PRODUCTS, FOLDERS, LABELLED, STAFF = 100, 2_000, 200, 20, 10, 5
EMPTY = {
    "CharField": "''",
    "TextField": "''",
    "BooleanField": "false",
    "BinaryField": "'\\x00'",
    "DateTimeField": "now()",
    "UUIDField": "gen_random_uuid()",
    "JSONField": "'{}'",
}


def fill(rows: int) -> tuple[Mailbox, User]:
    """Write so many entries, a tenth of them of one shop, two a thread; return that shop and one of its people.

    In small databases, too, a list of the big shop has more than one page of nearly everything.
    """
    threads = rows // 2
    big, staff, folders, labels = _people()
    topics = ", ".join(f"'{key}'" for key in list(LABELS)[:6])
    numbers = f"generate_series(0, {threads - 1}) n"
    # Every fifth thread is the big shop's; its entries are a tenth of all.
    shop = f"CASE WHEN n % 5 = 0 THEN {_id('5', '0')} ELSE {_id('5', f'1 + n %% {SHOPS}')} END".replace("%%", "%")
    buyer = _id("6", f"n % {BUYERS}")
    moment = f"'{NEWEST.isoformat()}'::timestamptz - ({threads} - n) * interval '20 seconds'"
    number = "'302-' || lpad((n::bigint * 7919 % 10000000)::text, 7, '0') || '-' || lpad(n::text, 7, '0')"
    _put(Product, f"generate_series(0, {PRODUCTS - 1}) n", id=_id("7", "n"), shop_id=_id("5", "0"),
         sku="'SKU-' || n", title="'Lamp ' || n", asin="'B0LAMP' || n")  # fmt: skip
    _put(Order, numbers, id=_id("1", "n"), number=number, shop_id=shop, buyer_id=buyer, purchased_at=moment,
         status="(ARRAY['shipped', 'shipped', 'shipped', 'delivered', 'unshipped'])[1 + n % 5 * 3 % 5]")  # fmt: skip
    lamp = f"CASE WHEN n % 5 = 0 THEN n / 5 % {PRODUCTS} ELSE n % 500 END"
    _put(OrderItem, numbers, id=_id("2", "n"), order_id=_id("1", "n"), line="'1'", title=f"'Lamp ' || {lamp}",
         sku=f"'SKU-' || {lamp}", asin=f"'B0LAMP' || {lamp}",
         product_id=f"CASE WHEN n % 5 = 0 THEN {_id('7', f'n / 5 % {PRODUCTS}')} END", quantity="1")  # fmt: skip
    _put(Thread, numbers, id=_id("3", "n"), kind="'order'", order_id=_id("1", "n"), opened_by_id=buyer,
         topic=f"(ARRAY[{topics}])[1 + n % 6]", created_at=moment, last_message_at=moment,
         files="(n % 12 = 0)::int", state="'open'")  # fmt: skip
    for side, own, other in (("0", shop, buyer), ("8", buyer, shop)):
        chance = f"((hashint4(n + {side}000) & 2147483647) % 10000)"  # 0 to 9999, the same in every run
        place = f"CASE WHEN {chance} < 2500 THEN 1 WHEN {chance} < 2800 THEN 2 WHEN {chance} < 2900 THEN 3 ELSE 0 END"
        is_big = f"n % 5 = 0 AND {side} = 0"
        _put(
            Entry, numbers, id=_id(f"4{side}", "n"), thread_id=_id("3", "n"), mailbox_id=own, other_id=other,
            order_number=number, topic=f"(ARRAY[{topics}])[1 + n % 6]", has_files="n % 12 = 0", place=place,
            last_message_at=moment,
            last_sent_at=f"CASE WHEN n % 3 <> 1 THEN {moment} - interval '3 seconds' END",
            last_received_at=f"CASE WHEN n % 7 <> 1 THEN {moment} - interval '5 seconds' END",
            unread=f"CASE WHEN {chance} % 100 < 4 THEN 1 ELSE 0 END",
            needs_reply_since=f"CASE WHEN {chance} % 100 IN (3, 4, 5) THEN {moment} END",
            awaiting_since=f"CASE WHEN {chance} % 100 > 70 THEN {moment} END",
            holds=f"CASE WHEN {chance} % 500 = 7 THEN 1 ELSE 0 END",
            is_starred=f"{chance} % 100 = 8",
            priority=f"CASE WHEN {chance} % 50 = 9 THEN 1 WHEN {chance} % 50 = 10 THEN 2 "
                     f"WHEN {chance} % 50 = 11 THEN 4 ELSE 3 END",
            folder_id=f"CASE WHEN {is_big} AND {chance} % 10 = 2 THEN "
                      f"{_one_of([one.pk for one in folders], f'{chance} / 10')} END",
            assignee_id=f"CASE WHEN {is_big} AND {chance} % 20 = 3 THEN {_one_of(staff, f'{chance} / 20')} END",
            trashed_at=f"CASE WHEN {chance} BETWEEN 2500 AND 2799 THEN now() END",
        )  # fmt: skip
    _put(EntryLabel, f"generate_series(0, {threads - 1}, 5) n WHERE n / 5 % 10 < 2", without=("id",),
         entry_id=_id("40", "n"), label_id=_one_of([one.pk for one in labels], "n / 5"))  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return big, User.objects.get(pk=staff[0])


def _people() -> tuple[Mailbox, list[UUID], list[Folder], list[Label]]:
    """Make shops, buyers and the big shop's team with folders and labels; its people as ids."""
    shops = [Mailbox(pk=_uuid("5", one), kind=Mailbox.Kind.SHOP, name=f"Shop {one}") for one in range(SHOPS + 1)]
    buyers = [Mailbox(pk=_uuid("6", one), kind=Mailbox.Kind.BUYER, name=f"Buyer {one}") for one in range(BUYERS)]
    Mailbox.objects.bulk_create([*shops, *buyers], batch_size=1000)
    people = User.objects.bulk_create([User(email=f"p{one}@plans.example", password="!") for one in range(STAFF)])
    Membership.objects.bulk_create(Membership(user=one, mailbox=shops[0], role=Role.OWNER) for one in people)
    folders = Folder.objects.bulk_create(Folder(mailbox=shops[0], name=f"Folder {one}") for one in range(FOLDERS))
    labels = Label.objects.bulk_create(Label(mailbox=shops[0], name=f"Label {one}") for one in range(LABELLED))
    return shops[0], [one.pk for one in people], folders, labels


def _put(model: type[Model], source: str, without: tuple[str, ...] = (), **columns: str) -> None:
    """Insert a row of ``columns`` (SQL) for each row of ``source``; what must be there and is not named is empty."""
    for field in model._meta.concrete_fields:
        if field.column in columns or field.null or field.column in without:
            continue
        plain: Any = field.default if isinstance(field.default, str | int | bool) else None
        columns[str(field.column)] = EMPTY.get(field.get_internal_type(), "0") if plain is None else _literal(plain)
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(columns.values())} FROM {source}"
        )


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


def _uuid(kind: str, number: int) -> UUID:
    return UUID(f"0190{kind:0<4}-0000-7000-8000-{number:012x}")


def _id(kind: str, number: str) -> str:
    """Return SQL for the id of one kind's row of this number: ids of a kind grow with their numbers."""
    return f"('0190{kind:0<4}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def _one_of(ids: list[UUID], number: str) -> str:
    listed = ", ".join(f"'{one}'::uuid" for one in ids)
    return f"(ARRAY[{listed}])[1 + ({number}) % {len(ids)}]"


def days_ago(days: int) -> str:
    """Return a day as the filter's form sends it."""
    return (NEWEST - timedelta(days=days)).date().isoformat()
