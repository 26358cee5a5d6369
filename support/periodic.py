"""Background work on cases: what time does to them."""

from __future__ import annotations

from celery import shared_task

from .actions import tend_cases


@shared_task(name="support.periodic.tend")
def tend() -> int:
    """Warn, alarm, end holds, resolve and close what is due; return how many cases."""
    return tend_cases()
