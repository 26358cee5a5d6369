"""How orders are worded in templates: prices the reader's way, a parcel's link, a picture's address."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils import formats
from django.utils.translation import get_language

from orders import pictures
from orders.carriers import tracking_url
from orders.models import Order, OrderItem

register = template.Library()

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "PLN": "zł", "CHF": "CHF", "SEK": "kr", "CZK": "Kč"}
_WITHOUT_CENTS = {"JPY", "KRW", "HUF", "ISK", "CLP", "VND"}
#: Languages that put the currency before the amount; all others put it behind, with a blank.
_BEFORE = {"en", "ja", "zh"}


@register.filter
def money(amount: Decimal | None, currency: str = "") -> str:
    """Return an amount as the reader writes it: "12,50 €", "€12.50"; an unknown currency is named by its code."""
    if amount is None:
        return ""
    places = 0 if currency in _WITHOUT_CENTS else 2
    number = formats.number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
    symbol = _SYMBOLS.get(currency, currency)
    if not symbol:
        return number
    if (get_language() or "en").split("-")[0] not in _BEFORE:
        return f"{number}\N{NO-BREAK SPACE}{symbol}"
    return f"{symbol}\N{NO-BREAK SPACE}{number}" if symbol[-1].isalpha() else f"{symbol}{number}"


@register.filter
def each_price(item: OrderItem) -> Decimal | None:
    """Return what one piece costs when there are several and the line's price can be shared out to the cent."""
    if item.price is None or item.quantity < 2:
        return None
    one = item.price / item.quantity
    return one if one == one.quantize(Decimal("0.01")) else None


@register.filter
def tracking_link(order: Order) -> str:
    """Return the carrier's page for the order's parcel, or ""."""
    return tracking_url(order.carrier, order.tracking_number, order.ship_country)


@register.filter
def shown_picture(item: OrderItem) -> str:
    """Return the address of an item's picture if our pages may load it, else ""."""
    return pictures.shown_picture(item.picture_url)
