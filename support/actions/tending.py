"""What time does to cases: warnings, late answers, holds that end, and cases that come to their end by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from messagecenter.notices.actions import owe
from support.lifecycle import Actor, Status
from support.models import Call, Case, Queue, Step
from support.notifications import CASE_DUE, CASE_FOLLOW_UP, CASE_GIVEN, leads_of, somebody_told, staff_told
from support.refused import REOPEN_DAYS

from .calling import miss_call
from .chatting import tend_chats
from .moving import locked_case, note, settle_by_clock, tell_pages
from .opening import give

CALL_FORGOTTEN = timedelta(hours=2)
ANSWERED_DAYS = 14  # after which an answer nobody objected to has settled the matter
MOST_AT_ONCE = 500
#: Cases that came while nobody was there are handed out later, to each of those present one in so long.
HANDED_EVERY = timedelta(minutes=1)
MOST_HANDED = 50
NOT_BEGUN = (Status.NEW, Status.TRANSFERRED, Status.REOPENED)


def tend_cases(now: datetime | None = None) -> int:
    """Do what is due in all cases; return how many there were. Safe to run at any time and many times at once."""
    now = now or timezone.now()
    done = tend_chats(now) + _miss_calls(now) + _hand_out(now) + _warn(now) + _alarm(now)
    return done + _end_holds(now) + _follow_up(now) + _settle(now) + _close(now)


def _miss_calls(now: datetime) -> int:
    """Call missed what was to be made hours ago and nobody has settled: its seller is offered another time."""
    found = Call.objects.booked().filter(starts_at__lt=now - CALL_FORGOTTEN).order_by("starts_at")[:MOST_AT_ONCE]
    return sum(miss_call(call=call) for call in found)


def _hand_out(now: datetime) -> int:
    """Give those present the cases that nobody has begun and nobody was there for, in each queue what is due first."""
    waiting = Case.objects.unassigned().filter(due_at__isnull=False, status__in=NOT_BEGUN).order_by("due_at", "pk")
    done = 0
    for queue in Queue.objects.exclude(handing=Queue.Handing.NOBODY):
        for case in waiting.filter(queue=queue)[:MOST_HANDED]:
            if not _give_late(case, now):
                break  # nobody who is there takes another one just now
            done += 1
    return done


@transaction.atomic
def _give_late(case: Case, now: datetime) -> bool:
    """Give one case to somebody; return whether it needs nobody any more."""
    case = locked_case(case)
    if case.assignee_id is None and case.state in NOT_BEGUN:
        person = give(case, now, rested_since=now - HANDED_EVERY)
        if person is None:
            return False
        case.save(update_fields=["assignee"])
        step = note(case, Step.Kind.ASSIGNED, actor=Actor.CLOCK, after=str(person.pk))
        owe(kind=CASE_GIVEN, subject_id=step.pk, recipients=[person], group_id=case.pk)
        tell_pages(case)
    return True


def _warn(now: datetime) -> int:
    """Tell the people of cases whose promised time is nearly over."""
    found = Case.objects.filter(warn_at__lte=now).order_by("warn_at")[:MOST_AT_ONCE]
    return sum(_tell_once(case, Step.Kind.WARNED, now) for case in found)


def _alarm(now: datetime) -> int:
    """Tell the people and the leads of cases whose promised time is over, once each turn."""
    told = Step.objects.filter(case=OuterRef("pk"), kind=Step.Kind.BREACHED, at__gte=OuterRef("due_at"))
    found = Case.objects.overdue(now).filter(~Exists(told)).order_by("due_at")[:MOST_AT_ONCE]
    return sum(_tell_once(case, Step.Kind.BREACHED, now) for case in found)


@transaction.atomic
def _tell_once(case: Case, kind: Step.Kind, now: datetime) -> int:
    case = locked_case(case)
    if case.due_at is None:
        return 0  # answered meanwhile
    if kind == Step.Kind.WARNED:
        if case.warn_at is None or case.warn_at > now:
            return 0
        case.warn_at = None
        case.save(update_fields=["warn_at"])
    elif case.due_at >= now or case.steps.filter(kind=kind, at__gte=case.due_at).exists():
        return 0
    step = note(case, kind, actor=Actor.CLOCK)
    people = set(staff_told(case)) | (
        set(leads_of(case)) if kind == Step.Kind.BREACHED or not case.assignee_id else set()
    )
    owe(kind=CASE_DUE, subject_id=step.pk, recipients=people, group_id=case.pk)
    return 1


def _end_holds(now: datetime) -> int:
    """Let cases wait for their sellers again whose time is over, and was not made longer meanwhile."""
    done = 0
    for found in Case.objects.filter(status=Status.ON_HOLD, held_until__lte=now).order_by("held_until")[:MOST_AT_ONCE]:
        with transaction.atomic():
            case = locked_case(found)
            if case.held_until is not None and case.held_until <= now:
                done += settle_by_clock(case=case, there=Status.WAITING, expected=Status.ON_HOLD)
    return done


def _follow_up(now: datetime) -> int:
    """Bring cases back to their people at the moment those chose."""
    done = 0
    for found in Case.objects.filter(follow_up_at__lte=now).order_by("follow_up_at")[:MOST_AT_ONCE]:
        with transaction.atomic():
            case = locked_case(found)
            if case.follow_up_at is None or case.follow_up_at > now:
                continue
            case.follow_up_at = None
            case.save(update_fields=["follow_up_at"])
            step = note(case, Step.Kind.FOLLOW_UP, actor=Actor.CLOCK)
            owe(kind=CASE_FOLLOW_UP, subject_id=step.pk, recipients=somebody_told(case), group_id=case.pk)
            done += 1
    return done


def _settle(now: datetime) -> int:
    """Resolve what support answered and nobody objected to."""
    old = now - timedelta(days=ANSWERED_DAYS)
    done = 0
    for status in (Status.ANSWERED, Status.WAITING):
        found = Case.objects.filter(status=status, status_since__lt=old).order_by("status_since")[:MOST_AT_ONCE]
        done += sum(settle_by_clock(case=case, there=Status.RESOLVED, expected=status) for case in found)
    return done


def _close(now: datetime) -> int:
    """Close for good what was resolved and not reopened."""
    old = now - timedelta(days=REOPEN_DAYS)
    found = Case.objects.filter(status=Status.RESOLVED, status_since__lt=old).order_by("status_since")[:MOST_AT_ONCE]
    return sum(settle_by_clock(case=case, there=Status.CLOSED, expected=Status.RESOLVED) for case in found)
