"""When a clock on the wall shows a time: local day and minute to a moment in UTC, right on the days clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def first_showing(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """Return the first moment (UTC) at which clocks in ``zone`` show ``minute`` of ``day`` (0 to 1440) or later.

    A time that comes twice is meant when it comes first; one that is skipped, when it is skipped. So later times never
    come earlier, and a day ends where the next one begins, however long it was.
    """
    wall = datetime.combine(day, time.min) + timedelta(minutes=minute)
    # PEP 495: with fold=0 the offset before a change is taken, with fold=1 the one after it.
    before, after = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return before if before <= after else _change(zone, after, before)


def _change(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """Return the moment between ``early`` and ``late`` at which the clocks are put forward, to the second."""
    old = early.astimezone(zone).utcoffset()
    while late - early > SECOND:
        middle = early + (late - early) // (2 * SECOND) * SECOND
        if middle.astimezone(zone).utcoffset() == old:
            early = middle
        else:
            late = middle
    return late
