"""What a detector finds: a rule, its category, where in the text as typed, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """The eight things the policy looks for."""

    CONTACT_DETAILS = "contact_details"
    EXTERNAL_LINK = "external_link"
    MARKETING = "marketing"
    REVIEW_REQUEST = "review_request"
    OFF_PLATFORM_PAYMENT = "off_platform_payment"
    SENSITIVE_CONTENT = "sensitive_content"
    ABUSE = "abuse"
    PAYMENT_DATA = "payment_data"


@dataclass(frozen=True, order=True)
class Finding:
    """One forbidden stretch of a text.

    ``start`` and ``end`` count characters of the text as typed (``text[start:end]``, never empty). ``rule`` is the id
    people can look up on the policy page, for example ``contact.phone``. ``confidence`` goes from 0 to 1, two decimals:
    from 0.9 on nobody honest writes this, at 0.5 a person must look, below 0.3 it is only a hint.
    """

    start: int
    end: int
    rule: str
    category: Category
    confidence: float


def order(one: Finding) -> tuple[int, int, str, str, float]:
    """Return what findings are ordered by, as they are themselves: faster than comparing them."""
    return one.start, one.end, one.rule, one.category, one.confidence
