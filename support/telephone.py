"""Telephone numbers as people type them, to E.164 and back."""

from __future__ import annotations

import phonenumbers

#: Nobody has support ring up what costs by the minute.
COSTLY = frozenset({phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST})


class NotATelephoneNumber(ValueError):
    """What was typed cannot be rung up."""


def e164(typed: str, country: str) -> str:
    """Return a number as +491765550123 (ITU-T E.164). One without a country code is of ``country`` (ISO 3166-1).

    Raises NotATelephoneNumber for what no network gives out, for paid lines, and for one with an extension.
    """
    try:
        number = phonenumbers.parse(typed, country or None)
    except phonenumbers.NumberParseException:
        raise NotATelephoneNumber(typed) from None
    if not phonenumbers.is_valid_number(number) or number.extension or phonenumbers.number_type(number) in COSTLY:
        raise NotATelephoneNumber(typed)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def told(number: str) -> str:
    """Return an E.164 number as people read it: +49 176 5550123."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
