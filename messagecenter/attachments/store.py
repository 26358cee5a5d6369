"""Where the sealed bytes of files lie: objects with random names, on a disk or in a bucket, written once.

Which one, says ``STORAGES["attachments"]``: ``disk.Disk`` or ``bucket.Bucket``. Nothing here knows what is in an
object; only sealed bytes may be given to it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar, Protocol, cast

from django.core.files.storage import storages
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BLOCK_BYTES = 128 * 1024
NAME = re.compile(r"[0-9a-f]{32}")


class StoreDown(Exception):
    """The store cannot do its work now. Its text says why in one of our sentences, without a name, address or key.

    ``sentence`` is for people.
    """

    sentence: ClassVar[str | Promise] = _(
        "Files cannot be saved or opened right now. Please try again in a few minutes."
    )


class ObjectMissing(Exception):
    """The store works and has no such object."""

    def __init__(self) -> None:
        super().__init__("the object is missing")


class Backend(Protocol):
    """What a place for objects can do; see the functions of this module."""

    def write(self, name: str, blocks: Iterable[bytes]) -> None:
        """Keep an object."""

    def read(self, name: str, start: int, stop: int | None) -> Iterator[bytes]:
        """Yield an object's bytes."""

    def exists(self, name: str) -> bool:
        """Say whether there is an object."""

    def delete(self, name: str) -> None:
        """Remove an object."""

    def listed(self, older_than: datetime) -> Iterator[str]:
        """Yield names."""

    def check(self) -> None:
        """Raise StoreDown unless it works."""


def new_name() -> str:
    """Return a random name for an object: 32 hex digits."""
    return secrets.token_hex(16)


def write(name: str, blocks: Iterable[bytes]) -> None:
    """Keep the bytes of ``blocks`` under a new name. When this returns they are on the disk, or in the bucket.

    Raises StoreDown; what ``blocks`` raises passes through. Then nothing can be read under this name, or, when the
    store's answer was lost, the whole object: ``listed`` finds what remains. A name is written once.
    """
    _backend().write(_checked(name), blocks)


def read(name: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield an object's bytes from ``start`` to before ``stop`` (the end when None), in blocks of at most 128 KiB.

    Fewer when the object is shorter, as with a slice. While being read raises ObjectMissing, or StoreDown when the
    bytes end before they should. Close it when stopping early: that ends the connection.
    """
    if start < 0 or (stop is not None and stop < start):
        raise ValueError("There is no such range.")
    return _backend().read(_checked(name), start, stop) if stop != start else iter(())


def exists(name: str) -> bool:
    """Return whether there is an object of this name. Raises StoreDown."""
    return _backend().exists(_checked(name))


def delete(name: str) -> None:
    """Remove an object and what an interrupted writing of it left behind. A missing one is fine. Raises StoreDown."""
    _backend().delete(_checked(name))


def listed(older_than: datetime) -> Iterator[str]:
    """Yield the names of all objects last written before an aware moment, with what interrupted writings left behind.

    What somebody else put there is not named. Raises StoreDown, possibly after some names.
    """
    return _backend().listed(older_than)


def check() -> None:
    """Raise StoreDown unless objects can be kept; cheap, and with an answer within about 3 seconds."""
    _backend().check()


def _backend() -> Backend:
    """Return what the settings name; Django makes it once a process, at first use."""
    return cast(Backend, storages["attachments"])


def _checked(name: str) -> str:
    """Return a name that is one of ours. Raises ValueError: it must never become a path or another object's key."""
    if not NAME.fullmatch(name):
        raise ValueError("That is no name of an object.")
    return name
