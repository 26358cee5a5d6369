"""The envelope: how a text is sealed under a data key, and a data key under a root key. Pure functions, no Django.

Everything here can be repeated by another program, a browser's WebCrypto for example; ``tests/vault/vectors.json``
holds known answers. All integers are unsigned and big endian, all ids the 16 bytes of a UUID, all texts UTF-8.

Sealed text    format (1 byte, 1) | data key version (2) | nonce (12) | AES-256-GCM ciphertext and tag (16)
               bound to: "messagecenter text", the 3 bytes of format and version, thread, record, field, sender or empty
Wrapped key    nonce (12) | AES-256-GCM ciphertext of the 32 bytes and tag (16)
               bound to: "messagecenter data key", format, purpose, owner, data key version (2), root version (4)
Commitment     HKDF-SHA-256 of the data key, no salt, info "messagecenter data key commitment 1", 32 bytes
MAC key        HKDF-SHA-256 of the data key, no salt, info "messagecenter mac key 1", 32 bytes

What a ciphertext is bound to (GCM's associated data) is a list of byte strings, each after its length in 4 bytes: no
two lists encode alike. The commitment is needed because AES-GCM can be made to open one ciphertext under two keys.
A nonce is 96 random bits: one data key is good for 2³² texts, one root key for as many wrappings.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 3
TEXT_LABEL = b"messagecenter text"
KEY_LABEL = b"messagecenter data key"
COMMITMENT_LABEL = b"messagecenter data key commitment 1"
MAC_LABEL = b"messagecenter mac key 1"


class Broken(Exception):
    """The seal does not hold: changed, moved, cut short, of another key or of an unknown format."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text belongs. A ciphertext opens only in the place it was sealed for."""

    thread_id: UUID
    record_id: UUID
    field: str
    sender_id: UUID | None


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a data key belongs, and the version of the root key that wraps it."""

    purpose: str
    owner_id: UUID
    version: int
    root_version: int


def encode(*parts: bytes) -> bytes:
    """Return ``parts`` as one byte string, each after its length in 4 bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def new_key() -> bytes:
    """Return a random data key."""
    return secrets.token_bytes(KEY_BYTES)


def commitment(key: bytes) -> bytes:
    """Return the 32 bytes that tie a stored key row to this one data key and tell nothing about it."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=COMMITMENT_LABEL).derive(key)


def mac_key(key: bytes) -> bytes:
    """Return the 32 bytes that mark texts under a data key without sealing them; they tell nothing about it."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=MAC_LABEL).derive(key)


def seal(key: bytes, text: str, place: Place, version: int) -> bytes:
    """Return ``text`` sealed under a data key of ``version`` (1 to 65,535), for ``place`` only.

    Raises ValueError for a text that is not Unicode (a lone surrogate); the error does not quote it.
    """
    return seal_with_nonce(key, text, place, version, secrets.token_bytes(NONCE_BYTES))


def seal_with_nonce(key: bytes, text: str, place: Place, version: int, nonce: bytes) -> bytes:
    """Seal with a given nonce. For known answers only: a nonce used twice under one key gives both texts away."""
    try:
        plain = text.encode()
    except UnicodeEncodeError as error:
        position = error.start
    else:
        header = bytes([FORMAT]) + version.to_bytes(2, "big")
        return header + nonce + AESGCM(key).encrypt(nonce, plain, _text_bond(header, place))
    raise ValueError(f"The text is not Unicode: half a character at position {position}.")


def version_of(blob: bytes) -> int:
    """Return the data key's version a sealed text names. Raises Broken for an unknown format or a short one."""
    if len(blob) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES or blob[0] != FORMAT:
        raise Broken
    return int.from_bytes(blob[1:HEADER_BYTES], "big")


def unseal(key: bytes, blob: bytes, place: Place) -> str:
    """Return the text sealed in ``blob``. Raises Broken unless every byte, the key and the place are right."""
    version_of(blob)
    header, nonce, sealed = blob[:HEADER_BYTES], blob[HEADER_BYTES:][:NONCE_BYTES], blob[HEADER_BYTES + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, _text_bond(header, place)).decode()
    except (InvalidTag, UnicodeDecodeError):
        pass
    raise Broken  # outside the handler, so that no exception carrying text hangs on it


def wrap(root: bytes, key: bytes, place: KeyPlace) -> bytes:
    """Return a data key wrapped by a root key, for ``place`` only."""
    return wrap_with_nonce(root, key, place, secrets.token_bytes(NONCE_BYTES))


def wrap_with_nonce(root: bytes, key: bytes, place: KeyPlace, nonce: bytes) -> bytes:
    """Wrap with a given nonce. For known answers only."""
    return nonce + AESGCM(root).encrypt(nonce, key, _key_bond(place))


def unwrap(root: bytes, wrapped: bytes, committed: bytes, place: KeyPlace) -> bytes:
    """Return the data key. Raises Broken unless the root key, the place and the commitment are right."""
    if len(wrapped) != NONCE_BYTES + KEY_BYTES + TAG_BYTES:
        raise Broken
    try:
        key = AESGCM(root).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _key_bond(place))
    except InvalidTag:
        raise Broken from None
    if not hmac.compare_digest(commitment(key), committed):
        raise Broken
    return key


_BOND = encode(TEXT_LABEL) + HEADER_BYTES.to_bytes(4, "big")
_ID = (16).to_bytes(4, "big")


@lru_cache(maxsize=64)
def _field_bond(field: str) -> bytes:
    return encode(field.encode())


def _text_bond(header: bytes, place: Place) -> bytes:
    sender = place.sender_id.bytes if place.sender_id else b""
    thread, record = place.thread_id.bytes, place.record_id.bytes
    # As ``encode`` would write it, in one go: a search opens hundreds of texts.
    return b"".join((_BOND, header, _ID, thread, _ID, record, _field_bond(place.field), encode(sender)))


def _key_bond(place: KeyPlace) -> bytes:
    return encode(
        KEY_LABEL,
        bytes([FORMAT]),
        place.purpose.encode(),
        place.owner_id.bytes,
        place.version.to_bytes(2, "big"),
        place.root_version.to_bytes(4, "big"),
    )
