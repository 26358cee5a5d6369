"""A push on its way: only its browser can read it, its service knows who sent it, and each answer means something."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.utils import timezone
from py_vapid import Vapid02
from py_vapid.jwt import decode
from pytest_django import Settings

from messagecenter.accounts.models import User
from messagecenter.mail.errors import Refused, TryAgain, Uncertain
from messagecenter.notices import channels
from messagecenter.notices.actions import choose
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic
from messagecenter.push import subscriptions
from messagecenter.push.actions import add_device
from messagecenter.push.channel import deliver, targets, why_not
from messagecenter.push.encryption import public_key
from messagecenter.push.models import Device
from messagecenter.vault.actions import destroy_keys
from tests.push.conftest import BRIEF, Browser, base64url
from tests.receiver import Receiver


def test_the_browser_reads_what_was_told(notice: Notice, service: Receiver, firefox: Browser) -> None:
    deliver(notice, BRIEF)
    posted = service.posted[0]
    assert posted.path == "/send/Zimtstern-token"
    assert firefox.read(posted.body) == {
        "title": BRIEF.title,
        "body": BRIEF.body,
        "path": BRIEF.path,
        "tag": str(notice.pk),
    }
    assert b"302-1" not in posted.body
    wanted = {"ttl": "86400", "urgency": "normal", "content-encoding": "aes128gcm"}
    assert {name: posted.headers[name] for name in wanted} == wanted
    assert posted.headers["topic"] == base64url(notice.pk.bytes)
    assert len(posted.headers["topic"]) <= 32


def test_the_service_can_tell_that_it_comes_from_us(notice: Notice, service: Receiver) -> None:
    """RFC 8292: signed by the key the browser was given, for this service only, for some hours only."""
    deliver(notice, BRIEF)
    header = service.posted[0].headers["authorization"]
    assert Vapid02.verify(header)
    token, key = header.removeprefix("vapid t=").split(",k=")
    assert key == public_key()
    claims = decode(token, key)
    parts = urlsplit(f"http://{service.host_and_port}")
    assert claims["aud"] == f"{parts.scheme}://{parts.netloc}"
    assert claims["sub"] == "mailto:no-reply@localhost"
    assert 0 < claims["exp"] - timezone.now().timestamp() <= 24 * 3600


def test_no_other_browser_can_read_it(notice: Notice, service: Receiver, firefox: Browser) -> None:
    deliver(notice, BRIEF)
    stranger = Browser(firefox.endpoint, ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(Exception, match="Decryption error"):
        stranger.read(service.posted[0].body)


def test_a_long_text_still_fits_a_push(notice: Notice, service: Receiver, firefox: Browser) -> None:
    """A push service takes 4,096 bytes (RFC 8030, 7.2)."""
    deliver(notice, replace(BRIEF, title="🛒" * 5000, body="🛒" * 5000, path="/messages/" + "1" * 100))
    body = service.posted[0].body
    assert len(body) <= 4096
    assert len(firefox.read(body)["body"]) == 400


def test_when_it_was_last_told_is_kept_to_the_hour(notice: Notice, device: Device) -> None:
    deliver(notice, BRIEF)
    device.refresh_from_db()
    first = device.last_used_at
    assert first is not None
    deliver(notice, BRIEF)
    device.refresh_from_db()
    assert device.last_used_at == first
    Device.objects.update(last_used_at=first - timedelta(hours=2))
    deliver(notice, BRIEF)
    device.refresh_from_db()
    assert device.last_used_at is not None
    assert device.last_used_at >= first


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_unsubscribed_is_forgotten(notice: Notice, service: Receiver, status: int) -> None:
    service.status = status
    with pytest.raises(Refused, match="unsubscribed"):
        deliver(notice, BRIEF)
    assert not Device.objects.exists()
    assert why_not(notice) == "the browser was removed"


@pytest.mark.parametrize(
    ("status", "problem"),
    [(429, TryAgain), (500, TryAgain), (503, TryAgain), (400, Refused), (403, Refused), (413, Refused), (302, Refused)],
)
def test_each_answer_means_something(notice: Notice, service: Receiver, status: int, problem: type[Exception]) -> None:
    service.status = status
    with pytest.raises(problem, match=str(status)):
        deliver(notice, BRIEF)
    assert Device.objects.get().last_used_at is None
    assert len(service.posted) == 1


def test_no_answer_is_uncertain(notice: Notice, service: Receiver, settings: Settings) -> None:
    """Whoever holds the notice longer than its lease would tell twice."""
    settings.NOTICE_LEASE_SECONDS = 1
    service.instead = lambda handler: service.closing.wait(5)
    with pytest.raises(Uncertain, match="no answer within"):
        deliver(notice, BRIEF)
    assert Device.objects.exists()


def test_a_browser_that_became_somebody_elses_is_told_nothing(
    notice: Notice, service: Receiver, firefox: Browser, other_buyer: User, buyer: User
) -> None:
    """Otto signs in at Anna's browser and turns notifications on."""
    assert why_not(notice) == ""
    add_device(by=other_buyer, subscription=subscriptions.checked(**firefox.fields), label="")
    assert why_not(notice) != ""
    with pytest.raises(Refused):
        deliver(notice, BRIEF)
    assert service.posted == []
    assert [(one.id, one.person_id) for one in targets([buyer.pk, other_buyer.pk], [], Topic.MESSAGE)] == [
        (Device.objects.get().pk, other_buyer.pk)
    ]


def test_a_foreign_row_s_device_is_not_told(notice: Notice, service: Receiver, other_buyer: User) -> None:
    notice.recipient = other_buyer
    assert why_not(notice) == "the browser is somebody else's now"
    with pytest.raises(Refused):
        deliver(notice, BRIEF)
    assert service.posted == []


def test_a_browser_is_told_only_of_what_its_person_wants(device: Device, buyer: User) -> None:
    """Decisions come by e-mail alone as long as nobody asks for more."""
    assert [targets([buyer.pk], [], topic) != [] for topic in (Topic.MESSAGE, Topic.DECISION)] == [True, False]
    choose(by=buyer, timings={("message", "push"): "off", ("decision", "push"): "at_once"})
    assert [targets([buyer.pk], [], topic) != [] for topic in (Topic.MESSAGE, Topic.DECISION)] == [False, True]


def test_without_a_key_nobody_is_told(notice: Notice, buyer: User, settings: Settings) -> None:
    assert len(targets([buyer.pk], [], Topic.MESSAGE)) == 1
    settings.PUSH_KEY = ""
    assert targets([buyer.pk], [], Topic.MESSAGE) == []
    assert why_not(notice) == "push is not set up"


def test_an_erased_subscription_is_refused(notice: Notice, buyer: User, service: Receiver) -> None:
    destroy_keys(purpose=subscriptions.PURPOSE, owner_id=buyer.pk, by="test")
    with pytest.raises(Refused, match="erased"):
        deliver(notice, BRIEF)
    assert service.posted == []


def test_a_device_moved_to_another_row_does_not_open(notice: Notice, device: Device, other_buyer: User) -> None:
    """The subscription is bound to its person and row: copied elsewhere it is damaged, not somebody's."""
    copy = Device(person=other_buyer, endpoint_hash=b"x" * 32, subscription_ciphertext=device.subscription_ciphertext)
    add_device(
        by=other_buyer, subscription=subscriptions.checked(**Browser("https://push.example.org/x").fields), label=""
    )
    copy.save()
    notice.recipient, notice.target_id = other_buyer, copy.pk
    with pytest.raises(TryAgain, match="cannot be opened"):
        deliver(notice, BRIEF)


def test_the_outbox_knows_the_channel() -> None:
    assert channels.named("push").deliver is deliver


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_the_subscription_is_in_no_column_and_no_log(
    notice: Notice, service: Receiver, firefox: Browser, everything_logged: pytest.LogCaptureFixture
) -> None:
    service.status = 500
    with pytest.raises(TryAgain) as problem:
        deliver(notice, BRIEF)
    secrets = ("Zimtstern-token", firefox.fields["p256dh"], firefox.fields["auth"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM push_device")
        cells = [cell for cell in cursor.fetchone() if isinstance(cell, str | bytes | memoryview)]
    row = b"".join(cell.encode() if isinstance(cell, str) else bytes(cell) for cell in cells)
    for secret in secrets:
        assert secret.encode() not in row
        assert secret not in problem.value.reason
        assert secret not in everything_logged.text
        assert secret not in repr(subscriptions.read(Device.objects.get()))
