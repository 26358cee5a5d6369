"""Which mail is worked off next, and by whom: each try is counted before it begins, so that none kills for ever."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from .models import RawMail

log = logging.getLogger(__name__)
MOST_TRIES = 3
# Longer than a mail may take (``tasks.MAIL_SECONDS``): a worker that is still at it is not to be joined by another.
LEASE = timedelta(seconds=75)
PAUSES = (timedelta(seconds=30), timedelta(minutes=5))  # after the first and the second try
CANDIDATES = 20
# Something else is down: that is no fault of the mail, and no reason to give it up soon.
POSTPONED_FOR = timedelta(minutes=5)
POSTPONED_AT_MOST = timedelta(hours=24)


def claim() -> RawMail | None:
    """Take the mail that waits longest and return it, its try counted and committed; None when none is due.

    One whose third try ended nowhere (its worker was killed each time) is put into quarantine on the way. Raises
    RuntimeError inside a transaction.
    """
    while due := list(_due().values_list("pk", "tries")[:CANDIDATES]):
        for key, tries in due:
            if tries >= MOST_TRIES:
                quarantine(key, tries, "no_end")
                continue
            with transaction.atomic(durable=True):
                ours = RawMail.objects.filter(pk=key, state=RawMail.State.RECEIVED, tries=tries)
                if ours.update(tries=tries + 1, next_at=timezone.now() + LEASE):
                    return RawMail.objects.get(pk=key)
    return None


def _due() -> Any:
    """Return what waits, the longest waiting first."""
    return RawMail.objects.filter(state=RawMail.State.RECEIVED, next_at__lte=timezone.now()).order_by("next_at")


def settle(mail: RawMail, state: RawMail.State, reason: str = "", **changes: Any) -> bool:
    """Write what became of a mail that ``claim`` gave; return False when another worker has taken it meanwhile."""
    ours = RawMail.objects.filter(pk=mail.pk, state=RawMail.State.RECEIVED, tries=mail.tries)
    done = ours.update(state=state, reason=reason, settled_at=timezone.now(), **changes) == 1
    if done:
        mail.state, mail.reason = state, reason
        log.info("Mail %s: %s %s", mail.pk, state, reason)
    return done


def try_later(mail: RawMail, reason: str) -> None:
    """Give a mail up for now; after the third time it goes into quarantine."""
    if mail.tries >= MOST_TRIES:
        quarantine(mail.pk, mail.tries, reason)
        return
    ours = RawMail.objects.filter(pk=mail.pk, state=RawMail.State.RECEIVED, tries=mail.tries)
    ours.update(reason=reason[:40], next_at=timezone.now() + PAUSES[mail.tries - 1])


def postpone(mail: RawMail, reason: str) -> None:
    """Try a mail again in five minutes, for a day: what it needs is down (a store, name servers)."""
    if mail.received_at < timezone.now() - POSTPONED_AT_MOST:
        quarantine(mail.pk, mail.tries, reason)
        return
    ours = RawMail.objects.filter(pk=mail.pk, state=RawMail.State.RECEIVED, tries=mail.tries)
    ours.update(reason=reason[:40], tries=0, next_at=timezone.now() + POSTPONED_FOR)


def quarantine(key: Any, tries: int, reason: str) -> None:
    """Put a mail aside for staff, unless another worker has it."""
    ours = RawMail.objects.filter(pk=key, state=RawMail.State.RECEIVED, tries=tries)
    if ours.update(state=RawMail.State.QUARANTINED, reason=reason[:40], settled_at=timezone.now()):
        log.error("Mail %s was put into quarantine after %d tries: %s", key, tries, reason[:40])
