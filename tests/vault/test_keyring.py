"""Memory of keys: bounded in number and age, and never ahead of what the database has committed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from messagecenter.ids import new_id
from messagecenter.vault import keyring
from messagecenter.vault.actions import destroy_keys
from messagecenter.vault.cipher import decrypt, encrypt
from messagecenter.vault.errors import Erased
from messagecenter.vault.keyring import KeyCache, Ring
from messagecenter.vault.models import DataKey


class Undo(Exception):
    """Takes a transaction back."""


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction, or inside one a savepoint, that is taken back at its end."""
    try:
        with transaction.atomic():
            yield
            raise Undo
    except Undo:
        pass


class Clock:
    """A clock that stands still until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def owner():
    return ("thread", new_id())


def test_cache_forgets_after_its_time(clock):
    cache, key = KeyCache(10, 60.0, clock), owner()
    cache.put({key: Ring({1: b"k"})}, 100.0, cache.generation)
    clock.now = 159.9
    assert cache.get(key) == Ring({1: b"k"})
    clock.now = 160.0
    assert (cache.get(key), len(cache)) == (None, 0)


def test_cache_counts_from_the_reading_not_from_the_last_use(clock):
    cache, key = KeyCache(10, 60.0, clock), owner()
    cache.put({key: Ring({1: b"k"})}, 50.0, cache.generation)
    clock.now = 110.0
    assert cache.get(key) is None
    cache.put({key: Ring({1: b"k"})}, 50.0, cache.generation)
    assert len(cache) == 0


def test_cache_keeps_the_last_used(clock):
    cache, keys = KeyCache(3, 60.0, clock), [owner() for _ in range(4)]
    for key in keys[:3]:
        cache.put({key: Ring()}, 100.0, cache.generation)
    cache.get(keys[0])
    cache.put({keys[3]: Ring()}, 100.0, cache.generation)
    assert [cache.get(key) is not None for key in keys] == [True, False, True, True]


def test_cache_refuses_what_was_read_before_a_drop(clock):
    cache, key = KeyCache(3, 60.0, clock), owner()
    generation = cache.generation
    cache.drop(key)
    cache.put({key: Ring()}, 100.0, generation)
    assert cache.get(key) is None


def test_cache_holds_its_limit_under_threads():
    cache = KeyCache(50, 60.0)
    keys = [owner() for _ in range(200)]
    failures: list[BaseException] = []

    def work(offset: int) -> None:
        try:
            for number in range(4000):
                key = keys[(number * 7 + offset) % 200]
                cache.put({key: Ring()}, cache.clock(), cache.generation)
                cache.get(key)
                if number % 50 == 0:
                    cache.drop(key)
        except BaseException as error:  # noqa: BLE001 (told below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(cache) <= 50


def test_ring_does_not_show_its_keys():
    assert repr(Ring({1: b"secret"})) == "Ring(troubles={})"


@pytest.mark.django_db(transaction=True)
def test_process_remembers_at_most_1000_keys():
    for _ in range(keyring.CACHED_KEYS + 5):
        keyring.ring_for_writing("thread", new_id())
    assert (keyring.CACHED_KEYS, len(keyring.cache)) == (1000, 1000)


@pytest.mark.django_db(transaction=True)
def test_committed_key_is_remembered(place, django_assert_num_queries):
    with transaction.atomic():
        blob = encrypt("words", place)
        assert len(keyring.cache) == 0
    assert len(keyring.cache) == 1
    with django_assert_num_queries(0):
        assert decrypt(blob, place) == "words"


@pytest.mark.django_db(transaction=True)
def test_key_of_a_rolled_back_transaction_is_not_used_again(place):
    with rolled_back():
        encrypt("lost", place)
    assert DataKey.objects.count() == 0
    blob = encrypt("kept", place)
    keyring.forget_everything()
    assert decrypt(blob, place) == "kept"


@pytest.mark.django_db(transaction=True)
def test_key_of_a_rolled_back_savepoint_is_not_used_again(place):
    with transaction.atomic():
        with rolled_back():
            encrypt("lost", place)
        blob = encrypt("kept", place)
        assert decrypt(blob, place) == "kept"
    keyring.forget_everything()
    assert decrypt(blob, place) == "kept"
    assert DataKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_key_read_inside_the_transaction_that_made_it_is_not_remembered_when_it_rolls_back(place):
    with rolled_back():
        encrypt("lost", place)
        keyring.forget_everything()
        encrypt("lost too", place)
        keyring.preload("thread", [place.thread_id])
    assert (len(keyring.cache), DataKey.objects.count()) == (0, 0)
    assert keyring.ring_of("thread", place.thread_id) is None


@pytest.mark.django_db(transaction=True)
def test_transaction_asks_once_for_a_key_it_made(place, django_assert_num_queries):
    with transaction.atomic():
        encrypt("subject", place)
        with django_assert_num_queries(0):
            encrypt("body", place)
            with transaction.atomic(savepoint=False):
                encrypt("snippet", place)


@pytest.mark.django_db(transaction=True)
def test_destruction_rolled_back_leaves_the_key_usable(place):
    blob = encrypt("words", place)
    with rolled_back():
        destroy_keys(owner_id=place.thread_id, by="a test")
        with pytest.raises(Erased):
            decrypt(blob, place)
    assert decrypt(blob, place) == "words"


@pytest.mark.django_db(transaction=True)
def test_destruction_in_a_transaction_counts_at_once_and_after_commit(place):
    with transaction.atomic():
        blob = encrypt("words", place)
        destroy_keys(owner_id=place.thread_id, by="a test")
        with pytest.raises(Erased):
            decrypt(blob, place)
    with pytest.raises(Erased):
        decrypt(blob, place)


@pytest.mark.django_db
def test_first_key_of_somebody_faster_wins(place):
    """Our insert meets a row that came between our look and our insert; the surrounding transaction lives on."""
    assert keyring.ring_of("thread", place.thread_id) is None
    winner = keyring.ring_for_writing("thread", place.thread_id)
    keyring.forget_everything()
    with transaction.atomic():
        ring = keyring._create("thread", place.thread_id)
        assert DataKey.objects.count() == 1
    assert ring == winner


@pytest.mark.django_db
def test_stored_root_versions_are_found_by_one_seek_each(settings, django_assert_num_queries):
    for version in (1, 5, 9):
        settings.MESSAGE_KEYS, settings.MESSAGE_KEY_CURRENT = {version: bytes(32)}, version
        for _ in range(3):
            keyring.ring_for_writing("thread", new_id())
    destroy_keys(owner_id=new_id(), by="a test")
    with django_assert_num_queries(4):
        assert keyring.stored_root_versions() == [1, 5, 9]
