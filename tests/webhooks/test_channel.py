"""An event on its way to a shop's program: ids only, signed, logged, tried again, and paused when nothing arrives."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, User
from messagecenter.mail.errors import Refused, TryAgain
from messagecenter.notices import channels
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic
from messagecenter.vault.actions import destroy_keys
from messagecenter.webhooks import sealed, signing
from messagecenter.webhooks.actions import change_endpoint, resend, rotate_secret, send_test
from messagecenter.webhooks.channel import deliver, targets, why_not
from messagecenter.webhooks.models import Delivery, Endpoint
from messagecenter.webhooks.tasks import forget_old_deliveries
from tests.receiver import Posted, Receiver
from tests.webhooks.conftest import BRIEF


def is_signed(posted: Posted, secret: str) -> bool:
    """Return whether a request bears the signature of a secret, checked as the standard tells receivers to."""
    signed = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    expected = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    found = [one.removeprefix("v1,") for one in posted.headers["webhook-signature"].split(" ")]
    return base64.b64encode(expected).decode() in found


def outcomes() -> list[tuple[int, int | None, str]]:
    return list(Delivery.objects.order_by("at", "pk").values_list("attempt", "status", "reason"))


def test_the_signature_is_the_standards() -> None:
    """The known answer of Standard Webhooks' own libraries."""
    headers = signing.headers(
        notice_id=uuid.UUID(int=0),
        at=1614265330,
        body=b'{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    by_hand = hmac.new(
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        b'00000000-0000-0000-0000-000000000000.1614265330.{"test": 2432232314}',
        hashlib.sha256,
    )
    assert headers["webhook-signature"] == "v1," + base64.b64encode(by_hand.digest()).decode()
    known = signing._signature(  # the one published with the message id msg_p5jXN8AQM9LWM0D4loKWxJek
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert known == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_arrives_signed_and_without_a_word(notice: Notice, receiver: Receiver, secret: str) -> None:
    deliver(notice, BRIEF)
    posted = receiver.posted[0]
    assert json.loads(posted.body) == {
        "id": str(notice.pk),
        "type": "message.created",
        "created_at": notice.created_at.isoformat(),
        "data": {"thread": "0199-thread", "message": "0199-message", "order_number": "302-1"},
    }
    assert (posted.headers["webhook-id"], posted.headers["content-type"]) == (str(notice.pk), "application/json")
    assert abs(int(posted.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert is_signed(posted, secret)
    assert not is_signed(posted, signing.new_secret())
    assert outcomes() == [(1, 200, "")]


def test_a_repeat_has_the_same_id(notice: Notice, receiver: Receiver) -> None:
    receiver.status = 500
    for attempt in (1, 2):
        notice.attempts = attempt
        with pytest.raises(TryAgain):
            deliver(notice, BRIEF)
    assert {one.headers["webhook-id"] for one in receiver.posted} == {str(notice.pk)}
    assert {one.body for one in receiver.posted} == {receiver.posted[0].body}
    assert outcomes() == [(1, 500, "it answered 500"), (2, 500, "it answered 500")]


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 503])
def test_whatever_is_not_2xx_is_tried_again(notice: Notice, receiver: Receiver, status: int) -> None:
    receiver.status = status
    receiver.answer_headers = {"Location": receiver.url}
    with pytest.raises(TryAgain, match=str(status)):
        deliver(notice, BRIEF)
    assert len(receiver.posted) == 1
    assert Endpoint.objects.get().failing_since is not None


def test_no_answer_is_tried_again_too(notice: Notice, receiver: Receiver, settings: Settings) -> None:
    """Unlike a mail: the receiver knows a repeat by its id."""
    settings.NOTICE_LEASE_SECONDS = 1
    receiver.instead = lambda handler: receiver.closing.wait(5)
    with pytest.raises(TryAgain, match="no answer within"):
        deliver(notice, BRIEF)
    log = Delivery.objects.get()
    assert log.status is None
    assert log.milliseconds is not None
    assert 400 < log.milliseconds < 3000


def test_an_address_that_has_become_private_is_refused(notice: Notice, receiver: Receiver, settings: Settings) -> None:
    settings.EGRESS_ALLOW = []
    with pytest.raises(Refused):
        deliver(notice, BRIEF)
    assert receiver.posted == []
    assert outcomes() == [(1, None, "the address is not https")]


# --- Pausing ---------------------------------------------------------------------------------------------------------


def test_after_three_days_of_failures_it_is_paused(notice: Notice, receiver: Receiver, endpoint: Endpoint) -> None:
    receiver.status = 500
    with pytest.raises(TryAgain):
        deliver(notice, BRIEF)
    for hours, is_active in ((71, True), (73, False)):
        Endpoint.objects.update(failing_since=timezone.now() - timedelta(hours=hours))
        with pytest.raises(TryAgain):
            deliver(notice, BRIEF)
        endpoint.refresh_from_db()
        assert endpoint.is_active is is_active
    assert endpoint.paused_reason == Endpoint.Paused.FAILING
    assert why_not(notice) == "the webhook is off"
    assert targets([], [endpoint.mailbox_id], Topic.MESSAGE) == []


def test_one_success_starts_the_three_days_anew(notice: Notice, receiver: Receiver, endpoint: Endpoint) -> None:
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(hours=71))
    deliver(notice, BRIEF)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None
    receiver.status = 500
    with pytest.raises(TryAgain):
        deliver(notice, BRIEF)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    assert endpoint.failing_since > timezone.now() - timedelta(minutes=5)


def test_gone_for_good_is_paused_at_once(notice: Notice, receiver: Receiver, endpoint: Endpoint, seller: User) -> None:
    receiver.status = 410
    with pytest.raises(Refused):
        deliver(notice, BRIEF)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.paused_reason) == (False, "gone")
    change_endpoint(by=seller, endpoint=endpoint, url=receiver.url, topics=["message"], is_active=True)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.paused_reason, endpoint.failing_since) == (True, "", None)
    assert why_not(notice) == ""


# --- Who is told -----------------------------------------------------------------------------------------------------


def test_an_endpoint_is_told_what_it_wants(
    notice: Notice, endpoint: Endpoint, other_seller: User, seller: User
) -> None:
    foreign = other_seller.mailboxes.get()
    assert [one.id for one in targets([], [endpoint.mailbox_id, foreign.pk], Topic.MESSAGE)] == [endpoint.pk]
    assert targets([], [endpoint.mailbox_id], Topic.CASE) == []
    assert targets([], [foreign.pk], Topic.MESSAGE) == []
    assert why_not(notice) == ""
    change_endpoint(by=seller, endpoint=endpoint, url=sealed.read_url(endpoint), topics=["case"], is_active=True)
    assert why_not(notice) == "the webhook is not told of these"
    endpoint.delete()
    assert why_not(notice) == "the webhook was removed"
    with pytest.raises(Refused):
        deliver(notice, BRIEF)


def test_the_outbox_knows_the_channel() -> None:
    assert channels.named("webhook").deliver is deliver


# --- Secrets ---------------------------------------------------------------------------------------------------------


def test_for_a_day_both_secrets_sign(
    notice: Notice, receiver: Receiver, endpoint: Endpoint, secret: str, seller: User
) -> None:
    new = rotate_secret(by=seller, endpoint=endpoint, number=1)
    assert new.startswith("whsec_")
    assert rotate_secret(by=seller, endpoint=endpoint, number=1) == ""
    deliver(notice, BRIEF)
    assert (is_signed(receiver.posted[0], new), is_signed(receiver.posted[0], secret)) == (True, True)
    Endpoint.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    deliver(notice, BRIEF)
    assert (is_signed(receiver.posted[1], new), is_signed(receiver.posted[1], secret)) == (True, False)


def test_secret_and_address_are_in_no_column_and_no_log(
    notice: Notice, receiver: Receiver, secret: str, seller: User, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        receiver.status = 500
        with pytest.raises(TryAgain) as problem:
            deliver(notice, BRIEF)
        new = rotate_secret(by=seller, endpoint=endpoint, number=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM webhooks_endpoint")
        cells = [cell for cell in cursor.fetchone() if isinstance(cell, str | bytes | memoryview)]
    row = b"".join(cell.encode() if isinstance(cell, str) else bytes(cell) for cell in cells)
    for kept in (secret, new, secret.removeprefix("whsec_"), receiver.host_and_port):
        assert kept.encode() not in row
        assert kept not in caplog.text
        assert kept not in str(problem.value)


def test_an_erased_shop_s_secret_is_refused(notice: Notice, receiver: Receiver, shop: Mailbox) -> None:
    destroy_keys(purpose=sealed.PURPOSE, owner_id=shop.pk, by="test")
    with pytest.raises(Refused, match="erased"):
        deliver(notice, BRIEF)
    assert receiver.posted == []


# --- Test, again, forget ---------------------------------------------------------------------------------------------


def test_a_test_is_about_nothing_and_counts_as_no_failure(
    endpoint: Endpoint, receiver: Receiver, secret: str, seller: User
) -> None:
    receiver.status = 500
    log = send_test(by=seller, endpoint=endpoint)
    assert (log.is_test, log.status, log.is_taken) == (True, 500, False)
    event = json.loads(receiver.posted[0].body)
    assert (event["type"], event["data"]) == ("webhook.test", {})
    assert is_signed(receiver.posted[0], secret)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None
    assert outcomes() == [(1, 500, "it answered 500")]


@pytest.mark.parametrize("state", ["failed", "sent", "skipped", "due"])
def test_sent_again_twice_it_is_sent_once(notice: Notice, endpoint: Endpoint, seller: User, state: str) -> None:
    Notice.objects.update(state=state, next_at=timezone.now() + timedelta(hours=4))
    delivery = Delivery.objects.create(endpoint=endpoint, notice_id=notice.pk, type="message.created", attempt=1)
    assert resend(by=seller, delivery=delivery) is True
    notice.refresh_from_db()
    assert notice.state == Notice.State.DUE
    assert notice.next_at <= timezone.now()
    Notice.objects.update(state="sent", attempts=2)  # a worker has done it
    assert resend(by=seller, delivery=delivery) is False
    notice.refresh_from_db()
    assert notice.state == Notice.State.SENT


def test_what_is_being_sent_is_left_alone(notice: Notice, endpoint: Endpoint, seller: User) -> None:
    Notice.objects.update(state="sending")
    delivery = Delivery.objects.create(endpoint=endpoint, notice_id=notice.pk, type="message.created", attempt=1)
    assert resend(by=seller, delivery=delivery) is False


def test_another_channel_s_notice_cannot_be_sent_again_here(notice: Notice, endpoint: Endpoint, seller: User) -> None:
    Notice.objects.update(state="failed", channel="email", recipient=seller)
    delivery = Delivery.objects.create(endpoint=endpoint, notice_id=notice.pk, type="message.created", attempt=1)
    assert resend(by=seller, delivery=delivery) is False
    assert Notice.objects.get().state == "failed"


def test_deliveries_are_forgotten_after_thirty_days(endpoint: Endpoint) -> None:
    now = datetime.now(UTC)
    for days in (29, 31, 300):
        Delivery.objects.create(
            endpoint=endpoint, notice_id=uuid.uuid4(), type=str(days), at=now - timedelta(days=days)
        )
    assert forget_old_deliveries() == 2
    assert Delivery.objects.get().type == "29"
