"""Encrypting and decrypting with stored keys: what opens, and that everything else fails closed."""

from __future__ import annotations

import base64
import logging
import time
import traceback
from dataclasses import replace
from uuid import UUID

import pytest
from django.utils import translation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from messagecenter.ids import new_id
from messagecenter.vault import envelope, keyring
from messagecenter.vault.actions import destroy_keys
from messagecenter.vault.cipher import Place, decrypt, encrypt, preload
from messagecenter.vault.errors import Damaged, Erased, KeyMissing, Unreadable
from messagecenter.vault.models import Alarm, DataKey

pytestmark = pytest.mark.django_db
CANARY = "Zimtstern-Quittenbrot"


def trouble_of(blob: bytes, place: Place) -> type[Unreadable] | None:
    """Return why a blob does not open in a place, or None when it does."""
    try:
        decrypt(blob, place)
    except Unreadable as trouble:
        return type(trouble)
    return None


@settings(deadline=None, max_examples=50)
@given(st.text())
@example("")
@example("\0")
@example("ß" * 10_000)
def test_any_text_comes_back(text):
    place = Place(UUID(int=1), new_id(), "body", None)
    assert decrypt(encrypt(text, place), place) == text


def test_decrypt_takes_what_postgresql_hands_out(place):
    assert decrypt(memoryview(encrypt("words", place)), place) == "words"


def test_one_thread_has_one_key_and_another_thread_another(place):
    other = replace(place, thread_id=new_id())
    encrypt("one", place), encrypt("two", place), encrypt("three", other)
    assert DataKey.objects.filter(owner_id=place.thread_id).count() == 1
    assert DataKey.objects.filter(owner_id=other.thread_id).count() == 1


def test_stored_key_is_not_the_key(place):
    encrypt("words", place)
    row = DataKey.objects.get()
    key = keyring.open_row(row)
    assert row.wrapped is not None
    assert row.commitment is not None
    assert key not in bytes(row.wrapped) + bytes(row.commitment)


@pytest.mark.parametrize("part", ["thread_id", "record_id", "field", "sender_id"])
def test_ciphertexts_of_two_rows_cannot_be_swapped(place, part):
    other = replace(place, **{part: "subject" if part == "field" else new_id()})
    here, there = encrypt("here", place), encrypt("there", other)
    assert (decrypt(here, place), decrypt(there, other)) == ("here", "there")
    assert (trouble_of(here, other), trouble_of(there, place)) == (Damaged, Damaged)


def test_message_without_sender_does_not_open_with_one(place):
    nobody = replace(place, sender_id=None)
    assert trouble_of(encrypt("words", nobody), place) == Damaged


def test_keys_of_two_threads_cannot_be_swapped(place):
    other = replace(place, thread_id=new_id())
    here, there = encrypt("here", place), encrypt("there", other)
    first, second = DataKey.objects.get(owner_id=place.thread_id), DataKey.objects.get(owner_id=other.thread_id)
    DataKey.objects.filter(pk=first.pk).update(wrapped=second.wrapped, commitment=second.commitment)
    keyring.forget_everything()
    assert (trouble_of(here, place), trouble_of(there, other)) == (Damaged, None)


def test_key_row_given_to_another_thread_is_refused(place):
    other = replace(place, thread_id=new_id())
    blob = encrypt("here", place)
    DataKey.objects.update(owner_id=other.thread_id)
    keyring.forget_everything()
    assert (trouble_of(blob, other), trouble_of(blob, place)) == (Damaged, KeyMissing)


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01\0\x01" + bytes(27), b"\x02\0\x01" + bytes(60)])
def test_short_or_unknown_blob_is_damaged(place, blob):
    encrypt("words", place)
    assert trouble_of(blob, place) == Damaged


def test_every_changed_byte_and_every_cut_is_damaged_or_without_key(place):
    blob = encrypt("Where is it?", place)
    forged = [blob[:i] + bytes([blob[i] ^ 0x41]) + blob[i + 1 :] for i in range(len(blob))]
    troubles = [trouble_of(wrong, place) for wrong in forged]
    assert troubles == [Damaged, KeyMissing, KeyMissing] + [Damaged] * (len(blob) - 3)
    assert {trouble_of(blob[:i], place) for i in range(len(blob))} == {Damaged}


def test_destroyed_key_says_erased_and_takes_no_new_text(place):
    blob = encrypt(CANARY, place)
    assert destroy_keys(owner_id=place.thread_id, by="a test") == 1
    assert (trouble_of(blob, place), trouble_of(b"", place)) == (Erased, Erased)
    with pytest.raises(Erased):
        encrypt("more", place)
    keyring.forget_everything()
    assert trouble_of(blob, place) == Erased
    assert Alarm.objects.count() == 0


def test_missing_root_key_says_so_and_comes_back_with_it(place, settings):
    blob, keys = encrypt("words", place), settings.MESSAGE_KEYS
    settings.MESSAGE_KEYS, settings.MESSAGE_KEY_CURRENT = {2: bytes(32)}, 2
    keyring.forget_everything()
    assert trouble_of(blob, place) == KeyMissing
    with pytest.raises(KeyMissing):
        encrypt("more", place)
    settings.MESSAGE_KEYS = {2: bytes(32), **keys}
    keyring.forget_everything()
    assert decrypt(blob, place) == "words"


def test_root_key_with_other_bytes_is_damaged_and_never_plaintext(place, settings):
    blob = encrypt("words", place)
    settings.MESSAGE_KEYS = {1: bytes(32)}
    keyring.forget_everything()
    assert trouble_of(blob, place) == Damaged


def test_missing_key_row_says_so(place):
    blob = encrypt("words", place)
    DataKey.objects.all().delete()
    keyring.forget_everything()
    assert trouble_of(blob, place) == KeyMissing


def test_without_current_root_key_nothing_is_written(place, settings):
    settings.MESSAGE_KEYS = {}
    with pytest.raises(KeyMissing):
        encrypt("words", place)
    assert DataKey.objects.count() == 0


def test_key_of_a_newer_version_is_found_although_the_older_is_in_memory(place, settings):
    encrypt("words", place)
    root_version, root = next(iter(settings.MESSAGE_KEYS.items()))
    key = envelope.new_key()
    row = DataKey(purpose="thread", owner_id=place.thread_id, version=2, root_version=root_version)
    row.wrapped = envelope.wrap(root, key, keyring.key_place(row))
    row.commitment = envelope.commitment(key)
    row.save()
    assert decrypt(envelope.seal(key, "newer", place, 2), place) == "newer"
    assert encrypt("newest", place)[1:3] == b"\0\x02"


def test_preload_reads_all_keys_with_one_query(django_assert_num_queries):
    places = [Place(new_id(), new_id(), "body", None) for _ in range(50)]
    blobs = [encrypt(str(number), place) for number, place in enumerate(places)]
    keyring.forget_everything()
    threads = [place.thread_id for place in places]
    with django_assert_num_queries(1):
        preload([*threads, *threads, new_id()])
        assert [decrypt(blob, place) for blob, place in zip(blobs, places, strict=True)] == [str(n) for n in range(50)]
    with django_assert_num_queries(0):
        preload(threads)
        preload([])


def test_encrypting_needs_three_queries_at_first_and_none_after(place, django_assert_num_queries):
    with django_assert_num_queries(3):
        encrypt("first", place)
    with django_assert_num_queries(0):
        encrypt("second", place)


def test_no_error_log_or_alarm_carries_the_text_or_a_key(place, caplog):
    caplog.set_level(logging.DEBUG)
    blob = encrypt(CANARY, place)
    key = keyring.open_row(DataKey.objects.get())
    errors: list[BaseException] = []
    for wrong, there in ((blob[:-1], place), (blob, replace(place, field="subject")), (b"", place)):
        with pytest.raises(Damaged) as caught:
            decrypt(wrong, there)
        errors.append(caught.value)
    with pytest.raises(ValueError, match="not Unicode") as refused:
        encrypt(CANARY + "\ud800", place)
    errors.append(refused.value)
    DataKey.objects.all().delete()
    keyring.forget_everything()
    with pytest.raises(KeyMissing) as missing:
        decrypt(blob, place)
    errors.append(missing.value)
    written = "\n".join(
        [caplog.text, *map(repr, Alarm.objects.values()), *(repr(vars(record)) for record in caplog.records)]
        + ["".join(traceback.format_exception(error)) + repr(error.args) for error in errors]
    )
    assert "messagecenter.vault" in written
    secrets = [CANARY, base64.b64encode(CANARY.encode()).decode().rstrip("=")[:-1], CANARY.encode().hex()]
    secrets += [key.hex(), base64.b64encode(key).decode(), repr(key)[2:-1]]
    assert [secret for secret in secrets if secret in written] == []


def test_each_trouble_has_a_sentence_in_plain_words():
    with translation.override("en"):
        assert [str(kind.sentence) for kind in (Damaged, Erased, KeyMissing)] == [
            "This message is damaged and cannot be shown. The operator has been told.",
            "This message has been erased.",
            "This message cannot be opened right now: its key is missing. The operator has been told.",
        ]


def test_encrypting_and_decrypting_cost_microseconds(place):
    text, rounds = "x" * 1500, 2000
    blob = encrypt(text, place)
    start = time.perf_counter()
    for _ in range(rounds):
        decrypt(encrypt(text, place), place)
    assert len(blob) == 1500 + 31
    assert (time.perf_counter() - start) / rounds < 0.002
