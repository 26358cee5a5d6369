"""The reply clock: when an answer is due and what is left, around the clock and on working days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from messagecenter.hours.week import working_days
from messagecenter.threads.clockwork import ReplyRule, due_at, left

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 6, 12, 13, tzinfo=UTC)  # 15:00 in Berlin
WORKING = ReplyRule(24, working_days("DE", "", "Europe/Berlin"))


def test_an_answer_is_due_a_day_later_around_the_clock() -> None:
    due = due_at(FRIDAY, ReplyRule())
    assert due == FRIDAY + 24 * HOUR
    assert left(due, ReplyRule(), FRIDAY + 23 * HOUR) == HOUR
    assert left(due, ReplyRule(), FRIDAY + 26 * HOUR) == -2 * HOUR


def test_on_working_days_the_weekend_neither_runs_nor_is_late() -> None:
    due = due_at(FRIDAY, WORKING)
    assert due == FRIDAY + 72 * HOUR
    saturday, monday = FRIDAY + 24 * HOUR, FRIDAY + 71 * HOUR
    assert left(due, WORKING, saturday) == 15 * HOUR
    assert left(due, WORKING, monday) == HOUR
    thursday_midnight = datetime(2026, 6, 10, 22, tzinfo=UTC)
    friday_ends = due_at(thursday_midnight + 24 * HOUR, WORKING)
    assert left(friday_ends, WORKING, friday_ends + 10 * HOUR) == timedelta(0)
    assert left(friday_ends, WORKING, friday_ends + 49 * HOUR) == -HOUR


def test_another_time_allowed_is_counted_the_same_way() -> None:
    two_days = ReplyRule(48, WORKING.counted)
    assert due_at(FRIDAY, two_days) == FRIDAY + 96 * HOUR
