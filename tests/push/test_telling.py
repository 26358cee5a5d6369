"""From what happened to the browser of who wants to know: in their language, and never a word of a message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.notices.actions import choose
from messagecenter.notices.dispatch import deliver_due
from messagecenter.policy.models import PolicyVersion
from messagecenter.push.actions import add_device
from messagecenter.push.models import Device
from messagecenter.push.subscriptions import checked
from messagecenter.threads.actions import post_message
from messagecenter.threads.models import Thread, Wait
from messagecenter.threads.periodic import remind_of_replies
from tests.push.conftest import Browser
from tests.receiver import Receiver
from tests.threads.writing import reply

pytestmark = pytest.mark.django_db


def told(browser: Browser, service: Receiver) -> list[dict[str, Any]]:
    """Deliver what is due and return what the browser reads."""
    deliver_due()
    return [browser.read(one.body) for one in service.posted]


def test_a_german_reads_german(
    firefox: Browser, device: Device, service: Receiver, thread: Thread, buyer: User, seller: User, shop: Mailbox
) -> None:
    """The worker's own language is the site's, whoever it works for."""
    User.objects.filter(pk=buyer.pk).update(language="de")
    reply(seller, shop, thread, "It left us on Monday, in a Zimtstern box.")
    [push] = told(firefox, service)
    assert push["title"] == f"Neue Nachricht zur Bestellung {thread.order.number}"  # type: ignore[union-attr]
    assert push["body"] == f"Von {shop.shown_name}"


def test_a_reminder_says_until_when_on_the_persons_own_clock(
    firefox: Browser, service: Receiver, thread: Thread, seller: User
) -> None:
    User.objects.filter(pk=seller.pk).update(language="de", time_zone="Asia/Tokyo")
    device_of(seller, firefox)
    due = (timezone.now() + timedelta(hours=2)).replace(minute=7)
    Wait.objects.update(due_at=due)
    remind_of_replies()
    [push] = told(firefox, service)
    hours = (due.hour + 9) % 24
    assert push["title"] == f"Antwort bald fällig: Bestellung {thread.order.number}"  # type: ignore[union-attr]
    assert push["body"].endswith(f" {hours:02}:07")


def test_a_decision_reaches_the_browser_of_who_asked_for_it(
    firefox: Browser, service: Receiver, thread: Thread, seller: User, shop: Mailbox, watchwords: PolicyVersion
) -> None:
    device_of(seller, firefox)
    choose(by=seller, timings={("decision", "push"): "at_once"})
    posted = post_message(
        by=seller, mailbox=shop, thread=thread, body="Flügelhorn blockword", client_id=new_id(), attachment_ids=[]
    )
    assert posted.decision is not None
    [push] = told(firefox, service)
    assert push["title"] == f"Your message about order {thread.order.number} was not delivered"  # type: ignore[union-attr]
    assert push["path"].endswith(f"{posted.decision.pk}/")
    assert "Flügelhorn" not in str(push)


def device_of(person: User, browser: Browser) -> None:
    """Turn notifications on in a person's browser."""
    add_device(by=person, subscription=checked(**browser.fields), label="")
