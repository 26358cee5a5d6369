"""The timetable goes on whatever clocks say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings

from messagecenter.celery import app
from messagecenter.timetable import Every


def test_every_is_due_after_its_pause_and_at_once_when_the_clock_was_set_back() -> None:
    now = datetime.now(UTC)
    every = Every(30, app=app)
    assert not every.is_due(now - timedelta(seconds=10)).is_due
    assert every.is_due(now - timedelta(seconds=31)).is_due
    assert every.is_due(now + timedelta(hours=2)).is_due
    assert every.is_due(now + timedelta(hours=2)).next == 30


def test_the_whole_timetable_is_of_that_kind() -> None:
    assert {type(row["schedule"]) for row in settings.CELERY_BEAT_SCHEDULE.values()} == {Every}
