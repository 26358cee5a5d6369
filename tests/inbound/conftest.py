"""A door for mail, and Anna's address for answering by it."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, User
from messagecenter.threads.models import Message, Thread
from messagecenter.threads.reply_addresses import reply_address
from tests.inbound.post import DOMAIN, SERVER


@pytest.fixture
def door(settings: Settings) -> None:
    """Mail is taken in behind a server of our own that tells who sent it."""
    settings.INBOUND_DOMAIN, settings.INBOUND_AUTHSERV_ID = DOMAIN, SERVER


@pytest.fixture
def annas_address(door: None, thread: Thread, answer: Message, buyer: User, buyer_mailbox: Mailbox) -> str:
    """Where Anna answers the shop's answer."""
    return reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk)


@pytest.fixture
def shops_address(door: None, thread: Thread, answer: Message, seller: User, shop: Mailbox) -> str:
    """Where Selma answers Anna."""
    return reply_address(thread_id=thread.pk, person=seller, mailbox_id=shop.pk)
