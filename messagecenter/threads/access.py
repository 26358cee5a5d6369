"""Who is asking, for which mailbox, about which thread: the one door every page of a thread goes through."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from messagecenter.accounts.acting import act_for, membership_of, memberships_of
from messagecenter.accounts.models import Mailbox, Membership, User

from .actions import NOT_A_WRITER
from .models import Entry


@dataclass(frozen=True)
class Standing:
    """A person with their entry of a thread and the membership they act with."""

    person: User
    entry: Entry
    membership: Membership

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox the person acts for."""
        return self.entry.mailbox


def person_of(request: HttpRequest) -> User:
    """Return the signed-in person. Raises PermissionDenied for a stranger."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def acting_membership(request: HttpRequest) -> Membership:
    """Return the membership the person acts with. Raises Http404 for someone without a mailbox."""
    membership = membership_of(request)
    if membership is None:
        raise Http404
    return membership


def require_writing(membership: Membership) -> None:
    """Raise PermissionDenied, with a sentence, for a viewer."""
    if not membership.may_write:
        raise PermissionDenied(NOT_A_WRITER)


def standing_or_404(request: HttpRequest, thread_id: uuid.UUID) -> Standing:
    """Return the person's standing in a thread. Foreign and missing threads raise the same Http404.

    Whoever follows a link into another of their mailboxes acts for that mailbox from then on.
    """
    person = person_of(request)
    acting = membership_of(request)
    entries = {
        entry.mailbox_id: entry
        for entry in Entry.objects.visible_to(person)
        .filter(thread=thread_id)
        .select_related("thread__order", "thread__product", "mailbox", "other")
    }
    for membership in ([acting] if acting else []) + memberships_of(request):
        if membership.mailbox_id in entries:
            if membership != acting:
                act_for(request, membership)
            return Standing(person, entries[membership.mailbox_id], membership)
    raise Http404


def uuid_or_none(value: str) -> uuid.UUID | None:
    """Return the UUID a browser sent, or None when it is none."""
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
