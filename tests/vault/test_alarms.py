"""The operator is told of everything that does not open: in the log each time, in one row that counts."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from django.core.signals import request_finished
from django.db import connection, transaction

from messagecenter.ids import new_id
from messagecenter.vault import keyring
from messagecenter.vault.alarms import save_unsaved
from messagecenter.vault.cipher import decrypt, encrypt
from messagecenter.vault.errors import Damaged, KeyMissing, Unreadable
from messagecenter.vault.models import Alarm, DataKey


def fail(blob, place):
    with pytest.raises(Unreadable):
        decrypt(blob, place)


@pytest.mark.django_db
def test_damaged_message_is_counted_in_one_row(place):
    blob = encrypt("words", place)[:-1]
    for _ in range(3):
        fail(blob, place)
    alarm = Alarm.objects.get()
    assert (alarm.reason, alarm.owner_id, alarm.record_id, alarm.field, alarm.count) == (
        "damaged",
        place.thread_id,
        place.record_id,
        "body",
        3,
    )
    assert alarm.last_at > alarm.first_at


@pytest.mark.django_db
def test_each_reason_record_and_field_has_its_own_row(place):
    blob = encrypt("words", place)
    fail(blob[:-1], place)
    fail(blob, replace(place, field="subject"))
    fail(blob, replace(place, record_id=new_id()))
    DataKey.objects.all().delete()
    keyring.forget_everything()
    fail(blob, place)
    assert sorted(Alarm.objects.values_list("reason", "field", "count")) == [
        ("damaged", "body", 1),
        ("damaged", "body", 1),
        ("damaged", "subject", 1),
        ("key missing", "body", 1),
    ]


@pytest.mark.django_db
def test_alarm_is_logged_as_an_error_with_ids_only(place, caplog):
    fail(encrypt("words", place)[:-1], place)
    assert caplog.record_tuples == [
        (
            "messagecenter.vault",
            logging.ERROR,
            f"Cannot open body of record {place.record_id}, owner {place.thread_id}: damaged.",
        )
    ]


@pytest.mark.django_db
def test_writing_without_the_key_is_an_alarm_too(place, settings):
    settings.MESSAGE_KEYS = {}
    with pytest.raises(KeyMissing):
        encrypt("words", place)
    assert Alarm.objects.get().reason == "key missing"


@pytest.mark.django_db
def test_alarm_leaves_the_callers_transaction_usable(place):
    with transaction.atomic():
        fail(encrypt("words", place)[:-1], place)
        encrypt("more", replace(place, thread_id=new_id()))
    assert (Alarm.objects.count(), DataKey.objects.count()) == (1, 2)


@pytest.mark.django_db
def test_alarm_in_a_transaction_already_broken_still_gives_the_plain_error(place):
    blob = encrypt("words", place)
    with transaction.atomic():
        transaction.set_rollback(True)
        fail(blob[:-1], place)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("later", ["next use", "end of request"])
def test_alarm_survives_the_rollback_of_the_reader(place, later):
    blob = encrypt("words", place)
    with pytest.raises(Damaged), transaction.atomic():
        decrypt(blob[:-1], place)
    assert Alarm.objects.count() == 0
    if later == "next use":
        assert decrypt(blob, place) == "words"
    else:
        save_unsaved_receivers = [receiver for receiver in request_finished.receivers if "vault alarms" in receiver[0]]
        assert len(save_unsaved_receivers) == 1
        save_unsaved(signal=request_finished, sender=None)
    assert Alarm.objects.get().count == 1
    decrypt(blob, place)
    assert Alarm.objects.get().count == 1


@pytest.mark.django_db(transaction=True)
def test_alarm_committed_with_its_reader_is_not_counted_twice(place):
    blob = encrypt("words", place)
    with transaction.atomic():
        fail(blob[:-1], place)
        decrypt(blob, place)
    decrypt(blob, place)
    save_unsaved()
    assert Alarm.objects.get().count == 1


@pytest.mark.django_db(transaction=True)
def test_alarm_that_cannot_be_written_is_logged_and_kept_for_later(place, caplog):
    blob = encrypt("words", place)
    table = connection.ops.quote_name(Alarm._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        fail(blob[:-1], place)
        assert decrypt(blob, place) == "words"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3
    save_unsaved()
    assert Alarm.objects.get().count == 1
