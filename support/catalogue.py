"""What sellers ask support about: topics with their sub-topics, the fields of each form, and what helps at once.

The catalogue comes with the software, in every language it speaks; which queue gets what is the operator's to say
(``models.Route``). A sub-topic's key is kept with the case for good: keys are never given to something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(StrEnum):
    """What may be typed into a field."""

    ORDER = "order"  # the number of an order of the seller's own
    ARTICLE = "article"  # an ASIN or a SKU, one or several
    DATE = "date"
    AMOUNT = "amount"
    MARKETPLACE = "marketplace"
    ERROR_TEXT = "error_text"
    LINE = "line"


@dataclass(frozen=True)
class Field:
    """One field of a sub-topic's form."""

    key: str
    kind: Kind
    label: Promise
    help: Promise | str = ""
    is_required: bool = False


@dataclass(frozen=True)
class Help:
    """An answer that may make the case unnecessary; ``page`` names the view that shows more."""

    title: Promise
    text: Promise
    page: str = ""


@dataclass(frozen=True)
class Subtopic:
    """One matter: what its form asks besides the description, and what is good to know before."""

    key: str
    label: Promise
    fields: Sequence[Field] = ()
    help: Sequence[Help] = ()


@dataclass(frozen=True)
class Topic:
    """A group of matters."""

    key: str
    label: Promise
    subtopics: Sequence[Subtopic]


def order(*, required: bool = False) -> Field:
    """Return the field for an order's number."""
    return Field(
        "order",
        Kind.ORDER,
        _("Order number"),
        _("As it stands in your orders, for example 302-1234567-1234567."),
        required,
    )


def article(*, required: bool = False) -> Field:
    """Return the field for articles."""
    return Field(
        "article", Kind.ARTICLE, _("ASIN or SKU"), _("Several are possible, separated by commas or spaces."), required
    )


def when(label: Promise) -> Field:
    """Return a field for a day."""
    return Field("date", Kind.DATE, label)


def amount(label: Promise) -> Field:
    """Return a field for money."""
    return Field("amount", Kind.AMOUNT, label, _("With its currency, for example 49.90 EUR."))


MARKETPLACE = Field("marketplace", Kind.MARKETPLACE, _("Marketplace"), _("Where it happened, for example amazon.de."))
ERROR = Field(
    "error",
    Kind.ERROR_TEXT,
    _("Error message, word for word"),
    _("Copy it or attach a screenshot: support can look it up only by its exact words."),
)

_POLICY_HELP = Help(
    _("Why was my message held or not delivered?"),
    _(
        "Each decision has a statement of reasons with the rule and the words it is about, and a way to appeal. "
        "A person decides."
    ),
    "moderation:decisions",
)
_MAIL_HELP = Help(
    _("I get no e-mail"),
    _(
        "There is a list of every mail we sent you, what became of it, and why one was not sent. "
        "A test mail shows whether it works."
    ),
    "notices:sent",
)
_RULES_HELP = Help(
    _("What may I write to buyers?"),
    _("The policy names everything that is allowed and forbidden, with examples."),
    "policy:page",
)
_FIGURES_HELP = Help(
    _("How is my reply time counted?"),
    _("The figures page lists the messages behind every number and explains the clock."),
    "figures:figures",
)

CATALOGUE: tuple[Topic, ...] = (
    Topic(
        "account",
        pgettext_lazy("support topic", "Account"),
        (
            Subtopic("account_access", _("I cannot sign in, or somebody in my team cannot"), (ERROR,)),
            Subtopic("account_team", _("People in my team and what they may do")),
            Subtopic("account_data", _("Company details, address or tax number"), (MARKETPLACE,)),
            Subtopic(
                "account_health",
                _("A warning about my account or its figures"),
                (when(_("Date of the warning")),),
                (_FIGURES_HELP,),
            ),
            Subtopic("account_mail", _("E-mails and notifications"), (), (_MAIL_HELP,)),
        ),
    ),
    Topic(
        "orders",
        pgettext_lazy("support topic", "Orders and delivery"),
        (
            Subtopic(
                "orders_lost",
                _("A parcel is lost, late or damaged"),
                (order(required=True), when(_("Day it was shipped"))),
            ),
            Subtopic("orders_cancel", _("Cancel or change an order"), (order(required=True),)),
            Subtopic(
                "orders_missing",
                _("An order is missing or wrong here"),
                (order(), MARKETPLACE, when(_("Day of the order"))),
            ),
            Subtopic("orders_buyer", _("A problem with a buyer"), (order(),), (_RULES_HELP,)),
            Subtopic(
                "orders_tracking",
                _("Tracking or carrier"),
                (order(), Field("tracking", Kind.LINE, _("Tracking number"))),
            ),
        ),
    ),
    Topic(
        "listings",
        pgettext_lazy("support topic", "Products and listings"),
        (
            Subtopic(
                "listings_error",
                _("A listing cannot be created or changed"),
                (article(required=True), MARKETPLACE, ERROR),
            ),
            Subtopic(
                "listings_gone", _("A listing is blocked or has disappeared"), (article(required=True), MARKETPLACE)
            ),
            Subtopic(
                "listings_wrong",
                _("Title, picture, price or stock are shown wrongly"),
                (article(required=True), MARKETPLACE),
            ),
            Subtopic(
                "listings_brand", _("Brand, category or approval"), (article(), Field("brand", Kind.LINE, _("Brand")))
            ),
        ),
    ),
    Topic(
        "payments",
        pgettext_lazy("support topic", "Payments and fees"),
        (
            Subtopic(
                "payments_payout",
                _("A payout is missing, late or wrong"),
                (when(_("Day of the payout")), amount(_("Amount you expected"))),
            ),
            Subtopic("payments_fee", _("A fee I do not understand"), (order(), amount(_("Amount of the fee")))),
            Subtopic("payments_invoice", _("Invoices and tax documents"), (when(_("Month of the invoice")), order())),
            Subtopic("payments_bank", _("Bank account"), ()),
        ),
    ),
    Topic(
        "returns",
        pgettext_lazy("support topic", "Returns and claims"),
        (
            Subtopic(
                "returns_refund", _("A refund or a return"), (order(required=True), amount(_("Amount of the refund")))
            ),
            Subtopic(
                "returns_claim",
                _("A buyer's claim or a chargeback"),
                (order(required=True), when(_("Answer wanted by"))),
            ),
            Subtopic("returns_abuse", _("A buyer returns something else or abuses returns"), (order(required=True),)),
        ),
    ),
    Topic(
        "policy",
        pgettext_lazy("support topic", "Policy and restrictions"),
        (
            Subtopic(
                "policy_message", _("A message that was held or not delivered"), (order(),), (_POLICY_HELP, _RULES_HELP)
            ),
            Subtopic("policy_restriction", _("A restriction of my shop"), (when(_("Since when")),), (_POLICY_HELP,)),
            Subtopic("policy_report", _("Report a violation by somebody else"), (article(), order())),
            Subtopic("policy_rights", _("Trademarks, copyright or product safety"), (article(),)),
        ),
    ),
    Topic(
        "technical",
        pgettext_lazy("support topic", "Technical problem"),
        (
            Subtopic(
                "technical_error",
                _("A page shows an error or does not load"),
                (ERROR, Field("page", Kind.LINE, _("Which page"))),
            ),
            Subtopic("technical_files", _("Attachments cannot be uploaded or opened"), (ERROR,)),
            Subtopic("technical_search", _("Search, folders or filters")),
            Subtopic(
                "technical_accessibility", _("Something cannot be used with keyboard, screen reader or large print")
            ),
        ),
    ),
    Topic(
        "api",
        pgettext_lazy("support topic", "API and programs"),
        (
            Subtopic("api_webhook", _("Webhooks"), (ERROR, when(_("When it happened")))),
            Subtopic(
                "api_import", _("Importing orders"), (ERROR, Field("file", Kind.LINE, _("Name and format of the file")))
            ),
            Subtopic("api_other", _("Another interface"), (ERROR,)),
        ),
    ),
    Topic(
        "other",
        pgettext_lazy("support topic", "Something else"),
        (Subtopic("other", _("Something else"), (order(), article())),),
    ),
)

TOPICS = {topic.key: topic for topic in CATALOGUE}
SUBTOPICS = {one.key: one for topic in CATALOGUE for one in topic.subtopics}
TOPIC_OF = {one.key: topic for topic in CATALOGUE for one in topic.subtopics}

#: What makes a description precise, told beside its field.
HINTS: tuple[Promise, ...] = (
    _("What did you do, what did you expect, and what happened instead?"),
    _("Name order numbers and ASINs: support finds them faster than a description."),
    _("Give error messages word for word, or as a screenshot."),
    _("One matter, one case: each goes to those who know it best."),
)


def label_of(key: str) -> str:
    """Return a sub-topic's name, or of a key that is not in the catalogue any more the key itself."""
    return str(SUBTOPICS[key].label) if key in SUBTOPICS else key


def topic_label_of(key: str) -> str:
    """Return the name of a sub-topic's group."""
    return str(TOPIC_OF[key].label) if key in TOPIC_OF else key
