"""Call-backs: appointments from opening hours, one seller each, moved, cancelled, made or missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from icalendar import Calendar

from messagecenter.accounts.models import Role
from messagecenter.notices.models import Notice
from support import actions, slots
from support.appointments import calendar_file
from support.lifecycle import Status
from support.models import Call, Queue
from support.refused import CallSettled, NoCallNow, NoSuchSlot, NotToBeCalled, SlotTaken
from support.telephone import NotATelephoneNumber, e164, told
from support.words import read_notes, read_number

from .cases import fresh, make_queue, make_seller, make_staff, open_one

OFFICE = {day: [["09:00", "17:00"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
NUMBER = "0176 55501234"


def office(time_zone: str = "Europe/Berlin", **more: Any) -> dict[str, Any]:
    return {"time_zone": time_zone, "week": OFFICE} | more


def calling_queue(name: str = "Marketplace support", **values: Any) -> Queue:
    return make_queue(name, **({"opening_hours": office(), "calls_at_once": 1} | values))


def first_slot(queue: Queue) -> datetime:
    now = timezone.now()
    found = slots.next_free(queue, now, now)
    assert found is not None
    return found


def book(case: Any, seller: Any, at: datetime, number: str = NUMBER) -> Call:
    return actions.book_call(by=seller.user, case=case, starts_at=at, number=number, language="de")


def open_in_germany(seller: Any) -> Any:
    return open_one(seller, answers={"marketplace": "amazon.de"})


# --- what is offered ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time_zone", "day", "first", "last", "number"),
    [
        ("Europe/Berlin", "2026-10-23", "2026-10-23T07:00", "2026-10-23T14:45", 32),  # the last day of summer time
        ("Europe/Berlin", "2026-10-26", "2026-10-26T08:00", "2026-10-26T15:45", 32),
        ("America/New_York", "2026-03-06", "2026-03-06T14:00", "2026-03-06T21:45", 32),
        ("America/New_York", "2026-03-09", "2026-03-09T13:00", "2026-03-09T20:45", 32),
        ("Asia/Kolkata", "2026-10-26", "2026-10-26T03:30", "2026-10-26T11:15", 32),
    ],
)
def test_quarters_of_an_hour_on_the_queues_own_clock(
    db: None, time_zone: str, day: str, first: str, last: str, number: int
) -> None:
    queue = calling_queue(opening_hours=office(time_zone))
    now = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=UTC) - timedelta(hours=12)
    found = dict(slots.days_with_slots(queue, now, most=3))[date.fromisoformat(day)]
    assert (found[0].start, found[-1].start) == (
        datetime.fromisoformat(first).replace(tzinfo=UTC),
        datetime.fromisoformat(last).replace(tzinfo=UTC),
    )
    assert len(found) == number
    assert all(one.end - one.start == timedelta(minutes=15) for one in found)


def test_no_slots_on_weekends_holidays_and_closed_days(db: None) -> None:
    queue = calling_queue(opening_hours=office(holidays={"country": "DE"}, closed=["2026-12-24"]))
    now = datetime(2026, 12, 22, 20, tzinfo=UTC)
    days = [day for day, _slots in slots.days_with_slots(queue, now, most=3)]
    assert days == [date(2026, 12, 23), date(2026, 12, 28), date(2026, 12, 29)]


def test_not_sooner_than_half_an_hour_and_not_without_telephones(db: None) -> None:
    queue = calling_queue(calls_at_once=0)
    now = datetime(2026, 11, 23, 9, 40, tzinfo=UTC)  # Monday, 10:40 in Berlin
    assert slots.days_with_slots(queue, now) == []
    queue.calls_at_once = 2
    assert slots.days_with_slots(queue, now)[0][1][0].start == datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


def test_what_is_offered_costs_one_query_also_when_nothing_is_free(db: None, django_assert_num_queries: Any) -> None:
    queue = calling_queue(opening_hours=office() | {"week": {day: [["09:00", "09:30"]] for day in OFFICE}})
    now = datetime(2026, 11, 23, 5, tzinfo=UTC)
    with django_assert_num_queries(1):
        days = slots.days_with_slots(queue, now, most=15)
    assert len(days) == 10  # the working days of a fortnight
    case = open_one(make_seller())
    for number, slot in enumerate(slot for _day, free in days for slot in free):
        state = Call.State.BOOKED
        values = {"case": case if number == 0 else open_one(make_seller()), "booked_by": case.opened_by, "state": state}
        Call.objects.create(queue=queue, starts_at=slot.start, line=0, language="de", number_ciphertext=b"", **values)
    with django_assert_num_queries(2):
        assert slots.days_with_slots(queue, now) == []
        assert slots.next_free(queue, now, now) is None


# --- telephone numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("0176 55501234", "DE", "+4917655501234"),
        ("+49 (0)176 5550-1234", "", "+4917655501234"),
        ("0044 20 7946 0018", "DE", "+442079460018"),
        ("(212) 555-2368", "US", "+12125552368"),
        ("+91 98765 43210", "", "+919876543210"),
    ],
)
def test_numbers_as_people_type_them(typed: str, country: str, number: str) -> None:
    assert e164(typed, country) == number
    assert e164(told(number), "") == number


@pytest.mark.parametrize(
    "typed",
    ["", "123", "call me", "0176 55501234", "+49 1", "302-1234567-1234567", "+49 900 1234567", "+49 30 123456 ext. 7"],
)
def test_what_cannot_be_rung_up_is_refused(typed: str) -> None:
    with pytest.raises(NotATelephoneNumber):
        e164(typed, "")


# --- booking -----------------------------------------------------------------------------------------------------


def test_booking_tells_both_and_keeps_the_number_sealed(db: None) -> None:
    queue, seller = calling_queue(), make_seller()
    lead, case = make_staff(queue, Role.OWNER), open_in_germany(seller)
    call = book(case, seller, first_slot(queue))
    assert read_number(call) == "+4917655501234"
    assert b"5550" not in bytes(call.number_ciphertext)
    told_people = dict(Notice.objects.filter(kind__startswith="call", channel="email").values_list("kind", "recipient"))
    assert told_people == {"call_booked": seller.user_id, "call_coming": lead.pk}
    assert book(case, seller, call.starts_at) == call
    assert Call.objects.count() == 1


@pytest.mark.parametrize("wrong", [timedelta(minutes=7), timedelta(days=-2), timedelta(days=40)])
def test_a_time_that_is_not_offered_is_refused(db: None, wrong: timedelta) -> None:
    queue, seller = calling_queue(), make_seller()
    case = open_in_germany(seller)
    with pytest.raises(NoSuchSlot):
        book(case, seller, first_slot(queue) + wrong)
    with pytest.raises(NotToBeCalled):
        book(case, seller, first_slot(queue), number="my office")
    assert not Call.objects.exists()


def test_no_calls_for_what_is_over_or_by_who_may_not_write(db: None) -> None:
    queue, seller = calling_queue(), make_seller()
    case, at = open_in_germany(seller), first_slot(queue)
    for stranger in (make_seller(), make_seller(Role.VIEWER, shop=seller.mailbox)):
        with pytest.raises(PermissionDenied):
            book(case, stranger, at)
    actions.resolve_case(by=seller.user, case=case)
    with pytest.raises(NoCallNow):
        book(fresh(case), seller, at)


def test_a_taken_slot_offers_the_next_one(db: None) -> None:
    queue, first, second = calling_queue(), make_seller(), make_seller()
    at = first_slot(queue)
    book(open_in_germany(first), first, at)
    with pytest.raises(SlotTaken) as refused:
        book(open_in_germany(second), second, at)
    assert refused.value.next_at is not None
    assert refused.value.next_at > at
    assert at not in [slot.start for _day, found in slots.days_with_slots(queue, timezone.now()) for slot in found]
    queue.calls_at_once = 2
    queue.save()
    case = open_in_germany(second)
    assert book(case, second, at).line == 1


def test_moving_frees_the_old_slot_and_changes_the_appointment(db: None) -> None:
    queue, seller, other = calling_queue(), make_seller(), make_seller()
    case, at = open_in_germany(seller), first_slot(queue)
    call = book(case, seller, at)
    before = Calendar.from_ical(calendar_file(call)).walk("VEVENT")[0]
    later = slots.next_free(queue, at + timedelta(minutes=15), timezone.now())
    assert later is not None
    moved = book(case, seller, later)
    after = Calendar.from_ical(calendar_file(moved)).walk("VEVENT")[0]
    assert (moved.pk, moved.starts_at, moved.sequence) == (call.pk, later, 1)
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["DTSTART"].dt == later
    assert "payout" not in str(after)
    assert book(open_in_germany(other), other, at).starts_at == at


def test_cancelling_frees_the_slot_and_takes_it_out_of_the_calendar(db: None) -> None:
    queue, seller = calling_queue(), make_seller()
    lead, case, at = make_staff(queue, Role.OWNER), open_in_germany(seller), first_slot(queue)
    call = actions.cancel_call(by=seller.user, call=book(case, seller, at))
    assert Calendar.from_ical(calendar_file(call))["METHOD"] == "CANCEL"
    with pytest.raises(CallSettled):
        actions.cancel_call(by=seller.user, call=call)
    again = book(case, seller, at)
    assert again.pk != call.pk
    with pytest.raises(PermissionDenied):
        actions.cancel_call(by=make_staff(make_queue("Other")), call=again)
    assert actions.cancel_call(by=lead, call=again).state == Call.State.CANCELLED


def test_a_missed_call_is_offered_again_and_a_made_one_noted(db: None) -> None:
    queue, seller = calling_queue(), make_seller()
    agent, case, at = make_staff(queue), open_in_germany(seller), first_slot(queue)
    call = actions.settle_call(by=agent, call=book(case, seller, at), was_reached=False, notes="Mailbox only.")
    assert Notice.objects.filter(kind="call_missed", recipient=seller.user).exists()
    again = book(case, seller, at)
    made = actions.settle_call(by=agent, call=again, was_reached=True, notes="Explained the statement.")
    assert read_notes(made) == "Explained the statement."
    assert b"Explained" not in bytes(made.notes_ciphertext)
    assert [one.state for one in case.calls.order_by("pk")] == ["missed", "reached"]
    for settled in (call, made):
        with pytest.raises(CallSettled):
            actions.settle_call(by=agent, call=settled, was_reached=True)
    with pytest.raises(PermissionDenied):
        actions.settle_call(by=seller.user, call=made, was_reached=True)
    assert list(case.steps.filter(kind="call").values_list("before", flat=True)) == [
        "booked",
        "missed",
        "booked",
        "reached",
    ]


def test_a_transferred_case_is_called_by_the_queue_that_has_it(db: None) -> None:
    queue, other, seller = calling_queue(), calling_queue("Payments"), make_seller()
    agent, case, at = make_staff(queue), open_in_germany(seller), first_slot(queue)
    book(case, seller, at)
    actions.transfer_case(by=agent, case=case, to=other, reason="Yours.")
    moved = book(fresh(case), seller, at)
    assert moved.queue == other
    assert fresh(case).state == Status.TRANSFERRED
