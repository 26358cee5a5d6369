"""The store on a disk: private, whole or not there, and plain about a full or a missing one."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.utils import timezone

from messagecenter.attachments import store
from messagecenter.attachments.store import StoreDown
from tests.attachments.stores import HOUR, MIB, Kept, check_told_plainly, everything, names
from tests.processes import ROOT, environment_of
from tests.sink import wait_for


def test_files_are_private_and_spread_over_folders(local_store: Path) -> None:
    previous = os.umask(0)
    try:
        every = sorted(store.new_name() for _ in range(20))
        for name in every:
            store.write(name, [b"x"])
    finally:
        os.umask(previous)
    paths = sorted(local_store.rglob("*"))
    assert sorted(str(path.relative_to(local_store)) for path in paths if path.is_file()) == [
        f"{n[:2]}/{n}" for n in every
    ]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in [local_store, *paths]}
    assert modes == {(True, 0o700), (False, 0o600)}


def fills(kept: Kept, folder: Path, word: str, *before: str) -> list[str]:
    """Run a worker that writes more than fits, then something that does; return its words."""
    environment = environment_of(folder, DJANGO_SETTINGS_MODULE="messagecenter.settings", **kept.environment)
    command = [*before, sys.executable, "-m", "tests.attachments.store_worker", word, store.new_name()]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


COUNT = '"$@" && find "$0" -type f | wc -l'
UNSHARE = ["unshare", "--map-root-user", "--mount", "sh", "-c", f'mount -t tmpfs -o size=3m none "$0" && {COUNT}']


def may_mount() -> bool:
    """Whether this user may mount a small file system that nobody else sees."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*UNSHARE, "/mnt", "true"], capture_output=True).returncode == 0


LIMITS = ["limit", "full"] if may_mount() else ["limit"]


@pytest.mark.parametrize("word", LIMITS)
def test_full_disk_is_told_and_leaves_nothing(local_store: Path, tmp_path: Path, word: str) -> None:
    """By the system's limit on a file's size, and where that is possible on a small disk that is really full."""
    local_store.mkdir(0o700)
    before = [*UNSHARE, str(local_store)] if word == "full" else ["sh", "-c", COUNT, str(local_store)]
    words = fills(Kept(local_store), tmp_path, word, *before)
    assert words == ["down: the disk is full", "written", "1"]


def test_folder_that_belongs_to_somebody_else_is_told(local_store: Path, tmp_path: Path) -> None:
    name = store.new_name()
    store.write(name, [b"x"])
    if os.getuid():
        local_store.chmod(0)
    try:
        process = Kept(local_store).worker(tmp_path, "stranger", name)
        wait_for(lambda: not process.runs, "it still runs")
        assert process.output().splitlines() == ["down: the folder of files must not be used by this user"] * 3
    finally:
        local_store.chmod(0o700)


def test_folder_that_is_none_is_told_without_its_path(local_store: Path) -> None:
    local_store.write_text("a file")
    for use in (
        store.check,
        names,
        lambda: store.write(store.new_name(), [b"x"]),
        lambda: everything(store.new_name()),
    ):
        with pytest.raises(StoreDown) as caught:
            use()
        check_told_plainly(caught.value, local_store.name)


def test_folder_that_was_unmounted_does_not_look_as_if_files_were_lost(local_store: Path) -> None:
    name = store.new_name()
    store.write(name, [b"x"])
    local_store.rename(local_store.with_name("elsewhere"))
    for use in (names, lambda: everything(name)):
        with pytest.raises(StoreDown, match=r"^the folder of files is not there$"):
            use()


def test_file_cut_while_it_is_read_is_no_short_read(local_store: Path) -> None:
    name = store.new_name()
    store.write(name, [b"x" * MIB])
    blocks = store.read(name)
    next(blocks)
    os.truncate(local_store / name[:2] / name, 200_000)
    with pytest.raises(StoreDown, match=r"^a file ended while it was read$"):
        list(blocks)


def test_object_and_its_leftover_are_one_name_as_old_as_the_younger(local_store: Path) -> None:
    name = store.new_name()
    store.write(name, [b"x"])
    path = local_store / name[:2] / name
    path.with_name(f"{name}.part").write_bytes(b"half")
    os.utime(path, (0, 0))
    assert list(store.listed(timezone.now() - HOUR)) == []
    assert names() == [name]
    os.utime(path.with_name(f"{name}.part"), (0, 0))
    assert list(store.listed(timezone.now() - HOUR)) == [name]
    store.delete(name)
    assert [entry for entry in local_store.rglob("*") if entry.is_file()] == []


def test_reading_and_listing_go_on_while_others_delete(local_store: Path) -> None:
    every = [store.new_name() for _ in range(200)]
    for name in every:
        store.write(name, [b"x"])

    def delete() -> None:
        for name in every:
            store.delete(name)

    gone = threading.Thread(target=delete)
    gone.start()
    while gone.is_alive():
        assert set(names()) <= set(every)
    gone.join()
    assert names() == []


def test_checking_leaves_nothing_behind(local_store: Path) -> None:
    store.check()
    assert list(local_store.rglob("*")) == []
