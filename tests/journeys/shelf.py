"""A shop with several conversations, folders and labels, made inside a running site."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

from tests.processes import Stack


@dataclass(frozen=True)
class Shelf:
    """The shop's two people and its buyer (all with ``tests.factories.PASSWORD``), and its threads, newest first."""

    tag: str
    seller: str
    agent: str
    buyer: str
    threads: list[str]


def set_shelf(stack: Stack, count: int = 6) -> Shelf:
    """Make a shop with ``count`` unanswered threads, "Question 1" being the newest, and one of them urgent."""
    return Shelf(**json.loads(stack.python(f"from tests.journeys.shelf import make; make({count})").splitlines()[-1]))


def make(count: int) -> None:
    """Make the shop and print it; runs inside the site."""
    from messagecenter.accounts.models import Mailbox, Role
    from messagecenter.filing.models import Folder, Label
    from messagecenter.ids import new_id
    from messagecenter.threads.actions import open_thread
    from messagecenter.threads.models import Entry, Priority
    from tests import factories

    tag = secrets.token_hex(4)
    people = {
        name: factories.UserFactory(email=f"{name}-{tag}@example.com", name=f"{name.title()} {tag}")
        for name in ("buyer", "seller", "agent")
    }
    shop = factories.MailboxFactory(name=f"Shop {tag}")
    buying = factories.MailboxFactory(kind=Mailbox.Kind.BUYER, name=f"Buyer {tag}")
    factories.MembershipFactory(user=people["buyer"], mailbox=buying)
    factories.MembershipFactory(user=people["seller"], mailbox=shop)
    factories.MembershipFactory(user=people["agent"], mailbox=shop, role=Role.AGENT)
    returns = Folder.objects.create(mailbox=shop, name="Returns")
    Folder.objects.create(mailbox=shop, name="Damaged", parent=returns)
    Label.objects.create(mailbox=shop, name="Refund", color=Label.Color.RED)
    Label.objects.create(mailbox=shop, name="Warehouse", color=Label.Color.TEAL)
    product = factories.ProductFactory(shop=shop, sku=f"LAMP-{tag}", title=f"Oak lamp {tag}")
    threads: list[str] = []
    for number in range(count, 0, -1):
        order = factories.OrderFactory(shop=shop, buyer=buying, number=f"MC-{tag}-{number}")
        factories.OrderItemFactory(order=order, product=product, title=product.title)
        posted = open_thread(
            by=people["buyer"],
            mailbox=buying,
            order=order,
            topic="where_is_it",
            subject=f"Question {number}",
            body=f"Body of question {number}, {tag}",
            client_id=new_id(),
        )
        threads.insert(0, str(posted.thread.pk))
    Entry.objects.filter(mailbox=shop, thread=threads[3]).update(priority=Priority.URGENT)
    addresses = {name: person.email for name, person in people.items()}
    print(json.dumps(asdict(Shelf(tag=tag, threads=threads, **addresses))))
