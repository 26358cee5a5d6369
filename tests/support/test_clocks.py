"""Promised times: around the clock or in opening hours, through holidays and changed clocks, on three continents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messagecenter.hours.week import ALWAYS, Hours
from messagecenter.hours.written import from_data
from support.clocks import Promise

OFFICE = {day: [["09:00", "17:00"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def office(time_zone: str, **more: Any) -> Any:
    return from_data({"time_zone": time_zone, "week": OFFICE} | more)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("hours", [1, 24, 48, 720])
def test_around_the_clock_an_hour_is_an_hour(hours: int) -> None:
    since = at("2026-10-24T20:00")  # Europe's clocks go back that night
    assert Promise(hours, ALWAYS).due_at(since) == since + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("time_zone", "since", "hours", "due"),
    [
        # Friday 15:00 in Berlin, winter time: two hours on Friday, two on Monday morning.
        ("Europe/Berlin", "2026-11-20T14:00", 4, "2026-11-23T10:00"),
        # The clocks go back on Sunday, 25 October: 09:00 is 07:00 UTC before and 08:00 after.
        ("Europe/Berlin", "2026-10-23T14:00", 2, "2026-10-26T09:00"),
        # The clocks go forward on Sunday, 29 March.
        ("Europe/Berlin", "2026-03-27T15:00", 2, "2026-03-30T08:00"),
        # New York: back on 1 November, 09:00 is 14:00 UTC then.
        ("America/New_York", "2026-10-30T20:00", 2, "2026-11-02T15:00"),
        # New York: forward on 8 March.
        ("America/New_York", "2026-03-06T21:00", 2, "2026-03-09T14:00"),
        # India has half an hour more and no summer time: 17:00 is 11:30 UTC.
        ("Asia/Kolkata", "2026-10-23T11:00", 1, "2026-10-26T04:00"),
    ],
)
def test_opening_hours_through_weekends_and_changed_clocks(time_zone: str, since: str, hours: int, due: str) -> None:
    assert Promise(hours, office(time_zone)).due_at(at(since)) == at(due)


def test_holidays_and_closed_days_do_not_count() -> None:
    # 25 and 26 December are holidays in Germany, the 24th is closed here; the 26th of 2026 is a Saturday.
    hours = office("Europe/Berlin", holidays={"country": "DE"}, closed=["2026-12-24"])
    assert Promise(8, hours).due_at(at("2026-12-23T15:00")) == at("2026-12-28T15:00")


def test_a_warning_comes_when_a_quarter_is_left() -> None:
    since = at("2026-11-23T08:00")
    promise = Promise(8, office("Europe/Berlin"))
    assert promise.warn_at(since) == since + timedelta(hours=6)
    assert promise.due_at(since) == since + timedelta(hours=8)


def test_hours_that_never_come_count_for_nothing() -> None:
    never = Hours("UTC", ((),) * 7)
    since = at("2026-11-23T08:00")
    assert Promise(4, never).due_at(since) == since + timedelta(hours=4)
    assert Promise(4, never).warn_at(since) == since + timedelta(hours=3)
