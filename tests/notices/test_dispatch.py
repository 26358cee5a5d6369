"""Delivery against a real mail server that is slow, rude or gone."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices import claims, dispatch
from messagecenter.notices.actions import owe, send_again
from messagecenter.notices.dispatch import Delivered, deliver_due, pause_after
from messagecenter.notices.health import overdue_seconds
from messagecenter.notices.models import Notice
from messagecenter.notices.tasks import forget_old_notices
from tests.sink import Mail, Sink, drip, free_port

pytestmark = pytest.mark.django_db


def owed(reader: User, kind: str = "test", **fields: Any) -> Notice:
    subject = new_id()
    owe(kind=kind, subject_id=subject, recipients=[reader])
    if fields:
        Notice.objects.filter(subject_id=subject).update(**fields)
    return Notice.objects.get(subject_id=subject)


def due_now(notice: Notice) -> None:
    Notice.objects.filter(pk=notice.pk).update(next_at=Now())


def test_deliver_due_sends_one_mail_and_marks_the_notice(sink: Sink, reader: User) -> None:
    notice = owed(reader)

    assert deliver_due() == Delivered(sent=1)

    notice.refresh_from_db()
    assert (notice.state, notice.reason, notice.attempts, notice.lease_until) == ("sent", "", 1, None)
    assert notice.sent_at is not None
    [mail] = sink.mails
    assert mail.to == ("rita@reader.example",)
    assert mail.message_id == f"<notice-{notice.pk}@localhost>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["X-Auto-Response-Suppress"] == "All"
    assert mail.message["To"] == "rita@reader.example"
    assert mail.message["Date"].datetime is not None
    assert deliver_due() == Delivered()


def test_deliver_due_uses_one_connection_for_a_batch(sink: Sink, reader: User) -> None:
    for _ in range(5):
        owed(reader)

    assert deliver_due() == Delivered(sent=5)
    assert sink.connections == 1


def test_deliver_due_stops_at_its_limit_and_when_told(sink: Sink, reader: User) -> None:
    for _ in range(3):
        owed(reader)

    assert deliver_due(limit=2) == Delivered(sent=2)
    assert deliver_due(stopping=lambda: True) == Delivered()
    assert deliver_due() == Delivered(sent=1)


def test_owe_is_not_owed_twice(sink: Sink, reader: User) -> None:
    subject = new_id()
    for _ in range(3):
        owe(kind="test", subject_id=subject, recipients=[reader, reader.pk])

    assert deliver_due() == Delivered(sent=1)
    owe(kind="test", subject_id=subject, recipients=[reader])
    assert deliver_due() == Delivered()


def test_owe_refuses_an_unknown_kind(reader: User) -> None:
    with pytest.raises(LookupError, match="No kind of notice is named 'nonsense'"):
        owe(kind="nonsense", subject_id=new_id(), recipients=[reader])
    assert Notice.objects.count() == 0


def test_a_temporary_refusal_is_tried_again(sink: Sink, reader: User) -> None:
    async def busy(server: SMTP, address: str) -> str:
        return "451 4.7.1 rita@reader.example greylisted"

    notice = owed(reader)
    accept, sink.on_rcpt = sink.on_rcpt, busy
    assert deliver_due() == Delivered(retried=1)
    notice.refresh_from_db()
    assert (notice.state, notice.reason) == ("due", "RCPT was answered 451 4.7.1")
    assert 20 < (notice.next_at - timezone.now()).total_seconds() < 40
    assert deliver_due() == Delivered()

    sink.on_rcpt = accept
    due_now(notice)
    assert deliver_due() == Delivered(sent=1)
    notice.refresh_from_db()
    assert (notice.state, notice.reason, notice.attempts) == ("sent", "", 2)


def test_a_permanent_refusal_fails_and_the_next_mail_goes_out(sink: Sink, reader: User) -> None:
    async def unknown(server: SMTP, address: str) -> str:
        return "550 5.1.1 no such user" if address == "gone@reader.example" else "250 OK"

    sink.on_rcpt = unknown
    bad = owed(User.objects.create_user("gone@reader.example"))
    good = owed(reader)

    assert deliver_due() == Delivered(sent=1, failed=1)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.reason, good.state) == ("failed", "RCPT was answered 550 5.1.1", "sent")
    assert sink.connections == 1


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_dripping_server_is_cut_at_the_deadline(sink: Sink, reader: User, stage: str) -> None:
    setattr(sink, f"on_{stage}", drip)
    notice = owed(reader)

    began = time.monotonic()
    assert deliver_due() == Delivered(retried=1)
    assert 1.4 < time.monotonic() - began < 5
    notice.refresh_from_db()
    reasons = {"rcpt": "took longer than 1.5 s at RCPT", "data": "uncertain: took longer than 1.5 s at END"}
    assert notice.reason == reasons[stage]


def test_a_silent_server_is_tried_again(sink: Sink, reader: User) -> None:
    async def silent(server: SMTP, address: str) -> str:
        await asyncio.sleep(20)
        return "250 OK"

    sink.on_rcpt = silent
    notice = owed(reader)
    assert deliver_due() == Delivered(retried=1)
    notice.refresh_from_db()
    assert (notice.state, notice.unconfirmed) == ("due", 0)


def test_a_server_that_is_gone_is_tried_again(sink: Sink, reader: User, settings: Settings) -> None:
    settings.EMAIL_PORT = free_port()
    notice = owed(reader)
    assert deliver_due() == Delivered(retried=1)
    notice.refresh_from_db()
    assert notice.reason == "no connection at CONNECT (ConnectionRefusedError)"


def test_a_connection_cut_after_data_gives_exactly_one_repeat(sink: Sink, reader: User) -> None:
    async def cut(server: SMTP, mail: Mail) -> str:
        assert server.transport is not None
        server.transport.abort()  # type: ignore[attr-defined]
        return "250 OK"

    sink.on_data = cut
    notice = owed(reader)
    assert deliver_due() == Delivered(retried=1)
    due_now(notice)
    assert deliver_due() == Delivered(failed=1)
    due_now(notice)
    assert deliver_due() == Delivered()

    notice.refresh_from_db()
    assert (notice.state, notice.unconfirmed) == ("failed", 2)
    assert notice.reason == "uncertain: no connection at END (SMTPServerDisconnected)"
    assert [mail.message_id for mail in sink.transmitted] == [f"<notice-{notice.pk}@localhost>"] * 2


def test_a_notice_nobody_needs_any_more_is_skipped(sink: Sink, reader: User) -> None:
    notice = owed(reader, "test-unwanted")
    assert deliver_due() == Delivered(skipped=1)
    notice.refresh_from_db()
    assert (notice.state, notice.reason, sink.transmitted) == ("skipped", "read already", [])


def test_a_person_who_was_deactivated_is_not_told(sink: Sink, reader: User) -> None:
    notice = owed(reader)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    assert deliver_due() == Delivered(skipped=1)
    notice.refresh_from_db()
    assert (notice.reason, sink.transmitted) == ("the person is no longer active", [])


def test_a_poison_notice_does_not_stop_the_others(sink: Sink, reader: User, caplog: pytest.LogCaptureFixture) -> None:
    poison = owed(reader, "test-poison")
    unknown = owed(reader)
    Notice.objects.filter(pk=unknown.pk).update(kind="from-another-release")
    good = owed(reader)

    assert deliver_due() == Delivered(sent=1, retried=2)
    for notice in (poison, unknown, good):
        notice.refresh_from_db()
    assert (poison.state, poison.reason) == ("due", "cannot be rendered (KeyError)")
    assert (unknown.state, unknown.reason) == ("due", "cannot be rendered (LookupError)")
    assert good.state == "sent"


def test_a_notice_is_given_up_after_72_hours(sink: Sink, reader: User) -> None:
    old = owed(reader, "test-poison", created_at=timezone.now() - timedelta(hours=72, minutes=1))
    young = owed(reader, "test-poison", created_at=timezone.now() - timedelta(hours=71))
    assert deliver_due() == Delivered(retried=1, failed=1)
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, old.reason) == ("failed", "gave up: cannot be rendered (KeyError)")
    assert young.state == "due"


def test_pauses_grow_to_four_hours() -> None:
    assert [pause_after(n) / 60 for n in range(1, 8)] == [0.5, 1, 5, 15, 60, 240, 240]


def test_an_expired_lease_is_taken_over_and_the_late_mark_is_fenced(sink: Sink, reader: User) -> None:
    owed(reader)
    [slow] = claims.claim()
    assert deliver_due() == Delivered()  # it is held

    Notice.objects.filter(pk=slow.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert claims.put_back_expired() == 1
    [quick] = claims.claim()
    assert (quick.pk, quick.attempts) == (slow.pk, 2)

    assert claims.settle([slow], state=Notice.State.FAILED, reason="too late") is False
    assert claims.settle([quick], state=Notice.State.SENT) is True
    assert Notice.objects.get().state == "sent"


def test_what_a_killed_worker_held_is_taken_over_in_the_middle_of_a_long_run(
    sink: Sink, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where something is always due, a run lasts 45 seconds: what was stranded does not wait for the next one."""
    monkeypatch.setattr(dispatch, "PUT_BACK_SECONDS", 0.0)
    owed(reader)

    def somebody_is_killed() -> bool:
        if len(sink.mails) == 1 and Notice.objects.count() == 1:
            owed(reader, state="sending", attempts=1, lease_until=Now() - timedelta(seconds=1))
        return False

    assert deliver_due(stopping=somebody_is_killed) == Delivered(sent=2)


def test_send_again_makes_only_failed_notices_due(sink: Sink, reader: User, admin: User) -> None:
    failed = owed(reader, state="failed", reason="RCPT was answered 550", attempts=3, unconfirmed=2)
    sent = owed(reader, state="sent")

    keys = [failed.pk, sent.pk]
    assert [send_again(notices=keys, by=admin), send_again(notices=keys, by=admin)] == [1, 0]
    assert deliver_due() == Delivered(sent=1)
    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.unconfirmed) == ("sent", 4, 0)


def test_overdue_seconds_is_the_age_of_the_oldest(reader: User) -> None:
    assert overdue_seconds() == 0
    owed(reader, next_at=timezone.now() - timedelta(seconds=100))
    assert 99 < overdue_seconds() < 130
    owed(reader, state="sending", lease_until=timezone.now() - timedelta(seconds=500))
    assert 499 < overdue_seconds() < 530


def test_forget_old_notices_keeps_failed_and_young_ones(reader: User) -> None:
    old = timezone.now() - timedelta(days=91)
    for state in ("sent", "skipped", "failed", "due"):
        owed(reader, state=state, created_at=old)
    owed(reader, state="sent")
    assert forget_old_notices() == 2
    assert sorted(Notice.objects.values_list("state", flat=True)) == ["due", "failed", "sent"]
