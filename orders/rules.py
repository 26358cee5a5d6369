"""What words in order files mean to us: states of an order, and the language of a marketplace."""

from __future__ import annotations

#: The language most buyers of a marketplace read, by the end of its domain. Switzerland and Belgium have several.
_LANGUAGES = {
    ".de": "de",
    ".at": "de",
    ".com": "en",
    ".co.uk": "en",
    ".ie": "en",
    ".com.au": "en",
    ".fr": "fr",
    ".it": "it",
    ".es": "es",
    ".nl": "nl",
    ".pl": "pl",
    ".se": "sv",
}

#: Our state for the words Amazon's reports use. A partly shipped order is still waiting.
AMAZON_STATES = {
    "pending": "pending",
    "pendingavailability": "pending",
    "unshipped": "unshipped",
    "shipping": "unshipped",
    "partiallyshipped": "unshipped",
    "invoiceunconfirmed": "unshipped",
    "shipped": "shipped",
    "complete": "shipped",
    "shipped - picked up": "shipped",
    "shipped - out for delivery": "shipped",
    "shipped - delivered to buyer": "delivered",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "unfulfillable": "cancelled",
    "refunded": "refunded",
}

WOOCOMMERCE_STATES = {
    "pending": "pending",
    "on-hold": "pending",
    "checkout-draft": "pending",
    "processing": "unshipped",
    "completed": "shipped",
    "cancelled": "cancelled",
    "failed": "cancelled",
    "trash": "cancelled",
    "refunded": "refunded",
}


def shopify_state(financial: str, fulfillment: str, cancelled_at: str) -> str:
    """Return our state for Shopify's two states of an order, "" when its row gives none."""
    if cancelled_at or financial == "voided":
        return "cancelled"
    if financial == "refunded":
        return "refunded"
    if fulfillment == "fulfilled":
        return "shipped"
    if financial in ("pending", "authorized", "expired"):
        return "pending"
    return "unshipped" if financial or fulfillment else ""


def language_of(marketplace: str) -> str:
    """Return the language of a marketplace such as amazon.de, or "" when we cannot tell."""
    name = marketplace.strip().lower()
    ending = max((each for each in _LANGUAGES if name.endswith(each)), key=len, default="")
    return _LANGUAGES.get(ending, "")
