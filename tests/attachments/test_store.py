"""Both stores, on a disk and in a bucket of a real S3 server: the same promises."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from messagecenter.attachments import store
from messagecenter.attachments.store import ObjectMissing
from messagecenter.vault import chunks
from tests.attachments.stores import HOUR, MIB, Kept, blocks_of, everything, names
from tests.sink import wait_for


@pytest.mark.parametrize("size", [0, 1, 131_072, 131_073, 10 * MIB + 300])
def test_object_comes_back(kept: Kept, size: int) -> None:
    name, content = store.new_name(), os.urandom(size)
    store.write(name, blocks_of(content))
    assert everything(name) == content
    assert names() == [name]


def test_any_range_comes_back_as_of_a_slice(kept: Kept) -> None:
    name, content = store.new_name(), os.urandom(400_000)
    store.write(name, [content])
    for start, stop in [
        (0, 1),
        (0, 400_000),
        (0, 10**9),
        (131_072, 262_145),
        (399_999, 400_000),
        (399_999, None),
        (7, 7),
    ]:
        assert everything(name, start, stop) == content[start:stop], (start, stop)
    for start, stop in [(400_000, 400_001), (400_000, None), (10**9, 10**9 + 1)]:
        assert everything(name, start, stop) == b"", (start, stop)
    assert max(map(len, store.read(name))) <= 128 * 1024
    for start, stop in [(-1, 3), (3, 2)]:
        with pytest.raises(ValueError, match="no such range"):
            store.read(name, start, stop)


def test_missing_object_is_told_from_a_store_that_is_down(kept: Kept) -> None:
    store.check()
    with pytest.raises(ObjectMissing):
        everything(store.new_name())


def test_deleting_removes_it_and_a_missing_one_is_fine(kept: Kept) -> None:
    name, other = store.new_name(), store.new_name()
    store.write(name, [b"one"])
    store.write(other, [b"two"])
    for _ in range(2):
        store.delete(name)
    with pytest.raises(ObjectMissing):
        everything(name)
    assert (names(), everything(other)) == ([other], b"two")


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "A" * 32, "a" * 31, "a" * 33, "a" * 32 + "\n", "a" * 31 + "/"]
)
def test_name_that_is_none_of_ours_is_refused(kept: Kept, name: str) -> None:
    for use in (lambda: store.write(name, [b"x"]), lambda: store.read(name), lambda: store.delete(name)):
        with pytest.raises(ValueError, match="no name"):
            use()
    assert kept.everything() == {}


def test_list_names_what_is_old_enough_and_ours(kept: Kept) -> None:
    name = store.new_name()
    store.write(name, [b"one"])
    for foreign in ("readme", "ab" * 15, "AB" * 16):
        kept.put(foreign, b"not ours")
    assert list(store.listed(timezone.now() - HOUR)) == []
    assert names() == [name]


def test_writing_that_is_broken_off_leaves_nothing(kept: Kept) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * MIB
        raise OSError("the sender has gone")

    # The sender's own error, not the store's.
    with pytest.raises(OSError, match="the sender has gone"):
        store.write(store.new_name(), broken())
    assert (names(), kept.everything()) == ([], {})


def test_object_is_not_there_until_it_is_whole(kept: Kept) -> None:
    name, seen = store.new_name(), []

    def looking() -> Iterator[bytes]:
        yield b"x" * MIB
        with pytest.raises(ObjectMissing):
            everything(name)
        seen.append(True)
        yield b"y"

    store.write(name, looking())
    assert (seen, len(everything(name))) == ([True], MIB + 1)


def test_many_threads_write_and_read_at_once(kept: Kept) -> None:
    def work(number: int) -> bool:
        name, content = store.new_name(), bytes([number]) * (300_000 + number)
        store.write(name, blocks_of(content))
        return everything(name) == content

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(24))) == [True] * 24
    assert len(names()) == 24


def test_memory_stays_flat(kept: Kept) -> None:
    store.write(store.new_name(), [b"first use"])
    name = store.new_name()
    tracemalloc.start()
    store.write(name, (bytes(65536) for _ in range(32 * 16)))
    assert sum(map(len, store.read(name))) == 32 * MIB
    most = tracemalloc.get_traced_memory()[1] / MIB
    tracemalloc.stop()
    assert most < 4


def test_store_shows_no_byte_no_name_and_no_type(kept: Kept) -> None:
    plain = b"%PDF-1.7 Rechnung Zimtsterne Anna " * 50_000
    key, bond, name = chunks.new_file_key(), chunks.FileBond(uuid4(), "content"), store.new_name()
    store.write(name, chunks.seal_chunks(key, plain, bond))
    shown = b"".join(place.encode() + content for place, content in kept.everything().items())
    assert len(shown) > len(plain)
    # Shorter words are found in random bytes, sooner or later.
    for word in (b"%PDF-1.7", b"Rechnung", b"Zimtsterne", bond.file_id.bytes, key):
        assert word not in shown

    def read(first: int, last: int) -> Iterator[bytes]:
        return store.read(name, first, last)

    assert b"".join(chunks.open_range(key, bond, len(plain), read, at_end=True)) == plain
    assert b"".join(chunks.open_range(key, bond, len(plain), read, MIB - 3, MIB + 9)) == plain[MIB - 3 : MIB + 9]


@pytest.mark.parametrize("harm", ["cut", "extended", "swapped"])
def test_harmed_object_is_broken_and_not_a_store_that_is_down(kept: Kept, harm: str) -> None:
    plain, key, bond = os.urandom(2 * MIB), chunks.new_file_key(), chunks.FileBond(uuid4(), "content")
    name, other = store.new_name(), store.new_name()
    store.write(name, chunks.seal_chunks(key, plain, bond))
    store.write(other, chunks.seal_chunks(key, plain, chunks.FileBond(bond.file_id, "large")))
    sealed = everything(name)
    kept.put(name, {"cut": sealed[:-5], "extended": sealed + b"x", "swapped": everything(other)}[harm])
    with pytest.raises(chunks.Broken):
        list(chunks.open_range(key, bond, len(plain), lambda *range_: store.read(name, *range_), at_end=True))


def test_killed_between_store_and_commit_the_object_is_found(kept: Kept, tmp_path: Path) -> None:
    name = store.new_name()
    process = kept.worker(tmp_path, "after", name)
    wait_for(lambda: "written" in process.output(), "nothing was written")
    process.kill()
    assert names() == [name]
    store.delete(name)
    assert kept.everything() == {}


def test_killed_while_writing_nothing_can_be_read_and_what_is_left_is_found(kept: Kept, tmp_path: Path) -> None:
    name = store.new_name()
    process = kept.worker(tmp_path, "during", name)
    wait_for(lambda: "half" in process.output(), "nothing was written")
    process.kill()
    with pytest.raises(ObjectMissing):
        everything(name)
    if kept.server:
        assert (names(), kept.server.unfinished()) == ([], 0)
    else:
        assert [len(content) for content in kept.everything().values()] == [MIB]
        assert names() == [name]
        assert list(store.listed(timezone.now() - HOUR)) == []
    for left in names():
        store.delete(left)
    assert kept.everything() == {}
