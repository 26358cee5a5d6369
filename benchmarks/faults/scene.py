"""The people of a run: shops and buyers with their conversations, signed in, each told of each message at once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

from tests.processes import Stack

SHOPS, BUYERS = 4, 8
GONE = "gone@shop.example"  # an address the mail server knows nothing of (550)
BLOCKER, LEAVER = "blocker@shop.example", "leaver@shop.example"


@dataclass(frozen=True)
class Talk:
    """A thread in which one side writes: with whose session, and who is told by e-mail."""

    thread: str
    session: str
    told: str
    has_endpoint: bool


@dataclass(frozen=True)
class Scene:
    """The threads that are written in, and the two in which somebody blocks, or unsubscribes, meanwhile."""

    talks: list[Talk]
    blocked: Talk
    left: Talk


def set_scene(site: Stack, hook: str) -> Scene:
    """Make the scene in a site; ``hook`` is the URL of the first shop's program."""
    told = json.loads(site.python(f"from benchmarks.faults.scene import make; make({hook!r})").splitlines()[-1])
    return Scene([Talk(**talk) for talk in told["talks"]], Talk(**told["blocked"]), Talk(**told["left"]))


def make(hook: str) -> None:
    """Make the scene and print it; runs inside the site."""
    from messagecenter.accounts.models import Mailbox, Role
    from messagecenter.ids import new_id
    from messagecenter.notices.models import Notice
    from messagecenter.threads.actions import open_thread
    from messagecenter.webhooks.actions import create_endpoint
    from tests import factories

    def opened(buyer: Any, shop: Any, *, shop_writes: bool = False) -> Talk:
        """Return a thread the buyer has begun."""
        person, mailbox = buyer
        owner, shop_mailbox = shop
        order: Any = factories.OrderFactory(shop=shop_mailbox, buyer=mailbox)
        factories.OrderItemFactory(order=order)
        thread = open_thread(
            by=person,
            mailbox=mailbox,
            order=order,
            topic="where_is_it",
            subject="About the lamp",
            body="Where is the lamp?",
            client_id=new_id(),
        ).thread
        writer, told = (owner, person) if shop_writes else (person, owner)
        return Talk(str(thread.pk), _session(writer), told.email, shop_mailbox == shops[0][1] and not shop_writes)

    def side(kind: Any, email: str) -> tuple[Any, Any]:
        mailbox = factories.MailboxFactory(kind=kind, name=email.partition("@")[0].title())
        person = _person(email)
        factories.MembershipFactory(user=person, mailbox=mailbox)
        return person, mailbox

    shops = [side(Mailbox.Kind.SHOP, f"owner{number}@shop.example") for number in range(SHOPS)]
    buyers = [side(Mailbox.Kind.BUYER, f"buyer{number}@buyer.example") for number in range(BUYERS)]
    factories.MembershipFactory(user=_person(GONE), mailbox=shops[1][1], role=Role.AGENT)
    create_endpoint(by=shops[0][0], mailbox=shops[0][1], url=hook, topics=["message"])
    talks = [
        opened(buyer, shops[(number + turn) % SHOPS], shop_writes=turn == 2)
        for number, buyer in enumerate(buyers)
        for turn in range(3)
    ]
    blocked = opened(buyers[0], side(Mailbox.Kind.SHOP, BLOCKER))
    left = opened(buyers[1], side(Mailbox.Kind.SHOP, LEAVER))
    Notice.objects.all().delete()  # what is counted begins now
    print(json.dumps({"talks": [asdict(talk) for talk in talks], "blocked": asdict(blocked), "left": asdict(left)}))


def _person(email: str) -> Any:
    """Make someone whose address is proved and who is told of each message at once."""
    from allauth.account.models import EmailAddress

    from messagecenter.accounts.models import User
    from messagecenter.notices.models import Preference

    person = User.objects.create_user(email, name=email.partition("@")[0].title())
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    Preference.objects.create(person=person, topic="message", channel="email", timing="at_once")
    return person


def _session(person: Any) -> str:
    """Sign someone in and return the session's key."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def block_and_leave() -> None:
    """Let the one shop block its buyer and the other unsubscribe; runs inside the site."""
    from messagecenter.accounts.models import Mailbox, User
    from messagecenter.notices.actions import stop
    from messagecenter.notices.topics import Topic
    from messagecenter.policy.actions import block_sender

    blocker = User.objects.get(email=BLOCKER)
    buyer = Mailbox.objects.get(members__email="buyer0@buyer.example")
    block_sender(by=blocker, mailbox=blocker.mailboxes.get(), sender=buyer)
    assert stop(person_id=User.objects.get(email=LEAVER).pk, topic=Topic.MESSAGE)


def owe_poison(subject: str) -> None:
    """Owe somebody what cannot be rendered; runs inside the site."""
    from messagecenter.accounts.models import User
    from messagecenter.notices.actions import owe

    owe(kind="test-poison", subject_id=UUID(subject), recipients=[User.objects.get(email="owner0@shop.example")])
