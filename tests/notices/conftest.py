"""Notices to deliver and a mail server to deliver them to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from messagecenter.accounts.models import User
from tests.notices.site.kinds import register_all
from tests.processes import remove_templates

register_all()


@pytest.fixture
def reader(db: None) -> User:
    """Who is told."""
    return User.objects.create_user("rita@reader.example", name="Rita")


@pytest.fixture(scope="session", autouse=True)
def _templates() -> Iterator[None]:
    """Remove the databases that sites were copied from."""
    yield
    remove_templates()
