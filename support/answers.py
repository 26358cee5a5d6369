"""What a sub-topic's form asked: how each kind of answer is read, and how it is told again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messagecenter.vault.errors import Unreadable
from orders.templatetags.order_words import money

from .catalogue import SUBTOPICS, Field, Kind, article, order
from .models import Case
from .words import read_answers

MOST_ARTICLES = 20
MOST_YEARS = 10
MOST_OF_ONE = 64  # characters of an ASIN or SKU
BLOCKED, ALONG = "blocked", "thread"  # asked of every sub-topic: what is blocked, and which conversation goes along
SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "ZŁ": "PLN", "KČ": "CZK"}
COMMON_LABELS: Mapping[str, Promise] = {BLOCKED: _("What is blocked"), ALONG: _("Conversation")}
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")


@dataclass(frozen=True)
class Answer:
    """One answer as it is shown; ``url`` leads to what it names, for the seller."""

    key: str
    label: str
    value: str
    url: str = ""
    is_long: bool = False


def clean_articles(text: str) -> str:
    """Return ASINs and SKUs with one comma between each. Raises ValidationError for too many or too long ones."""
    found = list(dict.fromkeys(one for one in re.split(r"[\s,;]+", text) if one))
    if len(found) > MOST_ARTICLES:
        raise ValidationError(
            _("Please name at most %(most)d articles: several cases are answered faster than one about everything."),
            code="too_many",
            params={"most": MOST_ARTICLES},
        )
    if long := next((one for one in found if len(one) > MOST_OF_ONE), ""):
        raise ValidationError(
            _("“%(value)s …” is too long for an ASIN or SKU. Please put commas or spaces between them."),
            code="too_long",
            params={"value": long[:20]},
        )
    return ", ".join(found)


def clean_amount(text: str) -> str:
    """Return an amount as "1234.50 EUR". Raises ValidationError without a number or a currency."""
    compact = "".join(text.split()).upper()
    number = "".join(one for one in compact if one.isascii() and (one.isdigit() or one in ".,'")).strip(".,'")
    currency = "".join(one for one in compact if not (one.isascii() and (one.isdigit() or one in ".,'-+")))
    currency = SYMBOLS.get(currency, currency)
    amount = _decimal(number)
    if amount is None:
        raise ValidationError(_("Please give an amount with its currency, for example 49.90 EUR."), code="amount")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise ValidationError(_("Which currency? For example 49.90 EUR."), code="currency")
    return f"{amount} {currency}"


def clean_day(day: date, *, may_come: bool) -> date:
    """Return a day. Raises ValidationError for one of another century, and for one to come unless it may."""
    today, shown = timezone.localdate(), date_format(day, "DATE_FORMAT")
    if not may_come and day > today:
        raise ValidationError(
            _("%(day)s is still to come. Please give a day up to today."),
            code="future",
            params={"day": shown},
        )
    if abs(day.year - today.year) > MOST_YEARS:
        raise ValidationError(
            _("%(day)s is more than %(years)d years away. Please look at the year."),
            code="far",
            params={"day": shown, "years": MOST_YEARS},
        )
    return day


def _decimal(number: str) -> Decimal | None:
    """Return a number written with points or commas, as any language does, None for what is none."""
    plain = number.replace("'", "")
    whole, mark, places = plain, "", ""
    if found := re.search(r"[.,](\d{1,2})$", plain):
        whole, mark, places = plain[: found.start()], ".", found.group(1)
    try:
        return Decimal(re.sub(r"[.,]", "", whole) + mark + places).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None


def clean_marketplace(text: str) -> str:
    """Return a marketplace's domain in small letters. Raises ValidationError for what is none."""
    host = re.sub(r"^[a-z]+://", "", text.strip().lower()).partition("/")[0].removeprefix("www.").rstrip(".")
    if not _HOST.fullmatch(host):
        raise ValidationError(
            _("Please give the marketplace by its address, for example amazon.de."), code="marketplace"
        )
    return host


def fields_of(topic: str, *, has_order: bool, has_product: bool = False) -> list[Field]:
    """Return what the form of a sub-topic asks; about an order its number and articles, about a product that, too."""
    fields = list(SUBTOPICS[topic].fields)
    keys = {one.key for one in fields}
    known = [order(), article()] if has_order else [article()] if has_product else []
    fields += [one for one in known if one.key not in keys]
    return fields


def answers_of(case: Case) -> list[Answer]:
    """Return what the form of a case asked and was told, in the form's order. One that cannot be opened says so."""
    try:
        told = read_answers(case)
    except Unreadable as error:
        return [Answer("", "", str(error.sentence))]
    known = {one.key: one for one in (order(), article())}
    known |= {one.key: one for one in (SUBTOPICS[case.topic].fields if case.topic in SUBTOPICS else ())}
    keys = [key for key in (*known, *COMMON_LABELS) if key in told] + [
        key for key in told if key not in known and key not in COMMON_LABELS
    ]
    return [_answer(key, told[key], known.get(key)) for key in keys]


def _answer(key: str, value: str, field: Field | None) -> Answer:
    label = str(field.label if field else COMMON_LABELS.get(key, key))
    if key == ALONG:
        return _along(label, value)
    kind = field.kind if field else Kind.LINE
    with suppress(ValueError, InvalidOperation):  # what came in another way is told as it stands
        if kind == Kind.DATE:
            return Answer(key, label, date_format(date.fromisoformat(value), "DATE_FORMAT"))
        if kind == Kind.AMOUNT:
            amount, _blank, currency = value.partition(" ")
            return Answer(key, label, money(Decimal(amount), currency))
    return Answer(key, label, value, is_long=kind == Kind.ERROR_TEXT or key == BLOCKED)


def _along(label: str, value: str) -> Answer:
    try:
        url = reverse("threads:detail", args=[uuid.UUID(value)])
    except ValueError:
        url = ""
    return Answer(ALONG, label, str(_("Open the conversation")), url)
