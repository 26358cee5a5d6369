"""When and how somebody is told: at once, gathered, once a day, not in quiet hours, not out of order, or not at all."""

from __future__ import annotations

import contextlib
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.mail.actions import is_suppressed, lift
from messagecenter.notices.actions import choose, owe
from messagecenter.notices.dispatch import Delivered, deliver_due
from messagecenter.notices.models import Notice, Preference, Schedule
from messagecenter.notices.timing import end_of_quiet, next_hour
from tests.sink import Sink

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
KOLKATA = zoneinfo.ZoneInfo("Asia/Kolkata")


def news(reader: User, *, group: object = None, count: int = 1) -> list[Notice]:
    """Owe somebody news of a thread."""
    subjects = [new_id() for _ in range(count)]
    for subject in subjects:
        owe(kind="test-news", subject_id=subject, recipients=[reader], group_id=group)  # type: ignore[arg-type]
    return list(Notice.objects.filter(subject_id__in=subjects).order_by("pk"))


def prefer(reader: User, timing: str, **schedule: object) -> None:
    choose(by=reader, timings={("message", "email"): timing}, **schedule)


@pytest.mark.django_db
def test_the_first_is_told_at_once_and_the_next_ones_together_two_minutes_later(sink: Sink, reader: User) -> None:
    thread = new_id()
    [first] = news(reader, group=thread)
    assert deliver_due() == Delivered(sent=1)
    later = news(reader, group=thread, count=3)
    other = news(reader, group=new_id())
    assert deliver_due() == Delivered(sent=1, put_off=3)  # another thread waits for nothing
    for notice in later:
        notice.refresh_from_db()
        assert (notice.state, notice.attempts) == ("due", 0)
        assert notice.next_at > timezone.now() + timedelta(seconds=60)
    Notice.objects.filter(pk=first.pk).update(sent_at=Now() - timedelta(minutes=3))
    Notice.objects.filter(state="due").update(next_at=Now())
    assert deliver_due() == Delivered(sent=1)
    assert [len(sink.mails), other[0].kind] == [3, "test-news"]
    told = Notice.objects.filter(pk__in=[one.pk for one in later])
    assert {one.state for one in told} == {"sent"}
    assert {one.letter_id for one in told} == {later[0].pk}
    assert sink.mails[-1].message_id == f"<notice-{later[0].pk}@localhost>"
    assert sink.mails[-1].message["References"] == f"<thread-{thread}@localhost>"


@pytest.mark.django_db
def test_a_repeat_tells_the_same_as_the_first_and_nothing_that_came_meanwhile(sink: Sink, reader: User) -> None:
    """The worker dies after the mail was taken: what went together is repeated together, under its own Message-ID."""
    thread = new_id()
    went = news(reader, group=thread, count=2)
    Notice.objects.filter(pk__in=[one.pk for one in went]).update(
        state="sending", attempts=1, letter_id=went[0].pk, lease_until=Now() - timedelta(seconds=1)
    )
    [newer] = news(reader, group=thread)
    deliver_due()
    [repeat] = [mail for mail in sink.mails if mail.message_id == f"<notice-{went[0].pk}@localhost>"]
    assert repeat.to == (reader.email,)
    assert set(Notice.objects.filter(letter_id=went[0].pk).values_list("pk", flat=True)) == {one.pk for one in went}
    newer.refresh_from_db()
    assert newer.letter_id is None
    assert newer.state == "due"


class Killed(BaseException):
    """The worker is gone at this statement, and nothing of its own runs any more."""


def dies_at(number: int) -> Callable[..., Any]:
    """Return what lets that many changes of the outbox happen and no more."""
    left = [number]

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "notices_notice"'):
            if not left[0]:
                raise Killed
            left[0] -= 1
        return run(sql, params, many, context)

    return execute


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(8))
def test_mails_of_one_name_say_the_same_wherever_the_worker_dies(sink: Sink, reader: User, number: int) -> None:
    """A mail program shows one of two mails with the same Message-ID: what stood only in the other would be lost."""
    thread = new_id()
    notices = news(reader, group=thread, count=3)
    with contextlib.suppress(Killed), connection.execute_wrapper(dies_at(number)):
        deliver_due()
    Notice.objects.filter(state="sending").update(lease_until=Now() - timedelta(seconds=1))
    deliver_due()
    Notice.objects.filter(state="due").update(next_at=Now())
    Notice.objects.filter(state="sent").update(sent_at=Now() - timedelta(minutes=3))
    deliver_due()
    said: dict[str, set[str]] = {}
    for one in sink.mails:
        said.setdefault(one.message_id, set()).add(one.text)
    assert {name: len(texts) for name, texts in said.items()} == dict.fromkeys(said, 1)
    told = " ".join(text for texts in said.values() for text in texts)
    assert all(str(notice.subject_id) in told for notice in notices)


@pytest.mark.django_db
def test_a_later_notice_does_not_overtake_one_that_is_tried_again(sink: Sink, reader: User) -> None:
    prefer(reader, "at_once")
    thread = new_id()
    first, second = news(reader, group=thread, count=2)
    Notice.objects.filter(pk=first.pk).update(attempts=1, next_at=Now() + timedelta(minutes=5), reason="451")
    assert deliver_due() == Delivered(put_off=1)
    second.refresh_from_db()
    first.refresh_from_db()
    assert second.next_at > first.next_at
    assert sink.mails == []


@pytest.mark.django_db
def test_a_newer_notice_does_not_overtake_one_that_was_put_off(sink: Sink, reader: User) -> None:
    """The first stands still with its worker, the second waits, and a third comes when the first is done."""
    prefer(reader, "at_once")
    thread = new_id()
    first, second = news(reader, group=thread, count=2)
    Notice.objects.filter(pk=first.pk).update(state="sending", attempts=1, lease_until=Now() + timedelta(minutes=1))
    assert deliver_due() == Delivered()  # whoever is at the first goes on with the second
    Notice.objects.filter(pk=first.pk).update(state="sent", sent_at=Now(), lease_until=None)
    Notice.objects.filter(pk=second.pk).update(next_at=Now() + timedelta(seconds=5))
    [third] = news(reader, group=thread)
    assert deliver_due() == Delivered(put_off=1)
    second.refresh_from_db()
    third.refresh_from_db()
    assert third.state == "due"
    assert third.next_at >= second.next_at

    Notice.objects.filter(state="due").update(next_at=Now())
    assert deliver_due() == Delivered(sent=2)
    assert [mail.message_id.split("-", 1)[1][:36] for mail in sink.mails] == [str(second.pk), str(third.pk)]


@pytest.mark.django_db
def test_daily_summary_tells_everything_of_the_day_in_one_mail(sink: Sink, reader: User) -> None:
    prefer(reader, "daily", digest_hour=7)
    notices = news(reader, count=4)
    assert deliver_due() == Delivered(put_off=4)
    assert sink.mails == []
    Notice.objects.update(created_at=Now() - timedelta(hours=25), next_at=Now())
    assert deliver_due() == Delivered(sent=1)
    [mail] = sink.mails
    assert mail.message["Subject"] == "Your summary: 4 notices"
    for notice in notices:
        assert f"News of {notice.subject_id}" in mail.text
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.django_db
def test_who_switched_it_off_is_not_told_and_it_is_written_down(sink: Sink, reader: User) -> None:
    prefer(reader, "off")
    [notice] = news(reader)
    assert deliver_due() == Delivered(skipped=1)
    notice.refresh_from_db()
    assert (notice.state, notice.reason) == ("skipped", "the person switched these off")
    assert sink.mails == []


@pytest.mark.django_db
def test_what_the_law_wants_told_can_be_neither_switched_off_nor_put_off(sink: Sink, reader: User) -> None:
    with pytest.raises(ValueError, match="cannot come off"):
        choose(by=reader, timings={("decision", "email"): "off"})
    Preference.objects.create(person=reader, topic="decision", channel="email", timing="off")  # from an older version
    clock = timezone.now().astimezone(BERLIN)
    quiet = {"quiet_from": (clock - timedelta(hours=1)).time(), "quiet_until": (clock + timedelta(hours=1)).time()}
    Schedule.objects.update_or_create(person=reader, defaults=quiet)
    owe(kind="test", subject_id=new_id(), recipients=[reader])
    assert deliver_due() == Delivered(sent=1)
    assert "List-Unsubscribe" not in sink.mails[0].message


@pytest.mark.django_db
def test_quiet_hours_put_off_until_they_end(sink: Sink, reader: User) -> None:
    reader.time_zone = "Asia/Kolkata"
    reader.save()
    clock = timezone.now().astimezone(KOLKATA)
    begins, ends = clock - timedelta(hours=1), clock + timedelta(hours=2)
    prefer(reader, "at_once", quiet_from=begins.time(), quiet_until=ends.time())
    [notice] = news(reader)
    assert deliver_due() == Delivered(put_off=1)
    notice.refresh_from_db()
    assert abs((notice.next_at - ends).total_seconds()) < 5


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-28T22:30", "2026-03-29T05:00"),  # 23:30 in Berlin; at 07:00 it is summer
        ("2026-03-29T04:59", "2026-03-29T05:00"),
        ("2026-10-24T20:30", "2026-10-25T06:00"),  # 22:30; at 07:00 it is winter
        ("2026-11-22T12:00", None),
        ("2026-11-22T20:59", None),  # 21:59
    ],
)
def test_quiet_hours_over_midnight_and_a_change_of_the_clock(now: str, expected: str | None) -> None:
    schedule = Schedule(quiet_from=time(22), quiet_until=time(7))
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    ends = end_of_quiet(moment, schedule, BERLIN)
    assert ends == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


@pytest.mark.parametrize(
    ("after", "zone", "expected"),
    [
        ("2026-11-22T06:59", BERLIN, "2026-11-22T07:00"),
        ("2026-11-22T07:00", BERLIN, "2026-11-23T07:00"),
        ("2026-03-29T05:00", BERLIN, "2026-03-29T06:00"),
        ("2026-11-22T00:00", KOLKATA, "2026-11-22T02:30"),
    ],
)
def test_the_hour_of_the_summary_is_that_of_the_persons_clock(
    after: str, zone: zoneinfo.ZoneInfo, expected: str
) -> None:
    found = next_hour(datetime.fromisoformat(after).replace(tzinfo=UTC), 8, zone)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "is_about_address"),
    [
        ("550 Requested action not taken: mailbox unavailable", True),
        ("550 5.1.10 Recipient not found", True),
        ("550 5.4.1 Recipient address rejected: Access denied", True),
        ("550 5.7.1 Service unavailable, client host [192.0.2.1] blocked", False),
        ("552 5.2.2 The inbox is out of storage space", False),
        ("550 5.1.8 Sender address rejected", False),
        ("550 5.4.7 Delivery expired", False),
    ],
)
def test_only_who_refuses_the_address_gets_no_more_mail(
    sink: Sink, reader: User, answer: str, is_about_address: bool
) -> None:
    """A blocklist with our name on it must not close the inboxes of everybody we wrote to meanwhile."""

    async def refuse(server: SMTP, address: str) -> str:
        return answer

    sink.on_rcpt = refuse
    news(reader)
    assert deliver_due() == Delivered(failed=1)
    assert is_suppressed(reader.email) is is_about_address


@pytest.mark.django_db
def test_an_address_that_is_refused_gets_nothing_more_until_it_is_confirmed(sink: Sink, reader: User) -> None:
    async def answer(server: SMTP, address: str) -> str:
        return "550 5.1.1 no such user" if is_gone else "250 OK"

    is_gone, sink.on_rcpt = True, answer
    news(reader)
    assert deliver_due() == Delivered(failed=1)
    assert is_suppressed(reader.email.upper())
    is_gone = False
    [notice] = news(reader)
    assert deliver_due() == Delivered(skipped=1)
    notice.refresh_from_db()
    assert notice.reason == "the address takes no mail"
    assert lift(reader.email, by=reader)
    assert not is_suppressed(reader.email)
    news(reader)
    assert deliver_due() == Delivered(sent=1)
