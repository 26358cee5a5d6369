"""Background work of moderation: held messages whose time ran out."""

from __future__ import annotations

from celery import shared_task

from .holds import settle_overdue


@shared_task(name="messagecenter.moderation.periodic.check_holds")
def check_holds() -> int:
    """Do with held messages whose time ran out what the policy says; return how many there were."""
    return settle_overdue()
