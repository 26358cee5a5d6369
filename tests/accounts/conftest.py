"""What the account tests share: a clean count of tries, and the link in a mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from messagecenter.accounts.models import User
from tests.factories import PASSWORD


@pytest.fixture(autouse=True)
def no_earlier_tries() -> Iterator[None]:
    """Forget the tries that other tests made."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def mailed_path(settings: object) -> Callable[[], str]:
    """Return the path of the link in the newest mail."""

    def path() -> str:
        found = re.search(r"https?://[^/\s]+(/\S+)", str(mail.outbox[-1].body))
        assert found is not None
        return found[1]

    return path


@pytest.fixture
def by_password() -> Callable[[User], Client]:
    """Return a browser in which the person typed their password; a second factor is still to come."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        return client

    return sign_in
