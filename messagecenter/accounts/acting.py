"""Whom the person behind a request acts for: their memberships, and the one chosen now."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from messagecenter.accounts.models import Membership, MembershipQuerySet, User
from messagecenter.prepared import planned

MAILBOX_KEY = "mailbox"
_CACHE = "_memberships"


def person_of(request: HttpRequest) -> User:
    """Return the signed-in person. Raises PermissionDenied for a stranger."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def memberships_of(request: HttpRequest) -> list[Membership]:
    """Return the signed-in person's memberships, oldest first, read once a request; empty for a stranger.

    No query where they were read with the person, as on all pages but those that have just signed somebody in.
    """
    found: list[Membership] | None = getattr(request, _CACHE, None)
    if found is None:
        found = getattr(request.user, "known_memberships", None)
        if found is None:
            found = _memberships(request.user.pk) if request.user.is_authenticated else []
        setattr(request, _CACHE, found)
    return found


@planned
def _memberships(user_id: UUID) -> MembershipQuerySet:
    return Membership.objects.of(User(pk=user_id))


def membership_of(request: HttpRequest) -> Membership | None:
    """Return the membership chosen in the session while the person still has it, else their oldest, else None."""
    memberships = memberships_of(request)
    chosen = request.session.get(MAILBOX_KEY)
    return next((one for one in memberships if str(one.mailbox_id) == chosen), next(iter(memberships), None))


def act_for(request: HttpRequest, membership: Membership) -> None:
    """Let the person act for another of their mailboxes from now on, in this session."""
    request.session[MAILBOX_KEY] = str(membership.mailbox_id)
