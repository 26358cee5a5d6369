"""Who is there to chat, how many wait, and how long it takes until somebody is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median

from django.utils import timezone

from messagecenter.accounts.models import Role

from .models import GONE_AFTER, Attendance, Chat, Queue

#: A side not heard of for so long is away: browsers let a page that nobody looks at beat only once a minute.
SEEN = timedelta(seconds=80)
#: Nobody is kept waiting longer than this: then it goes on in writing.
MOST_WAIT = timedelta(minutes=15)
#: How long a chat takes until there are some to learn from; what counts are the last ones.
USUAL_MINUTES, LAST_CHATS = 8.0, 20
MOST_WAITING = 100


@dataclass(frozen=True)
class Standing:
    """The place of a chat that waits: 1 is next, and in about how many minutes (at least 1) somebody is there."""

    position: int
    minutes: int


def present_staff(queue: Queue, language: str = "", *, now: datetime | None = None) -> list[Attendance]:
    """Return who of a queue is at the desk and takes cases, the one who got none for longest first.

    With a ``language`` only who speaks it. One query.
    """
    found = Attendance.objects.filter(
        is_present=True,
        seen_at__gt=(now or timezone.now()) - GONE_AFTER,
        staff__memberships__mailbox=queue.mailbox_id,
        staff__memberships__role__in=[Role.AGENT, Role.OWNER],
        staff__is_active=True,
        staff__is_staff=True,
    )
    rows = list(found.select_related("staff").order_by("last_given_at", "pk"))
    return speakers_of(queue, language, rows) if language else rows


def speakers_of(queue: Queue, language: str, there: Sequence[Attendance]) -> list[Attendance]:
    """Return who of those there speaks a language: what they said, else what the queue speaks."""
    return [one for one in there if language in (one.languages or queue.spoken)]


def is_away(seen_at: datetime | None, now: datetime) -> bool:
    """Return whether a side of a chat that was last heard of at a moment (None: never) is away."""
    return seen_at is None or seen_at < now - SEEN


def still_writes(until: datetime | None, now: datetime) -> bool:
    """Return whether a side of a chat that is taken to be writing until a moment (None: it is not) still is."""
    return until is not None and until > now


def standing_of(chat: Chat, now: datetime) -> Standing:
    """Return the place of a waiting chat in its queue, and how long it takes: four queries."""
    before = Chat.objects.waiting().filter(queue=chat.queue_id, asked_at__lte=chat.asked_at).exclude(pk=chat.pk)
    ids = before.order_by("asked_at", "pk").values_list("asked_at", "pk")[:MOST_WAITING]
    position = 1 + sum((at, pk) < (chat.asked_at, chat.pk) for at, pk in ids)
    there = present_staff(chat.queue, chat.language, now=now)
    return Standing(position, _minutes(chat.queue, there, position))


def minutes_for_next(queue: Queue, there: Sequence[Attendance]) -> int:
    """Return after how many minutes somebody is free for who asks for a chat now: three queries."""
    ahead = Chat.objects.waiting().filter(queue=queue).order_by("asked_at").values_list("pk")[:MOST_WAITING]
    return _minutes(queue, there, len(ahead) + 1)


def _minutes(queue: Queue, there: Sequence[Attendance], position: int) -> int:
    seats = sum(one.chats_at_once for one in there)
    busy = len(
        Chat.objects.live().filter(taken_by__in=[one.staff_id for one in there]).values_list("pk")[:MOST_WAITING]
    )
    return expected_minutes(position, seats=seats, busy=busy, each=_usual_minutes(queue))


def expected_minutes(position: int, *, seats: int, busy: int, each: float) -> int:
    """Return after how many minutes (at least 1) the chat at a place is taken.

    ``seats`` are the chats that those present have at once, ``busy`` of them taken, ``each`` the minutes a chat takes:
    one seat is free again every ``each / seats`` minutes.
    """
    behind = position - max(0, seats - busy)
    return max(1, ceil(behind * each / max(1, seats)))


def _usual_minutes(queue: Queue) -> float:
    """Return how many minutes the queue's last chats took, half of them longer."""
    past = Chat.objects.filter(queue=queue, state=Chat.State.ENDED, taken_at__isnull=False).order_by("-ended_at")
    took = [
        (ended - taken).total_seconds() / 60
        for taken, ended in past.values_list("taken_at", "ended_at")[:LAST_CHATS]
        if taken is not None and ended is not None
    ]
    return max(1.0, median(took)) if took else USUAL_MINUTES
