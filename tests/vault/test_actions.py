"""Destroying keys and rewrapping them, one batch at a time."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest

from messagecenter.ids import new_id
from messagecenter.vault import keyring
from messagecenter.vault.actions import Rewrapped, destroy_keys, old_root_versions, rewrap_keys
from messagecenter.vault.cipher import Place, decrypt, encrypt
from messagecenter.vault.errors import Erased
from messagecenter.vault.models import Alarm, DataKey

pytestmark = pytest.mark.django_db
OLD, NEW = bytes(range(32)), bytes(range(32, 64))


class MeddlingKeys(dict[int, bytes]):
    """Root keys that destroy an owner's data key while it is being rewrapped."""

    owner_id: UUID

    def get(self, version, default=None):
        destroy_keys(owner_id=self.owner_id, by="somebody else")
        return super().get(version, default)


@pytest.fixture
def sealed(settings) -> list[tuple[Place, bytes]]:
    """Five messages under five keys wrapped by root key 1; root key 2 is the current one now."""
    settings.MESSAGE_KEYS, settings.MESSAGE_KEY_CURRENT = {1: OLD}, 1
    places = [Place(new_id(), new_id(), "body", None) for _ in range(5)]
    rows = [(place, encrypt(f"text {number}", place)) for number, place in enumerate(places)]
    settings.MESSAGE_KEYS, settings.MESSAGE_KEY_CURRENT = {2: NEW, 1: OLD}, 2
    keyring.forget_everything()
    return rows


def versions() -> list[int]:
    return sorted(DataKey.objects.values_list("root_version", flat=True))


def test_destroy_keys_empties_the_row_and_keeps_it(place):
    encrypt("words", place)
    assert destroy_keys(owner_id=place.thread_id, by="a test") == 1
    row = DataKey.objects.get()
    assert (row.owner_id, row.wrapped, row.commitment, row.root_version) == (place.thread_id, None, None, 0)
    assert row.destroyed_at is not None


def test_destroy_keys_twice_changes_nothing(place):
    encrypt("words", place)
    destroy_keys(owner_id=place.thread_id, by="a test")
    before = DataKey.objects.values().get()
    assert destroy_keys(owner_id=place.thread_id, by="a test") == 0
    assert DataKey.objects.values().get() == before


def test_destroy_keys_leaves_other_owners_and_purposes_alone(place):
    other = Place(new_id(), new_id(), "body", None)
    blob = encrypt("kept", other)
    keyring.ring_for_writing("index", place.thread_id)
    encrypt("words", place)
    destroy_keys(owner_id=place.thread_id, by="a test")
    assert decrypt(blob, other) == "kept"
    assert DataKey.objects.get(purpose="index").destroyed_at is None


def test_owner_without_key_never_gets_one_after_destruction(place):
    assert destroy_keys(owner_id=place.thread_id, by="a test") == 0
    with pytest.raises(Erased):
        encrypt("words", place)


def test_destroy_keys_logs_ids(place, caplog):
    caplog.set_level(logging.INFO, "messagecenter.vault")
    encrypt("words", place)
    destroy_keys(owner_id=place.thread_id, by="a test")
    assert [record.getMessage() for record in caplog.records] == [
        f"Destroyed 1 keys: thread {place.thread_id}, by a test."
    ]


def test_rewrapping_goes_batch_by_batch_to_the_end(sealed):
    first = rewrap_keys(root_version=1, after=None, size=3)
    assert (first.done, first.failed, versions()) == (3, 0, [1, 1, 2, 2, 2])
    second = rewrap_keys(root_version=1, after=first.last_id, size=3)
    assert (second.done, second.failed, versions()) == (2, 0, [2] * 5)
    assert rewrap_keys(root_version=1, after=second.last_id, size=3) == Rewrapped(0, 0, None)


def test_rewrapped_keys_open_without_the_old_root_key(sealed, settings):
    rewrap_keys(root_version=1, after=None, size=10)
    settings.MESSAGE_KEYS = {2: NEW}
    keyring.forget_everything()
    assert [decrypt(blob, place) for place, blob in sealed] == [f"text {number}" for number in range(5)]
    assert old_root_versions() == []


def test_rewrapping_twice_changes_nothing(sealed):
    rewrap_keys(root_version=1, after=None, size=10)
    before = list(DataKey.objects.order_by("id").values())
    assert rewrap_keys(root_version=1, after=None, size=10) == Rewrapped(0, 0, None)
    assert list(DataKey.objects.order_by("id").values()) == before


def test_damaged_key_is_left_alone_with_an_alarm(sealed):
    damaged = DataKey.objects.order_by("id")[1]
    DataKey.objects.filter(pk=damaged.pk).update(wrapped=bytes(60))
    batch = rewrap_keys(root_version=1, after=None, size=10)
    assert (batch.done, batch.failed, versions()) == (4, 1, [1, 2, 2, 2, 2])
    alarm = Alarm.objects.get()
    assert (alarm.reason, alarm.owner_id, alarm.record_id, alarm.field) == (
        "damaged",
        damaged.owner_id,
        damaged.pk,
        "wrapped",
    )


def test_key_destroyed_while_being_rewrapped_stays_destroyed(sealed, settings):
    meddling = MeddlingKeys({2: NEW, 1: OLD})
    meddling.owner_id = sealed[2][0].thread_id
    settings.MESSAGE_KEYS = meddling
    batch = rewrap_keys(root_version=1, after=None, size=10)
    row = DataKey.objects.get(owner_id=meddling.owner_id)
    assert (batch.done, row.wrapped, row.commitment, row.root_version) == (4, None, None, 0)
    assert versions() == [0, 2, 2, 2, 2]


def test_destroyed_keys_are_not_rotated(sealed):
    destroy_keys(owner_id=sealed[0][0].thread_id, by="a test")
    assert rewrap_keys(root_version=1, after=None, size=10).done == 4
    assert old_root_versions() == []
