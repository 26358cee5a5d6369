"""A shop's program that receives webhooks, and a notice for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.notices.kinds import Brief
from messagecenter.notices.models import Notice
from messagecenter.webhooks.actions import create_endpoint
from messagecenter.webhooks.models import Endpoint
from tests.receiver import Receiver

DATA = {"thread": "0199-thread", "message": "0199-message", "order_number": "302-1", "excerpt": "Quittenbrot"}
BRIEF = Brief("Zimtstern title", "Flügelhorn body", "/messages/1/", "message.created", DATA)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """The shop's program."""
    with Receiver() as server:
        settings.EGRESS_ALLOW = [server.host_and_port]
        yield server


@pytest.fixture
def made(seller: User, shop: Mailbox, receiver: Receiver) -> tuple[Endpoint, str]:
    """The shop's endpoint, with the secret that its owner was shown."""
    return create_endpoint(by=seller, mailbox=shop, url=receiver.url, topics=["message", "reminder"])


@pytest.fixture
def endpoint(made: tuple[Endpoint, str]) -> Endpoint:
    """The shop's endpoint."""
    return made[0]


@pytest.fixture
def secret(made: tuple[Endpoint, str]) -> str:
    """What its owner was shown once."""
    return made[1]


@pytest.fixture
def notice(endpoint: Endpoint) -> Notice:
    """Something to tell the endpoint, for the first time."""
    return Notice.objects.create(
        kind="new_message", channel=Notice.Channel.WEBHOOK, target_id=endpoint.pk, subject_id=new_id(), attempts=1
    )
