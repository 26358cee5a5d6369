"""A held or blocked message's words reach nobody but its own side, and staff only with a logged reason."""

from __future__ import annotations

import pytest
from django.contrib import admin as django_admin
from django.core import mail
from django.urls import reverse

from messagecenter.live.models import Event
from messagecenter.moderation.actions import approve
from messagecenter.notices.dispatch import deliver_due
from messagecenter.policy.models import PolicyVersion
from messagecenter.threads.models import Entry, Tally

from .conftest import message_of

pytestmark = pytest.mark.django_db
ROOMS = ("policy", "moderation", "threads", "notices", "attachments")
WORDS = ("Pfifferling", "blockword", "Steinpilz", "holdword", "Radieschen", "Rettich")


@pytest.fixture
def stopped(post, blocked, held):
    """Two stopped messages, and a third whose words stand in a file and its name."""
    return [blocked, held, post("See it.", file=("Radieschen.txt", b"Rettich and a holdword"))]


def leaks(text):
    return [word for word in WORDS if word in text]


def test_recipient_is_shown_none_of_it(stopped, thread, buyer, buyer_mailbox, signed_in):
    browser = signed_in(buyer)
    first = thread.messages.order_by("pk")[0]
    addresses = [
        "/messages/",
        "/messages/?box=unread",
        "/messages/counters/",
        "/messages/decisions/",
        "/messages/reports/",
        f"/messages/{thread.pk}/",
        f"/messages/{thread.pk}/?message={stopped[0].message_id}",
        f"/messages/{thread.pk}/since/?after={first.pk}",
        f"/messages/{thread.pk}/row/",
        f"/messages/{thread.pk}/files/",
        *(f"/messages/decisions/{one.pk}/" for one in stopped),
        *(f"/messages/{thread.pk}/report/{one.message_id}/" for one in stopped),
    ]
    pages = {where: browser.get(where).content.decode() for where in addresses}
    assert {where: leaks(text) for where, text in pages.items() if leaks(text)} == {}
    assert [one for one in stopped if str(one.message_id) in pages[f"/messages/{thread.pk}/"]] == []
    entry = Entry.objects.get(thread=thread, mailbox=buyer_mailbox)
    assert (entry.unread, Tally.objects.get(mailbox=buyer_mailbox).unread) == (0, 0)
    deliver_due()
    assert [one for one in mail.outbox if buyer.email in one.to] == []
    assert not Event.objects.filter(mailbox_id=buyer_mailbox.pk, message_id__in=[one.message_id for one in stopped])


def test_no_mail_to_anybody_has_the_words(stopped, moderator):
    approve(by=moderator, decision=stopped[1], mistaken=True)
    deliver_due()
    assert len(mail.outbox) > 2
    assert leaks("".join(f"{one.subject}{one.body}{one.alternatives}" for one in mail.outbox)) == []


def test_released_message_arrives_with_its_own_time(held, moderator, thread, buyer, signed_in):
    approve(by=moderator, decision=held, mistaken=True)
    assert "Steinpilz" in signed_in(buyer).get(f"/messages/{thread.pk}/").content.decode()
    message = message_of(held)
    assert message.delivered_at is not None
    assert message.sent_at < message.delivered_at


def test_admin_shows_no_words_without_a_reason(stopped, report, seller, admin, signed_in):
    browser = signed_in(admin)
    found = {}
    for model in django_admin.site._registry:
        # A version of the policy holds the operator's own words, and nobody else's.
        if model is PolicyVersion or model._meta.app_label not in ROOMS:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses = [reverse(f"{name}_changelist")]
        addresses += [reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all()[:5]]
        for where in addresses:
            found[where] = leaks(browser.get(where).content.decode())
    assert len(found) > 12
    assert {where: words for where, words in found.items() if words} == {}


def test_nothing_is_stored_in_the_open(stopped, report):
    for decision in stopped:
        assert leaks(str(decision.findings)) == []
    assert leaks(str([vars(message_of(one)) for one in stopped])) == []
