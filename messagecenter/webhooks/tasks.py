"""Celery's part: forgetting old deliveries."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from messagecenter.webhooks.models import Delivery

KEPT_DAYS = 30
BATCH = 1000


@shared_task
def forget_old_deliveries() -> int:
    """Delete deliveries older than 30 days; return how many."""
    old = Delivery.objects.filter(at__lt=Now() - timedelta(days=KEPT_DAYS))
    forgotten = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        forgotten += Delivery.objects.filter(pk__in=keys).delete()[0]
    return forgotten
