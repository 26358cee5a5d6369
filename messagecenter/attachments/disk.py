"""Objects as files of a private folder: whole or not there, and on the disk when writing returns."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from django.core.files.storage import FileSystemStorage

from .store import BLOCK_BYTES, NAME, ObjectMissing, StoreDown

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
PART = ".part"


class Disk(FileSystemStorage):
    """A folder of files named by 32 hex digits, spread over folders named by the first two of them.

    ``OPTIONS``: ``location``. Folders and files belong to this user alone (0700, 0600). A file is written beside its
    place with the ending ``.part``, forced onto the disk and renamed; what a power cut leaves has that ending.
    """

    def write(self, name: str, blocks: Iterable[bytes]) -> None:
        """Keep an object; see ``store.write``."""
        path, draft = self._path(name), self._path(name + PART)
        with _told():
            self._make(path.parent)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            try:
                for block in blocks:
                    with _told():
                        _write_all(descriptor, block)
                with _told():
                    os.fsync(descriptor)
            finally:
                with _told():
                    os.close(descriptor)
            with _told():
                draft.replace(path)
                _force(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise

    def read(self, name: str, start: int, stop: int | None) -> Iterator[bytes]:
        """Yield an object's bytes; see ``store.read``."""
        with _told():
            try:
                descriptor = os.open(self._path(name), os.O_RDONLY)
            except FileNotFoundError:
                descriptor = -1
        if descriptor < 0:
            # An unmounted folder must not look as if its files had been lost.
            raise ObjectMissing if self._root.is_dir() else StoreDown("the folder of files is not there")
        try:
            with _told():
                size = os.fstat(descriptor).st_size
            at, end = start, size if stop is None else min(stop, size)
            while at < end:
                with _told():
                    block = os.pread(descriptor, min(BLOCK_BYTES, end - at), at)
                if not block:
                    raise StoreDown("a file ended while it was read")
                at += len(block)
                yield block
        finally:
            os.close(descriptor)

    def exists(self, name: str) -> bool:
        """Return whether there is an object; see ``store.exists``."""
        with _told():
            if not self._path(name).is_file():
                self._root.stat()  # an unmounted folder must not look as if its files had been lost
                return False
            return True

    def delete(self, name: str) -> None:
        """Remove an object; see ``store.delete``."""
        with _told():
            for path in (self._path(name), self._path(name + PART)):
                path.unlink(missing_ok=True)

    def listed(self, older_than: datetime) -> Iterator[str]:
        """Yield names; see ``store.listed``."""
        if not self._root.is_dir():
            raise StoreDown("the folder of files is not there")
        moment = older_than.timestamp()
        for number in range(256):
            # One folder at a time is held, so that a million files take no memory.
            yield from self._old_names(self._root / f"{number:02x}", moment)

    def check(self) -> None:
        """Write and remove one byte; see ``store.check``."""
        with _told():
            self._make(self._root)
            probe = self._root / f".ready-{secrets.token_hex(6)}"
            descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(descriptor, b"1")
            finally:
                os.close(descriptor)
                probe.unlink()

    @property
    def _root(self) -> Path:
        return Path(self.location)

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name

    def _make(self, folder: Path) -> None:
        """Make a folder of ours, and the one it lies in, for this user alone and for good. Raises OSError."""
        for path in (self._root, folder):
            if not path.is_dir():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.mkdir(mode=0o700, exist_ok=True)
                _force(path.parent)

    def _old_names(self, folder: Path, moment: float) -> list[str]:
        """Return the names in one folder whose files, whole or not, were all written before ``moment``."""
        written: dict[str, float] = {}
        with _told(), contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name.removesuffix(PART)
                if NAME.fullmatch(name):
                    with contextlib.suppress(FileNotFoundError):  # deleted while we look
                        at = entry.stat(follow_symlinks=False).st_mtime
                        written[name] = max(at, written.get(name, at))
        return sorted(name for name, at in written.items() if at < moment)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the disk's troubles into StoreDown, without the paths that their errors name."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            reason = "the disk is full"
        elif error.errno in FORBIDDEN:
            reason = "the folder of files must not be used by this user"
        else:
            reason = "the folder of files cannot be used"
        raise StoreDown(reason) from None


def _write_all(descriptor: int, block: bytes) -> None:
    """Write a whole block: the system may take less at a time, above all on a disk that is getting full."""
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _force(folder: Path) -> None:
    """Force a folder's list of names onto the disk, so that a power cut does not take a new one back."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
