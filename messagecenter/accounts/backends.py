"""How people are signed in: as Django and allauth do it, but a page reads the person and all memberships at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import ModelBackend
from django.db.models import F, QuerySet

from messagecenter.prepared import planned

from .models import Mailbox, Membership, User

# Each column of a membership and of its mailbox, by the name it is read under.
OF_MEMBERSHIP = {f"own_{one.attname}": one.attname for one in Membership._meta.concrete_fields}
OF_MAILBOX = {f"own_mailbox_{one.attname}": one.attname for one in Mailbox._meta.concrete_fields if not one.primary_key}


class WithMemberships(ModelBackend):
    """Reads who is signed in together with whom they act for: nearly every page asks for both."""

    def get_user(self, user_id: Any) -> User | None:
        """Return a person who may be signed in, with ``known_memberships``: one query."""
        rows = _person_with_memberships(user_id)
        if not rows or not self.user_can_authenticate(rows[0]):
            return None
        person = rows[0]
        person.known_memberships = [_membership(person, row) for row in rows if row.own_id]  # type: ignore[attr-defined]
        return person


class PasswordBackend(WithMemberships):
    """Signs in by e-mail address and password, as Django does."""


class AllauthBackend(WithMemberships, AuthenticationBackend):
    """Signs in as allauth does."""


@planned
def _person_with_memberships(user_id: UUID) -> QuerySet[User]:
    columns = {alias: F(f"memberships__{name}") for alias, name in OF_MEMBERSHIP.items()}
    columns |= {alias: F(f"memberships__mailbox__{name}") for alias, name in OF_MAILBOX.items()}
    return User.objects.filter(pk=user_id).annotate(**columns).order_by("memberships__created_at", "memberships__pk")


def _membership(person: User, row: User) -> Membership:
    """Return the membership a row was read with, its mailbox with it."""
    database = person._state.db
    own = Membership.from_db(database, list(OF_MEMBERSHIP.values()), [getattr(row, alias) for alias in OF_MEMBERSHIP])
    values = [own.mailbox_id, *(getattr(row, alias) for alias in OF_MAILBOX)]
    own.mailbox = Mailbox.from_db(database, ["id", *OF_MAILBOX.values()], values)
    return own
