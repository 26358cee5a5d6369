"""Delivers what is due. Never marks before sending; holds no transaction while it talks to a mail server."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.db.models.functions import Now

from messagecenter.mail.actions import suppress as suppress_address
from messagecenter.mail.errors import Refused, TryAgain, Uncertain
from messagecenter.mail.models import Suppression
from messagecenter.mail.sending import Letter, open_post, send
from messagecenter.mail.smtp import DEADLINE_SECONDS
from messagecenter.notices import channels, kinds
from messagecenter.notices.claims import claim, give_back, hold_with, put_back_expired, settle
from messagecenter.notices.digest import daily_kinds, digest_letter
from messagecenter.notices.looking import Seen, look, why_not
from messagecenter.notices.models import Notice
from messagecenter.notices.stopping import stop_headers
from messagecenter.notices.timing import Wishes, database_now, put_off
from messagecenter.notices.topics import Timing

logger = logging.getLogger(__name__)
DELAYS = (30, 60, 5 * 60, 15 * 60, 60 * 60)
LONG_DELAY = 4 * 3600
GIVE_UP_AFTER = timedelta(hours=72)
MOST_ATTEMPTS = 60  # a row that kills its worker each time leaves no other trace than this count
DRAIN_SECONDS = 45.0  # with a last slow mail still well below CELERY_TASK_TIME_LIMIT
WATCH_SECONDS = 1.0
PUT_BACK_SECONDS = 5.0
MOST_AT_ONCE = 20  # notices held together: what a killed worker strands, and what one look costs less and less for
FIRST_HANDFUL = 5
HANDFUL_SECONDS = 1.0
LOOK_SECONDS = 1.0  # how old may be what was found out about a notice when its mail begins


@dataclass
class Delivered:
    """What one run did, in notices. ``late`` were sent, but another worker had taken them over by then."""

    sent: int = 0
    skipped: int = 0
    retried: int = 0
    failed: int = 0
    late: int = 0
    put_off: int = 0

    def __str__(self) -> str:
        return (
            f"{self.sent} sent, {self.skipped} not needed, {self.retried} to try again, "
            f"{self.failed} failed, {self.late} late, {self.put_off} put off"
        )

    @property
    def total(self) -> int:
        """How many notices were worked on."""
        return self.sent + self.skipped + self.retried + self.failed + self.late + self.put_off


def deliver_due(*, limit: int = 1000, seconds: float = DRAIN_SECONDS, stopping: Callable[[], bool] = bool) -> Delivered:
    """Send due notices one after the other and return what became of them. Any number of workers may do so at once.

    Ends when nothing is due, after ``limit`` notices, before a new one after ``seconds``, or once ``stopping()``.
    Raises the database's errors; a notice held then is taken over when its lease ends.
    """
    done = Delivered()
    ends = time.monotonic() + seconds
    put_back_at = 0.0
    most = FIRST_HANDFUL

    def over() -> bool:
        return time.monotonic() >= ends or stopping()

    with open_post(deadline=min(DEADLINE_SECONDS, settings.NOTICE_LEASE_SECONDS / 2)) as post:
        while done.total < limit and not over():
            if time.monotonic() >= put_back_at:  # also in the middle: where there is always something due, no run ends
                put_back_expired()
                put_back_at = time.monotonic() + PUT_BACK_SECONDS
            began, before = time.monotonic(), done.total
            handful = claim(min(most, limit - done.total))
            if not handful:
                break
            _deliver_handful(handful, post, done, began=began, over=over)
            # As many as are sent in a second: where the mail server is slow, the others are left to other workers.
            pace = (time.monotonic() - began) / max(done.total - before, 1)
            most = max(1, min(MOST_AT_ONCE, int(HANDFUL_SECONDS / max(pace, 0.001))))
    return done


def _deliver_handful(
    handful: list[Notice], post: BaseEmailBackend, done: Delivered, *, began: float, over: Callable[[], bool]
) -> None:
    """Deliver what was held together since ``began``, and give back what there is no time for.

    A mail takes half a lease at most: the first begins in its first half, the others in its first quarter, so that they
    do not wait long for one that takes its time. What was looked at is looked at again after a
    second, so that nobody is told what was read, blocked, switched off or forbidden meanwhile.
    """
    waiting = deque(handful)
    seen: dict[UUID, Seen] = {}
    looked_at = float("-inf")
    has_begun = False
    try:
        while waiting and not (has_begun and over()):
            if time.monotonic() - looked_at > LOOK_SECONDS:
                looked_at = time.monotonic()
                seen = look(waiting)
                waiting = _summaries_first(waiting, seen)
            if time.monotonic() - began > settings.NOTICE_LEASE_SECONDS / (4 if has_begun else 2):
                break
            notice, has_begun = waiting.popleft(), True
            if _is_summed_up(notice, seen):
                _leave_to_summary(notice, waiting, seen)
            outcome = _deliver(notice, seen.get(notice.pk), post)
            setattr(done, outcome, getattr(done, outcome) + 1)
            if outcome == "failed":  # its address may be closed from now on
                looked_at = float("-inf")
    finally:
        with suppress(OperationalError, InterfaceError):  # then they come back when their leases end
            give_back(waiting)


def _is_summed_up(notice: Notice, seen: dict[UUID, Seen]) -> bool:
    """Return whether a notice goes into its person's daily summary, and none was tried with it."""
    return notice.pk in seen and seen[notice.pk].wanted.timing == Timing.DAILY and notice.letter_id is None


def _summaries_first(waiting: deque[Notice], seen: dict[UUID, Seen]) -> deque[Notice]:
    """Return what waits, daily summaries before all: until one is made, another worker could begin a second."""
    return deque(sorted(waiting, key=lambda notice: not _is_summed_up(notice, seen)))


def _leave_to_summary(notice: Notice, waiting: deque[Notice], seen: dict[UUID, Seen]) -> None:
    """Give back what else the same person is told once a day: the summary that is made now takes it along."""
    others = [one for one in waiting if one.target_id == notice.target_id and _is_summed_up(one, seen)]
    give_back(others)
    for one in others:
        waiting.remove(one)


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


def _deliver(notice: Notice, seen: Seen | None, post: BaseEmailBackend) -> str:
    """Tell one person, or find out why not; return the name of the count it belongs to."""
    together = [notice]
    if notice.attempts > MOST_ATTEMPTS:  # whatever it is, it ends who tries it before that can be written down
        return _failed(together, "gave up: every try was cut short")
    try:
        if seen is None:
            raise LookupError(f"No kind of notice is named {notice.kind!r}.")
        if reason := why_not(notice, seen):
            return _settled(together, "skipped", state=Notice.State.SKIPPED, reason=reason[:200])
        if later := put_off(notice, seen.wanted, seen.near, database_now(notice)):
            # Looking was no attempt: the pauses after refusals grow with those.
            return _settled(together, "put_off", state=Notice.State.DUE, next_at=later, attempts=notice.attempts - 1)
        if notice.channel == Notice.Channel.EMAIL:
            together += _going_along(notice, seen)
            send(_letter(together, seen.wanted), connection=post)
        else:
            channels.named(notice.channel).deliver(notice, kinds.brief_of(notice))
    except (OperationalError, InterfaceError):
        raise
    except TryAgain as error:
        return _later(together, error.reason)
    except Refused as error:
        if error.is_about_address and notice.recipient is not None:
            suppress_address(notice.recipient.email, reason=Suppression.Reason.REFUSED, detail=error.reason)
        return _failed(together, error.reason)
    except Uncertain as error:
        return _uncertain(together, error.reason)
    except Exception as error:
        logger.exception("Notice %s of kind %s cannot be rendered.", notice.pk, notice.kind)
        return _later(together, f"cannot be rendered ({type(error).__name__})")
    return _settled(together, "sent", state=Notice.State.SENT, reason="", sent_at=Now())


def _going_along(notice: Notice, seen: Seen) -> list[Notice]:
    """Hold and return what is told in the same mail: the rest of the day, or of the same thread; each still needed.

    Nothing new joins a mail that was tried before: should it have arrived, its copy is thrown away with what joined.
    """
    kind, timing = kinds.named(notice.kind), seen.wanted.timing
    if notice.attempts > 1 and notice.letter_id is None:
        return []
    same = Notice.objects.filter(target_id=notice.target_id, channel=notice.channel)
    if notice.letter_id is None:
        same = same.filter(attempts=0)
    if notice.letter_id is None and (kind.brief is None or timing not in (Timing.DAILY, Timing.GATHERED)):
        return []
    if notice.letter_id is not None:
        pass  # what went together is repeated together, whatever its person wishes by now
    elif timing == Timing.GATHERED:
        if notice.group_id is None or not seen.near.are_due:
            return []
        same = same.filter(kind=notice.kind, group_id=notice.group_id)
    else:
        same = same.filter(kind__in=daily_kinds(notice, seen.chosen))
    others = hold_with(notice, same)
    known = look(others) if others else {}
    going = []
    for other in others:
        try:
            reason = why_not(other, known[other.pk])
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # It stays behind by itself: the others need not wait for what nobody can look at.
            logger.exception("Notice %s of kind %s cannot be looked at.", other.pk, other.kind)
            _later([other], f"cannot be looked at ({type(error).__name__})")
            continue
        if reason:
            _settled([other], "skipped", state=Notice.State.SKIPPED, reason=reason[:200])
        else:
            going.append(other)
    return going


def _letter(together: list[Notice], wanted: Wishes) -> Letter:
    """Return the mail that tells all of these."""
    notice = together[0]
    kind = kinds.named(notice.kind)
    notice.more = together[1:]
    # Told by what is in it as well: a repeated letter stays what it was, though its person wishes otherwise by now.
    is_mixed = len({(one.kind, one.group_id) for one in together}) > 1
    is_summary = len(together) > 1 and (is_mixed or wanted.timing == Timing.DAILY)
    letter = digest_letter(together) if is_summary else kind.letter(notice)
    headers = {**letter.headers, **kinds.thread_headers(notice), **stop_headers(notice, kind.topic)}
    return replace(letter, message_id=kinds.message_id(notice), headers=headers)


def _later(together: list[Notice], reason: str) -> str:
    """Try again after a pause, or give up 72 hours after the notice was made."""
    notice = together[0]
    too_old = database_now(notice) - notice.created_at >= GIVE_UP_AFTER
    if too_old or notice.attempts >= MOST_ATTEMPTS:
        return _failed(together, f"gave up: {reason}")
    pause = timedelta(seconds=pause_after(notice.attempts) * random.uniform(0.8, 1.2))  # noqa: S311 (no secret)
    return _settled(together, "retried", state=Notice.State.DUE, reason=reason[:200], next_at=Now() + pause)


def pause_after(attempts: int) -> int:
    """Return the seconds to wait after the given number of attempts, before jitter."""
    return DELAYS[attempts - 1] if attempts <= len(DELAYS) else LONG_DELAY


def _uncertain(together: list[Notice], reason: str) -> str:
    """Repeat once a mail that was transmitted and not answered, never twice: a copy is better than none, once."""
    notice = together[0]
    unconfirmed = notice.unconfirmed + 1
    reason = f"uncertain: {reason}"[:200]
    if unconfirmed > 1:
        return _failed(together, reason, unconfirmed=unconfirmed)
    pause = timedelta(seconds=pause_after(notice.attempts))
    return _settled(
        together, "retried", state=Notice.State.DUE, reason=reason, unconfirmed=unconfirmed, next_at=Now() + pause
    )


def _failed(together: list[Notice], reason: str, **changes: int) -> str:
    """Settle for good, with the reason staff will read."""
    for notice in together:
        logger.error("Notice %s failed: %s.", notice.pk, reason)
    return _settled(together, "failed", state=Notice.State.FAILED, reason=reason[:200], **changes)


def _settled(together: list[Notice], outcome: str, **changes: object) -> str:
    """Write the outcome and return it, or ``late`` when another worker holds one of them by now."""
    if settle(together, **changes):
        return outcome
    logger.warning("Notice %s was taken over by another worker before it could be marked.", together[0].pk)
    return "late"
