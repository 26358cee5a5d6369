"""The variables of saved replies: what each stands for, and its value for one matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from messagecenter.accounts.models import Mailbox, User
from orders.carriers import tracking_url
from orders.models import Order, OrderItem, Product

from .variables import Filled, fill


@dataclass(frozen=True)
class Variable:
    """What can be written in braces; ``example`` is what it may become."""

    name: str
    label: str | Promise
    example: str


VARIABLES = (
    Variable("buyer_name", _("buyer’s name"), "Anna M."),
    Variable("order_number", _("order number"), "302-1234567-1234567"),
    Variable("order_date", _("date of the order"), "10.11.2026"),
    Variable("product", _("product"), "Desk lamp, oak"),
    Variable("carrier", _("carrier"), "DHL"),
    Variable("tracking_number", _("tracking number"), "00340434161094000000"),
    Variable("tracking_link", _("link to follow the parcel"), tracking_url("DHL", "00340434161094000000")),
    Variable("earliest_delivery", _("earliest delivery"), "18.11.2026"),
    Variable("latest_delivery", _("latest delivery"), "20.11.2026"),
    Variable("shop_name", _("your shop’s name"), "Nordlicht Lampen"),
    Variable("agent_name", _("name of who writes"), "Arno Helfer"),
)
#: What support's queues can write besides: theirs are about cases.
OF_SUPPORT = (Variable("case_number", _("case number"), "K7M4-92QP"), *VARIABLES)
SIGNING = tuple(one for one in VARIABLES if one.name in ("shop_name", "agent_name"))
# An automatic reply has no writer who could fill a gap: these have a value in every conversation.
ANSWERING = (
    *(one for one in VARIABLES if one.name in ("buyer_name", "shop_name")),
    Variable("back_on", _("first day after the absence"), "24.11.2026"),
    Variable("open_again", _("when you open again"), "Monday, 09:00"),
)
LABELS: Mapping[str, str | Promise] = {one.name: one.label for one in (*OF_SUPPORT, *ANSWERING)}
LONGEST_PRODUCT = 120


@dataclass(frozen=True)
class Matter:
    """Whom a text is for, about what, and who writes it."""

    own: Mailbox
    other: Mailbox | None = None
    order: Order | None = None
    product: Product | None = None
    person: User | None = None
    case_number: str = ""

    @property
    def language(self) -> str:
        """The other side's language, as far as known: their own, else that of the marketplace they bought in."""
        return (self.other.language if self.other else "") or (self.order.language if self.order else "")


def variables_for(mailbox: Mailbox) -> Sequence[Variable]:
    """Return what a mailbox's saved replies can have put in."""
    return OF_SUPPORT if mailbox.kind == Mailbox.Kind.SUPPORT else VARIABLES


def known(variables: Sequence[Variable] = VARIABLES) -> frozenset[str]:
    """Return the names of variables."""
    return frozenset(one.name for one in variables)


def examples(variables: Sequence[Variable] = VARIABLES) -> dict[str, str]:
    """Return a value for each, to try a text with."""
    return {one.name: one.example for one in variables}


def filled(text: str, values: Mapping[str, str], *, language: str) -> Filled:
    """Return a text with its values; what is missing is named in the text's own ``language`` where we speak it."""
    with translation.override(language or translation.get_language()):
        return fill(text, values, {name: str(label) for name, label in LABELS.items()})


def values_of(matter: Matter, *, language: str) -> dict[str, str]:
    """Return the value of each variable, "" for what is not known; dates as ``language`` writes them.

    One query for an order's items unless they were read before. The buyer's name is the one the shop is shown anyway.
    """
    order, person = matter.order, matter.person
    with translation.override(language or translation.get_language()):
        values = {
            "buyer_name": matter.other.name if matter.other else "",
            "case_number": matter.case_number,
            "product": _product(matter),
            "shop_name": matter.own.name,
            "agent_name": person.name if person else "",
        }
        if order is None:
            return values
        return values | {
            "order_number": order.number,
            "order_date": _told(timezone.localdate(order.purchased_at)),
            "carrier": order.carrier,
            "tracking_number": order.tracking_number,
            "tracking_link": tracking_url(order.carrier, order.tracking_number, order.ship_country),
            "earliest_delivery": _told(order.earliest_delivery),
            "latest_delivery": _told(order.latest_delivery),
        }


def values_of_absence(matter: Matter, *, language: str, back: date | None, opening: datetime | None) -> dict[str, str]:
    """Return the values of an automatic reply; ``opening`` is told on the clocks of its own time zone."""
    with translation.override(language or translation.get_language()):
        return {
            "buyer_name": matter.other.shown_name if matter.other else "",
            "shop_name": matter.own.shown_name,
            "back_on": _told(back),
            "open_again": date_format(opening, "l, H:i") if opening else "",
        }


def _told(day: date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else ""


def _product(matter: Matter) -> str:
    """Return the title of what was bought or is asked about; of several things the first and how many more."""
    if matter.product is not None:
        return _short(matter.product.title)
    if matter.order is None:
        return ""
    items: list[OrderItem] = sorted(matter.order.items.all(), key=lambda one: one.pk)
    titles = [one.title for one in items if not one.is_cancelled] or [one.title for one in items]
    if len(titles) < 2:
        return _short("".join(titles))
    more = len(titles) - 1
    sentence = ngettext("%(title)s and %(more)d more item", "%(title)s and %(more)d more items", more)
    return sentence % {"title": _short(titles[0]), "more": more}


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_PRODUCT else f"{title[: LONGEST_PRODUCT - 1].rstrip()}…"
