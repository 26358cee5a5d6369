"""When a notice may go out: not in quiet hours, not before the summary, not ahead of an earlier one of its thread."""

from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now
from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.notices import kinds
from messagecenter.notices.models import Notice, Preference, Schedule
from messagecenter.notices.neighbours import GATHER, Neighbours
from messagecenter.notices.topics import ALWAYS, Timing, Topic, default_timing

WAIT_FOR_EARLIER = timedelta(seconds=1)
WAIT_FOR_RETRY = timedelta(seconds=5)
Timings = Mapping[tuple[uuid.UUID, str, str], str]
_CHOICE = ("topic", "channel", "timing")


@dataclass(frozen=True)
class Wishes:
    """What a person wants for one notice."""

    timing: Timing
    schedule: Schedule
    zone: zoneinfo.ZoneInfo
    may_wait: bool


def chosen_timings(people: Collection[uuid.UUID]) -> Timings:
    """Return what these people have chosen, by person, topic and channel. One query."""
    rows = Preference.objects.filter(person__in=people) if people else Preference.objects.none()
    return {(who, topic, way): timing for who, topic, way, timing in rows.values_list("person", *_CHOICE)}


def wishes(notice: Notice, chosen: Timings) -> Wishes:
    """Return how the recipient wants to be told of a notice's topic on its channel. Raises LookupError."""
    kind = kinds.named(notice.kind)
    topic, person = kind.topic, notice.recipient
    if person is None:
        return Wishes(Timing.AT_ONCE, Schedule(), zoneinfo.ZoneInfo("UTC"), may_wait=False)
    timing = Timing(chosen.get((person.pk, topic, notice.channel)) or default_timing(topic, notice.channel))
    if topic in ALWAYS and notice.channel == Notice.Channel.EMAIL:
        timing = Timing.AT_ONCE
    may_wait = topic not in ALWAYS
    if kind.confirms and notice.channel == Notice.Channel.EMAIL and timing != Timing.OFF:
        timing, may_wait = Timing.AT_ONCE, False
    return Wishes(timing, schedule_of(person), kinds.zone_of(person), may_wait=may_wait)


def wanting(people: Collection[uuid.UUID], topic: Topic, channel: Notice.Channel) -> set[uuid.UUID]:
    """Return which of these people want to hear of a topic on a channel at all. One query."""
    chosen = dict(
        Preference.objects.filter(person__in=people, topic=topic, channel=channel).values_list("person", "timing")
    )
    default = default_timing(topic, channel)
    return {person for person in people if chosen.get(person, default) != Timing.OFF}


def schedule_of(person: User) -> Schedule:
    """Return what a person has chosen, or what is so for everybody. A look has brought it along."""
    try:
        return person.notice_schedule
    except Schedule.DoesNotExist:
        return Schedule(person=person)


def put_off(notice: Notice, wanted: Wishes, near: Neighbours, now: datetime) -> datetime | None:
    """Return until when a notice has to wait (UTC), or None when it may go out at ``now``.

    What was handed over already and is only repeated never waits again.
    """
    if notice.unconfirmed or notice.letter_id:
        return None
    moments = [_after_earlier(near.earlier, now)]
    if wanted.may_wait:
        if wanted.timing == Timing.DAILY:
            moments.append(next_hour(notice.created_at, wanted.schedule.digest_hour, wanted.zone))
        elif wanted.timing == Timing.GATHERED and near.told_at:
            moments.append(near.told_at + GATHER)
        moments.append(end_of_quiet(now, wanted.schedule, wanted.zone))
    latest = max((moment for moment in moments if moment), default=None)
    return latest if latest and latest > now else None


def _after_earlier(earlier: Notice | None, now: datetime) -> datetime | None:
    """Return when to look again while an earlier notice of the same kind and thread is owed to the same target.

    One that was put off itself is waited for until its own moment, when both may go out in one mail.
    """
    if earlier is None:
        return None
    if earlier.state == Notice.State.DUE and earlier.attempts:
        return max(earlier.next_at, now) + WAIT_FOR_RETRY
    return max(earlier.next_at, now + WAIT_FOR_EARLIER)


def next_hour(after: datetime, hour: int, zone: zoneinfo.ZoneInfo) -> datetime:
    """Return when the clock in ``zone`` next strikes ``hour`` after ``after``, in UTC; a missing hour is the next."""
    local = after.astimezone(zone)
    for days in range(3):
        day = local.date() + timedelta(days=days)
        moment = datetime.combine(day, time(hour), tzinfo=zone).astimezone(zoneinfo.ZoneInfo("UTC"))
        if moment > after:
            return moment
    raise AssertionError("a day has every hour once in three days")


def end_of_quiet(now: datetime, schedule: Schedule, zone: zoneinfo.ZoneInfo) -> datetime | None:
    """Return when the quiet hours end that ``now`` falls into, or None outside them. They may go over midnight."""
    begins, ends = schedule.quiet_from, schedule.quiet_until
    if begins is None or ends is None or begins == ends:
        return None
    local = now.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    if begins < ends:
        is_quiet, day = begins <= clock < ends, local.date()
    else:
        is_quiet = clock >= begins or clock < ends
        day = local.date() + timedelta(days=int(clock >= begins))
    return datetime.combine(day, ends, tzinfo=zone).astimezone(zoneinfo.ZoneInfo("UTC")) if is_quiet else None


def database_now(notice: Notice) -> datetime:
    """Return the moment to measure against: a worker's own clock may be wrong, the database's is everybody's."""
    if notice.claimed_at is not None:
        return notice.claimed_at
    clock = ExpressionWrapper(Now(), output_field=DateTimeField())
    asked = Notice.objects.filter(pk=notice.pk).annotate(clock=clock).values_list("clock", flat=True)
    found: datetime | None = asked.first()
    return found or timezone.now()
