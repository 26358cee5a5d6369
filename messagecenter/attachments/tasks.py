"""Celery's part: the hourly sweep. What it looks for are rows and objects, so nothing is lost while no worker runs."""

from __future__ import annotations

from celery import shared_task

from .actions import sweep


@shared_task
def sweep_attachments() -> dict[str, int]:
    """Remove uploads nobody sent and what crashes left behind; return how many of each."""
    return sweep()
