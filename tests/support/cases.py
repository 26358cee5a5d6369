"""What tests of support start from: queues with people, shops, and cases opened as sellers open them."""

from __future__ import annotations

from typing import Any

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.ids import new_id
from support.actions import open_case
from support.models import Case, Queue
from support.severities import Severity
from tests.factories import MailboxFactory, MembershipFactory, UserFactory

AROUND_THE_CLOCK: dict[str, Any] = {}


def make_queue(name: str = "Marketplace support", **values: Any) -> Queue:
    """Return a queue that takes cases around the clock."""
    mailbox = MailboxFactory(kind=Mailbox.Kind.SUPPORT, name=name)
    return Queue.objects.create(mailbox=mailbox, **({"languages": ["de", "en"]} | values))


def make_staff(queue: Queue, role: str = Role.AGENT, **values: Any) -> User:
    """Return a member of staff who works in a queue."""
    person: User = UserFactory(is_staff=True, **values)
    Membership.objects.create(user=person, mailbox=queue.mailbox, role=role)
    return person


def make_seller(role: str = Role.OWNER, shop: Mailbox | None = None) -> Membership:
    """Return somebody's membership in a shop."""
    membership: Membership = MembershipFactory(role=role, **({"mailbox": shop} if shop else {}))
    return membership


def open_one(seller: Membership, **values: Any) -> Case:
    """Return a case that a seller has opened."""
    asked: dict[str, Any] = {
        "topic": "payments_payout",
        "severity": Severity.NORMAL,
        "subject": "The payout of October is missing",
        "body": "It should have come on the fifth. Please look at it.",
        "client_id": new_id(),
        "language": "en",
    }
    opened = open_case(by=seller.user, shop=seller.mailbox, **(asked | values))
    assert opened.case is not None
    return opened.case


def fresh(case: Case) -> Case:
    """Return a case as the database has it now."""
    return Case.objects.select_related("queue__mailbox", "shop", "thread").get(pk=case.pk)
