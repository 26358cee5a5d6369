"""The timetable: a worker knows every task that it names."""

from __future__ import annotations

from django.conf import settings

from messagecenter.celery import app


def test_every_task_of_the_timetable_is_known_to_a_worker() -> None:
    app.loader.import_default_modules()
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert named <= set(app.tasks), named - set(app.tasks)
    assert len(named) >= 7
