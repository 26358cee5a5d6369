"""Keys that mark texts: one an owner and purpose, made once, gone when destroyed."""

from __future__ import annotations

import logging

import pytest

from messagecenter.ids import new_id
from messagecenter.vault import keyring, macs
from messagecenter.vault.actions import destroy_keys
from messagecenter.vault.envelope import commitment, mac_key
from messagecenter.vault.errors import Damaged, Erased
from messagecenter.vault.models import Alarm, DataKey

pytestmark = pytest.mark.django_db


def test_key_is_made_once_and_is_the_owners_own():
    owner_id = new_id()
    first = macs.mac_key(owner_id)
    keyring.forget_everything()
    assert (len(first), macs.mac_key(owner_id)) == (32, first)
    assert macs.mac_key(new_id()) != first
    assert DataKey.objects.filter(owner_id=owner_id, purpose=keyring.INDEX).count() == 1


def test_key_tells_neither_the_data_key_nor_its_commitment():
    key = bytes(range(32))
    # HKDF-SHA-256 by hand: extract with 32 zero bytes, expand once.
    import hashlib
    import hmac

    extracted = hmac.digest(bytes(32), key, hashlib.sha256)
    assert mac_key(key) == hmac.digest(extracted, b"messagecenter mac key 1" + b"\x01", hashlib.sha256)
    assert mac_key(key) != commitment(key) != key


def test_destroyed_key_is_never_made_again():
    owner_id = new_id()
    macs.mac_key(owner_id)
    destroy_keys(purpose=keyring.INDEX, owner_id=owner_id, by="a test")
    with pytest.raises(Erased):
        macs.mac_key(owner_id)
    assert Alarm.objects.count() == 0


def test_damaged_key_sounds_an_alarm(caplog):
    owner_id = new_id()
    macs.mac_key(owner_id)
    DataKey.objects.filter(owner_id=owner_id).update(wrapped=bytes(60))
    keyring.forget_everything()
    with caplog.at_level(logging.CRITICAL, logger="messagecenter.vault"), pytest.raises(Damaged):
        macs.mac_key(owner_id)
    assert list(Alarm.objects.values_list("owner_id", "field", "reason")) == [(owner_id, "index", "damaged")]


def test_keys_are_read_at_once(django_assert_num_queries):
    owner_ids = [new_id() for _ in range(5)]
    keys = [macs.mac_key(owner_id) for owner_id in owner_ids]
    keyring.forget_everything()
    with django_assert_num_queries(1):
        macs.preload(owner_ids)
    with django_assert_num_queries(0):
        assert [macs.mac_key(owner_id) for owner_id in owner_ids] == keys
