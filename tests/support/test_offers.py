"""Which ways to support are open when: hours, holidays, changed clocks, who is there and what they speak."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from messagecenter.threads.clock import told_fully
from support import actions
from support.models import Queue
from support.offers import Offer, call_offer, chat_offer
from support.refused import NoChatNow
from support.severities import Severity

from .cases import make_queue, make_seller, make_staff, open_one
from .chatting import asking_seller, make_chatting_queue, sit_down, stand_up

pytestmark = pytest.mark.django_db
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def office(time_zone: str, **more: Any) -> dict[str, Any]:
    return {"time_zone": time_zone, "week": {day: [["09:00", "17:00"]] for day in WEEKDAYS}} | more


def offer_at(queue: Queue, moment: str, *, language: str = "en") -> Offer:
    """Return the offer of a moment in UTC, while somebody is at the desk."""
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    sit_down(make_staff(queue), at=now)
    found = chat_offer(queue, severity=Severity.NORMAL, language=language, now=now)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("time_zone", "moment", "opens"),
    [
        # The Friday before the clocks are put back: open until five o'clock of summer time.
        ("Europe/Berlin", "2026-10-23T14:59", ""),
        ("Europe/Berlin", "2026-10-23T15:00", "2026-10-26T08:00"),
        ("Europe/Berlin", "2026-10-26T07:59", "2026-10-26T08:00"),
        ("Europe/Berlin", "2026-10-26T08:00", ""),
        ("America/New_York", "2026-03-06T13:59", "2026-03-06T14:00"),
        ("America/New_York", "2026-03-06T22:00", "2026-03-09T13:00"),  # an hour less between: clocks put forward
        ("America/New_York", "2026-03-09T13:00", ""),
        ("Asia/Kolkata", "2026-03-06T03:29", "2026-03-06T03:30"),
        ("Asia/Kolkata", "2026-03-06T03:30", ""),
        ("Asia/Kolkata", "2026-03-06T11:30", "2026-03-09T03:30"),
    ],
)
def test_chat_is_open_in_office_hours_and_else_says_when_it_opens(time_zone: str, moment: str, opens: str) -> None:
    queue = make_chatting_queue(opening_hours=office(time_zone))
    with timezone.override(UTC):
        found = offer_at(queue, moment)
        assert found.is_open == (not opens)
        if opens:
            at = datetime.fromisoformat(opens).replace(tzinfo=UTC)
            assert found.text == f"Closed. It opens on {told_fully(at)}."


def test_holidays_and_days_off_are_closed() -> None:
    hours = office("Europe/Berlin", holidays={"country": "DE"}, closed=["2026-12-28"])
    queue = make_chatting_queue(opening_hours=hours)
    with timezone.override("Europe/Berlin"), translation.override("de"):
        found = offer_at(queue, "2026-12-25T10:00")  # a Friday; the Monday after is a day off
    assert (found.is_open, found.text) == (False, "Geschlossen. Wieder offen ab 29. Dezember 2026 09:00.")


def test_the_reader_reads_the_opening_in_the_own_time_zone() -> None:
    queue = make_chatting_queue(opening_hours=office("America/New_York"))
    with timezone.override("Asia/Kolkata"):
        found = offer_at(queue, "2026-03-06T13:59")
    assert found.text == "Closed. It opens on March 6, 2026, 7:30 PM."


def test_only_who_speaks_the_language_counts() -> None:
    queue = make_chatting_queue()
    now = timezone.now()
    sit_down(make_staff(queue), languages=("de",))
    english = chat_offer(queue, severity=Severity.NORMAL, language="en", now=now)
    german = chat_offer(queue, severity=Severity.NORMAL, language="de", now=now)
    assert english is not None
    assert german is not None
    assert (english.is_open, german.is_open) == (False, True)
    assert "English" in english.text
    sit_down(make_staff(queue))  # who said nothing speaks what the queue speaks
    found = chat_offer(queue, severity=Severity.NORMAL, language="en", now=now)
    assert found is not None
    assert found.is_open


def test_the_staff_of_another_queue_does_not_open_this_one() -> None:
    queue, other = make_chatting_queue(), make_chatting_queue("Carriers")
    sit_down(make_staff(other))
    found = chat_offer(queue, severity=Severity.NORMAL, language="en", now=timezone.now())
    assert found == Offer(is_open=False, text="Nobody is free for a chat just now.")


def test_a_page_that_was_closed_long_ago_is_nobody() -> None:
    queue = make_chatting_queue()
    sit_down(make_staff(queue), at=timezone.now() - timedelta(minutes=3))
    found = chat_offer(queue, severity=Severity.NORMAL, language="en", now=timezone.now())
    assert found is not None
    assert not found.is_open


def test_too_long_a_wait_is_not_offered() -> None:
    queue = make_chatting_queue()
    sit_down(make_staff(queue), chats=1)
    waits = []
    for _one in range(3):
        found = chat_offer(queue, severity=Severity.NORMAL, language="en", now=timezone.now())
        assert found is not None
        waits.append((found.is_open, found.text))
        if found.is_open:
            asking_seller()
    assert waits[0] == (True, "Open now. Somebody is there in about 1 minute.")
    assert waits[1] == (True, "Open now. Somebody is there in about 8 minutes.")
    assert waits[2] == (False, "Too many are waiting for a chat just now. Writing is faster.")


@pytest.mark.parametrize("severity", list(Severity))
def test_a_queue_says_for_how_severe_cases_it_chats_and_calls(severity: Severity) -> None:
    queue = make_chatting_queue(chat_from=Severity.HIGH, calls_from=Severity.URGENT, calls_at_once=1)
    sit_down(make_staff(queue))
    now = timezone.now()
    chat = chat_offer(queue, severity=severity, language="en", now=now)
    call = call_offer(queue, severity=severity, now=now)
    assert (chat is not None) == (severity <= Severity.HIGH)
    assert (call is not None) == (severity == Severity.URGENT)


def test_a_call_is_offered_with_its_first_free_appointment() -> None:
    queue = make_queue(calls_at_once=1, opening_hours=office("Asia/Kolkata"))
    now = datetime(2026, 3, 6, 11, 30, tzinfo=UTC)
    with timezone.override("Asia/Kolkata"):
        found = call_offer(queue, severity=Severity.LOW, now=now)
    assert found == Offer(is_open=True, text="The first free appointment: March 9, 2026, 9:00 AM")
    assert call_offer(make_queue("No telephone"), severity=Severity.LOW, now=now) is None


def test_asking_uses_the_offer_of_the_moment() -> None:
    """What the page showed a minute ago does not hold."""
    queue = make_chatting_queue()
    staff = make_staff(queue)
    sit_down(staff)
    seller = make_seller()
    case = open_one(seller)
    offer = chat_offer(queue, severity=case.severity, language="en", now=timezone.now())
    assert offer is not None
    assert offer.is_open
    stand_up(staff)
    with pytest.raises(NoChatNow):
        actions.ask_for_chat(by=seller.user, case=case)
    sit_down(staff)
    assert actions.ask_for_chat(by=seller.user, case=case).language == "en"
