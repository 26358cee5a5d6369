"""Notices to deliver and a mail server to deliver them to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from messagecenter.accounts.models import User
from tests.notices.site.kinds import register_all
from tests.processes import remove_templates
from tests.sink import Sink

register_all()


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    """A mail server, and settings that send there; a mail may take one second and a half."""
    with Sink() as server:
        settings.EMAIL_BACKEND = "messagecenter.mail.smtp.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 1
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.NOTICE_LEASE_SECONDS = 3
        yield server


@pytest.fixture
def reader(db: None) -> User:
    """Who is told."""
    return User.objects.create_user("rita@reader.example", name="Rita")


@pytest.fixture(scope="session", autouse=True)
def _templates() -> Iterator[None]:
    """Remove the databases that sites were copied from."""
    yield
    remove_templates()
