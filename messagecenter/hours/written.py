"""Opening hours as people write them: plain data, fit for JSON, read with everything that is wrong named.

    {"time_zone": "Europe/Berlin",
     "week": {"monday": [["09:00", "12:30"], ["13:30", "18:00"]], "saturday": [["22:00", "24:00"]]},
     "holidays": {"country": "DE", "subdivision": "BY"},
     "closed": ["2026-12-24"]}

Weekdays left out are closed; ``holidays`` and ``closed`` may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from .closed_days import regions
from .errors import HoursError, Problem
from .week import DAY, Hours, Span

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_SPANS, MOST_CLOSED = 12, 1000  # of a day; days
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def from_data(data: Any) -> Hours:
    """Return the hours in ``data``. Raises HoursError, naming everything that is wrong."""
    return _Reader().hours(data)


def to_data(hours: Hours) -> dict[str, Any]:
    """Return the data these hours can be read from again, fit for JSON."""
    data: dict[str, Any] = {
        "time_zone": hours.time_zone,
        "week": {
            name: [[told_time(span.opens), told_time(span.closes)] for span in spans]
            for name, spans in zip(WEEKDAYS, hours.week, strict=True)
            if spans
        },
    }
    if hours.country:
        data["holidays"] = {"country": hours.country}
        if hours.subdivision:
            data["holidays"]["subdivision"] = hours.subdivision
    if hours.closed:
        data["closed"] = [day.isoformat() for day in sorted(hours.closed)]
    return data


def told_time(minute: int) -> str:
    """Return a minute of the day as clocks show it: 570 is 09:30, 1440 is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


@cache
def _time_zones() -> frozenset[str]:
    """Return the zones that mean the same on every machine: without what this one calls its own, or leaves open."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


class _Reader:
    """Reads one set of hours and collects everything that is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, where: tuple[str | int, ...], code: str, **values: Any) -> None:
        self.problems.append(Problem(where, code, values))

    def hours(self, data: Any) -> Hours:
        """Return the hours. Raises HoursError."""
        if not isinstance(data, Mapping):
            raise HoursError([Problem((), "not_an_object")])
        top = self.object((), data, ("time_zone", "week", "holidays", "closed"))
        time_zone = self.time_zone(top.get("time_zone", ""))
        week = self.week(top.get("week", {}))
        country, subdivision = self.holidays(top.get("holidays", {}))
        closed = self.closed(top.get("closed", []))
        if self.problems:
            raise HoursError(self.problems)
        return Hours(time_zone, week, country, subdivision, closed)

    def object(self, where: tuple[str | int, ...], value: Any, known: Sequence[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.wrong(where, "not_an_object")
            return {}
        for key in value:
            if key not in known:
                self.wrong((*where, str(key)), "unknown_weekday" if known is WEEKDAYS else "unknown_field")
        return value

    def array(self, where: tuple[str | int, ...], value: Any, most: int) -> Sequence[Any]:
        if not isinstance(value, list | tuple):
            self.wrong(where, "not_a_list")
            return ()
        if len(value) > most:
            self.wrong(where, "too_many", most=most)
            return ()
        return value

    def time_zone(self, value: Any) -> str:
        if isinstance(value, str) and value in _time_zones():
            return value
        self.wrong(("time_zone",), "unknown_time_zone", value=value)
        return ""

    def week(self, value: Any) -> tuple[tuple[Span, ...], ...]:
        earlier = len(self.problems)
        named = self.object(("week",), value, WEEKDAYS)
        week = tuple(self.spans(("week", name), named.get(name, [])) for name in WEEKDAYS)
        if not any(week) and len(self.problems) == earlier:
            self.wrong(("week",), "never_open")
        return week

    def spans(self, where: tuple[str | int, ...], value: Any) -> tuple[Span, ...]:
        """Return a day's spans in order; those that touch become one."""
        numbered = enumerate(self.array(where, value, MOST_SPANS))
        read = [(self.span((*where, number), one), number) for number, one in numbered]
        found: list[Span] = []
        for span, number in sorted((span, number) for span, number in read if span):
            last = found[-1] if found else None
            if last and span.opens < last.closes:
                self.wrong((*where, number), "overlap", opens=told_time(last.opens), closes=told_time(last.closes))
            elif last and span.opens == last.closes:
                found[-1] = Span(last.opens, span.closes)
            else:
                found.append(span)
        return tuple(found)

    def span(self, where: tuple[str | int, ...], value: Any) -> Span | None:
        if not isinstance(value, list | tuple) or len(value) != 2:
            self.wrong(where, "not_a_span")
            return None
        opens, closes = (self.minute(where, one) for one in value)
        if opens is None or closes is None:
            return None
        if closes <= opens:
            self.wrong(where, "closes_first", opens=told_time(opens), closes=told_time(closes))
            return None
        return Span(opens, closes)

    def minute(self, where: tuple[str | int, ...], value: Any) -> int | None:
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        minute = int(match[1]) * 60 + int(match[2]) if match else DAY + 1
        if minute <= DAY:
            return minute
        self.wrong(where, "not_a_time", value=value)
        return None

    def holidays(self, value: Any) -> tuple[str, str]:
        told = self.object(("holidays",), value, ("country", "subdivision"))
        country, subdivision = told.get("country", ""), told.get("subdivision", "")
        if country == "":
            if subdivision != "":
                self.wrong(("holidays", "subdivision"), "subdivision_alone")
            return "", ""
        if not isinstance(country, str) or country not in regions():
            self.wrong(("holidays", "country"), "unknown_country", value=country)
            return "", ""
        if not isinstance(subdivision, str) or (subdivision and subdivision not in regions()[country]):
            where = ("holidays", "subdivision")
            self.wrong(where, "unknown_subdivision", value=subdivision, country=country)
            return country, ""
        return country, subdivision

    def closed(self, value: Any) -> frozenset[date]:
        days = set()
        for number, one in enumerate(self.array(("closed",), value, MOST_CLOSED)):
            # Only this way of writing: fromisoformat also takes others, which would come back changed.
            try:
                days.add(date.fromisoformat(one if isinstance(one, str) and _DATE.fullmatch(one) else ""))
            except ValueError:
                self.wrong(("closed", number), "not_a_date", value=one)
        return frozenset(days)
