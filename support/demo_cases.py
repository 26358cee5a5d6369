"""What the demo shows of support: two queues, and cases of the demo shop in every state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.ids import new_id
from orders.models import Order

from .actions import (
    answer_case,
    assign_case,
    escalate_case,
    hold_case,
    open_case,
    rate_case,
    resolve_case,
)
from .lifecycle import Status
from .models import Case, Queue, Route
from .severities import Severity

GENERAL, PAYMENTS = "Seller support", "Payments and fees"
OFFICE = {
    "time_zone": "Europe/Berlin",
    "week": {day: [["08:00", "18:00"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    "holidays": {"country": "DE"},
}


@dataclass(frozen=True)
class Matter:
    """One case as its people write it; ``answers`` are support's, each with the state it leads to."""

    topic: str
    severity: Severity
    subject: str
    body: str
    answers: tuple[tuple[str, Status], ...] = ()
    about_order: bool = False
    form: dict[str, str] = field(default_factory=dict)
    end: str = ""


MATTERS = (
    Matter(
        "payments_payout",
        Severity.HIGH,
        "Payout of 5 November is missing",
        "The payout announced for 5 November has not arrived at our bank. The statement shows it as paid. "
        "Could you tell us when it was sent?",
        form={"date": "2026-11-05", "amount": "1284.50 EUR"},
    ),
    Matter(
        "orders_lost",
        Severity.NORMAL,
        "Parcel lost, buyer asks for a refund",
        "The carrier has had no scan for twelve days. Who pays for the refund: the carrier, you or we?",
        (
            (
                "Thank you, we have asked the carrier. Please send us the proof of posting, if you have it.",
                Status.WAITING,
            ),
        ),
        about_order=True,
    ),
    Matter(
        "listings_error",
        Severity.LOW,
        "Colour cannot be changed",
        "Saving the colour of the floor lamp ends with: 8541 attribute colour_name is not valid.",
        (
            (
                "The attribute expects one of the listed colours. Please choose “copper” instead of “kupfern”.",
                Status.ANSWERED,
            ),
        ),
        form={"article": "B0NLPENDEL", "error": "8541 attribute colour_name is not valid"},
    ),
    Matter(
        "technical_error",
        Severity.NORMAL,
        "Export shows an empty page",
        "Since this morning the export of orders shows an empty page in every browser we have.",
        (("This is mended since 11:00. Does it work for you now?", Status.ANSWERED),),
        end="rated",
    ),
    Matter(
        "account_team",
        Severity.LOW,
        "A second person with the role owner",
        "A colleague who has just started is to manage the team as well. How is that done?",
        (("You can change the role on your team's page. Tell us when it has worked.", Status.WAITING),),
        end="held",
    ),
    Matter(
        "policy_message",
        Severity.URGENT,
        "All our answers are being held",
        "Since yesterday each answer to a buyer is held for an hour. We miss our reply time because of it.",
        end="escalated",
    ),
)


def set_up_support(supporter: User) -> None:
    """Make two queues in which the demo's member of staff works, and a rule for payments."""
    for name, handing in ((GENERAL, Queue.Handing.NOBODY), (PAYMENTS, Queue.Handing.LEAST_LOADED)):
        mailbox = Mailbox.objects.create(kind=Mailbox.Kind.SUPPORT, name=name)
        queue = Queue.objects.create(
            mailbox=mailbox,
            languages=["de", "en"],
            opening_hours=OFFICE,
            handing=handing,
            calls_at_once=2,
            offers_chat=True,
        )
        Membership.objects.create(user=supporter, mailbox=mailbox, role=Role.OWNER)
        if name == PAYMENTS:
            Route.objects.create(topic="payments", queue=queue, position=10)


def open_demo_cases(seller: User, shop: Mailbox, supporter: User) -> None:
    """Open the demo's cases and take each as far as its script goes."""
    order = Order.objects.filter(shop=shop).order_by("-purchased_at").first()
    for matter in MATTERS:
        opened = open_case(
            by=seller,
            shop=shop,
            topic=matter.topic,
            severity=matter.severity,
            subject=matter.subject,
            body=matter.body,
            client_id=new_id(),
            language="en",
            answers=matter.form,
            order=order if matter.about_order else None,
        )
        if opened.case is None:
            continue
        for body, there in matter.answers:
            answer_case(by=supporter, case=opened.case, body=body, client_id=new_id(), there=there)
        _end(opened.case, matter.end, seller, supporter)


def _end(case: Case, end: str, seller: User, supporter: User) -> None:
    if end == "rated":
        resolve_case(by=seller, case=case)
        rate_case(by=seller, case=case, rating=5, comment="Quick and clear, thank you.")
    elif end == "held":
        hold_case(by=seller, case=case, until=case.opened_at + timedelta(days=3))
    elif end == "escalated":
        assign_case(by=supporter, case=case, to=supporter)
        escalate_case(by=supporter, case=case, reason="Several shops report the same.")
