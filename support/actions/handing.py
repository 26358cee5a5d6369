"""Who has a case: assigning it, handing it to another queue, escalating, watching, linking and merging."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from messagecenter.notices.actions import owe
from messagecenter.threads.actions import hand_over
from support.lifecycle import Actor, Status
from support.models import Case, Queue, Step, Watcher
from support.notifications import CASE_GIVEN, leads_of, overseers
from support.refused import NotADuplicate, NotAStaffMember, ReasonNeeded, SameQueue
from support.severities import Severity

from .moving import locked_case, move, note, promise_anew, staff_actor, tell_pages
from .opening import give

MOST_LEVEL = 3
#: From here on an escalation goes beyond the queue.
LEVEL_OF_OVERSEERS = 2


@transaction.atomic
def assign_case(*, by: User, case: Case, to: User | None) -> Case:
    """Let somebody of the queue have a case, or nobody; who takes a new one has begun to work on it.

    Raises PermissionDenied, and NotAStaffMember when ``to`` does not write for the queue.
    """
    case = locked_case(case)
    actor = staff_actor(by, case)
    if to is not None:
        membership = Membership.objects.filter(user=to, mailbox=case.queue_id).first()
        if membership is None or not membership.may_write or not to.is_staff or not to.is_active:
            raise NotAStaffMember
    before = str(case.assignee_id or "")
    if before == str(to.pk if to else ""):
        return case
    case.assignee = to
    case.save(update_fields=["assignee"])
    note(case, Step.Kind.ASSIGNED, actor=actor, by=by, before=before, after=str(to.pk) if to else "")
    if to == by and case.state in (Status.NEW, Status.TRANSFERRED, Status.REOPENED):
        move(case, Status.OPEN, actor=actor, by=by)
    elif to is not None and to != by:
        step = case.steps.order_by("-pk")[0]
        owe(kind=CASE_GIVEN, subject_id=step.pk, recipients=[to], group_id=case.pk)
    tell_pages(case)
    return case


@transaction.atomic
def transfer_case(*, by: User, case: Case, to: Queue, reason: str) -> Case:
    """Hand a case to another queue with its whole conversation; the seller reads the ``reason``.

    The promised time goes on since the seller began to wait, reckoned as the new queue does. Raises PermissionDenied,
    ReasonNeeded, SameQueue or CannotMove.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded
    case = locked_case(case)
    actor = staff_actor(by, case)
    if to.pk == case.queue_id:
        raise SameQueue
    before = case.queue
    hand_over(thread=case.thread, to=to.mailbox)
    case.queue = to
    give(case, timezone.now())
    promise_anew(case)
    case.save()
    note(case, Step.Kind.TRANSFERRED, actor=actor, by=by, before=str(before.pk), after=str(to.pk), reason=reason)
    move(case, Status.TRANSFERRED, actor=actor, by=by)
    if case.assignee_id is not None:
        step = note(case, Step.Kind.ASSIGNED, actor=Actor.CLOCK, after=str(case.assignee_id))
        owe(kind=CASE_GIVEN, subject_id=step.pk, recipients=[case.assignee_id], group_id=case.pk)
    return case


@transaction.atomic
def escalate_case(*, by: User, case: Case, reason: str) -> Case:
    """Bring a case a level higher: before the queue's leads, from the second level on also before who oversees support.

    Raises PermissionDenied or ReasonNeeded.
    """
    if not reason.strip():
        raise ReasonNeeded
    case = locked_case(case)
    actor = staff_actor(by, case)
    before, case.level = case.level, min(case.level + 1, MOST_LEVEL)
    case.save(update_fields=["level"])
    step = note(
        case, Step.Kind.ESCALATED, actor=actor, by=by, before=str(before), after=str(case.level), reason=reason.strip()
    )
    people = set(leads_of(case, but=by)) | (set(overseers(but=by)) if case.level >= LEVEL_OF_OVERSEERS else set())
    owe(kind=CASE_GIVEN, subject_id=step.pk, recipients=people, group_id=case.pk)
    tell_pages(case)
    return case


@transaction.atomic
def set_severity(*, by: User, case: Case, severity: Severity) -> Case:
    """Say how bad a case is; the promised time is reckoned anew. Raises PermissionDenied."""
    case = locked_case(case)
    actor = staff_actor(by, case)
    if case.severity == severity:
        return case
    before, case.severity = case.severity, severity
    promise_anew(case)
    case.save(update_fields=["severity", "due_at", "warn_at"])
    note(case, Step.Kind.SEVERITY, actor=actor, by=by, before=str(before), after=str(int(severity)))
    tell_pages(case)
    return case


@transaction.atomic
def set_follow_up(*, by: User, case: Case, at: datetime | None) -> Case:
    """Have a case come back to its people at a moment, or not. Raises PermissionDenied."""
    case = locked_case(case)
    actor = staff_actor(by, case)
    case.follow_up_at = at
    case.save(update_fields=["follow_up_at"])
    note(case, Step.Kind.FOLLOW_UP, actor=actor, by=by, after=at.isoformat(timespec="minutes") if at else "")
    return case


@transaction.atomic
def watch_case(*, by: User, case: Case, is_watching: bool) -> None:
    """Be told of everything in a case, or not any more. Raises PermissionDenied for who may not see it."""
    if not Case.objects.worked_by(by).filter(pk=case.pk).exists():
        raise PermissionDenied
    if is_watching:
        Watcher.objects.get_or_create(case=case, staff=by)
    else:
        Watcher.objects.filter(case=case, staff=by).delete()
    note(case, Step.Kind.WATCHED, actor=Actor.AGENT, by=by, after="on" if is_watching else "off")


@transaction.atomic
def merge_case(*, by: User, case: Case, into: Case) -> Case:
    """Close a duplicate and point to the case in which the matter goes on; both timelines tell it.

    What the seller waits for in the duplicate is owed in the other case from then on. Raises PermissionDenied,
    NotADuplicate (also for one that is at its end), or CannotMove.
    """
    if case.pk == into.pk or case.shop_id != into.shop_id:
        raise NotADuplicate
    # Locked in one order, so that two who merge crosswise never wait for each other.
    first, second = sorted((case, into), key=lambda one: one.pk)
    found = {one.pk: one for one in (locked_case(first), locked_case(second))}
    case, into = found[case.pk], found[into.pk]
    actor = staff_actor(by, case)
    into_actor = staff_actor(by, into)
    if not into.is_active:
        raise NotADuplicate
    waited = case.waiting_since
    case.merged_into = into
    case.save(update_fields=["merged_into"])
    note(case, Step.Kind.MERGED, actor=actor, by=by, after=into.number)
    note(into, Step.Kind.LINKED, actor=actor, by=by, after=case.number)
    move(case, Status.CLOSED, actor=actor, by=by)
    if waited is not None and into.waiting_since is None:
        move(into, Status.OPEN, actor=into_actor, by=by)
    return case


@transaction.atomic
def link_cases(*, by: User, case: Case, other: Case) -> None:
    """Write into both timelines that two cases belong together. Raises PermissionDenied."""
    actor = staff_actor(by, case)
    if not Case.objects.worked_by(by).filter(pk=other.pk).exists():
        raise PermissionDenied
    note(case, Step.Kind.LINKED, actor=actor, by=by, after=other.number)
    note(other, Step.Kind.LINKED, actor=actor, by=by, after=case.number)
