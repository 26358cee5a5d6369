"""Celery's part, and the listener's: the doorbell, and working off what was taken in. The rows are the jobs."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from celery import shared_task
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from messagecenter.doorbell import Doorbell
from messagecenter.threads.reply_addresses import forget_old_addresses

from .authentication import AskAgain
from .claims import claim, postpone, try_later
from .forgetting import forget_old_mail
from .handling import NotNow, handle

log = logging.getLogger(__name__)
MAIL_SECONDS = 60.0
DRAIN_SECONDS = 45.0  # with a last slow mail still below CELERY_TASK_TIME_LIMIT


class TookTooLong(BaseException):
    """A mail took more than its time. Not an Exception: nothing on the way is to take it for a failure of its own."""


@shared_task
def work_off() -> int:
    """Work off the mails that wait; return how many. Safe to run at any time and many times at once."""
    return work_off_due()


@shared_task
def forget_old() -> int:
    """Delete mails of 30 days ago and reply addresses long expired; return how many mails."""
    forget_old_addresses()
    return forget_old_mail()


def work_off_due(*, seconds: float = DRAIN_SECONDS, stopping: Callable[[], bool] = bool) -> int:
    """Work off waiting mails one after the other, each in transactions of its own, until none is due or time is up.

    A mail that fails or takes more than a minute is tried three times, then put into quarantine; the others flow on.
    Raises the database's errors; the mail held then is tried again when its lease ends.
    """
    done, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends and not stopping():
        mail = claim()
        if mail is None:
            break
        done += 1
        try:
            with at_most(MAIL_SECONDS):
                handle(mail)
        except NotNow as trouble:
            postpone(mail, trouble.reason)
        except AskAgain:
            postpone(mail, "name_servers")
        except TookTooLong:
            log.error("Mail %s took more than %g seconds", mail.pk, MAIL_SECONDS)
            try_later(mail, "too_long")
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("Mail %s cannot be worked off", mail.pk)
            try_later(mail, type(error).__name__)
    return done


def watch(stopping: threading.Event, pause: float = 5.0) -> None:
    """Work off mails until ``stopping`` is set, as a listener does without Celery; survives the database's restarts."""
    while not stopping.is_set():
        close_old_connections()
        try:
            work_off_due(stopping=stopping.is_set)
        except (OperationalError, InterfaceError) as error:
            log.warning("The database does not answer (%s); looking again soon", type(error).__name__)
            connection.close()
        stopping.wait(pause)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TookTooLong in the block after so many seconds. Only a process's main thread can be interrupted.

    Elsewhere, and in a library that does not let go, Celery's own limit ends the process; that try is counted too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


_bell = Doorbell("incoming mail", lambda: work_off.apply_async(expires=60))


def ring() -> None:
    """Ask a worker to work off mail, after commit. Never raises and never waits; without a broker the sweep does it."""
    _bell.press_after_commit()
