"""Who may send a notice now: leases, and the attempt number that keeps a late worker from marking what it lost.

The one place of this room in which SQLite and PostgreSQL differ.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, Q, QuerySet, Subquery
from django.db.models.functions import Now

from messagecenter.notices.models import Notice

logger = logging.getLogger(__name__)
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
    skips_locked = connection.features.has_select_for_update_skip_locked
    if not skips_locked and not connection.in_atomic_block and not _due().exists():
        return None  # beginning takes SQLite's one write lock: not for a look
    with transaction.atomic(durable=True):
        # PostgreSQL skips what others have locked; SQLite's transactions begin one after the other (IMMEDIATE).
        # Whom it tells, and what the clock says, come with it: each query less is time for more mails.
        clock = ExpressionWrapper(Now(), output_field=DateTimeField())
        first = _due().select_related("recipient__notice_schedule").annotate(clock=clock)
        due = first.select_for_update(skip_locked=True, of=("self",)) if skips_locked else first
        notice = due.first()
        if notice is None or not _hold(notice):
            return None
        notice.claimed_at = notice.clock
        return notice


def _due() -> QuerySet[Notice]:
    """Return what is due, the longest waiting first."""
    return Notice.objects.filter(state=Notice.State.DUE, next_at__lte=Now()).order_by("next_at", "pk")


def hold_with(notice: Notice, others: QuerySet[Notice], *, most: int = 100) -> list[Notice]:
    """Hold ``others`` that are due, too, to go out in the same mail as a held notice; return the ones it got.

    Which went together is written down with the claim: after a crash the same ones are repeated, and no others.
    """
    due: QuerySet[Notice]
    if notice.letter_id:
        due = Notice.objects.filter(letter_id=notice.letter_id, state=Notice.State.DUE)
    else:
        due = others.filter(state=Notice.State.DUE, next_at__lte=Now(), letter_id=None)
    joining = list(due.exclude(pk=notice.pk).select_related("recipient__notice_schedule").order_by("pk")[:most])
    if joining and notice.letter_id is None:
        # First: a worker that dies between the two leaves a letter of one, never two letters of one name.
        notice.letter_id = notice.pk
        Notice.objects.filter(pk=notice.pk, attempts=notice.attempts).update(letter_id=notice.pk)
    # They end with the first one's: one that came back before the others would be repeated without them.
    lease = Subquery(Notice.objects.filter(pk=notice.pk).values("lease_until"))
    got = []
    for other in joining:
        with transaction.atomic(durable=True):
            if _hold(other, letter_id=notice.letter_id, lease_until=lease):
                got.append(other)
    return got


def _hold(notice: Notice, **changes: Any) -> bool:
    """Take the lease unless the row has changed; return whether it is ours now."""
    lease = {"lease_until": Now() + timedelta(seconds=settings.NOTICE_LEASE_SECONDS)}
    held = Notice.objects.filter(pk=notice.pk, state=Notice.State.DUE, attempts=notice.attempts).update(
        state=Notice.State.SENDING, attempts=notice.attempts + 1, **(lease | changes)
    )
    notice.attempts += 1
    notice.letter_id = changes.get("letter_id", notice.letter_id)
    return held == 1


def settle(together: Sequence[Notice], **changes: Any) -> bool:
    """Write what became of held notices and give them up; return False when another worker has taken one meanwhile.

    All at once: of a letter that is half marked, the other half would be repeated under its name. Waits out a restart
    of the database for 20 seconds: the mail is gone, and forgetting that would send it twice.
    """
    held = Q(*(Q(pk=notice.pk, attempts=notice.attempts) for notice in together), _connector=Q.OR)
    ours = Notice.objects.filter(held, state__in=[Notice.State.SENDING, Notice.State.DUE])
    ends = time.monotonic() + MARK_SECONDS
    while True:
        try:
            return ours.update(lease_until=None, **changes) == len(together)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() >= ends:
                raise
            connection.close()
            time.sleep(0.5)
