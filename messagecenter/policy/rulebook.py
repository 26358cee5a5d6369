"""Every rule of the policy in words: what it is called, what it covers, and what the writer can do.

The examples on the policy page stand in ``examples.json``, in German and English.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .detection.finding import Category

Examples = dict[str, dict[str, list[str]]]
_EXAMPLES: dict[str, Examples] = json.loads((Path(__file__).parent / "examples.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Entry:
    """One rule in words."""

    rule: str
    category: Category | None
    title: Promise | str
    covers: Promise | str
    advice: Promise | str

    @property
    def forbidden(self) -> list[str]:
        """Messages this rule is about, in the reader's language."""
        return _examples(self.rule, "forbidden")


@dataclass(frozen=True)
class Chapter:
    """One category in words."""

    category: Category
    title: Promise
    covers: Promise

    @property
    def allowed(self) -> list[str]:
        """Messages that look alike and are welcome, in the reader's language."""
        return _examples(str(self.category), "allowed")

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rules of this category."""
        return tuple(one for one in ENTRIES if one.category == self.category)


def _examples(key: str, kind: str) -> list[str]:
    """Return the examples in the reader's language, or in English."""
    told = _EXAMPLES.get(key, {}).get(kind, {})
    return told.get((get_language() or "en")[:2]) or told.get("en", [])


CHAPTERS = (
    Chapter(
        Category.CONTACT_DETAILS,
        _("Contact details"),
        _(
            "Messages about an order are answered here, so that both sides stay protected and nothing "
            "gets lost. Addresses and numbers for talking elsewhere are not passed on."
        ),
    ),
    Chapter(
        Category.EXTERNAL_LINK,
        _("Links to other sites"),
        _(
            "Only links that are needed for the order are passed on: pages of this marketplace and the "
            "tracking pages of carriers."
        ),
    ),
    Chapter(
        Category.MARKETING,
        _("Advertising"),
        _(
            "Messages are for the order or the question they are about. Offers, coupons and newsletters "
            "are not passed on, even in an answer."
        ),
    ),
    Chapter(
        Category.REVIEW_REQUEST,
        _("Requests for reviews"),
        _(
            "Reviews are worth something only if nobody is steered. Asking for a good review, or to "
            "change or remove one, is not allowed, nor is offering anything for it."
        ),
    ),
    Chapter(
        Category.OFF_PLATFORM_PAYMENT,
        _("Payment outside the marketplace"),
        _("Payments and refunds go through the marketplace. Only then can it help when something goes wrong."),
    ),
    Chapter(
        Category.SENSITIVE_CONTENT,
        _("Content that harms"),
        _("Sexual, violent and hateful content and offers of drugs or weapons are not passed on."),
    ),
    Chapter(
        Category.ABUSE,
        _("Insults and threats"),
        _("You may be angry and say so. Insults, threats and harassment are not passed on."),
    ),
    Chapter(
        Category.PAYMENT_DATA,
        _("Card and access data"),
        _("Nobody needs card numbers, passwords or codes in a message. They are hidden from the reader."),
    ),
)
ENTRIES = (
    Entry(
        "contact.email",
        Category.CONTACT_DETAILS,
        _("E-mail address"),
        _("E-mail addresses in any spelling, also with words in place of the signs."),
        _("Remove the e-mail address: messages about an order are answered here."),
    ),
    Entry(
        "contact.phone",
        Category.CONTACT_DETAILS,
        _("Phone number"),
        _("Phone and fax numbers of every country, also spaced, dotted or spelled out."),
        _("Remove the phone number: messages about an order are answered here."),
    ),
    Entry(
        "contact.messenger",
        Category.CONTACT_DETAILS,
        _("Messenger"),
        _("Going on in WhatsApp, Telegram, Signal, WeChat, Discord or another messenger."),
        _("Remove the messenger: messages about an order are answered here."),
    ),
    Entry(
        "contact.social",
        Category.CONTACT_DETAILS,
        _("Social network"),
        _("Accounts and pages on Instagram, Facebook, TikTok and other networks."),
        _("Remove the social network: messages about an order are answered here."),
    ),
    Entry(
        "contact.handle",
        Category.CONTACT_DETAILS,
        _("Account name"),
        _("Names of accounts elsewhere, for example with an @ in front."),
        _("Remove the account name: messages about an order are answered here."),
    ),
    Entry(
        "contact.postal_address",
        Category.CONTACT_DETAILS,
        _("Postal address"),
        _(
            "Addresses offered as a way round the marketplace. The address that an order is delivered "
            "or returned to is fine."
        ),
        _("Remove the address, unless this order is delivered or returned to it."),
    ),
    Entry(
        "contact.find_us",
        Category.CONTACT_DETAILS,
        _("How to find us elsewhere"),
        _("Hints at how to find a shop or person elsewhere, such as what to search for."),
        _("Remove the hint: messages about an order are answered here."),
    ),
    Entry(
        "link.url",
        Category.EXTERNAL_LINK,
        _("Link"),
        _("Links to pages outside the marketplace."),
        _("Remove the link. You can attach instructions and invoices as a file."),
    ),
    Entry(
        "link.domain",
        Category.EXTERNAL_LINK,
        _("Web address"),
        _("Names of sites without https://, also written with words or gaps."),
        _("Remove the web address. You can attach instructions and invoices as a file."),
    ),
    Entry(
        "link.shortener",
        Category.EXTERNAL_LINK,
        _("Shortened link"),
        _("Short links that hide where they lead."),
        _("Remove the shortened link: nobody can see where it leads."),
    ),
    Entry(
        "marketing.promotion",
        Category.MARKETING,
        _("Promotion"),
        _("Sales, discounts and other offers that nobody asked for."),
        _("Remove the offer: messages are for this order or question only."),
    ),
    Entry(
        "marketing.coupon",
        Category.MARKETING,
        _("Coupon"),
        _("Coupons and discount codes for another purchase."),
        _("Remove the coupon. If you owe money for this order, refund it."),
    ),
    Entry(
        "marketing.cross_sell",
        Category.MARKETING,
        _("Other products"),
        _("Recommending products that were not asked about."),
        _("Remove the recommendation: messages are for this order or question only."),
    ),
    Entry(
        "marketing.newsletter",
        Category.MARKETING,
        _("Newsletter"),
        _("Invitations to newsletters, clubs and mailing lists."),
        _("Remove the invitation: messages are for this order or question only."),
    ),
    Entry(
        "marketing.insert",
        Category.MARKETING,
        _("Card in the parcel"),
        _("Pointing to a card, code or gift in the parcel that leads out of the marketplace."),
        _("Remove the hint to the card in the parcel."),
    ),
    Entry(
        "review.positive",
        Category.REVIEW_REQUEST,
        _("Request for a good review"),
        _("Asking for a positive review, for stars, or only those who are content."),
        _("Remove the request for a review. The marketplace asks every buyer itself."),
    ),
    Entry(
        "review.change",
        Category.REVIEW_REQUEST,
        _("Changing a review"),
        _("Asking to change or remove a review."),
        _("Remove the request to change the review. Solve the problem; the buyer decides alone."),
    ),
    Entry(
        "review.incentive",
        Category.REVIEW_REQUEST,
        _("Reward for a review"),
        _("Offering money, goods or a refund for a review."),
        _("Remove the offer: nothing may be given or asked for a review."),
    ),
    Entry(
        "review.pressure",
        Category.REVIEW_REQUEST,
        _("Pressure with a review"),
        _("Making help or a refund depend on a review, or threatening with one."),
        _("Remove the condition: help must not depend on a review."),
    ),
    Entry(
        "payment.outside",
        Category.OFF_PLATFORM_PAYMENT,
        _("Paying outside"),
        _("Asking for or offering a payment that does not go through the marketplace."),
        _("Remove the other way to pay: payments go through the marketplace."),
    ),
    Entry(
        "payment.friends",
        Category.OFF_PLATFORM_PAYMENT,
        _("Payment to friends"),
        _("Payments to “friends and family”, gift cards, cash or crypto currency."),
        _("Remove it: such a payment is not protected and not allowed."),
    ),
    Entry(
        "payment.cheaper_elsewhere",
        Category.OFF_PLATFORM_PAYMENT,
        _("Cheaper elsewhere"),
        _("Asking to cancel here and buy elsewhere."),
        _("Remove the proposal: the order is completed here."),
    ),
    Entry(
        "payment.refund_outside",
        Category.OFF_PLATFORM_PAYMENT,
        _("Refund outside"),
        _("Refunding past the marketplace, for example by bank transfer."),
        _("Remove the proposal: refunds go through the marketplace."),
    ),
    Entry(
        "sensitive.sexual",
        Category.SENSITIVE_CONTENT,
        _("Sexual content"),
        _("Sexual offers and descriptions."),
        _("Remove the sexual content."),
    ),
    Entry(
        "sensitive.violence",
        Category.SENSITIVE_CONTENT,
        _("Violent content"),
        _("Describing or praising violence."),
        _("Remove the description of violence."),
    ),
    Entry(
        "sensitive.drugs_weapons",
        Category.SENSITIVE_CONTENT,
        _("Drugs and weapons"),
        _("Offers of drugs, weapons and ammunition."),
        _("Remove the offer: drugs and weapons are not traded here."),
    ),
    Entry(
        "sensitive.hate",
        Category.SENSITIVE_CONTENT,
        _("Hate"),
        _("Contempt for people because of where they come from, what they believe or who they are."),
        _("Remove the contemptuous words."),
    ),
    Entry(
        "abuse.insult",
        Category.ABUSE,
        _("Insult"),
        _("Insulting words about the other side."),
        _("Remove the insult and say what went wrong."),
    ),
    Entry(
        "abuse.threat",
        Category.ABUSE,
        _("Threat"),
        _("Threatening people with harm."),
        _("Remove the threat. If you need help, open a case with support."),
    ),
    Entry(
        "abuse.harassment",
        Category.ABUSE,
        _("Harassment"),
        _("Words that only serve to degrade or pester the other side."),
        _("Remove it and stay with the matter."),
    ),
    Entry(
        "data.card",
        Category.PAYMENT_DATA,
        _("Card number"),
        _("Numbers of credit and debit cards."),
        _("Remove the card number: nobody needs it in a message."),
    ),
    Entry(
        "data.iban",
        Category.PAYMENT_DATA,
        _("Bank account"),
        _("IBANs and other account numbers."),
        _("Remove the bank account: payments and refunds go through the marketplace."),
    ),
    Entry(
        "data.cvv",
        Category.PAYMENT_DATA,
        _("Card security code"),
        _("The three or four digits that prove a card."),
        _("Remove the security code: never tell it to anybody."),
    ),
    Entry(
        "data.password",
        Category.PAYMENT_DATA,
        _("Password"),
        _("Passwords, and asking for them."),
        _("Remove the password: never tell it to anybody."),
    ),
    Entry(
        "data.one_time_code",
        Category.PAYMENT_DATA,
        _("One-time code"),
        _("Codes that arrive by text message or in an app, and asking for them."),
        _("Remove the code: never tell it to anybody."),
    ),
    Entry(
        "data.identity_document",
        Category.PAYMENT_DATA,
        _("Identity document"),
        _("Numbers of passports, identity cards and driving licences, and asking for them."),
        _("Remove the document number: nobody needs it in a message."),
    ),
)
BY_RULE = {one.rule: one for one in ENTRIES}
_LEARNED = (
    _("Resembles messages that are not allowed"),
    _(
        "The whole message resembles messages that broke this rule. That alone never stops it: a person "
        "looks at it first."
    ),
    _("Say it in other words, or wait until a person has looked at it."),
)
_OWN = (
    _("A rule of this marketplace"),
    _("Words or patterns that this marketplace has added to the rules."),
    _("Remove these words, or ask for a person to check."),
)


def entry(rule: str, category: str = "") -> Entry:
    """Return the words about a rule. The classifier's, operators' and rules now gone have general ones."""
    if rule in BY_RULE:
        return BY_RULE[rule]
    area, _dot, name = rule.partition(".")
    known = next((one for one in Category if one in (category, name)), None)
    return Entry(rule, known, *(_LEARNED if area == "classifier" else _OWN))


def category_title(category: str) -> str:
    """Return what a category is called, in the reader's language."""
    return next((str(one.title) for one in CHAPTERS if one.category == category), category)


def learned() -> tuple[Entry, ...]:
    """Return the rules of the trained classifier, one a category."""
    return tuple(entry(f"classifier.{category}") for category in Category)
