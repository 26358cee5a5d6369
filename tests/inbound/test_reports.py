"""Bounces, complaints and providers' reports suppress an address once, when they are about mail of ours."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.inbound.models import RawMail
from messagecenter.inbound.tasks import work_off_due
from messagecenter.mail.actions import is_suppressed, lift, suppress, suppression_of
from messagecenter.mail.models import Suppression
from messagecenter.notices.models import Notice
from messagecenter.threads.models import Thread
from messagecenter.threads.words import read_body
from tests.inbound.post import DOMAIN, Names, brought, written

ANNA = "anna@buyer.example"
BOUNCES = f"bounces@{DOMAIN}"


@pytest.fixture
def notice(door: None, buyer: User) -> Notice:
    """A mail we sent to Anna."""
    return Notice.objects.create(
        kind="new_message",
        subject_id=new_id(),
        recipient=buyer,
        target_id=buyer.pk,
        state="sent",
        attempts=1,
        sent_at=timezone.now(),
    )


def bounce(message_id: str, *, to: str = ANNA, status: str = "5.1.1", action: str = "failed") -> bytes:
    """Return a report as RFC 3464 wants it."""
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.buyer.example>
To: {BOUNCES}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{new_id()}@mx.buyer.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.buyer.example

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} User unknown

--b
Content-Type: message/rfc822

From: no-reply@marketplace.example
To: {to}
Subject: New message
Message-ID: {message_id}

--b--
""".encode()


def message_id(notice: Notice, settings: Settings) -> str:
    return f"<notice-{notice.pk}@{settings.SITE_HOST}>"


def returned(raw: bytes) -> RawMail:
    return brought(raw, BOUNCES, envelope_from="")


def test_a_bounce_suppresses_once_however_often_it_comes(notice: Notice, settings: Settings) -> None:
    reasons = [returned(bounce(message_id(notice, settings))).reason for _ in range(3)]
    assert reasons == ["suppressed", "report_known", "report_known"]
    [row] = Suppression.objects.all()
    assert (row.reason, row.detail, row.masked) == ("bounce", "5.1.1", "a…@buyer.example")
    assert is_suppressed("Anna@Buyer.example")
    assert not is_suppressed("selma@shop.example")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "4.2.2", "action": "delayed"}, "bounce_for_now"),
        ({"status": "4.2.2"}, "bounce_for_now"),
        ({"status": "5.2.2"}, "bounce_not_of_the_address"),
        ({"status": "5.7.1"}, "bounce_not_of_the_address"),
        ({"to": "selma@shop.example"}, "report_other_address"),
    ],
)
def test_a_bounce_for_now_or_of_another_address_changes_nothing(
    notice: Notice, seller: User, settings: Settings, change: dict[str, str], reason: str
) -> None:
    assert returned(bounce(message_id(notice, settings), **change)).reason == reason
    assert not Suppression.objects.exists()


def test_a_bounce_of_a_mail_we_never_sent_changes_nothing(notice: Notice, settings: Settings) -> None:
    invented = f"<notice-{new_id()}@{settings.SITE_HOST}>"
    foreign = f"<notice-{notice.pk}@evil.example>"
    assert [returned(bounce(one)).reason for one in (invented, foreign, "<x@y.example>")] == ["report_not_ours"] * 3
    assert not Suppression.objects.exists()


def test_what_bounced_before_the_address_was_confirmed_is_old_news(notice: Notice, settings: Settings) -> None:
    returned(bounce(message_id(notice, settings)))
    assert lift(ANNA, by="test")
    returned(bounce(message_id(notice, settings)))
    assert not is_suppressed(ANNA)
    Notice.objects.filter(pk=notice.pk).update(sent_at=timezone.now() + timedelta(seconds=1))
    returned(bounce(message_id(notice, settings)))
    assert is_suppressed(ANNA)


def test_a_complaint_suppresses(notice: Notice, settings: Settings) -> None:
    raw = bounce(message_id(notice, settings)).decode()
    raw = raw.replace("report-type=delivery-status", "report-type=feedback-report")
    before, _, rest = raw.partition("Content-Type: message/delivery-status\n\n")
    _, _, after = rest.partition("\n--b\n")
    raw = f"{before}Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n--b\n{after}"
    assert returned(raw.encode()).reason == "suppressed"
    assert Suppression.objects.get().reason == "complaint"


def test_suppressing_and_lifting_are_told_apart_by_address(db: None) -> None:
    assert suppress(ANNA, reason="refused", detail="550")
    assert not suppress("ANNA@buyer.example ", reason="bounce")
    found = suppression_of(ANNA)
    assert found is not None
    assert found.reason == "refused"
    assert lift(ANNA, by="test")
    assert not lift(ANNA, by="test")
    assert suppress(ANNA, reason="bounce")
    assert Suppression.objects.count() == 2
    stored = [bytes(row.address_hash) + row.masked.encode() for row in Suppression.objects.all()]
    assert not any(b"anna" in one for one in stored)


def test_a_former_secret_key_still_knows_the_address(db: None, settings: Settings) -> None:
    suppress(ANNA, reason="bounce")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "n" * 60
    assert is_suppressed(ANNA)


@pytest.fixture
def provider(door: None, settings: Settings) -> dict[str, str]:
    """A provider that may call, and what it shows when it does."""
    settings.MAIL_HOOKS = ["postmark"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": "hook:hush"}
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"hook:hush").decode()}


def call(name: str, told: dict[str, Any], **headers: str) -> int:
    url = reverse("inbound:hook", args=[name])
    return Client().post(url, json.dumps(told), content_type="application/json", **headers).status_code


def told(**more: str) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "Email": ANNA,
        "MessageID": "1",
        "BouncedAt": timezone.now().isoformat(),
        "Details": "smtp;550 5.1.1 unknown",
    } | more


def test_a_providers_report_suppresses_once(provider: dict[str, str], buyer: User) -> None:
    assert [call("postmark/tracking/", told(), **provider) for _ in range(3)] == [200] * 3
    assert Suppression.objects.get().reason == "bounce"


@pytest.mark.parametrize("wrong", [{}, {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"hook:guess").decode()}])
def test_a_forged_call_is_refused(provider: dict[str, str], buyer: User, wrong: dict[str, str]) -> None:
    assert call("postmark/tracking/", told(), **wrong) == 400
    assert not Suppression.objects.exists()


def test_a_soft_bounce_or_a_strangers_address_changes_nothing(provider: dict[str, str], buyer: User) -> None:
    assert call("postmark/tracking/", told(Type="SoftBounce"), **provider) == 200
    assert call("postmark/tracking/", told(Email="nobody@else.example"), **provider) == 200
    assert not Suppression.objects.exists()


def test_a_provider_nobody_named_is_not_there(provider: dict[str, str], buyer: User) -> None:
    assert call("mailjet/tracking/", told(), **provider) == 404
    assert call("postmark/nonsense/", told(), **provider) == 404


def test_a_provider_delivers_an_answer_that_its_senders_domain_has_signed(
    provider: dict[str, str], annas_address: str, thread: Thread, settings: Settings
) -> None:
    count = thread.messages.count()
    # No server of ours has looked at these: whatever stands on top of them is the sender's own.
    forged = written(ANNA, annas_address, "Forged.", verified="dmarc=pass")
    with Names("buyer.example") as names:
        settings.INBOUND_DNS = names.address
        signed = names.signed(written(ANNA, annas_address, "Grüße through the provider.", verified=None))
        for raw in (forged, signed):
            told = {"RawEmail": raw.decode(), "OriginalRecipient": annas_address, "Headers": []}
            assert call("postmark/inbound/", told) == 400  # without the secret
            assert [call("postmark/inbound/", told, **provider) for _ in range(2)] == [200, 200]
        work_off_due()
    assert list(RawMail.objects.order_by("pk").values_list("state", "reason")) == [
        ("refused", "not_authentic"),
        ("posted", ""),
    ]
    assert thread.messages.count() == count + 1
    assert read_body(thread.messages.order_by("-pk")[0]) == "Grüße through the provider."
