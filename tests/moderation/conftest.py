"""Messages the policy stopped, and people at the desk. ``watchwords`` makes what is stopped certain."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.actions import upload
from messagecenter.ids import new_id
from messagecenter.moderation.actions import make_report
from messagecenter.moderation.models import Report
from messagecenter.policy.models import Decision, PolicyVersion
from messagecenter.threads.actions import post_message
from messagecenter.threads.models import Message, Thread
from tests.conftest import _with_second_factor
from tests.factories import UserFactory

Post = Callable[..., Decision]


def staff(email: str, *codenames: str) -> User:
    """Return staff with a second factor and exactly these rights."""
    user = _with_second_factor(UserFactory(email=email, name="Desk " + email.partition("@")[0], is_staff=True))
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def moderator(db: None) -> User:
    """Someone at the desk who may decide, read and open files."""
    return staff("mona@marketplace.example", "moderate", "disclose_thread", "disclose_attachment")


@pytest.fixture
def second(db: None) -> User:
    """Another one."""
    return staff("milo@marketplace.example", "moderate", "disclose_thread", "disclose_attachment")


@pytest.fixture
def decider(db: None) -> User:
    """Someone who may decide, but not read."""
    return staff("dora@marketplace.example", "moderate")


@pytest.fixture
def desk(moderator: User, signed_in: Callable[[User], Client]) -> Client:
    """The moderator's browser."""
    return signed_in(moderator)


@pytest.fixture
def post(watchwords: PolicyVersion, thread: Thread, seller: User, shop: Mailbox) -> Post:
    """Return what lets the shop's owner write something the policy acts on, and gives the decision."""

    def write(body: str, *, file: tuple[str, bytes] | None = None) -> Decision:
        sent = [upload(by=seller, mailbox=shop, name=file[0], plain=file[1])] if file else []
        posted = post_message(
            by=seller,
            mailbox=shop,
            thread=thread,
            body=body,
            client_id=new_id(),
            attachment_ids=[one.pk for one in sent],
        )
        assert posted.decision is not None
        return posted.decision

    return write


@pytest.fixture
def blocked(post: Post) -> Decision:
    """A message that was not delivered."""
    return post("Pfifferling! Here is a blockword for you.")


@pytest.fixture
def held(post: Post) -> Decision:
    """A message that a person has to check."""
    return post("Steinpilz! Here is a holdword for you, 😀 and more.")


@pytest.fixture
def hidden(post: Post) -> Decision:
    """A message that was delivered with words hidden."""
    return post("Morchel! Here is a hideword for you.")


@pytest.fixture
def report(answer: Message, buyer: User, buyer_mailbox: Mailbox) -> Report:
    """Anna's report of the shop's answer."""
    return make_report(
        by=buyer, mailbox=buyer_mailbox, message=answer, reason="spam", words="Trüffel says it all.", good_faith=True
    )


def message_of(decision: Decision) -> Message:
    """Return the message a decision is about."""
    return Message.objects.get(pk=decision.message_id)
