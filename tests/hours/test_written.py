"""Opening hours as plain data: read, written back the same, and every mistake named."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messagecenter.hours.errors import HoursError
from messagecenter.hours.week import ALWAYS, Hours, Span, working_days
from messagecenter.hours.written import WEEKDAYS, from_data, to_data, told_time

GOOD: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "week": {"monday": [["09:00", "12:30"], ["13:30", "18:00"]], "saturday": [["22:00", "24:00"]]},
    "holidays": {"country": "DE", "subdivision": "BY"},
    "closed": ["2026-12-24", "2026-12-31"],
}


def test_data_are_read_and_written_back() -> None:
    hours = from_data(GOOD)
    assert hours == Hours(
        "Europe/Berlin",
        ((Span(540, 750), Span(810, 1080)), (), (), (), (), (Span(1320, 1440),), ()),
        "DE",
        "BY",
        frozenset({date(2026, 12, 24), date(2026, 12, 31)}),
    )
    assert to_data(hours) == GOOD


@pytest.mark.parametrize("hours", [ALWAYS, working_days("IN", "KA", "Asia/Kolkata")])
def test_ready_made_hours_survive_json(hours: Hours) -> None:
    assert from_data(json.loads(json.dumps(to_data(hours)))) == hours


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sets(st.integers(0, 1440), max_size=8), min_size=7, max_size=7))
def test_any_spans_survive_in_any_order(bounds: list[set[int]]) -> None:
    pairs = [list(zip(sorted(one)[::2], sorted(one)[1::2], strict=False)) for one in bounds]
    data = {
        "time_zone": "UTC",
        "week": {
            name: [[told_time(opens), told_time(closes)] for opens, closes in reversed(spans)]
            for name, spans in zip(WEEKDAYS, pairs, strict=True)
        },
    }
    if not any(pairs):
        with pytest.raises(HoursError, match="no opening hours at all"):
            from_data(data)
        return
    hours = from_data(data)
    assert [list(spans) for spans in hours.week] == pairs
    assert from_data(to_data(hours)) == hours


def test_spans_that_touch_are_one() -> None:
    data = {**GOOD, "week": {"friday": [["12:00", "14:00"], ["09:00", "12:00"], ["14:00", "24:00"]]}}
    assert from_data(data).week[4] == (Span(540, 1440),)


@pytest.mark.parametrize(
    ("changed", "sentences"),
    [
        (
            {"time_zone": "Mars/Base"},
            ["time_zone has to name a time zone like Europe/Berlin, and “Mars/Base” is none."],
        ),
        (
            {"time_zone": "../../etc"},
            ["time_zone has to name a time zone like Europe/Berlin, and “../../etc” is none."],
        ),
        ({"time_zone": None}, ["time_zone has to name a time zone like Europe/Berlin, and “None” is none."]),
        ({"week": {}}, ["week has no opening hours at all."]),
        ({"week": {"sunday": []}}, ["week has no opening hours at all."]),
        ({"week": []}, ["week has to be an object with named fields."]),
        (
            {"week": {**GOOD["week"], "someday": []}},
            ["week.someday is no weekday; the days are monday to sunday."],
        ),
        ({"week": {"monday": "9-17"}}, ["week.monday has to be a list."]),
        ({"week": {"monday": [["09:00", "10:00"]] * 13}}, ["week.monday has more than 12 lines."]),
        ({"week": {"monday": [["09:00"]]}}, ["week.monday.1 has to be a pair of times like 09:00 and 17:30."]),
        (
            {"week": {"monday": [["09:00", "10:00"], ["9", "24:01"]]}},
            [
                "week.monday.2 has to be a time from 00:00 to 24:00, and “9” is none.",
                "week.monday.2 has to be a time from 00:00 to 24:00, and “24:01” is none.",
            ],
        ),
        (
            {"week": {"monday": [["22:00", "06:00"]]}},
            ["week.monday.1 closes at 06:00, which is not after 22:00; write hours past midnight on both days."],
        ),
        (
            {"week": {"monday": [["11:00", "15:00"], ["09:00", "12:00"]]}},
            ["week.monday.1 overlaps with 09:00 to 12:00."],
        ),
        ({"holidays": "DE"}, ["holidays has to be an object with named fields."]),
        (
            {"holidays": {"country": "de"}},
            ["holidays.country has to be a country's two letters like DE, and “de” is none whose holidays are known."],
        ),
        (
            {"holidays": {"country": "DE", "subdivision": "TX"}},
            ["holidays.subdivision “TX” is no region of DE whose holidays are known."],
        ),
        ({"holidays": {"subdivision": "BY"}}, ["holidays.subdivision needs a country."]),
        ({"closed": "2026-12-24"}, ["closed has to be a list."]),
        (
            {"closed": ["2026-12-24", "24.12.", 7]},
            [
                "closed.2 has to be a date like 2026-12-24, and “24.12.” is none.",
                "closed.3 has to be a date like 2026-12-24, and “7” is none.",
            ],
        ),
        ({"open": True}, ["open is no field of opening hours."]),
        (
            {"time_zone": "", "closed": ["20261224"]},
            [
                "time_zone has to name a time zone like Europe/Berlin, and “” is none.",
                "closed.1 has to be a date like 2026-12-24, and “20261224” is none.",
            ],
        ),
    ],
)
def test_every_mistake_is_told_in_a_sentence_naming_the_field(changed: dict[str, Any], sentences: list[str]) -> None:
    with pytest.raises(HoursError) as told:
        from_data({**GOOD, **changed})
    assert [str(one) for one in told.value.problems] == sentences


@pytest.mark.parametrize("data", [None, [], "monday"])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(HoursError, match="hours has to be an object"):
        from_data(data)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional={name: JUNK | st.just(GOOD[name]) for name in GOOD}))
def test_junk_is_refused_or_read_and_nothing_else(data: Any) -> None:
    try:
        hours = from_data(data)
    except HoursError:
        return
    assert from_data(to_data(hours)) == hours
