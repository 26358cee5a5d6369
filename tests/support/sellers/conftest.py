"""Selma, who sells, the marketplace's support, and a case of hers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from messagecenter.accounts.models import Membership, User
from support.models import Case, Queue
from tests.support.cases import make_queue, make_staff, open_one


@pytest.fixture
def queue(db: None) -> Queue:
    """The marketplace's one queue."""
    return make_queue("Seller support")


@pytest.fixture
def staff(queue: Queue) -> User:
    """Who answers there."""
    return make_staff(queue, name="Sven Secretname")


@pytest.fixture
def owner(seller: User) -> Membership:
    """Selma, for her shop."""
    return Membership.objects.get(user=seller)


@pytest.fixture
def case(queue: Queue, owner: Membership) -> Case:
    """A question about a payout."""
    return open_one(owner)


@pytest.fixture
def browser(signed_in: Callable[[User], Client], seller: User, queue: Queue) -> Client:
    """Selma's browser."""
    return signed_in(seller)
