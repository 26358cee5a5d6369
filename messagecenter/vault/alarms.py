"""Tells the operator what could not be opened: a log line with ids at once, and a row that counts.

A row written inside a transaction that is rolled back would be lost, so it is written again afterwards: by the next
use of the vault in this thread, or at the end of the request.
"""

from __future__ import annotations

import logging
import threading
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.db.models import F
from django.utils import timezone

from messagecenter.vault.models import Alarm

logger = logging.getLogger("messagecenter.vault")


class _Sighting:
    """One alarm. As a commit hook it crosses itself off the list of those still to be written."""

    def __init__(self, reason: str, owner_id: UUID, record_id: UUID, field: str) -> None:
        self.reason, self.owner_id, self.record_id, self.field = reason, owner_id, record_id, field

    def __call__(self) -> None:
        if self in _unsaved():
            _unsaved().remove(self)


_local = threading.local()
MAX_UNSAVED = 100


def _unsaved() -> list[_Sighting]:
    """Return this thread's alarms whose rows have not been committed yet."""
    if not hasattr(_local, "unsaved"):
        _local.unsaved = []
    unsaved: list[_Sighting] = _local.unsaved
    return unsaved


def sound(*, reason: str, owner_id: UUID, record_id: UUID, field: str) -> None:
    """Log what could not be opened and count it in its row. Raises nothing and keeps the caller's transaction usable.

    The row is one per reason, record and field.
    """
    logger.error("Cannot open %s of record %s, owner %s: %s.", field, record_id, owner_id, reason)
    sighting = _Sighting(reason, owner_id, record_id, field)
    _unsaved().append(sighting)
    del _unsaved()[:-MAX_UNSAVED]  # the log has them all
    _save(sighting)


def save_unsaved(**kwargs: object) -> None:
    """Write the rows that a rolled back transaction took away; does nothing inside a transaction.

    Takes and ignores what Django's request_finished signal hands out.
    """
    if not getattr(_local, "unsaved", None) or connections[settings.VAULT_DATABASE].in_atomic_block:
        return
    for sighting in list(_unsaved()):
        if not _save(sighting):
            return


def forget_unsaved() -> None:
    """Give up the rows not written yet in this thread, as a restart does."""
    _unsaved().clear()


def _save(sighting: _Sighting) -> bool:
    """Count a sighting in its row, in a savepoint of its own; return False when the database refuses now."""
    alias = settings.VAULT_DATABASE
    if connections[alias].needs_rollback:
        return False
    key = {"reason": sighting.reason, "record_id": sighting.record_id, "field": sighting.field}
    try:
        with transaction.atomic(using=alias):
            row = Alarm(owner_id=sighting.owner_id, count=0, **key)
            Alarm.objects.bulk_create([row], ignore_conflicts=True)
            Alarm.objects.filter(**key).update(count=F("count") + 1, last_at=timezone.now())
            transaction.on_commit(sighting, using=alias)
    except DatabaseError:
        logger.exception("Cannot write the alarm for record %s.", sighting.record_id)
        return False
    return True
