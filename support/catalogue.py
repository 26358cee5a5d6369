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
    may_come: bool = False  # a day: it may lie in the future


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


def when(label: Promise, *, may_come: bool = False) -> Field:
    """Return a field for a day, one that may be still to come or has to be here already."""
    return Field("date", Kind.DATE, label, may_come=may_come)


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

_ACCESS_HELP = Help(
    _("The password or the second factor is lost"),
    _(
        "A new password can be set by e-mail. Without the second factor one of the recovery codes lets you in: each "
        "works once."
    ),
    "account_reset_password",
)
_TEAM_HELP = Help(
    _("Who may do what in a team?"),
    _("Owners invite people and change what they may do, agents write, viewers read. It takes effect at once."),
    "accounts:members",
)
_PARCEL_HELP = Help(
    _("What support needs to find a parcel"),
    _(
        "The day it was shipped, the tracking number and the proof of posting. Ask the carrier to look for it "
        "meanwhile: the number of that inquiry helps us, too."
    ),
)
_FROM_THE_ORDER_HELP = Help(
    _("Start from the conversation with the buyer"),
    _(
        "“Get help with this order” there brings the order’s number, its articles and, if you tick it, the "
        "conversation along. Then nobody has to ask for what the buyer wrote."
    ),
    "threads:inbox",
)
_IMPORT_HELP = Help(
    _("Which files of orders can be read?"),
    _(
        "Amazon’s order report, the exports of Shopify and WooCommerce, and our own CSV or JSON. A row that cannot "
        "be read is named with its line and the reason; the others go in."
    ),
)
_LISTING_HELP = Help(
    _("What makes a case about a listing quick"),
    _(
        "Its ASIN or SKU, the marketplace, and the message word for word or as a screenshot. Several articles with the "
        "same message are one case."
    ),
)
_PAYOUT_HELP = Help(
    _("Is the payout still on its way?"),
    _("Between banks a payment takes up to three working days; weekends and public holidays do not count."),
)
_SECRETS_HELP = Help(
    _("What nobody needs to know"),
    _("Support never asks for passwords or codes. Of an account or a card the last four digits are enough."),
)
_EVIDENCE_HELP = Help(
    _("What counts as evidence"),
    _(
        "Photos of the article, the parcel and its label as they arrived, the tracking number of the return, and the "
        "conversation with the buyer."
    ),
)
_FILES_HELP = Help(
    _("Which files can be attached?"),
    _(
        "JPEG, PNG and GIF pictures, PDF, Word and text files: up to 10 files and 10 MB together. What is refused "
        "comes with its reason."
    ),
)
_SEARCH_HELP = Help(
    _("What does the search find?"),
    _(
        "Words in any order, the beginning of long words, order numbers, names of files and the words in them. Words "
        "in quotation marks are found only as they stand."
    ),
)
_WEBHOOK_HELP = Help(
    _("What became of a webhook?"),
    _("Owners of the shop see on its page what was sent to your program and what it answered, and can send a test."),
    "webhooks:list",
)

CATALOGUE: tuple[Topic, ...] = (
    Topic(
        "account",
        pgettext_lazy("support topic", "Account"),
        (
            Subtopic("account_access", _("I cannot sign in, or somebody in my team cannot"), (ERROR,), (_ACCESS_HELP,)),
            Subtopic("account_team", _("People in my team and what they may do"), (), (_TEAM_HELP,)),
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
                (_PARCEL_HELP,),
            ),
            Subtopic("orders_cancel", _("Cancel or change an order"), (order(required=True),), (_FROM_THE_ORDER_HELP,)),
            Subtopic(
                "orders_missing",
                _("An order is missing or wrong here"),
                (order(), MARKETPLACE, when(_("Day of the order"))),
                (_IMPORT_HELP,),
            ),
            Subtopic("orders_buyer", _("A problem with a buyer"), (order(),), (_RULES_HELP, _FROM_THE_ORDER_HELP)),
            Subtopic(
                "orders_tracking",
                _("Tracking or carrier"),
                (order(), Field("tracking", Kind.LINE, _("Tracking number"))),
                (_PARCEL_HELP,),
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
                (_LISTING_HELP,),
            ),
            Subtopic(
                "listings_gone",
                _("A listing is blocked or has disappeared"),
                (article(required=True), MARKETPLACE),
                (_LISTING_HELP,),
            ),
            Subtopic(
                "listings_wrong",
                _("Title, picture, price or stock are shown wrongly"),
                (article(required=True), MARKETPLACE),
                (_LISTING_HELP,),
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
                (when(_("Day of the payout"), may_come=True), amount(_("Amount you expected"))),
                (_PAYOUT_HELP, _SECRETS_HELP),
            ),
            Subtopic("payments_fee", _("A fee I do not understand"), (order(), amount(_("Amount of the fee")))),
            Subtopic("payments_invoice", _("Invoices and tax documents"), (when(_("Month of the invoice")), order())),
            Subtopic("payments_bank", _("Bank account"), (), (_SECRETS_HELP,)),
        ),
    ),
    Topic(
        "returns",
        pgettext_lazy("support topic", "Returns and claims"),
        (
            Subtopic(
                "returns_refund",
                _("A refund or a return"),
                (order(required=True), amount(_("Amount of the refund"))),
                (_FROM_THE_ORDER_HELP,),
            ),
            Subtopic(
                "returns_claim",
                _("A buyer's claim or a chargeback"),
                (order(required=True), when(_("Answer wanted by"), may_come=True)),
                (_EVIDENCE_HELP,),
            ),
            Subtopic(
                "returns_abuse",
                _("A buyer returns something else or abuses returns"),
                (order(required=True),),
                (_EVIDENCE_HELP,),
            ),
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
            Subtopic("technical_files", _("Attachments cannot be uploaded or opened"), (ERROR,), (_FILES_HELP,)),
            Subtopic("technical_search", _("Search, folders or filters"), (), (_SEARCH_HELP,)),
            Subtopic(
                "technical_accessibility", _("Something cannot be used with keyboard, screen reader or large print")
            ),
        ),
    ),
    Topic(
        "api",
        pgettext_lazy("support topic", "API and programs"),
        (
            Subtopic("api_webhook", _("Webhooks"), (ERROR, when(_("When it happened"))), (_WEBHOOK_HELP,)),
            Subtopic(
                "api_import",
                _("Importing orders"),
                (ERROR, Field("file", Kind.LINE, _("Name and format of the file"))),
                (_IMPORT_HELP,),
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
