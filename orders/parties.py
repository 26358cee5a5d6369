"""Finds and makes the two sides of imported orders: shops by their name, buyers by their e-mail address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from secrets import token_hex
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection

from messagecenter.accounts.masking import masked_name
from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.ids import new_id
from orders.bulk import insert_rows
from orders.rows import ParsedOrder

_LOCK = 0x6F72646572  # "order"


def lock_imports() -> None:
    """Let one import at a time go through its transaction, so that two cannot make the same shop or buyer twice.

    SQLite needs nothing: its writing transactions come one after the other anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _known(language: str) -> str:
    """Return a language this site speaks, or ""."""
    return language if language in dict(settings.LANGUAGES) else ""


def _unusable() -> str:
    """Return a password nobody has, as make_password(None) does, without its forty random draws a buyer."""
    return UNUSABLE_PASSWORD_PREFIX + token_hex(20)


class Shops:
    """The shops by name during one import. Capitals do not matter; of two with one name the oldest counts."""

    def __init__(self) -> None:
        self._by_name: dict[str, UUID] = {}
        self._owned: set[UUID] = set()

    def find(self, languages: Mapping[str, str]) -> dict[str, UUID]:
        """Return the shop of each name, making those that are missing. ``languages``: name → its orders' language."""
        if any(name.casefold() not in self._by_name for name in languages):
            self._load()
            missing = {name.casefold(): name for name in languages if name.casefold() not in self._by_name}
            made = Mailbox.objects.bulk_create(
                Mailbox(kind=Mailbox.Kind.SHOP, name=name, language=_known(languages[name]))
                for name in missing.values()
            )
            self._by_name |= {shop.name.casefold(): shop.pk for shop in made}
        return {name: self._by_name[name.casefold()] for name in languages}

    def _load(self) -> None:
        """Read all shops' names: SQLite compares only ASCII letters without regard to capitals."""
        shops = Mailbox.objects.filter(kind=Mailbox.Kind.SHOP).order_by("-created_at", "-pk")
        self._by_name = {name.casefold(): pk for pk, name in shops.values_list("pk", "name").iterator()}

    def give_owners(self, wishes: Mapping[UUID, ParsedOrder]) -> list[str]:
        """Make the person at ``seller_email`` owner of each shop that has none; return a remark for each refused."""
        remarks = []
        owners: dict[UUID, set[str]] = {shop: set() for shop in wishes}
        owned = Membership.objects.filter(mailbox__in=owners, role=Role.OWNER)
        for shop, email in owned.values_list("mailbox_id", "user__email"):
            owners[shop].add(email)
        free = {shop: order for shop, order in wishes.items() if not owners[shop]}
        users = find_users({order.seller_email: order.language for order in free.values()})
        Membership.objects.bulk_create(
            [
                Membership(user_id=users[order.seller_email], mailbox_id=shop, role=Role.OWNER)
                for shop, order in free.items()
            ],
            update_conflicts=True,
            unique_fields=["mailbox", "user"],
            update_fields=["role"],
        )
        for shop, order in wishes.items():
            if owners[shop] and order.seller_email not in owners[shop] and shop not in self._owned:
                remarks.append(
                    f"line {order.line_number}: the shop {order.seller} already has an owner; "
                    f"seller_email {order.seller_email} was not let in."
                )
                self._owned.add(shop)
        return remarks


def find_users(languages: Mapping[str, str]) -> dict[str, UUID]:
    """Return the person of each e-mail address, making those that are missing, without a password they could use."""
    found = dict(User.objects.filter(email__in=languages).values_list("email", "pk"))
    missing = [email for email in languages if email not in found]
    if missing:
        made = [
            User(id=new_id(), email=email, password=_unusable(), language=_known(languages[email])) for email in missing
        ]
        insert_rows(made, skip_existing=True)
        found |= dict(User.objects.filter(email__in=missing).values_list("email", "pk"))
    return found


def find_buyers(orders: Iterable[ParsedOrder]) -> dict[str, UUID]:
    """Return the buyer's mailbox for each e-mail address in ``orders``, making what is missing.

    A mailbox that is still nameless gets the masked name as soon as an order gives one. A person's shop is left alone.
    """
    languages: dict[str, str] = {}
    names: dict[str, str] = {}
    for order in orders:
        if order.buyer_email:
            languages[order.buyer_email] = order.language or languages.get(order.buyer_email, "")
            names[order.buyer_email] = order.buyer_name or names.get(order.buyer_email, "")
    if not languages:
        return {}
    users = find_users(languages)
    emails = {pk: email for email, pk in users.items()}
    mailboxes = _own_mailboxes(emails)
    _name_the_nameless(mailboxes, names)
    missing = {
        email: Mailbox(
            id=new_id(), kind=Mailbox.Kind.BUYER, name=masked_name(names[email]), language=_known(languages[email])
        )
        for email in languages
        if email not in mailboxes
    }
    insert_rows(missing.values())
    insert_rows(
        [Membership(user_id=users[email], mailbox=mailbox, role=Role.OWNER) for email, mailbox in missing.items()]
    )
    return {email: mailbox.pk for email, mailbox in (mailboxes | missing).items()}


def _own_mailboxes(emails: Mapping[UUID, str]) -> dict[str, Mailbox]:
    """Return the buyer's mailbox that each person, given with their address, has as their own: the oldest one.

    Own is what began with them: whoever was let into another's mailbox does not bring orders along. Two plain queries
    and no join on the kind, which SQLite would answer by walking over all buyers.
    """
    owned = Membership.objects.filter(user__in=emails, role=Role.OWNER).select_related("mailbox")
    buyers = [each for each in owned.order_by("-pk") if each.mailbox.kind == Mailbox.Kind.BUYER]
    first = dict(
        Membership.objects.filter(mailbox__in=[each.mailbox_id for each in buyers])
        .order_by("-pk")
        .values_list("mailbox_id", "user_id")
    )
    return {emails[each.user_id]: each.mailbox for each in buyers if first[each.mailbox_id] == each.user_id}


def _name_the_nameless(mailboxes: Mapping[str, Mailbox], names: Mapping[str, str]) -> None:
    """Name the mailboxes that had no name until now."""
    changed = []
    for email, mailbox in mailboxes.items():
        if not mailbox.name and (name := masked_name(names[email])):
            mailbox.name = name
            changed.append(mailbox)
    Mailbox.objects.bulk_create(changed, update_conflicts=True, unique_fields=["id"], update_fields=["name"])
