"""When Celery's timetable does something: every so many seconds, whatever anybody's clock was set to meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery.schedules import schedstate, schedule


class Every(schedule):
    """A pause between two runs. A last run in the future means that the clock was set back: then it is due now."""

    def is_due(self, last_run_at: datetime) -> Any:
        """Return whether it is due, and the seconds until it is worth asking again."""
        if self.maybe_make_aware(last_run_at) > self.now():
            return schedstate(is_due=True, next=self.seconds)
        return super().is_due(last_run_at)
