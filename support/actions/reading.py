"""Opening a case's conversation as staff: allowed by queue, or for a stated reason; written down each time."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from support.lifecycle import Actor
from support.models import Case, Reading, Step

from .moving import note

#: Within which one's own look at a case counts as the same reading.
SAME_READING = timedelta(minutes=30)
MOST_REASON = 500


def needs_reason(by: User, case: Case) -> bool:
    """Return whether ``by`` has to say why they read a case: who works in its queue has not."""
    return not Membership.objects.filter(user=by, mailbox=case.queue_id).exists()


@transaction.atomic
def read_case(*, by: User, case: Case, reason: str = "") -> Reading:
    """Write down that a member of staff reads a case's conversation, once in half an hour.

    Raises PermissionDenied for who may not see the case, and when a reason is needed and there is none.
    """
    if not Case.objects.worked_by(by).filter(pk=case.pk).exists():
        raise PermissionDenied
    recent = _recent(by, case).order_by("-at").first()
    if recent is not None:
        return recent
    reason = reason.strip()[:MOST_REASON]
    if not reason and needs_reason(by, case):
        raise PermissionDenied
    return Reading.objects.create(staff=by, case=case, reason=reason)


def has_read(by: User, case: Case) -> bool:
    """Return whether somebody's look at a case is written down and still counts, or needs no reason at all."""
    return not needs_reason(by, case) or _recent(by, case).exists()


@transaction.atomic
def note_download(*, by: User, case: Case, attachment_id: uuid.UUID) -> Step:
    """Write down that a member of staff takes a file out of a case. Raises PermissionDenied for who has not read it."""
    if not Case.objects.worked_by(by).filter(pk=case.pk).exists() or not has_read(by, case):
        raise PermissionDenied
    return note(case, Step.Kind.DOWNLOADED, actor=Actor.AGENT, by=by, after=str(attachment_id))


def _recent(by: User, case: Case) -> QuerySet[Reading]:
    return Reading.objects.filter(staff=by, case=case, at__gt=timezone.now() - SAME_READING)
