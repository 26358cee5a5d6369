"""Who comes to support's desk in its tests: people of two queues, somebody who oversees both, and their browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.test import Client

from messagecenter.accounts.models import Membership, Role, User
from support.models import Case, Queue
from tests.factories import UserFactory
from tests.support.cases import make_queue, make_seller, make_staff, open_one

DESK = "/admin/support/desk/"


def with_factor(user: User) -> User:
    """Give somebody a second factor."""
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "A" * 32})
    return user


def allow(user: User, *codenames: str) -> User:
    """Give somebody rights."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def queue(db: None) -> Queue:
    """The marketplace's support."""
    return make_queue()


@pytest.fixture
def other_queue(db: None) -> Queue:
    """Another part of it, in which nobody of the first works."""
    return make_queue("Payments team")


@pytest.fixture
def helper(queue: Queue) -> User:
    """An agent of the queue."""
    return with_factor(make_staff(queue, name="Hanna Helferin", email="hanna@marketplace.example"))


@pytest.fixture
def lead(queue: Queue) -> User:
    """Its lead."""
    return with_factor(make_staff(queue, Role.OWNER, name="Lena Leiterin", email="lena@marketplace.example"))


@pytest.fixture
def onlooker(queue: Queue) -> User:
    """Somebody who only reads in it."""
    return with_factor(make_staff(queue, Role.VIEWER, name="Vito Viewer", email="vito@marketplace.example"))


@pytest.fixture
def overseer(db: None) -> User:
    """Somebody who oversees all queues and works in none."""
    person = with_factor(UserFactory(is_staff=True, name="Olga Oversee", email="olga@marketplace.example"))
    return allow(person, "oversee_cases")


@pytest.fixture
def stranger(other_queue: Queue) -> User:
    """An agent of the other queue."""
    return with_factor(make_staff(other_queue, name="Frida Fremd", email="frida@marketplace.example"))


@pytest.fixture
def asking(db: None) -> Membership:
    """The seller who asks."""
    return make_seller()


@pytest.fixture
def case(queue: Queue, asking: Membership) -> Case:
    """What the seller asks, with words that must not get about."""
    return open_one(asking, subject="Zimtstern payout", body="Where is my Flügelhorn money?")


@pytest.fixture
def desk(helper: User, signed_in: Callable[[User], Client]) -> Client:
    """The agent's browser."""
    return signed_in(helper)
