"""Encrypts and decrypts texts under their thread's key. It fails closed: there is no way back to plain text."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from uuid import UUID

from messagecenter.vault import alarms, envelope, keyring
from messagecenter.vault.envelope import Place
from messagecenter.vault.errors import Damaged, Erased, KeyMissing, Unreadable

__all__ = ["Place", "begin", "decrypt", "encrypt", "preload"]


def encrypt(text: str, place: Place, *, purpose: str = keyring.THREAD) -> bytes:
    """Return ``text`` encrypted for ``place`` under its thread's key, which is made on first use.

    Another ``purpose`` has keys of its own; then ``place.thread_id`` names their owner.

    Raises Erased when that key was destroyed, KeyMissing or Damaged (with an alarm) when it cannot be opened, and
    ValueError when the text is not Unicode (a lone surrogate).
    """
    alarms.save_unsaved()
    try:
        version, key = keyring.ring_for_writing(purpose, place.thread_id).current()
    except Unreadable as trouble:
        _sound(trouble, place)
        raise
    return envelope.seal(key, text, place, version)


def decrypt(blob: bytes | memoryview, place: Place, *, purpose: str = keyring.THREAD) -> str:
    """Return the text encrypted for exactly this ``place``.

    Raises Damaged or KeyMissing (each logged and counted in an alarm), or Erased (which is no alarm). No error carries
    any of the text.
    """
    alarms.save_unsaved()
    try:
        return _open(bytes(blob), place, purpose)
    except Unreadable as trouble:
        _sound(trouble, place)
        raise


def preload(thread_ids: Collection[UUID]) -> None:
    """Read the keys of up to 1,000 threads with one query, or none when all are in memory."""
    keyring.preload(keyring.THREAD, thread_ids)


def begin(thread_id: UUID) -> None:
    """Make the key of a thread that was just thought of with one statement, rather than look for it first."""
    # Without a root key there is none: writing the first text says so, with an alarm.
    with suppress(KeyMissing):
        keyring.make_first(keyring.THREAD, thread_id)


def _open(blob: bytes, place: Place, purpose: str) -> str:
    ring = keyring.ring_of(purpose, place.thread_id)
    if ring is not None and ring.is_erased:
        raise Erased
    try:
        version = envelope.version_of(blob)
        if ring is None or not ring.knows(version):
            # Another process may have made it since.
            ring = keyring.fresh_ring_of(purpose, place.thread_id)
        key = (ring or keyring.Ring()).key(version)
        return envelope.unseal(key, blob, place)
    except envelope.Broken:
        raise Damaged from None


def _sound(trouble: Unreadable, place: Place) -> None:
    if not isinstance(trouble, Erased):
        alarms.sound(reason=trouble.reason, owner_id=place.thread_id, record_id=place.record_id, field=place.field)
