"""What waits on disk is complete, nameless and unreadable."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.spool import FULL, IN_MEMORY, Spool

PLANTED = b"Quittenbrot mit Zimtstern "


def fill(folder: Path, pieces: list[bytes]) -> Spool:
    spool = Spool(folder)

    async def add() -> None:
        for piece in pieces:
            await spool.add(piece)
        await spool.finish()

    asyncio.run(add())
    return spool


@given(sizes=st.lists(st.sampled_from([0, 1, 1000, IN_MEMORY - 1, IN_MEMORY, IN_MEMORY + 1]), max_size=5))
def test_gives_back_what_was_added(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    pieces = [os.urandom(size) for size in sizes]
    spool = fill(tmp_path_factory.getbasetemp(), pieces)
    whole = b"".join(pieces)
    assert spool.size == len(whole)
    assert spool.on_disk == (len(whole) > IN_MEMORY)
    assert spool.open().read() == whole
    assert spool.open().read(70_000) == whole[:70_000]  # and again from the start
    spool.close()


def test_small_stays_off_the_disk(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    fill(folder, [b"x" * IN_MEMORY])
    assert not folder.exists()


def test_file_has_no_name_and_no_readable_byte(tmp_path: Path) -> None:
    spool = fill(tmp_path, [PLANTED * 20_000])
    assert list(tmp_path.iterdir()) == []
    files = [Path(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    ours = [file for file in files if str(tmp_path) in (os.readlink(file) if file.is_symlink() else "")]
    assert len(ours) == 1
    lying = ours[0].read_bytes()
    assert len(lying) == len(PLANTED) * 20_000
    assert PLANTED[:8] not in lying
    spool.close()
    assert not ours[0].exists()


@pytest.fixture
def _no_room() -> Iterator[None]:
    """Let no file of this process grow beyond 1 MiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("_no_room")
def test_a_full_disk_is_an_error_that_says_so(tmp_path: Path) -> None:
    spool = Spool(tmp_path)

    async def add() -> None:
        for _ in range(10):
            await spool.add(b"x" * 300_000)

    with pytest.raises(OSError) as caught:  # noqa: PT011 (its number is what counts)
        asyncio.run(add())
    spool.close()
    assert caught.value.errno in FULL
