"""Opening hours that repeat every week, and what can be asked of them: open now, when next, how long, until when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .closed_days import public_holidays, regions, weekend
from .errors import NeverOpen
from .moments import first_showing

DAY = 24 * 60  # minutes
YEARS_AHEAD = 20  # how far an opening is looked for, and time added
NOTHING = timedelta(0)


class Span(NamedTuple):
    """From when to when on one day, in minutes since its midnight; ``closes`` 1440 is the end of the day."""

    opens: int
    closes: int


ALL_DAY = (Span(0, DAY),)


class Window(NamedTuple):
    """A stretch of time, both ends in UTC, the end not included."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Hours:
    """Opening hours: the spans of each weekday, Monday first, on the clocks of ``time_zone``.

    The spans of a day are in order and do not touch. The public holidays of ``country`` (none when "") and
    ``subdivision`` are closed, and so are the days in ``closed``. ``written.from_data`` reads hours people wrote and
    checks all this; made directly they are taken at their word.

    Moments go in with any time zone and come out in UTC; a naive one is a ValueError. Time is real time: an hour
    skipped when clocks are put forward is not open, one that comes twice is open twice.
    """

    time_zone: str
    week: tuple[tuple[Span, ...], ...]
    country: str = ""
    subdivision: str = ""
    closed: frozenset[date] = frozenset()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone its clocks show."""
        return ZoneInfo(self.time_zone)

    def is_open(self, at: datetime) -> bool:
        """Return whether ``at`` lies in the opening hours; the moment of closing does not."""
        at = _utc(at)
        year = _year_around(self, at)
        place = bisect_right(year.opens, at) - 1
        return place >= 0 and at < year.closes[place]

    def next_opening(self, at: datetime) -> datetime | None:
        """Return the first open moment from ``at`` on: ``at`` itself while open, None without one in 20 years."""
        at = _utc(at)
        year = _year_around(self, at)
        for number in range(year.number, year.number + YEARS_AHEAD + 1):
            year = _year(self, number)
            place = bisect_right(year.closes, at)
            if place < len(year.opens):
                return max(at, year.opens[place])
        return None

    def add_working(self, start: datetime, amount: timedelta) -> datetime:
        """Return the first moment at which ``amount`` of open time has passed since ``start``.

        So it may be a closing time, but no later opening. ``amount`` is not negative (ValueError). Raises NeverOpen
        when the time does not come together in 20 years.
        """
        start = _utc(start)
        if amount < NOTHING:
            raise ValueError("Working time can only be added.")
        if not amount:
            return start
        year = _year_around(self, start)
        first = year.number
        wanted = year.open_until(start) + amount
        while wanted > year.total:
            if year.number >= first + YEARS_AHEAD:
                raise NeverOpen(f"These hours are not open for {amount} in {YEARS_AHEAD} years.")
            wanted -= year.total
            year = _year(self, year.number + 1)
        place = bisect_left(year.before, wanted) - 1
        return year.opens[place] + (wanted - year.before[place])

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time from ``start`` to ``end``; negative when ``end`` is the earlier one."""
        start, end = _utc(start), _utc(end)
        if end < start:
            return -self.working_between(end, start)
        year = _year_around(self, start)
        passed = -year.open_until(start)
        while end >= year.end:
            passed += year.total
            year = _year(self, year.number + 1)
        return passed + year.open_until(end)

    def slots(self, day: date, minutes: int = 15) -> tuple[Window, ...]:
        """Return the appointments of ``minutes`` that fit into local ``day``, counted from each opening, in order."""
        length = timedelta(minutes=minutes)
        if length <= NOTHING:
            raise ValueError("A slot takes at least a minute.")
        found = []
        for window in self.windows(day):
            start = window.start
            while start + length <= window.end:
                found.append(Window(start, start + length))
                start += length
        return tuple(found)

    def windows(self, day: date) -> Iterator[Window]:
        """Yield when it is open on local ``day``, in order."""
        if day in self.closed:
            return
        if self.country and day in public_holidays(self.country, self.subdivision, day.year):
            return
        zone = self.zone
        for span in self.week[day.weekday()]:
            window = Window(first_showing(zone, day, span.opens), first_showing(zone, day, span.closes))
            if window.start < window.end:  # not all of it skipped when clocks were put forward
                yield window


#: Around the clock.
ALWAYS = Hours("UTC", (ALL_DAY,) * 7)


@lru_cache(maxsize=256)
def working_days(country: str, subdivision: str, time_zone: str) -> Hours:
    """Return hours that run all day on working days: neither weekend nor public holiday there, by local midnights.

    ``country`` and ``subdivision`` ("" for the days all of it has) are of ``closed_days.regions``; others are a
    ValueError.
    """
    if country not in regions() or (subdivision and subdivision not in regions()[country]):
        raise ValueError(f"No holidays are known for {country} {subdivision}.")
    free = weekend(country)
    week = tuple(() if weekday in free else ALL_DAY for weekday in range(7))
    return Hours(time_zone, week, country, subdivision)


@dataclass(frozen=True)
class _Year:
    """A local year of some hours, worked out once, so that every question is a binary search and not a walk."""

    number: int
    start: datetime
    end: datetime
    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    before: tuple[timedelta, ...]  # open time of the year before each opening
    total: timedelta

    def open_until(self, at: datetime) -> timedelta:
        """Return the open time of this year before ``at``."""
        place = bisect_right(self.opens, at) - 1
        if place < 0:
            return NOTHING
        return self.before[place] + (min(at, self.closes[place]) - self.opens[place])


@lru_cache(maxsize=256)
def _year(hours: Hours, number: int) -> _Year:
    """Return one local year; some milliseconds the first time."""
    if not 1900 <= number <= 2200:
        raise ValueError(f"Opening hours are not worked out for the year {number}.")
    opens: list[datetime] = []
    closes: list[datetime] = []
    first = date(number, 1, 1)
    for ordinal in range(first.toordinal(), date(number + 1, 1, 1).toordinal()):
        for start, end in hours.windows(date.fromordinal(ordinal)):
            if closes and closes[-1] == start:
                closes[-1] = end
            else:
                opens.append(start)
                closes.append(end)
    before, total = [], NOTHING
    for start, end in zip(opens, closes, strict=True):
        before.append(total)
        total += end - start
    return _Year(
        number,
        first_showing(hours.zone, first, 0),
        first_showing(hours.zone, date(number + 1, 1, 1), 0),
        tuple(opens),
        tuple(closes),
        tuple(before),
        total,
    )


def _year_around(hours: Hours, at: datetime) -> _Year:
    """Return the local year in which ``at`` (UTC) lies; around New Year that is not always UTC's."""
    year = _year(hours, at.year)
    if at < year.start:
        return _year(hours, at.year - 1)
    return _year(hours, at.year + 1) if at >= year.end else year


def _utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return at.astimezone(UTC)
