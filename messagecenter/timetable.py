"""What Celery's timetable does, and when: every so many seconds, whatever anybody's clock was set to meanwhile."""

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


#: What beat does by itself; the settings add what only some sites do.
TIMETABLE: dict[str, dict[str, Any]] = {
    "deliver due notices": {
        "task": "messagecenter.notices.tasks.deliver",
        "schedule": Every(5.0),
        "options": {"expires": 5},  # while no worker runs they must not pile up
    },
    "forget old notices": {"task": "messagecenter.notices.tasks.forget_old_notices", "schedule": Every(86400.0)},
    "forget old deliveries": {
        "task": "messagecenter.webhooks.tasks.forget_old_deliveries",
        "schedule": Every(86400.0),
    },
    "forget old live events": {"task": "messagecenter.live.tasks.forget_old_events", "schedule": Every(3600.0)},
    "check waiting attachments": {
        "task": "messagecenter.threads.periodic.check_attachments",
        "schedule": Every(30.0),
        "options": {"expires": 30},
    },
    "index large mailboxes": {
        "task": "messagecenter.threads.periodic.index_large_mailboxes",
        "schedule": Every(600.0),
        "options": {"expires": 600},
    },
    "remind of replies": {
        "task": "messagecenter.threads.periodic.remind_of_replies",
        "schedule": Every(300.0),
        "options": {"expires": 300},
    },
    "check holds": {
        "task": "messagecenter.moderation.periodic.check_holds",
        "schedule": Every(60.0),
        "options": {"expires": 60},
    },
    "sweep attachments": {"task": "messagecenter.attachments.tasks.sweep_attachments", "schedule": Every(3600.0)},
    "repair tallies": {"task": "messagecenter.threads.periodic.repair_tallies", "schedule": Every(86400.0)},
    "go on with filing": {
        "task": "messagecenter.threads.periodic.file_waiting",
        "schedule": Every(30.0),
        "options": {"expires": 30},
    },
    "count filters": {
        "task": "messagecenter.threads.periodic.count_filters",
        "schedule": Every(60.0),
        "options": {"expires": 60},
    },
    "empty the trash": {"task": "messagecenter.threads.periodic.empty_trashes", "schedule": Every(86400.0)},
    "forget old drafts": {"task": "messagecenter.threads.periodic.forget_drafts", "schedule": Every(86400.0)},
    "sweep presence": {"task": "messagecenter.threads.periodic.sweep_presence", "schedule": Every(600.0)},
    "forget old filing": {"task": "messagecenter.threads.periodic.forget_old_filing", "schedule": Every(86400.0)},
    "tend cases": {"task": "support.periodic.tend", "schedule": Every(60.0), "options": {"expires": 60}},
}
