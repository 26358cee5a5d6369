"""Held messages whose time ran out: what the policy says, one at a time, whatever happens to the others."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from messagecenter.moderation import holds
from messagecenter.moderation.holds import settle_overdue
from messagecenter.moderation.statements import explain
from messagecenter.notices.dispatch import deliver_due
from messagecenter.policy.actions import block_sender
from messagecenter.policy.models import Decision, PolicyVersion
from messagecenter.threads.models import Message, Thread
from messagecenter.threads.words import read_shown_body

from .conftest import message_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def overdue(post, watchwords):
    """Return what lets the policy say what becomes of a message whose time ran out an hour ago."""

    def make(after_hold, *bodies):
        made = [post(body) for body in bodies]
        content = watchwords.content | {"after_hold": after_hold}
        PolicyVersion.objects.create(number=watchwords.number + 1, content=content, note="after hold")
        Decision.objects.update(hold_until=timezone.now() - timedelta(hours=1))
        return made

    return make


def letters_about(decision):
    return [one for one in mail.outbox if f"/messages/decisions/{decision.pk}/" in one.body]


def test_alarm_sounds_once(overdue, caplog):
    [held] = overdue("alarm", "A holdword")
    with caplog.at_level(logging.ERROR, "messagecenter.moderation.holds"):
        assert (settle_overdue(), settle_overdue()) == (1, 0)
    assert [str(held.pk) in one.getMessage() for one in caplog.records] == [True]
    assert message_of(held).state == Message.State.HELD


def test_one_that_cannot_be_delivered_sounds_its_alarm_and_the_next_goes_out(overdue, caplog):
    broken, other = overdue("deliver", "A holdword and a hideword", "holdword again")
    Decision.objects.filter(pk=broken.pk).update(hold_until=timezone.now() - timedelta(hours=2))
    Message.objects.filter(pk=broken.message_id).update(body_ciphertext=b"broken")
    with caplog.at_level(logging.ERROR, "messagecenter.moderation.holds"):
        settle_overdue()
    alarms = [one.getMessage() for one in caplog.records if one.name.endswith(".holds")]
    assert [str(broken.pk) in one for one in alarms] == [True]
    assert [message_of(one).state for one in (broken, other)] == ["held", "delivered"]


def test_those_that_cannot_be_delivered_keep_nobody_else_waiting(overdue, monkeypatch):
    monkeypatch.setattr(holds, "BATCH", 1)
    broken, other = overdue("deliver", "holdword", "holdword again")
    Decision.objects.filter(pk=broken.pk).update(hold_until=timezone.now() - timedelta(hours=2))
    Message.objects.filter(pk=broken.message_id).update(body_ciphertext=b"broken")
    for _run in range(2):
        settle_overdue()
    assert [message_of(one).state for one in (broken, other)] == ["held", "delivered"]


def test_one_whose_recipient_blocks_the_sender_sounds_its_alarm(overdue, buyer, buyer_mailbox, shop, caplog):
    [held] = overdue("deliver", "A holdword")
    Thread.objects.filter(pk=held.thread_id).update(topic="buyer_other")  # nothing the order needs
    block_sender(by=buyer, mailbox=buyer_mailbox, sender=shop)
    with caplog.at_level(logging.ERROR, "messagecenter.moderation.holds"):
        settle_overdue()
    assert [str(held.pk) in one.getMessage() for one in caplog.records] == [True]
    assert message_of(held).state == Message.State.HELD


def test_delivered_without_the_words_that_the_rules_hide(overdue, seller):
    [held] = overdue("deliver", "A holdword and a hideword")
    assert settle_overdue() == 1
    assert [word for word in ("holdword", "hideword") if word in read_shown_body(message_of(held))] == ["holdword"]
    deliver_due()
    [letter] = letters_about(held)
    assert "words are hidden" in letter.body
    assert "no person has read it" in letter.body
    assert explain(Decision.objects.get(pk=held.pk), seller).may_appeal


@pytest.mark.parametrize("language", ["en", "de"])
def test_kept_message_is_not_said_to_be_checked_still(overdue, seller, language):
    seller.language = language
    seller.save(update_fields=["language"])
    [held] = overdue("keep", "A holdword")
    deliver_due()
    assert settle_overdue() == 1
    deliver_due()
    first, second = letters_about(held)
    until = str(timezone.localtime(held.hold_until).year)
    assert until in first.body.partition("http")[0]
    told = f"{second.subject} {second.body} {second.alternatives[0][0]}"
    assert [word for word in ("being checked", "have until", "geprüft, bevor") if word in told] == []
    if language == "en":
        assert second.subject == first.subject.replace("is being checked", "was not delivered")
        assert "nobody could check it in time" in second.body
