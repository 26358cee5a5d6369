"""Opening hours: what is open, when next, and time that runs only then, on ordinary days and when clocks change."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messagecenter.hours.closed_days import public_holidays
from messagecenter.hours.errors import NeverOpen
from messagecenter.hours.week import ALL_DAY, ALWAYS, Hours, Span, Window, working_days

STEP = timedelta(minutes=15)
BERLIN, NEW_YORK, KOLKATA = "Europe/Berlin", "America/New_York", "Asia/Kolkata"
#: Days around which clocks change in Berlin and New York, around New Year, around Christmas and around a leap day.
TURNS = [(2026, 3, 29), (2026, 10, 25), (2026, 3, 8), (2026, 11, 1), (2026, 12, 31), (2026, 12, 24), (2028, 2, 29)]


def office(zone: str = BERLIN, country: str = "", closed: frozenset[date] = frozenset()) -> Hours:
    """Monday to Friday 9 to 12 and 13 to 17."""
    return Hours(zone, ((Span(540, 720), Span(780, 1020)),) * 5 + ((), ()), country, "", closed)


def at(hours: Hours, *told: int, fold: int = 0) -> datetime:
    return datetime(*told, tzinfo=hours.zone, fold=fold).astimezone(UTC)


@st.composite
def weeks(draw: st.DrawFn) -> Hours:
    """Hours with spans from one full hour to another: the oracle below reads clocks, and such spans it cannot misread
    when a clock shows an hour twice."""
    week = []
    for _ in range(7):
        bounds = sorted(draw(st.sets(st.integers(0, 24), max_size=6)))
        week.append(tuple(Span(60 * a, 60 * b) for a, b in zip(bounds[::2], bounds[1::2], strict=False)))
    zone, country = draw(st.sampled_from([(BERLIN, "DE"), (NEW_YORK, "US"), (KOLKATA, "IN")]))
    closed = frozenset(draw(st.sets(st.dates(date(2026, 3, 1), date(2026, 12, 31)), max_size=5)))
    return Hours(zone, tuple(week), draw(st.sampled_from(["", country])), "", closed)


def moments() -> st.SearchStrategy[datetime]:
    near = st.builds(
        lambda turn, quarters: datetime(*turn, tzinfo=UTC) + quarters * STEP,
        st.sampled_from(TURNS),
        st.integers(-400, 400),
    )
    return near


def open_by_the_clock(hours: Hours, moment: datetime) -> bool:
    """Return whether somebody there, looking at clock and calendar, would say it is open."""
    local = moment.astimezone(hours.zone)
    day, minute = local.date(), local.hour * 60 + local.minute
    if day in hours.closed or (hours.country and day in public_holidays(hours.country, "", day.year)):
        return False
    return any(opens <= minute < closes for opens, closes in hours.week[day.weekday()])


@settings(max_examples=80, deadline=None)
@given(weeks(), moments(), st.integers(0, 500))
def test_open_time_is_what_clocks_and_calendars_say(hours: Hours, start: datetime, quarters: int) -> None:
    steps = [start + number * STEP for number in range(quarters)]
    opened = [open_by_the_clock(hours, step) for step in steps]
    end = start + quarters * STEP
    assert [hours.is_open(step) for step in steps] == opened
    assert hours.working_between(start, end) == sum(opened) * STEP
    assert hours.working_between(end, start) == -sum(opened) * STEP
    following = hours.next_opening(start)
    assert [step for step, one in zip(steps, opened, strict=True) if one][:1] == (
        [following] if following and following < end else []
    )


@settings(max_examples=150, deadline=None)
@given(weeks(), moments(), st.timedeltas(timedelta(0), timedelta(hours=60)))
def test_added_time_ends_at_the_first_moment_it_has_passed(hours: Hours, start: datetime, amount: timedelta) -> None:
    if not any(hours.week):
        if amount:
            with pytest.raises(NeverOpen):
                hours.add_working(start, amount)
        return
    end = hours.add_working(start, amount)
    assert end.tzinfo is UTC
    assert hours.working_between(start, end) == amount
    if amount:
        assert hours.working_between(start, end - timedelta(microseconds=1)) == amount - timedelta(microseconds=1)
    else:
        assert end == start


@settings(max_examples=100, deadline=None)
@given(weeks(), moments(), st.sampled_from([5, 15, 25, 60]))
def test_slots_lie_in_the_open_time_of_their_day(hours: Hours, moment: datetime, minutes: int) -> None:
    day = moment.date()
    slots = hours.slots(day, minutes)
    for slot in slots:
        assert slot.end - slot.start == timedelta(minutes=minutes)
        assert slot.start.astimezone(hours.zone).date() == day
        assert hours.working_between(*slot) == timedelta(minutes=minutes)
    assert all(one.end <= other.start for one, other in pairwise(slots))
    total = sum((end - start for start, end in hours.windows(day)), timedelta(0))
    unused = total - len(slots) * timedelta(minutes=minutes)
    assert unused < sum(1 for _ in hours.windows(day)) * timedelta(minutes=minutes) or not unused


def test_always_is_the_plain_clock() -> None:
    start = datetime(2026, 12, 31, 18, 30, tzinfo=UTC)
    assert ALWAYS.is_open(start)
    assert ALWAYS.next_opening(start) == start
    assert ALWAYS.add_working(start, timedelta(hours=24)) == datetime(2027, 1, 1, 18, 30, tzinfo=UTC)
    assert ALWAYS.working_between(start, start + timedelta(days=800)) == timedelta(days=800)


def test_an_office_closes_for_lunch_the_night_and_the_weekend() -> None:
    hours = office()
    assert [hours.is_open(at(hours, 2026, 6, 5, *time)) for time in [(8, 59), (9, 0), (11, 59), (12, 0), (16, 59)]] == [
        *(False, True, True, False, True)
    ]
    assert hours.next_opening(at(hours, 2026, 6, 5, 12)) == at(hours, 2026, 6, 5, 13)
    assert hours.next_opening(at(hours, 2026, 6, 5, 17)) == at(hours, 2026, 6, 8, 9)
    # Two hours from 16:00 on Friday: the first ends the day, the second is Monday's first.
    assert hours.add_working(at(hours, 2026, 6, 5, 16), timedelta(hours=1)) == at(hours, 2026, 6, 5, 17)
    assert hours.add_working(at(hours, 2026, 6, 5, 16), timedelta(hours=2)) == at(hours, 2026, 6, 8, 10)
    assert hours.add_working(at(hours, 2026, 6, 6, 3), timedelta(0)) == at(hours, 2026, 6, 6, 3)


def test_holidays_of_country_and_region_and_own_days_are_closed() -> None:
    corpus_christi = (2026, 6, 4)  # a holiday in Bavaria, none in Berlin
    week = office().week
    bavaria, berlin = Hours(BERLIN, week, "DE", "BY"), Hours(BERLIN, week, "DE", "BE")
    assert not bavaria.is_open(at(bavaria, *corpus_christi, 10))
    assert berlin.is_open(at(berlin, *corpus_christi, 10))
    assert not office(closed=frozenset({date(*corpus_christi)})).is_open(at(berlin, *corpus_christi, 10))
    assert office(country="DE").next_opening(at(berlin, 2026, 12, 24, 17)) == at(berlin, 2026, 12, 28, 9)


def test_slots_start_at_each_opening_and_end_before_closing() -> None:
    hours = Hours(BERLIN, ((Span(550, 590), Span(600, 615)), *((),) * 6))
    monday = date(2026, 6, 8)
    times = [(slot.start.astimezone(hours.zone).strftime("%H:%M")) for slot in hours.slots(monday)]
    assert times == ["09:10", "09:25", "10:00"]
    assert hours.slots(date(2026, 6, 9)) == ()
    with pytest.raises(ValueError, match="at least a minute"):
        hours.slots(monday, 0)


def test_an_hour_skipped_is_not_open_and_one_that_comes_twice_is_open_twice() -> None:
    night = Hours(BERLIN, ((),) * 6 + ((Span(60, 240),),))  # Sundays, 1 to 4
    assert [end - start for start, end in night.windows(date(2026, 3, 29))] == [timedelta(hours=2)]
    assert [end - start for start, end in night.windows(date(2026, 10, 25))] == [timedelta(hours=4)]
    assert len(night.slots(date(2026, 3, 29))) == 8
    assert len(night.slots(date(2026, 10, 25))) == 16
    # From 1:00, two hours on: 4:00 summer time when 2:00 to 3:00 is skipped, the second 2:00 when it comes twice.
    assert night.add_working(at(night, 2026, 3, 29, 1), timedelta(hours=2)) == at(night, 2026, 3, 29, 4)
    assert night.add_working(at(night, 2026, 10, 25, 1), timedelta(hours=2)) == at(night, 2026, 10, 25, 2, fold=1)


def test_times_that_are_skipped_or_come_twice_still_open_and_close_in_order() -> None:
    sunday = Hours(BERLIN, ((),) * 6 + ((Span(0, 135), Span(150, 165), Span(170, 240)),))  # -2:15, 2:30-2:45, 2:50-4
    changed = datetime(2026, 3, 29, 1, tzinfo=UTC)  # clocks go from 2:00 to 3:00
    assert list(sunday.windows(date(2026, 3, 29))) == [
        Window(at(sunday, 2026, 3, 29, 0), changed),
        Window(changed, datetime(2026, 3, 29, 2, tzinfo=UTC)),
    ]
    assert [(w.start.strftime("%H:%M"), w.end.strftime("%H:%M")) for w in sunday.windows(date(2026, 10, 25))] == [
        *(("22:00", "00:15"), ("00:30", "00:45"), ("00:50", "03:00"))  # UTC: of both 2:00 to 3:00, the first
    ]


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Pacific/Apia", date(2011, 12, 30), 0),  # left out: the islands changed sides of the date line
        ("America/St_Johns", date(2010, 11, 7), 25),  # from 0:01 back to 23:01: it had begun for a minute
        ("America/St_Johns", date(2010, 11, 6), 24),
        ("America/Havana", date(2026, 11, 1), 25),  # 1:00 to 0:00
        ("Africa/Cairo", date(2026, 4, 24), 23),  # 0:00 to 1:00
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ],
)
def test_strange_days_have_their_length_and_hang_together(zone: str, day: date, length: float) -> None:
    hours = Hours(zone, (ALL_DAY,) * 7)
    assert sum((end - start for start, end in hours.windows(day)), timedelta(0)) == timedelta(hours=length)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=3)
    assert hours.working_between(start, start + timedelta(days=6)) == timedelta(days=6)


def test_time_counted_on_working_days_is_due_on_the_next_one() -> None:
    hours = working_days("DE", "BY", BERLIN)
    day = timedelta(hours=24)
    friday = at(hours, 2026, 6, 12, 15)
    assert hours.add_working(friday, day) == at(hours, 2026, 6, 15, 15)
    before_easter = at(hours, 2026, 4, 2, 15)  # Thursday; Good Friday to Easter Monday are free
    assert hours.add_working(before_easter, day) == at(hours, 2026, 4, 7, 15)
    before_may_day = at(hours, 2026, 4, 30, 15)
    assert hours.add_working(before_may_day, day) == at(hours, 2026, 5, 4, 15)
    sunday = at(hours, 2026, 6, 14, 20)  # starts on Monday 0:00
    assert hours.add_working(sunday, day) == at(hours, 2026, 6, 16, 0)
    clocks_change_on_sunday = at(hours, 2026, 3, 27, 15)
    assert hours.add_working(clocks_change_on_sunday, day) == at(hours, 2026, 3, 30, 15)


def test_working_days_know_other_weekends_and_no_unknown_country() -> None:
    israel = working_days("IL", "", "Asia/Jerusalem")
    assert [bool(spans) for spans in israel.week] == [True, True, True, True, False, False, True]
    for country, subdivision in [("XX", ""), ("DE", "ZZ"), ("HolidayBase", "")]:
        with pytest.raises(ValueError, match="No holidays are known"):
            working_days(country, subdivision, "UTC")


def test_hours_that_never_open_say_so() -> None:
    never = Hours("UTC", ((),) * 7)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert never.next_opening(start) is None
    assert never.working_between(start, start + timedelta(days=400)) == timedelta(0)
    with pytest.raises(NeverOpen):
        never.add_working(start, timedelta(minutes=1))


def test_moments_without_a_zone_and_negative_amounts_are_refused() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the mistake
    for ask in (ALWAYS.is_open, ALWAYS.next_opening, lambda at: ALWAYS.add_working(at, timedelta(1))):
        with pytest.raises(ValueError, match="time zone"):
            ask(naive)
    with pytest.raises(ValueError, match="only be added"):
        ALWAYS.add_working(datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=-1))
    with pytest.raises(ValueError, match="not worked out"):
        ALWAYS.is_open(datetime(2500, 1, 1, tzinfo=UTC))


def test_a_due_time_costs_microseconds_however_far_away() -> None:
    hours = office(country="DE")
    start = datetime(2026, 6, 5, 14, tzinfo=UTC)
    hours.add_working(start, timedelta(hours=2000))  # works out the years
    rounds = 2000
    begun = time.process_time()
    for _ in range(rounds):
        hours.add_working(start, timedelta(hours=1500))
    took = (time.process_time() - begun) / rounds
    assert took < 200e-6  # a tenth of that on this machine; a walk by minutes takes a thousand times as long
