"""Notices to deliver and a mail server to deliver them to."""

from __future__ import annotations

import pytest

from messagecenter.accounts.models import User
from tests.notices.site.kinds import register_all

register_all()


@pytest.fixture
def reader(db: None) -> User:
    """Who is told."""
    return User.objects.create_user("rita@reader.example", name="Rita")
