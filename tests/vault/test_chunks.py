"""Sealed files by themselves: known answers, ranges, and everything that must not open."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given, settings
from hypothesis import strategies as st

from messagecenter.ids import new_id
from messagecenter.vault import chunks, envelope
from messagecenter.vault.chunks import Broken, FileBond

VECTORS = json.loads((Path(__file__).parent / "chunk_vectors.json").read_text())
MIB = 1024 * 1024
KEY = bytes(range(32))
FILE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
BOND = FileBond(FILE, "content")
SIZES = [0, 1, 15, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 5]


def pattern(size: int) -> bytes:
    """Return bytes that differ from chunk to chunk."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def sealed(plain: bytes, bond: FileBond = BOND, key: bytes = KEY) -> bytes:
    return b"".join(chunks.seal_chunks(key, plain, bond))


class Blob:
    """Stored bytes that remember what was asked for and whether every reading was ended."""

    def __init__(self, stored: bytes, block: int = 65536) -> None:
        self.stored, self.block = stored, block
        self.asked: list[tuple[int, int]] = []
        self.open = 0

    def read(self, first: int, last: int) -> Iterator[bytes]:
        self.asked.append((first, last))
        self.open += 1
        try:
            piece = self.stored[first:last]
            for begin in range(0, len(piece), self.block):
                yield piece[begin : begin + self.block]
        finally:
            self.open -= 1


def opened(stored: bytes, plain_size: int, bond: FileBond = BOND, key: bytes = KEY, **more: bool) -> bytes:
    return b"".join(chunks.open_range(key, bond, plain_size, Blob(stored).read, **more))


def given_out(stored: bytes, plain_size: int, **more: bool) -> bytes:
    """Return what comes out before Broken; fails when nothing breaks."""
    out: list[bytes] = []
    with pytest.raises(Broken):
        out.extend(chunks.open_range(KEY, BOND, plain_size, Blob(stored).read, **more))
    return b"".join(out)


def parts_of(blob: bytes) -> list[bytes]:
    """Return a sealed part as its header and its chunks."""
    step = MIB + 16
    return [blob[:8], *(blob[begin : begin + step] for begin in range(8, len(blob), step))]


@pytest.mark.parametrize("vector", VECTORS["short"], ids=lambda vector: vector["part"])
def test_short_part_gives_the_known_answer(vector):
    key, prefix, plain, stored = (bytes.fromhex(vector[name]) for name in ("key", "prefix", "plain", "sealed"))
    bond = FileBond(UUID(vector["file"]), vector["part"])
    assert b"".join(chunks.seal_chunks_with_prefix(key, plain, bond, None, prefix)) == stored
    assert opened(stored, len(plain), bond, key) == plain
    assert stored[:8] == b"\x01" + prefix
    nonce = prefix + bytes(4) + b"\x01"
    assert AESGCM(key).decrypt(nonce, stored[8:], bytes.fromhex(vector["bound_to"])) == plain


@pytest.mark.parametrize("vector", VECTORS["long"], ids=lambda vector: vector["plain_size"])
def test_long_part_gives_the_known_answer(vector):
    key, prefix, size = bytes.fromhex(vector["key"]), bytes.fromhex(vector["prefix"]), vector["plain_size"]
    bond = FileBond(UUID(vector["file"]), vector["part"])
    stored = b"".join(chunks.seal_chunks_with_prefix(key, pattern(size), bond, None, prefix))
    assert (len(stored), chunks.sealed_size(size)) == (vector["sealed_size"], vector["sealed_size"])
    assert hashlib.sha256(stored).hexdigest() == vector["sealed_sha256"]
    assert opened(stored, size, bond, key) == pattern(size)


@pytest.mark.parametrize("size", SIZES)
def test_whole_part_comes_back_in_any_blocks(size):
    plain = pattern(size)
    for block in (65_537, MIB, 5 * MIB):
        blocks = [plain[begin : begin + block] for begin in range(0, size, block)]
        stored = b"".join(chunks.seal_chunks(KEY, iter([*blocks, b""]), BOND, size))
        assert len(stored) == chunks.sealed_size(size)
        for step in (8191, MIB + 16, 9 * MIB):
            blob = Blob(stored, step)
            assert b"".join(chunks.open_range(KEY, BOND, size, blob.read, at_end=True)) == plain
            assert blob.open == 0


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=3000), st.data())
def test_any_bytes_and_any_range_come_back(plain, data):
    start = data.draw(st.integers(0, len(plain)))
    stop = data.draw(st.integers(start, len(plain)))
    part = data.draw(st.text(st.characters(codec="utf-8"), max_size=20))
    bond = FileBond(new_id(), part)
    blob = Blob(sealed(plain, bond), data.draw(st.integers(1, 400)))
    assert b"".join(chunks.open_range(KEY, bond, len(plain), blob.read, start, stop)) == plain[start:stop]
    assert blob.open == 0


LONG = pattern(3 * MIB + 5)
LONG_SEALED = sealed(LONG)
NEAR_EDGES = st.sampled_from([at for edge in (0, MIB, 2 * MIB, 3 * MIB) for at in range(edge - 2, edge + 6) if at >= 0])


@settings(deadline=None, max_examples=120)
@given(st.one_of(NEAR_EDGES, st.integers(0, len(LONG))), st.one_of(NEAR_EDGES, st.integers(0, len(LONG))))
@example(0, len(LONG))
@example(len(LONG) - 1, len(LONG))
def test_range_over_chunks_reads_only_the_chunks_it_touches(one, other):
    start, stop = min(one, other), max(one, other)
    blob = Blob(LONG_SEALED)
    assert b"".join(chunks.open_range(KEY, BOND, len(LONG), blob.read, start, stop)) == LONG[start:stop]
    touched = (stop - 1) // MIB - start // MIB + 1 if stop > start else 0
    assert sum(last - first for first, last in blob.asked) <= 8 + touched * (MIB + 16)
    assert len(blob.asked) == (0 if stop == start else 1 if start < MIB else 2)
    assert max([0, *(last for _, last in blob.asked)]) <= len(LONG_SEALED)
    assert blob.open == 0


def test_reading_ends_when_the_taker_stops_early():
    blob = Blob(LONG_SEALED)
    blocks = chunks.open_range(KEY, BOND, len(LONG), blob.read, MIB)
    assert next(blocks) == LONG[MIB : 2 * MIB]
    assert blob.open == 1
    blocks.close()
    assert blob.open == 0


def test_about_two_chunks_are_held():
    """Whatever the part's size; one more is what the taker holds. The block read is 64 KiB."""

    def peak(work: Callable[[], Iterator[bytes]]) -> float:
        tracemalloc.start()
        for block in work():
            del block
        most = tracemalloc.get_traced_memory()[1] / MIB
        tracemalloc.stop()
        return most

    plain = pattern(12 * MIB)
    stored = sealed(plain)
    steps = range(0, len(plain), 65536)
    opening = peak(lambda: chunks.open_range(KEY, BOND, len(plain), Blob(stored[:]).read))
    blocks = (memoryview(plain)[begin : begin + 65536] for begin in steps)
    sealing = peak(lambda: chunks.seal_chunks(KEY, blocks, BOND, len(plain)))
    # A Blob's slice of the stored bytes is the test's, not the module's.
    assert opening - len(stored) / MIB < 2.6
    assert sealing < 3.5


@pytest.mark.parametrize("size", [0, 20, MIB, MIB + 1, 2 * MIB])
def test_cut_anywhere_is_refused(size):
    stored = sealed(pattern(size))
    cuts = {0, 1, 7, 8, 9, 23, len(stored) - 17, len(stored) - 16, len(stored) - 1, MIB + 23, MIB + 24, MIB + 25}
    for cut in {cut for cut in cuts if 0 <= cut < len(stored)}:
        whole = max(0, (cut - 8) // (MIB + 16)) * MIB
        assert given_out(stored[:cut], size) == pattern(size)[:whole]


def test_chunks_dropped_at_the_end_are_refused_whatever_size_is_claimed():
    """The last chunk is told by its flag and the size: a shorter file is not another file."""
    stored = sealed(pattern(2 * MIB))
    shorter = stored[: 8 + MIB + 16]
    assert given_out(shorter, 2 * MIB) == pattern(MIB)
    assert given_out(shorter, MIB) == b""


@pytest.mark.parametrize("size", [0, 20, MIB, 2 * MIB])
@pytest.mark.parametrize("more", [b"\0", b"x" * 16, b"x" * (MIB + 16)])
def test_extended_is_refused_where_it_must_end(size, more):
    stored = sealed(pattern(size)) + more
    kept = max(0, size - MIB) // MIB * MIB
    assert given_out(stored, size, at_end=True) == pattern(size)[:kept]
    # Several parts may lie one behind the other: what follows is not read, let alone given out.
    assert opened(stored, size) == pattern(size)


def test_store_that_gives_more_than_it_was_asked_for_is_refused():
    stored = sealed(b"one") + b"x"
    with pytest.raises(Broken):
        list(chunks.open_range(KEY, BOND, 3, lambda first, last: [stored[first:]]))


def test_last_chunk_repeated_is_refused():
    stored = sealed(pattern(MIB))
    assert given_out(stored + stored[8:], 2 * MIB) == b""


def test_reordered_and_duplicated_chunks_are_refused():
    header, first, second, third, last = parts_of(LONG_SEALED)
    orders = {
        "swapped": ([header, second, first, third, last], 0),
        "swapped later": ([header, first, third, second, last], 1),
        "duplicated": ([header, first, first, third, last], 1),
        "doubled": ([header, first, second, second, third, last], 2),
        "left out": ([header, first, third, last], 1),
        "backwards": ([header, third, second, first, last], 0),
    }
    for why, (order, good) in orders.items():
        assert given_out(b"".join(order), len(LONG)) == LONG[: good * MIB], why


def test_chunk_of_another_sealing_of_the_same_file_is_refused():
    other = parts_of(sealed(LONG))
    mine = parts_of(LONG_SEALED)
    mixed = b"".join([mine[0], mine[1], other[2], *mine[3:]])
    assert given_out(mixed, len(LONG)) == LONG[:MIB]


@pytest.mark.parametrize(
    ("moved", "size", "key"),
    [
        (FileBond(FILE, "small"), 20, KEY),
        (FileBond(FILE, ""), 20, KEY),
        (FileBond(new_id(), "content"), 20, KEY),
        (BOND, 19, KEY),
        (BOND, 21, KEY),
        (BOND, 0, KEY),
        (BOND, MIB + 20, KEY),
        (BOND, 20, bytes(32)),
    ],
    ids=["part", "no part", "file", "shorter", "longer", "empty", "a chunk longer", "key"],
)
def test_other_part_file_size_or_key_is_refused(moved, size, key):
    stored = sealed(pattern(20))
    assert opened(stored, 20) == pattern(20)
    with pytest.raises(Broken):
        opened(stored, size, moved, key)


def test_empty_part_is_sealed_too():
    stored = sealed(b"")
    assert (len(stored), opened(stored, 0)) == (24, b"")
    for bad in (b"", stored[:8], stored[:-1], stored[:-1] + bytes([stored[-1] ^ 1])):
        assert given_out(bad, 0) == b""
    with pytest.raises(Broken):
        opened(stored, 0, FileBond(FILE, "text"))


def test_every_flipped_bit_is_refused():
    stored = sealed(b"Where is my order?")
    for at in range(len(stored)):
        for bit in range(8):
            assert given_out(stored[:at] + bytes([stored[at] ^ 1 << bit]) + stored[at + 1 :], 18) == b""


@settings(deadline=None, max_examples=40)
@given(st.integers(0, len(LONG_SEALED) - 1), st.integers(1, 255))
def test_flip_in_a_long_part_stops_before_its_chunk(at, flip):
    bad = bytearray(LONG_SEALED)
    bad[at] ^= flip
    good = 0 if at < 8 else (at - 8) // (MIB + 16)
    assert given_out(bytes(bad), len(LONG)) == LONG[: good * MIB]


def test_flip_outside_the_range_does_not_hurt_it_and_inside_it_does():
    bad = bytearray(LONG_SEALED)
    bad[8 + MIB + 16 + 5] ^= 1
    assert b"".join(chunks.open_range(KEY, BOND, len(LONG), Blob(bytes(bad)).read, 2 * MIB)) == LONG[2 * MIB :]
    with pytest.raises(Broken):
        list(chunks.open_range(KEY, BOND, len(LONG), Blob(bytes(bad)).read, 2 * MIB - 1))


@pytest.mark.parametrize("number", [0, 2, 255])
def test_unknown_format_is_refused(number):
    assert given_out(bytes([number]) + sealed(b"one")[1:], 3) == b""
    unknown = bytes([number]) + LONG_SEALED[1:]
    with pytest.raises(Broken):
        list(chunks.open_range(KEY, BOND, len(LONG), Blob(unknown).read, 2 * MIB))


def test_sealing_never_ends_a_part_of_another_size():
    for blocks, size in (
        ([b"a" * MIB, b"b"], MIB),
        ([b"a"], 2),
        ([b"abc"], 2),
        ([], 1),
        ([b"a"], 0),
        ([b"a" * MIB], 3),
    ):
        out: list[bytes] = []
        with pytest.raises(ValueError, match="bytes than said"):
            out.extend(chunks.seal_chunks(KEY, iter(blocks), BOND, size))
        assert len(out) <= 1, (len(blocks), size)
    with pytest.raises(ValueError, match="size must be given"):
        chunks.seal_chunks(KEY, iter([b"a"]), BOND)


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (2, 1), (0, 4), (4, 4), (4, None)])
def test_range_that_is_none_is_refused_at_once(start, stop):
    with pytest.raises(ValueError, match="no such range"):
        chunks.open_range(KEY, BOND, 3, Blob(sealed(b"one")).read, start, stop)


@pytest.mark.parametrize("size", [-1, chunks.MOST_CHUNKS * MIB + 1])
def test_size_that_cannot_be_is_refused(size):
    with pytest.raises(ValueError, match="no such size"):
        chunks.sealed_size(size)
    assert chunks.sealed_size(chunks.MOST_CHUNKS * MIB) == 8 + chunks.MOST_CHUNKS * (MIB + 16)


def test_nonce_prefixes_and_keys_are_random():
    assert len({sealed(b"")[1:8] for _ in range(50_000)}) == 50_000
    assert len({chunks.new_file_key() for _ in range(1000)}) == 1000
    assert {len(chunks.new_file_key())} == {32}


def test_nonces_within_a_part_differ_and_only_the_last_is_flagged():
    part = chunks._Part(BOND, 300 * MIB, b"1234567")
    nonces = [part.nonce(number) for number in range(300)]
    assert {len(nonce) for nonce in nonces} == {12}
    assert all(
        int.from_bytes(after[7:11], "big") == int.from_bytes(before[7:11], "big") + 1
        for before, after in pairwise(nonces)
    )
    assert [nonce[11] for nonce in nonces] == [0] * 299 + [1]


def test_error_is_the_vaults_own():
    assert Broken is envelope.Broken


def test_sealed_bytes_show_nothing_of_the_plain_ones():
    plain = b"Zimtsterne und Spekulatius " * 80_000
    stored = sealed(plain, FileBond(FILE, "content"))
    assert b"Zimtsterne" not in stored
    assert b"content" not in stored
    assert FILE.bytes not in stored
