"""Promised answer times: until when support owes an answer, and how much of the time is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from messagecenter.hours.errors import NeverOpen
from messagecenter.hours.week import ALWAYS, Hours

#: What is left of a promise when its people are warned.
WARNED_AT = 0.25


@dataclass(frozen=True)
class Promise:
    """An answer within so many hours of the time in which ``counted`` is open."""

    hours: int
    counted: Hours = ALWAYS

    def due_at(self, since: datetime) -> datetime:
        """Return the moment (UTC) at which an answer waited for ``since`` is due; one at that moment is in time.

        Hours that never come together in 20 years count for nothing: then it runs around the clock.
        """
        return self._after(since, timedelta(hours=self.hours))

    def warn_at(self, since: datetime) -> datetime:
        """Return the moment (UTC) at which a quarter of the time is left."""
        return self._after(since, timedelta(hours=self.hours) * (1 - WARNED_AT))

    def _after(self, since: datetime, amount: timedelta) -> datetime:
        try:
            return self.counted.add_working(since, amount)
        except NeverOpen:
            return ALWAYS.add_working(since, amount)
