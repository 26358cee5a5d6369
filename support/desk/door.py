"""Who comes to the desk, and to which case there: the one door every page of it goes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache

from messagecenter.accounts.acting import memberships_of, person_of
from messagecenter.accounts.models import Mailbox, Membership, User
from support.actions import has_read
from support.lifecycle import Actor
from support.models import Case, Queue
from support.numbers import NotACaseNumber, read

View = Callable[..., HttpResponseBase]
OVERSEE, EXPORT = "support.oversee_cases", "support.export_cases"
MOST_QUEUES = 200


@dataclass(frozen=True)
class Work:
    """A member of staff with a case: what they are in its queue."""

    person: User
    case: Case
    membership: Membership | None

    @property
    def actor(self) -> Actor | None:
        """As what they act on it; None for who only reads."""
        if self.person.has_perm(OVERSEE) or (self.membership is not None and self.membership.may_manage):
            return Actor.LEAD
        return Actor.AGENT if self.may_write else None

    @property
    def may_write(self) -> bool:
        """Whether they may answer and write notes: that is done for the queue, by its people."""
        return self.membership is not None and self.membership.may_write

    @cached_property
    def may_read(self) -> bool:
        """Whether they may be shown words now: without a reason, or after one was written down."""
        return self.membership is not None or has_read(self.person, self.case)

    @property
    def url(self) -> str:
        """The address of the case's page."""
        return reverse("admin:support_desk_case", args=[self.case.number])


def desk_page(view: View) -> View:
    """Let in who works in a queue or oversees them, through the admin's own door. Else it raises PermissionDenied."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        works = any(one.mailbox.kind == Mailbox.Kind.SUPPORT for one in memberships_of(request))
        if not works and not person_of(request).has_perm(OVERSEE):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return _behind_the_admins_door(guarded)


def figures_page(view: View) -> View:
    """Let in who may see the figures. Else it raises PermissionDenied."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = person_of(request)
        if not person.has_perm(EXPORT) and not person.has_perm(OVERSEE):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return _behind_the_admins_door(guarded)


def queues_of(staff: User) -> list[Queue]:
    """Return the queues whose cases somebody has before them, by name: one query."""
    queues = Queue.objects.all() if staff.has_perm(OVERSEE) else Queue.objects.visible_to(staff)
    return list(queues.select_related("mailbox").order_by("mailbox__name", "pk")[:MOST_QUEUES])


def work_or_404(request: HttpRequest, number: str) -> Work:
    """Return the case with a number, in whatever spelling. Foreign and missing ones raise the same Http404."""
    person = person_of(request)
    try:
        known = read(number)
    except NotACaseNumber:
        raise Http404 from None
    found = Case.objects.worked_by(person).select_related(
        "queue__mailbox", "shop", "thread__order", "thread__support", "thread__opened_by", "assignee", "follows"
    )
    case = found.select_related("merged_into").filter(number=known).first()
    if case is None:
        raise Http404
    membership = next((one for one in memberships_of(request) if one.mailbox_id == case.queue_id), None)
    return Work(person, case, membership)


def _behind_the_admins_door(view: View) -> View:
    return admin.site.admin_view(never_cache(view))
