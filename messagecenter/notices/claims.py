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
from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from messagecenter.notices.meanings import ABANDONED
from messagecenter.notices.models import Notice

logger = logging.getLogger(__name__)
MARK_SECONDS = 20.0


def put_back_expired() -> int:
    """Make due again what a worker held too long; return how many. Such a worker was killed, or stands still.

    It may be what ended that worker, so nothing else is held with it again.
    """
    # One without an end was taken along by a worker that had lost the mail itself.
    over = Q(lease_until__lte=Now()) | Q(lease_until=None)
    expired = Notice.objects.filter(over, state=Notice.State.SENDING)
    if not expired.exists():  # looking takes no write lock on SQLite
        return 0
    return expired.update(state=Notice.State.DUE, lease_until=None, next_at=Now(), reason=ABANDONED)


def claim(most: int = 1) -> list[Notice]:
    """Hold up to ``most`` notices, those that are due longest, and return them; none when nothing is due.

    Their leases end together. Of a thread there is one for each target, so that the next follows once it is settled;
    what is no e-mail, and what ended its last worker, is held alone. The claim is committed on return. Raises
    RuntimeError inside a transaction, because then it would not be.
    """
    skips_locked = connection.features.has_select_for_update_skip_locked
    if not skips_locked and not connection.in_atomic_block and not _due().exists():
        return []  # beginning takes SQLite's one write lock: not for a look
    with transaction.atomic(durable=True):
        # PostgreSQL skips what others have locked; SQLite's transactions begin one after the other (IMMEDIATE).
        clock = ExpressionWrapper(Now(), output_field=DateTimeField())
        held = _fitting(list(_locked(_due().annotate(clock=clock))[:most]))
        _hold(held)
    for notice in held:
        notice.claimed_at = notice.clock  # type: ignore[attr-defined]
    return held


def _due() -> QuerySet[Notice]:
    """Return what is due, the longest waiting first, without what follows one that is being sent.

    That would only be put off: it is left until the one before it is settled, by whoever is at it. Of a letter that is
    tried again only the first is due by itself, as it bears the letter's name: the others go along with it.
    """
    same = {name: OuterRef(name) for name in ("target_id", "group_id", "channel", "kind")}
    before_it = Notice.objects.filter(state=Notice.State.SENDING, **same)
    due = Notice.objects.filter(state=Notice.State.DUE, next_at__lte=Now())
    its_first = Notice.objects.filter(
        pk=OuterRef("letter_id"), state__in=[Notice.State.DUE, Notice.State.SENDING]
    ).exclude(pk=OuterRef("pk"))
    return due.filter(~Exists(before_it), ~Exists(its_first)).order_by("next_at", "pk")


def _locked(rows: QuerySet[Notice]) -> QuerySet[Notice]:
    """Return rows that nobody else is about to hold, inside a transaction."""
    skips_locked = connection.features.has_select_for_update_skip_locked
    return rows.select_for_update(skip_locked=True) if skips_locked else rows


def _fitting(due: Sequence[Notice]) -> list[Notice]:
    """Return those that one worker can deliver one after the other, beginning with the first."""
    if due and not _shares(due[0]):
        return [due[0]]
    fitting: dict[Any, Notice] = {}
    for notice in due:
        if _shares(notice):
            thread = (notice.target_id, notice.group_id) if notice.group_id else notice.pk
            fitting.setdefault(notice.letter_id or thread, notice)
    return list(fitting.values())


def _shares(notice: Notice) -> bool:
    """Return whether others may wait for it: another site's server may take its time, and a killer ends them all."""
    return notice.channel == Notice.Channel.EMAIL and notice.reason != ABANDONED


def hold_with(notice: Notice, others: QuerySet[Notice], *, most: int = 100) -> list[Notice]:
    """Hold ``others`` that are due, too, to go out in the same mail as a held notice; return the ones it got.

    Which went together is written down with the claim: after a crash the same ones are repeated, and no others.
    """
    due: QuerySet[Notice]
    if notice.letter_id:
        due = Notice.objects.filter(letter_id=notice.letter_id, state=Notice.State.DUE)
    else:
        due = others.filter(state=Notice.State.DUE, next_at__lte=Now(), letter_id=None)
    keys = list(due.exclude(pk=notice.pk).order_by("pk").values_list("pk", flat=True)[:most])
    if not keys:
        return []
    if notice.letter_id is None:
        # First: a worker that dies between the two leaves a letter of one, never two letters of one name.
        ours = Notice.objects.filter(pk=notice.pk, attempts=notice.attempts, state=Notice.State.SENDING)
        if not ours.update(letter_id=notice.pk):
            return []  # another worker has it by now: nothing may join a mail that is not ours
        notice.letter_id = notice.pk
    # They end with the first one's: one that came back before the others would be repeated without them.
    lease = Subquery(Notice.objects.filter(pk=notice.pk).values("lease_until"))
    with transaction.atomic(durable=True):
        joining = list(_locked(due.filter(pk__in=keys).order_by("pk")))
        _hold(joining, letter_id=notice.letter_id, lease_until=lease)
    return joining


def _hold(notices: Sequence[Notice], **changes: Any) -> None:
    """Take the leases of rows that are ours in this transaction."""
    if not notices:
        return
    lease = {"lease_until": Now() + timedelta(seconds=settings.NOTICE_LEASE_SECONDS)}
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(
        state=Notice.State.SENDING, attempts=F("attempts") + 1, **(lease | changes)
    )
    for notice in notices:
        notice.attempts += 1
        notice.letter_id = changes.get("letter_id", notice.letter_id)


def give_back(notices: Sequence[Notice]) -> None:
    """Make due again what was held and not begun, as if it had not been held. Waits as ``settle`` does."""
    if notices:
        ours = Notice.objects.filter(_held(notices), state=Notice.State.SENDING)
        _update(ours, state=Notice.State.DUE, lease_until=None, attempts=F("attempts") - 1)


def _held(notices: Sequence[Notice]) -> Q:
    """Return which rows these are as long as nobody has taken them over."""
    return Q(*(Q(pk=notice.pk, attempts=notice.attempts) for notice in notices), _connector=Q.OR)


def settle(together: Sequence[Notice], **changes: Any) -> bool:
    """Write what became of held notices and give them up; return False when another worker has taken one meanwhile.

    All at once: of a letter that is half marked, the other half would be repeated under its name. Waits out a restart
    of the database for 20 seconds: the mail is gone, and forgetting that would send it twice.
    """
    ours = Notice.objects.filter(_held(together), state__in=[Notice.State.SENDING, Notice.State.DUE])
    return _update(ours, lease_until=None, **changes) == len(together)


def _update(rows: QuerySet[Notice], **changes: Any) -> int:
    """Write to rows and return how many, as soon as the database lets us."""
    ends = time.monotonic() + MARK_SECONDS
    while True:
        try:
            return rows.update(**changes)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() >= ends:
                raise
            connection.close()
            time.sleep(0.5)
