"""Who may send a notice now: leases, and the attempt number that keeps a late worker from marking what it lost.

The one place of this room in which SQLite and PostgreSQL differ.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from messagecenter.notices.models import Notice

logger = logging.getLogger(__name__)
CANDIDATES = 20
MARK_SECONDS = 20.0


def put_back_expired() -> int:
    """Make due again what a worker held too long; return how many. Such a worker was killed, or stands still."""
    expired = Notice.objects.filter(state=Notice.State.SENDING, lease_until__lte=Now())
    if not expired.exists():  # looking takes no write lock on SQLite
        return 0
    return expired.update(state=Notice.State.DUE, lease_until=None, next_at=Now())


def claim() -> Notice | None:
    """Hold the notice that is due longest and return it, or None when nothing is due.

    The claim is committed on return. Raises RuntimeError inside a transaction, because then it would not be.
    """
    return _claim_locked() if connection.features.has_select_for_update_skip_locked else _claim_compared()


def _due() -> QuerySet[Notice]:
    """Return what is due, the longest waiting first."""
    return Notice.objects.filter(state=Notice.State.DUE, next_at__lte=Now()).order_by("next_at")


def _claim_locked() -> Notice | None:
    """PostgreSQL: lock the first due row that nobody else has locked."""
    with transaction.atomic(durable=True):
        notice = _due().select_for_update(skip_locked=True).first()
        return notice if notice is not None and _hold(notice) else None


def _claim_compared() -> Notice | None:
    """SQLite: try to change a due row; only one worker finds it unchanged."""
    while candidates := list(_due()[:CANDIDATES]):
        first, *others = candidates
        for notice in [first, *random.sample(others, len(others))]:
            with transaction.atomic(durable=True):
                if _hold(notice):
                    return notice
    return None


def _hold(notice: Notice) -> bool:
    """Take the lease unless the row has changed; return whether it is ours now."""
    held = Notice.objects.filter(pk=notice.pk, state=Notice.State.DUE, attempts=notice.attempts).update(
        state=Notice.State.SENDING,
        attempts=notice.attempts + 1,
        lease_until=Now() + timedelta(seconds=settings.NOTICE_LEASE_SECONDS),
    )
    notice.attempts += 1
    return held == 1


def settle(notice: Notice, **changes: Any) -> bool:
    """Write what became of a held notice and give it up; return False when another worker has taken it meanwhile.

    Waits out a restart of the database for 20 seconds: the mail is gone, and forgetting that would send it twice.
    """
    ours = Notice.objects.filter(
        pk=notice.pk, attempts=notice.attempts, state__in=[Notice.State.SENDING, Notice.State.DUE]
    )
    ends = time.monotonic() + MARK_SECONDS
    while True:
        try:
            return ours.update(lease_until=None, **changes) == 1
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() >= ends:
                raise
            connection.close()
            time.sleep(0.5)
