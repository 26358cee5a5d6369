"""From what happened to a shop's own program: ids and numbers, and only what it asked for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.notices.dispatch import deliver_due
from messagecenter.policy.models import PolicyVersion
from messagecenter.threads.actions import post_message
from messagecenter.threads.models import Thread, Wait
from messagecenter.threads.periodic import remind_of_replies
from messagecenter.webhooks.actions import create_endpoint
from messagecenter.webhooks.models import Endpoint
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db


def events(receiver: Receiver) -> list[dict[str, Any]]:
    """Deliver what is due and return what the program reads."""
    deliver_due()
    return [json.loads(one.body) for one in receiver.posted]


def test_a_reminder_reaches_the_shop_it_is_for(
    thread: Thread, endpoint: Endpoint, receiver: Receiver, other_seller: User
) -> None:
    foreign = other_seller.mailboxes.get()
    create_endpoint(by=other_seller, mailbox=foreign, url=f"{receiver.url}/foreign", topics=["reminder"])
    Wait.objects.update(due_at=timezone.now() + timedelta(hours=1))
    remind_of_replies()
    [event] = events(receiver)
    assert event["type"] == "reply.due"
    assert event["data"]["thread"] == str(thread.pk)
    assert not receiver.posted[0].path.endswith("/foreign")


def test_a_decision_is_told_to_who_asked_for_decisions(
    thread: Thread, endpoint: Endpoint, receiver: Receiver, seller: User, shop: Mailbox, watchwords: PolicyVersion
) -> None:
    """The other endpoint asked for messages and reminders only."""
    create_endpoint(by=seller, mailbox=shop, url=f"{receiver.url}/decisions", topics=["decision"])
    posted = post_message(
        by=seller, mailbox=shop, thread=thread, body="Flügelhorn blockword", client_id=new_id(), attachment_ids=[]
    )
    assert posted.decision is not None
    [event] = events(receiver)
    assert (event["type"], event["data"]["decision"]) == ("decision.made", str(posted.decision.pk))
    assert receiver.posted[0].path.endswith("/decisions")
    assert "Flügelhorn" not in str(event)
