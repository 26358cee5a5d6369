"""Makes the shops with their teams, goods, folders and labels, and the buyers."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from messagecenter.accounts.masking import masked_name
from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.filing.actions import save_filter
from messagecenter.filing.models import Folder, Label
from messagecenter.threads.actions.tallies import pinned_queries
from orders.models import Product

from .ids import Ids
from .planning import SPAN, Plan
from .rows import Maker, Rows
from .sentences import pick
from .world import CITIES, COLORS, FIRST_NAMES, GOODS, LAST_NAMES, MODELS, SHOP_KINDS, SHOP_NAMES

DOMAIN = "sample.example"
SAMPLE_SHOP = "Sample shop"
# From so many threads on a shop has agents, and keeps folders and labels.
THREADS_OF_A_TEAM = 100
AGENTS = 3
LANGUAGE_TURNS = 5
_USER, _MAILBOX, _MEMBERSHIP = Maker(User), Maker(Mailbox), Maker(Membership)
FOLDERS = {
    "de": {"Retouren": ["In Prüfung", "Erstattet"], "Rechnungen": [], "Reklamationen": [], "Spedition": []},
    "en": {"Returns": ["Being checked", "Refunded"], "Invoices": [], "Complaints": [], "Haulage": []},
}
LABELS = {
    "de": ("Dringend", "Rückruf", "Stammkunde", "Kulanz", "Lager"),
    "en": ("Urgent", "Recall", "Regular", "Goodwill", "Warehouse"),
}


@dataclass(frozen=True)
class Shop:
    """A shop with all that its conversations need. ``writers`` are its owner and agents, the owner first."""

    number: int
    mailbox: Mailbox
    writers: list[User]
    city: str
    products: list[Product] = field(default_factory=list)
    prices: dict[UUID, Decimal] = field(default_factory=dict)
    folders: list[Folder] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    pinned: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def owner(self) -> User:
        """Who decides about it."""
        return self.writers[0]


class Buyer(NamedTuple):
    """A buyer: the number says name, place and language."""

    number: int
    mailbox_id: UUID
    user_id: UUID

    @property
    def language(self) -> str:
        """The language the buyer writes in."""
        return language_of(self.number)

    @property
    def first_name(self) -> str:
        """The first name."""
        names = FIRST_NAMES[self.language]
        return names[self.number * 7 % len(names)]

    @property
    def last_name(self) -> str:
        """The last name."""
        names = LAST_NAMES[self.language]
        return names[self.number * 31 % len(names)]

    @property
    def city(self) -> str:
        """Where the buyer lives."""
        return CITIES[self.language][self.number * 13 % len(CITIES[self.language])]


def language_of(number: int) -> str:
    """Return the language of a shop or buyer: three of five write German."""
    return "de" if number % LANGUAGE_TURNS < 3 else "en"


def address(who: str, run: int) -> str:
    """Return the e-mail address of somebody in a run; no mail can ever reach it (RFC 2606)."""
    return f"{who}.{run}@{DOMAIN}"


def make_shops(plan: Plan, ids: Ids, pinned_of: Iterable[int] = (0,)) -> dict[int, Shop]:
    """Write the shops that have threads to write; return them by number."""
    rows = Rows(User, Mailbox, Membership, Product, Folder, Label)
    shops = {number: _shop(plan, number, ids, rows) for number, count in enumerate(plan.counts) if count}
    rows.write()
    for number in set(pinned_of) & set(shops):
        shops[number] = _with_pinned_filter(shops[number])
    return shops


def make_buyers(plan: Plan, ids: Ids) -> list[Buyer]:
    """Write the buyers and return them."""
    rows, buyers = Rows(User, Mailbox, Membership), []
    since = plan.now - SPAN * 2
    for number in range(plan.buyers):
        moment = since.timestamp() + number
        buyer = Buyer(number, ids.at(moment), ids.at(moment))
        name = f"{buyer.first_name} {buyer.last_name}"
        rows.add(
            _person(f"buyer{number}", name, buyer.language, plan.run, buyer.user_id, since),
            _MAILBOX(
                id=buyer.mailbox_id,
                kind=Mailbox.Kind.BUYER.value,
                name=masked_name(name),
                language=buyer.language,
                created_at=since,
            ),
            _MEMBERSHIP(
                id=ids.at(moment),
                user_id=buyer.user_id,
                mailbox_id=buyer.mailbox_id,
                role=Role.OWNER.value,
                created_at=since,
            ),
        )
        buyers.append(buyer)
        if number % 5000 == 4999:
            rows.write()
    rows.write()
    return buyers


def let_in(people: Iterable[User], password: str) -> None:
    """Let people sign in: with a verified address, and a password that is already hashed unless it is ""."""
    for user in people:
        if password:
            user.password = password
            user.save(update_fields=["password"])
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def _person(who: str, name: str, language: str, run: int, key: UUID, since: datetime) -> User:
    return _USER(
        id=key,
        email=address(who, run),
        name=name,
        language=language,
        password=UNUSABLE_PASSWORD_PREFIX + secrets.token_hex(20),
        date_joined=since,
    )


def _shop(plan: Plan, number: int, ids: Ids, rows: Rows) -> Shop:
    chance = Random(f"{plan.seed}/shop/{number}")  # noqa: S311 (samples)
    language = language_of(number)
    since = plan.now - SPAN * 2
    moment = since.timestamp() + number
    made = {"created_at": since}
    name = SAMPLE_SHOP if not number else f"{pick(chance, SHOP_NAMES)} {pick(chance, SHOP_KINDS[language])} {number}"
    mailbox = Mailbox(pk=ids.at(moment), kind=Mailbox.Kind.SHOP, name=name, language=language, **made)
    rows.add(mailbox)
    is_team = plan.counts[number] >= THREADS_OF_A_TEAM or not number
    writers = []
    roles = [Role.OWNER, *([Role.AGENT] * AGENTS if is_team else [])]
    for member, role in enumerate(roles):
        who = f"shop{number}" if role == Role.OWNER else f"agent{number}-{member}"
        full = f"{pick(chance, FIRST_NAMES[language])} {pick(chance, LAST_NAMES[language])}"
        user = _person(who, full, language, plan.run, ids.at(moment), since)
        rows.add(user, Membership(pk=ids.at(moment + member), user=user, mailbox=mailbox, role=role, **made))
        writers.append(user)
    shop = Shop(number, mailbox, writers, pick(chance, CITIES[language]))
    for line in range(8 + min(40, plan.counts[number] // 20)):
        title = f"{pick(chance, GOODS[language])} {pick(chance, MODELS)} {chance.randrange(2, 90)}"
        product = Product(
            pk=ids.at(moment),
            shop=mailbox,
            sku=f"{title[:3].upper()}-{number}-{line}",
            asin=f"B0{chance.randrange(16**8):08X}",
            title=f"{title}, {pick(chance, COLORS[language])}",
        )
        rows.add(product)
        shop.products.append(product)
        shop.prices[product.pk] = Decimal(chance.randrange(690, 29990)) / 100
    if is_team:
        _furnish(shop, language, ids, moment, rows, since)
    return shop


def _furnish(shop: Shop, language: str, ids: Ids, moment: float, rows: Rows, since: datetime) -> None:
    """Give a shop its folders and labels."""
    for name, inside in FOLDERS[language].items():
        top = Folder(pk=ids.at(moment), mailbox=shop.mailbox, name=name, created_at=since)
        shop.folders.append(top)
        shop.folders.extend(
            Folder(pk=ids.at(moment + 1), mailbox=shop.mailbox, name=each, parent=top, created_at=since)
            for each in inside
        )
    for number, name in enumerate(LABELS[language]):
        color = Label.Color.values[number + 1]
        shop.labels.append(
            Label(pk=ids.at(moment + number), mailbox=shop.mailbox, name=name, color=color, created_at=since)
        )
    rows.add(*shop.folders, *shop.labels)


def _with_pinned_filter(shop: Shop) -> Shop:
    """Return the shop with one pinned filter, which its counters then count."""
    label = shop.labels[0]
    save_filter(by=shop.owner, mailbox=shop.mailbox, name=label.name, query=f"label={label.pk}", is_pinned=True)
    return replace(shop, pinned=pinned_queries(shop.mailbox.pk))
