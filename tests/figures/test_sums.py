"""The seller figures: what counts, what it counts as, and sums that agree with counting each wait by hand."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messagecenter.figures.sums import PERIODS, End, Figures, Outcome, Report, Wait, counted, reports

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)  # within 7 days of the end of summer time in both zones below
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHOP, ANNA, TOM, THREAD = (UUID(int=number) for number in range(1, 5))
BERLIN, NEW_YORK, KOLKATA = (ZoneInfo(key) for key in ("Europe/Berlin", "America/New_York", "Asia/Kolkata"))


def wait(started: datetime, took: timedelta | None = None, end: End = End.ANSWERED, **given: Any) -> Wait:
    """A wait due after 24 hours that ended after ``took``, by Anna when answered; None: it did not."""
    values: dict[str, Any] = {"mailbox": SHOP, "thread": THREAD, "topic": "delivery", "member": None}
    if took is not None:
        member = ANNA if end is End.ANSWERED else None
        values |= {"ended_at": started + took, "end": end, "member": member}
    return Wait(**{**values, "started_at": started, "due_at": started + DAY, **given})


def week(*waits: Wait, now: datetime = NOW, time_zone: ZoneInfo = BERLIN) -> Report:
    return reports(waits, now, time_zone)[7]


def test_a_week_of_a_shop() -> None:
    report = week(
        wait(NOW - 6 * DAY, 2 * HOUR),
        wait(NOW - 5 * DAY, 4 * HOUR, member=TOM),
        wait(NOW - 4 * DAY, 30 * HOUR, topic="invoice"),  # late
        wait(NOW - 3 * DAY, HOUR, End.NO_RESPONSE),
        wait(NOW - 3 * DAY, 25 * HOUR, End.CLOSED),  # late too, and no answer
        wait(NOW - 2 * DAY),  # nobody answered
        wait(NOW - 2 * HOUR),  # still time
    )
    assert report.total == Figures(
        in_time=3, late=2, unanswered=1, running=1, answers=3, average=12 * HOUR, median=4 * HOUR
    )
    assert (report.total.waits, report.total.judged, report.total.rate) == (7, 6, 0.5)
    assert report.by_member == {
        ANNA: Figures(in_time=1, late=1, answers=2, average=16 * HOUR, median=16 * HOUR),
        TOM: Figures(in_time=1, answers=1, average=4 * HOUR, median=4 * HOUR),
        None: Figures(in_time=1, late=1, unanswered=1, running=1),
    }
    assert report.by_topic["invoice"] == Figures(late=1, answers=1, average=30 * HOUR, median=30 * HOUR)
    assert report.by_topic["delivery"].waits == 6


def test_a_wait_belongs_to_the_periods_it_started_in() -> None:
    told = reports([wait(NOW - age, HOUR) for age in (HOUR, 7 * DAY, 30 * DAY, 90 * DAY, -HOUR)], NOW, BERLIN)
    assert {days: report.total.waits for days, report in told.items()} == {7: 1, 30: 2, 90: 3}
    assert (told[7].since, told[7].until) == (NOW - 7 * DAY, NOW)


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (wait(NOW - 2 * DAY, DAY), Outcome.IN_TIME),  # at the due moment itself
        (wait(NOW - 2 * DAY, DAY + timedelta(microseconds=1)), Outcome.LATE),
        (wait(NOW - DAY), Outcome.RUNNING),  # due right now
        (wait(NOW - DAY - timedelta(microseconds=1)), Outcome.UNANSWERED),
        (wait(NOW - 2 * DAY, 2 * DAY + HOUR), Outcome.UNANSWERED),  # answered after the moment asked about
        (wait(NOW - HOUR, 2 * HOUR), Outcome.RUNNING),
        (wait(NOW - HOUR, timedelta(0)), Outcome.IN_TIME),
    ],
)
def test_a_wait_has_one_outcome_at_any_moment(made: Wait, outcome: Outcome) -> None:
    assert made.outcome(NOW) == outcome
    assert getattr(week(made).total, outcome) == week(made).total.waits == 1


def test_an_earlier_report_shows_what_was_seen_then() -> None:
    answered_late = wait(NOW - 3 * DAY, 2 * DAY)
    earlier = week(answered_late, now=NOW - 1.5 * DAY)
    assert earlier.total == Figures(unanswered=1)
    assert list(earlier.by_member) == [None]
    assert week(answered_late).total.late == 1


def test_hours_are_those_of_the_shops_clocks() -> None:
    sunday_late = datetime(2026, 11, 1, 22, 30, tzinfo=UTC)
    for zone, hour in ((BERLIN, (6, 23)), (NEW_YORK, (6, 17)), (KOLKATA, (0, 4))):
        assert list(week(wait(sunday_late), time_zone=zone).by_hour) == [hour]
    twice = [wait(datetime(2026, 11, 1, hour, 30, tzinfo=UTC)) for hour in (5, 6)]  # both 1:30 in New York
    assert {hour: figures.waits for hour, figures in week(*twice, time_zone=NEW_YORK).by_hour.items()} == {(6, 1): 2}


def test_nothing_to_report_is_no_rate_and_no_time() -> None:
    nothing = week()
    assert nothing.total == Figures()
    assert (nothing.total.rate, nothing.total.average, nothing.total.median) == (None, None, None)
    assert (nothing.by_hour, nothing.by_member, nothing.by_topic) == ({}, {}, {})
    assert week(wait(NOW - HOUR)).total.rate is None
    assert week(wait(NOW - HOUR, timedelta(0), End.CLOSED)).total == Figures(in_time=1)


ENDED = st.tuples(st.timedeltas(timedelta(0), 4 * DAY), st.sampled_from(End))
WAITS = st.builds(
    lambda age, due, ended, topic, member: Wait(
        SHOP,
        THREAD,
        topic,
        member if ended and ended[1] is End.ANSWERED else None,
        NOW - age,
        NOW - age + due,
        NOW - age + ended[0] if ended else None,
        ended[1] if ended else None,
    ),
    st.timedeltas(-2 * DAY, 100 * DAY) | st.sampled_from([days * DAY for days in PERIODS]),
    st.timedeltas(timedelta(0), 5 * DAY) | st.just(DAY),
    st.none() | ENDED,
    st.sampled_from(["delivery", "invoice", "return"]),
    st.sampled_from([ANNA, TOM]),
)


def by_hand(waits: list[Wait], fits: Callable[[Wait], bool]) -> Figures:
    """Count the waits that fit, each rule written out once more."""
    chosen = [one for one in waits if fits(one)]
    ended = [one for one in chosen if one.ended_at is not None and one.ended_at <= NOW]
    still_open = [one for one in chosen if one not in ended]
    answered = [one for one in ended if one.end == "answered"]
    seconds = [(one.ended_at - one.started_at).total_seconds() for one in answered if one.ended_at]
    return Figures(
        in_time=sum(one.ended_at <= one.due_at for one in ended if one.ended_at),
        late=sum(one.ended_at > one.due_at for one in ended if one.ended_at),
        unanswered=sum(one.due_at < NOW for one in still_open),
        running=sum(one.due_at >= NOW for one in still_open),
        answers=len(seconds),
        average=timedelta(seconds=mean(seconds)) if seconds else None,
        median=timedelta(seconds=median(seconds)) if seconds else None,
    )


def same(told: Figures, meant: Figures) -> bool:
    def close(one: timedelta | None, other: timedelta | None) -> bool:
        return one == other or (one is not None and other is not None and abs(one - other) < timedelta(milliseconds=1))

    counts = ("in_time", "late", "unanswered", "running", "answers")
    return (
        all(getattr(told, name) == getattr(meant, name) for name in counts)
        and close(told.average, meant.average)
        and close(told.median, meant.median)
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(WAITS, max_size=40), st.sampled_from([BERLIN, NEW_YORK, KOLKATA]))
def test_every_sum_is_what_counting_by_hand_gives(waits: list[Wait], zone: ZoneInfo) -> None:
    told = reports(waits, NOW, zone)
    assert list(told) == list(PERIODS)
    for days, report in told.items():
        inside = [one for one in waits if NOW - days * DAY < one.started_at <= NOW]
        assert list(counted(waits, NOW, days)) == inside
        assert same(report.total, by_hand(inside, lambda _: True))

        def hour(one: Wait) -> tuple[int, int]:
            local = one.started_at.astimezone(zone)
            return local.weekday(), local.hour

        def member(one: Wait) -> UUID | None:
            return one.member if one.ended_at and one.ended_at <= NOW else None

        keys: list[tuple[dict[Any, Figures], Callable[[Wait], Any]]] = [
            (dict(report.by_hour), hour),
            (dict(report.by_member), member),
            (dict(report.by_topic), lambda one: one.topic),
        ]
        for groups, key in keys:
            assert Counter({name: figures.waits for name, figures in groups.items()}) == Counter(map(key, inside))
            for name, figures in groups.items():
                assert same(figures, by_hand(inside, lambda one, key=key, name=name: key(one) == name))


def test_a_busy_shop_is_added_up_in_seconds() -> None:
    waits = [wait(NOW - number * timedelta(minutes=4), number % 50 * HOUR) for number in range(30_000)]
    begun = time.process_time()
    report = reports(waits, NOW, BERLIN)[90]
    assert time.process_time() - begun < 10
    assert report.total.waits == 30_000
