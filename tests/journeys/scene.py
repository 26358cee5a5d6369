"""People, an order and a question about it, made inside a running site: each journey has its own."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

from tests.processes import Stack


@dataclass(frozen=True)
class Scene:
    """The addresses of a shop's people and its buyer (all with ``tests.factories.PASSWORD``), and ids."""

    tag: str
    buyer: str
    seller: str
    agent: str
    order: str
    product: str
    thread: str


def set_scene(stack: Stack) -> Scene:
    """Make a scene in the site: the buyer has asked once, nobody has answered."""
    return Scene(**json.loads(stack.python("from tests.journeys.scene import make; make()").splitlines()[-1]))


def make() -> None:
    """Make the scene and print it; runs inside the site."""
    from messagecenter.accounts.models import Mailbox, Role
    from messagecenter.ids import new_id
    from messagecenter.threads.actions import open_thread
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
    product = factories.ProductFactory(shop=shop, sku=f"LAMP-{tag}", title=f"Oak lamp {tag}")
    order = factories.OrderFactory(shop=shop, buyer=buying, number=f"MC-{tag}")
    factories.OrderItemFactory(order=order, product=product, title=product.title)
    thread = open_thread(
        by=people["buyer"],
        mailbox=buying,
        order=order,
        topic="where_is_it",
        subject=f"Question {tag}",
        body=f"First question {tag}",
        client_id=new_id(),
    ).thread
    addresses = {name: person.email for name, person in people.items()}
    made = Scene(tag=tag, order=order.number, product=str(product.pk), thread=str(thread.pk), **addresses)
    print(json.dumps(asdict(made)))


def answer(stack: Stack, scene: Scene, text: str) -> None:
    """Let the seller answer, as another process of the site."""
    write(stack, scene, scene.seller, text)


def write(stack: Stack, scene: Scene, email: str, text: str) -> None:
    """Let the buyer or somebody of the shop write, as another process of the site."""
    stack.python(
        "from messagecenter.accounts.models import User; from messagecenter.ids import new_id; "
        "from messagecenter.threads.actions import post_message; from messagecenter.threads.models import Thread; "
        f"person = User.objects.get(email={email!r}); "
        "post_message(by=person, mailbox=person.mailboxes.get(), "
        f"thread=Thread.objects.get(pk={scene.thread!r}), body={text!r}, client_id=new_id())"
    )


def make_viewer(stack: Stack, email: str) -> None:
    """Take from a member the right to write."""
    stack.python(
        "from messagecenter.accounts.models import *; "
        f"Membership.objects.filter(user__email={email!r}).update(role=Role.VIEWER)"
    )
