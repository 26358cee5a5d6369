"""Celery's part: the doorbell that starts a delivery, and the housekeeping. The rows are the jobs."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from messagecenter.doorbell import Doorbell
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice

KEPT_DAYS = 90
BATCH = 1000


@shared_task
def deliver() -> None:
    """Send what is due. Safe to run at any time and many times at once."""
    deliver_due()


@shared_task
def forget_old_notices() -> int:
    """Delete what was settled without trouble 90 days ago; return how many rows. Failed ones stay until seen to."""
    old = Notice.objects.filter(
        state__in=[Notice.State.SENT, Notice.State.SKIPPED], created_at__lt=Now() - timedelta(days=KEPT_DAYS)
    )
    forgotten = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        forgotten += Notice.objects.filter(pk__in=keys).delete()[0]
    return forgotten


_bell = Doorbell("notices", lambda: deliver.apply_async(expires=60))


def ring() -> None:
    """Ask a worker to deliver, after commit. Never raises and never waits; without a broker the sweep delivers."""
    _bell.press_after_commit()
