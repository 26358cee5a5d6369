"""Reads single cells of order files: text, numbers, dates, addresses. Says what is wrong with one in a few words.

Numbers may be written the German or the English way. The rules, in this order:

* both ``.`` and ``,`` occur: the last one is the decimal sign, the other one groups thousands (``1.234,56``,
  ``1,234.56``);
* one of them occurs several times: it groups thousands (``1.234.567``);
* one of them occurs once, after one to three digits that are not just ``0`` and before exactly three: it groups
  thousands (``1.234`` and ``1,234`` are both one thousand two hundred and thirty-four);
* otherwise it is the decimal sign (``12,50``, ``12.5``, ``99999,00``, ``0,125``).

Formats that always write a decimal point say so (``point=True``), and then ``1.234`` is a little more than one.
A time without an offset is read in the zone the caller gives, normally the site's.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MAX_QUANTITY = 1_000_000
MAX_PRICE = Decimal("9999999999.99")
SHOWN = 40

_JOINER = re.compile(r"(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")
_SPACE = re.compile(r"\s+")
_WHOLE = re.compile(r"([0-9]{1,12})(?:\.0{1,6})?", re.ASCII)
_MONEY = re.compile(r"(?P<before>[^\d+\-.,]*)(?P<number>-?[\d.,'’]+)(?P<after>[^\d.,]*)", re.ASCII)
_GERMAN = re.compile(
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
    r"(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\s+Uhr)?)?(?:\s*(?P<zone>[A-Z]{1,4}))?",
    re.ASCII,
)
_ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?"
    r"\s*(?:(?P<offset>[+-]\d{2}:?\d{2})|(?P<zone>[A-Z]{1,4}))?)?",
    re.ASCII,
)
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "CET": 1, "MEZ": 1, "BST": 1, "CEST": 2, "MESZ": 2}
_SYMBOLS = {"€": "EUR", "£": "GBP", "¥": "JPY", "zł": "PLN", "$": "", "Fr.": "CHF"}


class BadValue(ValueError):
    """A cell that cannot be read; the text says which one and why."""


def shown(value: str) -> str:
    """Return a value as it may be repeated in a sentence: quoted, one line, at most 40 characters."""
    text = clean(value)
    return f"'{text[:SHOWN]}…'" if len(text) > SHOWN else f"'{text}'"


def clean(value: str) -> str:
    """Return text without control, bidirectional and zero-width characters, blanks collapsed, in normal form NFC.

    Joiners between two non-ASCII characters stay: Persian, Indic scripts and emoji are spelled with them.
    """
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()
    if not value.isprintable():
        kept = {match.start() for match in _JOINER.finditer(value)}
        value = "".join(_plain(letter, position in kept) for position, letter in enumerate(value))
    value = _SPACE.sub(" ", value).strip()
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def _plain(letter: str, keep: bool) -> str:
    """Return a character, a blank for white space, the replacement mark for half a character, or nothing."""
    if keep or letter.isprintable():
        return letter
    if letter.isspace():
        return " "
    category = unicodedata.category(letter)
    return "\ufffd" if category == "Cs" else letter if category in ("Co", "Cn") else ""


def text(value: str, name: str, limit: int) -> str:
    """Return cleaned text of at most ``limit`` characters. Raises BadValue for longer text."""
    value = clean(value)
    if len(value) > limit:
        raise BadValue(f"{name} has {len(value):,} characters; at most {limit} fit")
    return value


def needed(value: str, name: str, limit: int) -> str:
    """Return cleaned text like ``text``. Raises BadValue when nothing is left."""
    value = text(value, name, limit)
    if not value:
        raise BadValue(f"{name} is missing")
    return value


def shortened(value: str, limit: int) -> str:
    """Return cleaned text, cut with an ellipsis when it is longer than ``limit`` characters."""
    value = clean(value)
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def title(value: str, name: str = "title") -> str:
    """Return a title, cut at 500 characters. Raises BadValue when it is empty."""
    value = shortened(value, 500)
    if not value:
        raise BadValue(f"{name} is missing")
    return value


def quantity(value: str, name: str = "quantity") -> int:
    """Return a number of pieces from 0 (a cancelled line) to a million. Raises BadValue."""
    value = clean(value)
    match = _WHOLE.fullmatch(value.removeprefix("-"))
    if match is None:
        raise BadValue(f"{name} {shown(value)} is not a whole number")
    number = int(match[1])
    if value.startswith("-") and number:
        raise BadValue(f"{name} {shown(value)} is below zero")
    if number > MAX_QUANTITY:
        raise BadValue(f"{name} {shown(value)} is more than {MAX_QUANTITY:,}")
    return number


def _digits(number: str, point: bool) -> str:
    """Return a number with a decimal point and no grouping, by the rules above. Raises ValueError."""
    number = number.replace("'", "").replace("’", "")
    marks = [letter for letter in number if letter in ".,"]
    if not marks:
        return number
    kinds = set(marks)
    if len(kinds) == 2:
        decimal = marks[-1]
    elif point:
        decimal = "." if marks == ["."] else "none"
    elif len(marks) > 1 or re.fullmatch(r"(?!0[.,])\d{1,3}[.,]\d{3}", number, re.ASCII):
        decimal = "none"
    else:
        decimal = marks[0]
    whole, _, fraction = number.rpartition(decimal) if decimal in kinds else (number, "", "")
    groups = re.split(r"[.,]", whole)
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
        raise ValueError(number)
    return f"{''.join(groups) or '0'}.{fraction or '0'}"


@lru_cache(maxsize=4096)
def price(value: str, name: str = "price", *, point: bool = False) -> tuple[Decimal | None, str]:
    """Return an amount to two decimals and the currency written beside it, if any; (None, "") for an empty cell.

    ``point``: the format always writes a decimal point. Raises BadValue.
    """
    value = re.sub(r"(?<=\d)\s+(?=\d)", "", clean(value))
    if not value:
        return None, ""
    match = _MONEY.fullmatch(value)
    unit = (match["before"] + match["after"]).strip() if match else ""
    known = unit in _SYMBOLS or not unit or re.fullmatch(r"[A-Za-z]{3}", unit, re.ASCII)
    if match is None or not known or len(value) > SHOWN:
        raise BadValue(f"{name} {shown(value)} is not an amount of money")
    if match["number"].startswith("-"):
        raise BadValue(f"{name} {shown(value)} is below zero")
    try:
        digits = _digits(match["number"], point)
        if not re.fullmatch(r"\d+(\.\d+)?", digits, re.ASCII):
            raise ValueError(digits)
    except ValueError:
        raise BadValue(f"{name} {shown(value)} is not an amount of money") from None
    return rounded(Decimal(digits), name), _SYMBOLS.get(unit, unit.upper())


def rounded(amount: Decimal, name: str = "price") -> Decimal:
    """Return an amount rounded half up to two decimals. Raises BadValue when it is negative, endless or too large."""
    if not amount.is_finite() or not 0 <= amount <= MAX_PRICE:
        raise BadValue(f"{name} must be from 0 to {MAX_PRICE:,}")
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def currency(value: str) -> str:
    """Return a currency's code of three letters, or "" for an empty cell. Raises BadValue."""
    value = clean(value).upper()
    if value and not re.fullmatch(r"[A-Z]{3}", value, re.ASCII):
        raise BadValue(f"currency {shown(value)} is not a code of three letters such as EUR")
    return value


@lru_cache(maxsize=4096)
def email(value: str, name: str) -> str:
    """Return an e-mail address in lower case, or "" for an empty cell. Raises BadValue."""
    value = clean(value).lower()
    if not value:
        return ""
    try:
        if len(value) > 254:
            raise ValidationError("too long")
        validate_email(value)
    except ValidationError:
        raise BadValue(f"{name} {shown(value)} is not an e-mail address") from None
    return value


def country(value: str) -> str:
    """Return a country's code of two letters, or "" for anything else: it is shown, never needed."""
    value = clean(value).upper()
    return value if re.fullmatch(r"[A-Z]{2}", value, re.ASCII) else ""


def picture(value: str) -> str:
    """Return a picture's address: https://…, or a path on this site such as /static/lamp.svg. Raises BadValue."""
    value = text(value, "picture_url", 500)
    if not value:
        return ""
    local = value.startswith("/") and not value.startswith("//") and "\\" not in value
    if " " in value or not (local or re.match(r"https://[^/?#\s\\]+", value)):
        raise BadValue(f"picture_url {shown(value)} must start with https:// or with one /")
    return value


def _parts(value: str, name: str) -> tuple[date, time | None, tzinfo | None]:
    """Return the day, the clock and the offset a cell gives. Raises BadValue."""
    problem = f"{name} {shown(value)} is not a date we know, such as 2026-11-20T10:11:12+01:00 or 20.11.2026 10:11"
    try:
        if match := _ISO.fullmatch(value):
            day = date.fromisoformat(match["day"])
            clock = time.fromisoformat(match["clock"]) if match["clock"] else None
            zone = _offset(match["offset"]) if match["offset"] else _named_zone(match["zone"])
        elif match := _GERMAN.fullmatch(value):
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
            clock = None
            if match["hour"]:
                clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
            zone = _named_zone(match["zone"])
        else:
            raise BadValue(problem)
    except (ValueError, KeyError):
        raise BadValue(problem) from None
    if not 1995 <= day.year <= 2100:
        raise BadValue(f"{name} {shown(value)} is not between the years 1995 and 2100")
    return day, clock, zone


def _offset(value: str) -> tzinfo:
    """Return the zone of an offset such as +0100 or -05:30. Raises ValueError."""
    hours, minutes = int(value[1:3]), int(value[-2:])
    if minutes > 59:
        raise ValueError(value)
    shift = timedelta(hours=hours, minutes=minutes)
    return timezone(-shift if value[0] == "-" else shift)


def _named_zone(value: str | None) -> tzinfo | None:
    """Return the zone of an abbreviation such as MEZ, or None without one. Raises KeyError."""
    return timezone(timedelta(hours=_ZONES[value])) if value else None


@lru_cache(maxsize=4096)
def moment(value: str, name: str, zone: tzinfo) -> datetime | None:
    """Return a moment in UTC, or None for an empty cell; ``zone`` counts where no offset is. Raises BadValue."""
    value = clean(value)
    if not value:
        return None
    day, clock, written = _parts(value, name)
    return datetime.combine(day, clock or time(), tzinfo=written or zone).astimezone(UTC)


@lru_cache(maxsize=4096)
def day(value: str, name: str, zone: tzinfo) -> date | None:
    """Return a day, or None for an empty cell. A moment counts as the day it has in ``zone``. Raises BadValue."""
    value = clean(value)
    if not value:
        return None
    found, clock, written = _parts(value, name)
    if clock is None or written is None:
        return found
    return datetime.combine(found, clock, tzinfo=written).astimezone(zone).date()
