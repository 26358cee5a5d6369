"""Housekeeping of the event table."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from messagecenter.live.models import Event

KEPT_HOURS = 24
BATCH = 5000


@shared_task
def forget_old_events() -> int:
    """Delete events older than a day, in batches; return how many. The newest stays, so that ids never go back."""
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    old = Event.objects.filter(created_at__lt=Now() - timedelta(hours=KEPT_HOURS)).exclude(pk=newest or 0)
    forgotten = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        forgotten += Event.objects.filter(pk__in=keys).delete()[0]
    return forgotten
