"""Delivers what is due. Never marks before sending; holds no transaction while it talks to a mail server."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.db.models.functions import Now

from messagecenter.mail.errors import Refused, TryAgain, Uncertain
from messagecenter.mail.sending import Letter, open_post, send
from messagecenter.mail.smtp import DEADLINE_SECONDS
from messagecenter.notices import kinds
from messagecenter.notices.claims import claim, put_back_expired, settle
from messagecenter.notices.models import Notice

logger = logging.getLogger(__name__)
DELAYS = (30, 60, 5 * 60, 15 * 60, 60 * 60)
LONG_DELAY = 4 * 3600
GIVE_UP_AFTER = timedelta(hours=72)
MOST_ATTEMPTS = 60  # a row that kills its worker each time leaves no other trace than this count
DRAIN_SECONDS = 45.0  # with a last slow mail still well below CELERY_TASK_TIME_LIMIT
WATCH_SECONDS = 1.0


@dataclass
class Delivered:
    """What one run did, in notices. ``late`` were sent, but another worker had taken them over by then."""

    sent: int = 0
    skipped: int = 0
    retried: int = 0
    failed: int = 0
    late: int = 0

    def __str__(self) -> str:
        return (
            f"{self.sent} sent, {self.skipped} not needed, {self.retried} to try again, "
            f"{self.failed} failed, {self.late} late"
        )

    @property
    def total(self) -> int:
        """How many notices were worked on."""
        return self.sent + self.skipped + self.retried + self.failed + self.late


def deliver_due(*, limit: int = 1000, seconds: float = DRAIN_SECONDS, stopping: Callable[[], bool] = bool) -> Delivered:
    """Send due notices one after the other and return what became of them. Any number of workers may do so at once.

    Ends when nothing is due, after ``limit`` notices, before a new one after ``seconds``, or once ``stopping()``.
    Raises the database's errors; a notice held then is taken over when its lease ends.
    """
    done = Delivered()
    ends = time.monotonic() + seconds
    put_back_expired()
    with open_post(deadline=min(DEADLINE_SECONDS, settings.NOTICE_LEASE_SECONDS / 2)) as post:
        while done.total < limit and time.monotonic() < ends and not stopping():
            notice = claim()
            if notice is None:
                break
            outcome = _deliver(notice, post)
            setattr(done, outcome, getattr(done, outcome) + 1)
    return done


def watch(stopping: threading.Event, report: Callable[[Delivered], None]) -> None:
    """Deliver until ``stopping`` is set, looking once a second; survives restarts of the database."""
    while not stopping.is_set():
        close_old_connections()
        try:
            done = deliver_due(stopping=stopping.is_set)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database does not answer (%s); looking again soon.", type(error).__name__)
            connection.close()
        else:
            if done.total:
                report(done)
        stopping.wait(WATCH_SECONDS)


def _deliver(notice: Notice, post: BaseEmailBackend) -> str:
    """Tell one person, or find out why not; return the name of the count it belongs to."""
    try:
        letter = _letter_or_reason(notice)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("Notice %s of kind %s cannot be rendered.", notice.pk, notice.kind)
        return _later(notice, f"cannot be rendered ({type(error).__name__})")
    if isinstance(letter, str):
        return _settled(notice, "skipped", state=Notice.State.SKIPPED, reason=letter[:200])
    try:
        send(letter, connection=post)
    except TryAgain as error:
        return _later(notice, error.reason)
    except Refused as error:
        return _failed(notice, error.reason)
    except Uncertain as error:
        return _uncertain(notice, error.reason)
    return _settled(notice, "sent", state=Notice.State.SENT, reason="", sent_at=Now())


def _letter_or_reason(notice: Notice) -> Letter | str:
    """Return the letter to send, or the reason why it is not needed any more."""
    kind = kinds.named(notice.kind)
    reason = "" if notice.recipient.is_active else "the person is no longer active"
    reason = reason or kind.why_not(notice)
    return reason or replace(kind.letter(notice), message_id=kinds.message_id(notice))


def _later(notice: Notice, reason: str) -> str:
    """Try again after a pause, or give up 72 hours after the notice was made."""
    too_old = Notice.objects.filter(pk=notice.pk, created_at__lte=Now() - GIVE_UP_AFTER).exists()
    if too_old or notice.attempts >= MOST_ATTEMPTS:
        return _failed(notice, f"gave up: {reason}")
    pause = timedelta(seconds=pause_after(notice.attempts) * random.uniform(0.8, 1.2))  # noqa: S311 (no secret)
    return _settled(notice, "retried", state=Notice.State.DUE, reason=reason[:200], next_at=Now() + pause)


def pause_after(attempts: int) -> int:
    """Return the seconds to wait after the given number of attempts, before jitter."""
    return DELAYS[attempts - 1] if attempts <= len(DELAYS) else LONG_DELAY


def _uncertain(notice: Notice, reason: str) -> str:
    """Repeat once a mail that was transmitted and not answered, never twice: a copy is better than none, once."""
    unconfirmed = notice.unconfirmed + 1
    reason = f"uncertain: {reason}"[:200]
    if unconfirmed > 1:
        return _failed(notice, reason, unconfirmed=unconfirmed)
    pause = timedelta(seconds=pause_after(notice.attempts))
    return _settled(
        notice, "retried", state=Notice.State.DUE, reason=reason, unconfirmed=unconfirmed, next_at=Now() + pause
    )


def _failed(notice: Notice, reason: str, **changes: int) -> str:
    """Settle for good, with the reason staff will read."""
    logger.error("Notice %s failed: %s.", notice.pk, reason)
    return _settled(notice, "failed", state=Notice.State.FAILED, reason=reason[:200], **changes)


def _settled(notice: Notice, outcome: str, **changes: object) -> str:
    """Write the outcome and return it, or ``late`` when another worker holds the notice by now."""
    if settle(notice, **changes):
        return outcome
    logger.warning("Notice %s was taken over by another worker before it could be marked.", notice.pk)
    return "late"
