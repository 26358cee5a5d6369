"""The command that erases threads: asks, refuses unknown ids, leaves other threads alone."""

from __future__ import annotations

import io
import uuid

import pytest
from django.core.management import CommandError, call_command

from messagecenter.ids import new_id
from messagecenter.vault.cipher import Place, decrypt, encrypt
from messagecenter.vault.errors import Erased
from messagecenter.vault.models import DataKey


@pytest.fixture
def sealed(db: None) -> dict[uuid.UUID, bytes]:
    """Two threads with a text each."""
    return {thread: encrypt("Flügelhorn", place(thread)) for thread in (new_id(), new_id())}


def place(thread: uuid.UUID) -> Place:
    return Place(thread_id=thread, record_id=thread, field="body", sender_id=None)


def test_destroy_keys_erases_the_named_thread_only(sealed: dict[uuid.UUID, bytes]) -> None:
    gone, kept = sealed
    printed = io.StringIO()
    call_command("destroy_keys", str(gone), "--yes", stdout=printed)
    with pytest.raises(Erased):
        decrypt(sealed[gone], place(gone))
    assert decrypt(sealed[kept], place(kept)) == "Flügelhorn"
    assert f"{gone}: 1 keys destroyed" in printed.getvalue()


def test_destroy_keys_refuses_an_unknown_thread_and_destroys_nothing(sealed: dict[uuid.UUID, bytes]) -> None:
    known, unknown = next(iter(sealed)), new_id()
    with pytest.raises(CommandError, match=str(unknown)):
        call_command("destroy_keys", str(known), str(unknown), "--yes")
    assert DataKey.objects.filter(destroyed_at=None).count() == 2


def test_destroy_keys_asks_first(sealed: dict[uuid.UUID, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    with pytest.raises(CommandError, match="Not confirmed"):
        call_command("destroy_keys", str(next(iter(sealed))))
    assert DataKey.objects.filter(destroyed_at=None).count() == 2
