"""Chunks: how the bytes of a file are sealed under its own key, so that any range opens by itself. Pure, no Django.

Everything here can be repeated by another program; ``tests/vault/chunk_vectors.json`` holds known answers. All
integers are unsigned and big endian, all ids the 16 bytes of a UUID, all texts UTF-8.

A file consists of named parts (its content, its previews, its text). Each part is sealed by itself:

Sealed part    format (1 byte, 1) | nonce prefix (7, random for each part) | chunk 0 | chunk 1 | …
Chunk          AES-256-GCM ciphertext of 1,048,576 bytes, of 1 to 1,048,576 in the last chunk, and tag (16)
               nonce: nonce prefix (7) | chunk number from 0 (4) | 1 in the last chunk, else 0 (1)
               bound to: "messagecenter file", format (1), file, part, chunk number (4), 1 or 0 as in the nonce (1),
               size of the part's plain bytes (8)

An empty part is one chunk of no bytes. What a chunk is bound to (GCM's associated data) is a list of byte strings,
each after its length in 4 bytes, as in ``envelope``. This is the STREAM construction (Hoang, Reyhanitabar, Rogaway,
Vizár 2015), with all that tells where a chunk belongs in the associated data as well.

The key is 32 random bytes used for one file only. It is tied to the file by lying in a sealed text: AES-GCM alone can
be made to open one ciphertext under two keys, so a key must never come from where the chunks lie.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from messagecenter.vault.envelope import KEY_BYTES, TAG_BYTES, Broken, encode

__all__ = ["Broken", "FileBond", "new_file_key", "open_range", "seal_chunks", "sealed_size"]

FORMAT = 1
LABEL = b"messagecenter file"
CHUNK_BYTES = 1024 * 1024
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
PREFIX_BYTES = 7
HEADER_BYTES = 1 + PREFIX_BYTES
MOST_CHUNKS = 2**32


@dataclass(frozen=True, slots=True)
class FileBond:
    """Where sealed bytes belong. A chunk opens only as part of the file and the part it was sealed for."""

    file_id: UUID
    part: str


def new_file_key() -> bytes:
    """Return a random key for one file."""
    return secrets.token_bytes(KEY_BYTES)


def sealed_size(plain_size: int) -> int:
    """Return how many bytes a part of ``plain_size`` bytes takes when sealed. Raises ValueError for none such."""
    return HEADER_BYTES + plain_size + TAG_BYTES * _count(plain_size)


def seal_chunks(
    key: bytes, content: bytes | Iterable[bytes], bond: FileBond, plain_size: int | None = None
) -> Iterator[bytes]:
    """Yield the sealed bytes of one part, for ``bond`` only: the header, then chunk after chunk.

    ``content`` is the plain bytes, or yields them in blocks of any size; then ``plain_size`` must say how many come.
    About 2 MiB are held, besides the block that was given. Raises ValueError when there are more or fewer, and then
    never yields the last chunk.
    """
    return seal_chunks_with_prefix(key, content, bond, plain_size, secrets.token_bytes(PREFIX_BYTES))


def seal_chunks_with_prefix(
    key: bytes, content: bytes | Iterable[bytes], bond: FileBond, plain_size: int | None, prefix: bytes
) -> Iterator[bytes]:
    """Seal with a given nonce prefix. For known answers only: one used twice under one key gives both parts away."""
    blocks = [content] if isinstance(content, bytes) else content
    if plain_size is None:
        if not isinstance(content, bytes):
            raise ValueError("The size must be given with blocks.")
        plain_size = len(content)
    return _seal(AESGCM(key), _regroup(blocks, plain_size), _Part(bond, plain_size, prefix))


def open_range(
    key: bytes,
    bond: FileBond,
    plain_size: int,
    read: Callable[[int, int], Iterable[bytes]],
    start: int = 0,
    stop: int | None = None,
    *,
    at_end: bool = False,
) -> Iterator[bytes]:
    """Yield the plain bytes from ``start`` to before ``stop`` (the end when None), at most 1 MiB at a time.

    ``read(first, last)`` yields the sealed part's bytes from ``first`` to before ``last`` in blocks of any size, fewer
    when there are no more; it is asked for the header and for the chunks that the range touches, nothing else. About
    2 MiB are held, besides the block that was read.

    Raises Broken before any byte of a chunk that does not hold: changed, missing, cut short, of another place, part,
    file, size or key. A chunk that the range does not touch is not looked at, nor is what comes after the last one,
    unless ``at_end`` says that nothing may: then one byte more is asked for. An empty range yields nothing and
    looks at nothing, except in an empty part. Raises ValueError for a range that is none.
    """
    stop = plain_size if stop is None else stop
    if not 0 <= start <= stop <= plain_size:
        raise ValueError("There is no such range.")
    if start == stop and plain_size:
        return iter(())
    return _open(AESGCM(key), bond, plain_size, read, start, stop, at_end)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part whose header is known: what its chunks are sealed with and where they lie."""

    bond: FileBond
    plain_size: int
    prefix: bytes

    @property
    def last_number(self) -> int:
        """The number of the last chunk."""
        return _count(self.plain_size) - 1

    def size(self, number: int) -> int:
        """Return the plain bytes of one chunk."""
        return min(CHUNK_BYTES, self.plain_size - number * CHUNK_BYTES)

    def nonce(self, number: int) -> bytes:
        """Return one chunk's nonce."""
        return self.prefix + number.to_bytes(4, "big") + bytes([number == self.last_number])

    def bound_to(self, number: int) -> bytes:
        """Return one chunk's associated data."""
        return encode(
            LABEL,
            bytes([FORMAT]),
            self.bond.file_id.bytes,
            self.bond.part.encode(),
            number.to_bytes(4, "big"),
            bytes([number == self.last_number]),
            self.plain_size.to_bytes(8, "big"),
        )


def _count(plain_size: int) -> int:
    """Return the number of chunks. Raises ValueError for a size that cannot be."""
    count = max(1, -(-plain_size // CHUNK_BYTES))
    if plain_size < 0 or count > MOST_CHUNKS:
        raise ValueError("There is no such size.")
    return count


def _regroup(blocks: Iterable[bytes], plain_size: int) -> Iterator[bytearray]:
    """Yield blocks of any size as chunks. Raises ValueError before the last one unless the size is as said."""
    last = _count(plain_size) - 1
    number, left, chunk = 0, plain_size, bytearray()
    for block in blocks:
        view = memoryview(block)
        left -= len(view)
        while view:
            if len(chunk) == CHUNK_BYTES:
                if number == last:
                    raise ValueError("There are more bytes than said.")
                yield chunk
                number, chunk = number + 1, bytearray()
            room = CHUNK_BYTES - len(chunk)
            chunk += view[:room]
            view = view[room:]
    if left:
        raise ValueError("There are more or fewer bytes than said.")
    yield chunk


def _seal(cipher: AESGCM, chunks: Iterable[bytearray], part: _Part) -> Iterator[bytes]:
    """Yield the header and the sealed chunks."""
    yield bytes([FORMAT]) + part.prefix
    for number, chunk in enumerate(chunks):
        yield cipher.encrypt(part.nonce(number), chunk, part.bound_to(number))


def _open(
    cipher: AESGCM,
    bond: FileBond,
    plain_size: int,
    read: Callable[[int, int], Iterable[bytes]],
    start: int,
    stop: int,
    at_end: bool,
) -> Iterator[bytes]:
    """Yield the opened range; what ``open_range`` promises."""
    first, last = start // CHUNK_BYTES, max(stop - 1, 0) // CHUNK_BYTES
    end = HEADER_BYTES + last * SEALED_CHUNK_BYTES
    end += min(SEALED_CHUNK_BYTES, plain_size - last * CHUNK_BYTES + TAG_BYTES)
    extra = int(at_end and last == _count(plain_size) - 1)
    if first:
        with _Reader(read, 0, HEADER_BYTES) as reader:
            header = reader.take(HEADER_BYTES)
        body = _Reader(read, HEADER_BYTES + first * SEALED_CHUNK_BYTES, end + extra)
    else:
        # Header and first chunk lie side by side: one reading, which may be one request to a store.
        body = _Reader(read, 0, end + extra)
        header = bytearray()
    with body:
        part = _Part(bond, plain_size, _prefix(header or body.take(HEADER_BYTES)))
        for number in range(first, last + 1):
            sealed = body.take(part.size(number) + TAG_BYTES)
            if number == last:
                body.must_be_empty()
            try:
                plain = cipher.decrypt(part.nonce(number), sealed, part.bound_to(number))
            except InvalidTag:
                raise Broken from None
            del sealed
            begin = number * CHUNK_BYTES
            if start > begin or stop < begin + len(plain):
                plain = plain[max(start - begin, 0) : stop - begin]
            if plain:
                yield plain
            del plain  # not held while the next chunk is read


def _prefix(header: bytes | bytearray) -> bytes:
    """Return the nonce prefix. Raises Broken for an unknown format."""
    if header[0] != FORMAT:
        raise Broken
    return bytes(header[1:])


class _Reader:
    """Takes exact numbers of bytes from blocks of any size, and ends the reading when left."""

    def __init__(self, read: Callable[[int, int], Iterable[bytes]], first: int, last: int) -> None:
        self._read, self._first, self._last = read, first, last

    def __enter__(self) -> _Reader:
        self._source = self._read(self._first, self._last)
        self._blocks = iter(self._source)
        self._rest = memoryview(b"")
        return self

    def __exit__(self, *_: object) -> None:
        # A generator over a connection gives that back now, not some day.
        if close := getattr(self._source, "close", None):
            close()

    def take(self, count: int) -> bytearray:
        """Return the next ``count`` bytes. Raises Broken when there are fewer."""
        taken = bytearray()
        while len(taken) < count:
            if not self._rest:
                block = next(self._blocks, None)
                if block is None:
                    raise Broken
                self._rest = memoryview(block)
            missing = count - len(taken)
            taken += self._rest[:missing]
            self._rest = self._rest[missing:]
        return taken

    def must_be_empty(self) -> None:
        """Raise Broken when there is anything more."""
        if self._rest or any(self._blocks):
            raise Broken
