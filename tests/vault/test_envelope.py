"""The envelope by itself: known answers, round trips, and everything it must refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given, settings
from hypothesis import strategies as st

from messagecenter.ids import new_id
from messagecenter.vault import envelope
from messagecenter.vault.envelope import Broken, KeyPlace, Place
from tests.vault.salamander import two_faced

VECTORS: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "vectors.json").read_text())
KEY = bytes(range(32))
ROOT = bytes(range(32, 64))


def place_of(vector: dict[str, Any]) -> Place:
    """Return a text vector's place."""
    sender = UUID(vector["sender"]) if vector["sender"] else None
    return Place(UUID(vector["thread"]), UUID(vector["record"]), vector["field"], sender)


def a_place() -> Place:
    return Place(new_id(), new_id(), "body", new_id())


def a_key_place() -> KeyPlace:
    return KeyPlace("thread", new_id(), 1, 1)


@pytest.mark.parametrize("vector", VECTORS["texts"])
def test_seal_gives_the_known_answer(vector):
    key, nonce, sealed = (bytes.fromhex(vector[name]) for name in ("key", "nonce", "sealed"))
    place = place_of(vector)
    assert envelope.seal_with_nonce(key, vector["text"], place, vector["version"], nonce) == sealed
    assert envelope.unseal(key, sealed, place) == vector["text"]
    assert envelope.version_of(sealed) == vector["version"]


@pytest.mark.parametrize("vector", VECTORS["texts"])
def test_text_vector_is_plain_aes_gcm_bound_to_what_it_says(vector):
    key, nonce, sealed, bound_to = (bytes.fromhex(vector[name]) for name in ("key", "nonce", "sealed", "bound_to"))
    assert sealed[:15] == b"\x01" + vector["version"].to_bytes(2, "big") + nonce
    assert AESGCM(key).decrypt(nonce, sealed[15:], bound_to) == vector["text"].encode()


@pytest.mark.parametrize("vector", VECTORS["keys"])
def test_wrap_gives_the_known_answer(vector):
    root, nonce, key, wrapped, commitment, bound_to = (
        bytes.fromhex(vector[name]) for name in ("root", "nonce", "key", "wrapped", "commitment", "bound_to")
    )
    place = KeyPlace(vector["purpose"], UUID(vector["owner"]), vector["version"], vector["root_version"])
    assert envelope.wrap_with_nonce(root, key, place, nonce) == wrapped
    assert envelope.commitment(key) == commitment
    assert envelope.unwrap(root, wrapped, commitment, place) == key
    assert AESGCM(root).decrypt(nonce, wrapped[12:], bound_to) == key


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["why"])
def test_unseal_refuses_the_known_forgeries(vector):
    with pytest.raises(Broken):
        envelope.unseal(bytes.fromhex(vector["key"]), bytes.fromhex(vector["sealed"]), place_of(vector))


@settings(deadline=None)
@given(st.text(), st.integers(1, 65535), st.text(st.characters(codec="utf-8"), max_size=40), st.booleans())
@example("", 1, "body", True)
@example("\0", 1, "body", False)
@example("x" * 10_000, 2, "body", True)
@example("\U0001f9e1" * 10_000, 2, "body", True)
@example("e\u0301\r\n\u2028\ufeff\u202e\U0010ffff", 65535, "", False)
def test_any_text_comes_back(text, version, field, has_sender):
    place = Place(new_id(), new_id(), field, new_id() if has_sender else None)
    assert envelope.unseal(KEY, envelope.seal(KEY, text, place, version), place) == text


@pytest.mark.parametrize("text", ["\ud800", "Zimtstern\udfff", "\udc80" * 100])
def test_half_a_character_is_refused_without_quoting_it(text):
    with pytest.raises(ValueError, match=r"^The text is not Unicode: half a character at position \d+\.$") as caught:
        envelope.seal(KEY, text, a_place(), 1)
    assert (type(caught.value), caught.value.__cause__, caught.value.__context__) == (ValueError, None, None)


@pytest.mark.parametrize("part", ["thread_id", "record_id", "field", "sender_id"])
def test_text_moved_to_another_place_is_refused(part):
    here = a_place()
    other: Any = "subject" if part == "field" else new_id()
    there = replace(here, **{part: other})
    first, second = envelope.seal(KEY, "one", here, 1), envelope.seal(KEY, "two", there, 1)
    assert (envelope.unseal(KEY, first, here), envelope.unseal(KEY, second, there)) == ("one", "two")
    for blob, wrong in ((first, there), (second, here)):
        with pytest.raises(Broken):
            envelope.unseal(KEY, blob, wrong)


@given(st.lists(st.binary(max_size=6), max_size=6), st.lists(st.binary(max_size=6), max_size=6))
@example([b"a", b"b"], [b"ab"])
@example([b"", b"a"], [b"a", b""])
@example([], [b""])
def test_what_is_bound_encodes_without_collisions(left, right):
    assert (envelope.encode(*left) == envelope.encode(*right)) == (left == right)


def test_every_changed_byte_and_every_cut_is_refused():
    place = a_place()
    blob = envelope.seal(KEY, "Where is my order?", place, 1)
    forged = [blob[:i] + bytes([blob[i] ^ flip]) + blob[i + 1 :] for i in range(len(blob)) for flip in range(1, 256)]
    forged += [blob[:i] for i in range(len(blob))] + [blob[i:] for i in range(1, len(blob))] + [blob + b"\0"]
    opened = 0
    for wrong in forged:
        try:
            envelope.unseal(KEY, wrong, place)
            opened += 1
        except Broken:
            pass
    assert opened == 0


def test_nonces_of_200_000_messages_are_unique():
    place = a_place()
    assert len({envelope.seal(KEY, "same", place, 1)[3:15] for _ in range(200_000)}) == 200_000


@pytest.mark.parametrize(
    "moved",
    [{"owner_id": new_id()}, {"purpose": "index"}, {"version": 2}, {"root_version": 2}],
    ids=lambda moved: next(iter(moved)),
)
def test_wrapped_key_moved_to_another_owner_is_refused(moved):
    place = a_key_place()
    wrapped = envelope.wrap(ROOT, KEY, place)
    assert envelope.unwrap(ROOT, wrapped, envelope.commitment(KEY), place) == KEY
    with pytest.raises(Broken):
        envelope.unwrap(ROOT, wrapped, envelope.commitment(KEY), replace(place, **moved))


def test_wrapped_key_with_any_changed_byte_or_cut_is_refused():
    place, committed = a_key_place(), envelope.commitment(KEY)
    wrapped = envelope.wrap(ROOT, KEY, place)
    forged = [wrapped[:i] + bytes([wrapped[i] ^ 1]) + wrapped[i + 1 :] for i in range(len(wrapped))]
    forged += [wrapped[:i] for i in range(len(wrapped))] + [wrapped + b"\0"]
    for wrong in forged:
        with pytest.raises(Broken):
            envelope.unwrap(ROOT, wrong, committed, place)
    for wrong in [committed[:-1], b"", envelope.commitment(bytes(32))]:
        with pytest.raises(Broken):
            envelope.unwrap(ROOT, wrapped, wrong, place)


def test_wrapped_key_made_to_open_under_two_root_keys_opens_only_as_the_committed_one():
    """AES-GCM opens this ciphertext under both roots, to two different data keys; the commitment allows one."""
    first, second = a_key_place(), KeyPlace("thread", new_id(), 1, 2)
    roots = (ROOT, KEY)
    bonds = (envelope._key_bond(first), envelope._key_bond(second))
    wrapped = two_faced(*roots, *bonds, bytes(12))
    keys = [AESGCM(root).decrypt(bytes(12), wrapped[12:], bond) for root, bond in zip(roots, bonds, strict=True)]
    assert keys[0] != keys[1]
    assert envelope.unwrap(roots[0], wrapped, envelope.commitment(keys[0]), first) == keys[0]
    with pytest.raises(Broken):
        envelope.unwrap(roots[1], wrapped, envelope.commitment(keys[0]), second)
