"""Hands out keys that mark texts without sealing them: equal texts get equal marks, and nobody else can make them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from messagecenter.vault import alarms, envelope, keyring
from messagecenter.vault.errors import Erased, Unreadable


def mac_key(owner_id: UUID, *, purpose: str = keyring.INDEX) -> bytes:
    """Return an owner's 32-byte key for marks, made on first use and remembered as all keys are.

    Raises Erased when it was destroyed, so that no mark under it can be made or compared again; KeyMissing or Damaged
    (with an alarm) when it cannot be opened.
    """
    alarms.save_unsaved()
    try:
        return envelope.mac_key(keyring.ring_for_writing(purpose, owner_id).current()[1])
    except Unreadable as trouble:
        if not isinstance(trouble, Erased):
            alarms.sound(reason=trouble.reason, owner_id=owner_id, record_id=owner_id, field=purpose)
        raise


def preload(owner_ids: Collection[UUID], *, purpose: str = keyring.INDEX) -> None:
    """Read the keys of up to 1,000 owners with one query, or none when all are in memory."""
    keyring.preload(purpose, owner_ids)
