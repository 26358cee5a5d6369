"""Each test of the vault starts like a fresh process."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from messagecenter.ids import new_id
from messagecenter.vault import alarms, keyring
from messagecenter.vault.envelope import Place


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    keyring.cache.clear()
    alarms.forget_unsaved()
    yield
    keyring.cache.clear()
    alarms.forget_unsaved()


@pytest.fixture
def thread_id() -> UUID:
    """A thread's id; the vault knows no threads."""
    return new_id()


@pytest.fixture
def place(thread_id: UUID) -> Place:
    """Where a message's text belongs."""
    return Place(thread_id, new_id(), "body", new_id())
