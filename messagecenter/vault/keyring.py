"""Finds, opens, creates and briefly remembers data keys. Opened keys live in memory only, never on disk.

What was read or made inside a transaction is remembered for everybody only once that transaction has committed: a key
whose row was rolled back must not seal anything, and a destruction that was rolled back must not count. Until then it
waits on the connection, in the very list of commit hooks that Django empties on a rollback, savepoints included.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Q

from messagecenter.vault import envelope
from messagecenter.vault.errors import Damaged, Erased, KeyMissing, Unreadable
from messagecenter.vault.models import DataKey

THREAD = "thread"
# A mailbox's search index; owned by the mailbox.
INDEX = "index"
CACHED_KEYS = 1000
CACHED_SECONDS = 60.0
# How far back a transaction looks among its own readings; a transaction that writes to more threads asks again.
LOOK_BACK = 100

Trouble = type[Unreadable]
Owner = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of one owner by version, opened; for a version that cannot be opened, why."""

    keys: dict[int, bytes] = field(default_factory=dict, repr=False)
    troubles: dict[int, Trouble] = field(default_factory=dict)

    def key(self, version: int) -> bytes:
        """Return one version's key. Raises Damaged, Erased or KeyMissing."""
        if version in self.keys:
            return self.keys[version]
        raise self.troubles.get(version, KeyMissing)()

    def current(self) -> tuple[int, bytes]:
        """Return the newest version and its key. Raises Damaged, Erased or KeyMissing."""
        version = max((*self.keys, *self.troubles), default=0)
        return version, self.key(version)

    def knows(self, version: int) -> bool:
        """Whether there is a row of this version, opened or not."""
        return version in self.keys or version in self.troubles

    @property
    def is_erased(self) -> bool:
        """Whether every key of this owner was destroyed."""
        return not self.keys and set(self.troubles.values()) == {Erased}


class KeyCache:
    """Rings by owner: the ``limit`` last used, none older than ``seconds``. Safe to use from several threads."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.generation = 0
        self._limit = limit
        self._seconds = seconds
        self._rings: OrderedDict[Owner, tuple[float, Ring]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._rings)

    def get(self, owner: Owner) -> Ring | None:
        """Return an owner's ring while it is fresh."""
        with self._lock:
            read_at, ring = self._rings.get(owner, (0.0, None))
            if ring is None:
                return None
            if self.clock() - read_at >= self._seconds:
                del self._rings[owner]
                return None
            self._rings.move_to_end(owner)
            return ring

    def put(self, rings: dict[Owner, Ring], read_at: float, generation: int) -> None:
        """Remember rings read at ``read_at``, unless a key was dropped since ``generation``."""
        with self._lock:
            if generation != self.generation or self.clock() - read_at >= self._seconds:
                return
            for owner, ring in rings.items():
                self._rings[owner] = (read_at, ring)
                self._rings.move_to_end(owner)
            while len(self._rings) > self._limit:
                self._rings.popitem(last=False)

    def drop(self, owner: Owner) -> None:
        """Forget one owner, also for readers who have just read its rows and not put them here yet."""
        with self._lock:
            self.generation += 1
            self._rings.pop(owner, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.generation += 1
            self._rings.clear()


cache = KeyCache(CACHED_KEYS, CACHED_SECONDS)


class _AfterCommit:
    """A commit hook that holds what a transaction has read until everybody may know it."""

    def __init__(self, rings: dict[Owner, Ring], read_at: float, generation: int) -> None:
        self.rings, self.read_at, self.generation = rings, read_at, generation

    def __call__(self) -> None:
        cache.put(self.rings, self.read_at, self.generation)


def ring_of(purpose: str, owner_id: UUID) -> Ring | None:
    """Return an owner's keys, from memory or with one query; None when there never was one."""
    owner = (purpose, owner_id)
    return _remembered(owner) or _read([owner]).get(owner)


def fresh_ring_of(purpose: str, owner_id: UUID) -> Ring | None:
    """Return an owner's keys as the database has them now, with one query."""
    forget(purpose, owner_id)
    return _read([(purpose, owner_id)]).get((purpose, owner_id))


def ring_for_writing(purpose: str, owner_id: UUID) -> Ring:
    """Return an owner's keys, making the first one when there is none.

    When several writers come at once, one row wins and all of them read it; nobody's transaction breaks. Raises
    KeyMissing when the current root key is not configured.
    """
    return ring_of(purpose, owner_id) or _create(purpose, owner_id)


def preload(purpose: str, owner_ids: Collection[UUID]) -> None:
    """Read the keys not yet in memory with one query; of more owners than memory holds, the first ones."""
    preload_all((purpose, owner_id) for owner_id in owner_ids)


def preload_all(owners: Iterable[Owner]) -> None:
    """Read the keys of owners of several purposes that are not yet in memory, with one query."""
    missing = [owner for owner in dict.fromkeys(owners) if _remembered(owner) is None]
    if missing:
        _read(missing[:CACHED_KEYS])


def make_first(purpose: str, owner_id: UUID) -> None:
    """Make the key of an owner that was just thought of, so that nobody else can have made one: one statement.

    Raises KeyMissing when the current root key is not configured.
    """
    row, key = _new_row(purpose, owner_id)
    generation, read_at = cache.generation, cache.clock()
    row.save(force_insert=True)
    hook = _AfterCommit({(purpose, owner_id): Ring(keys={row.version: key})}, read_at, generation)
    transaction.on_commit(hook, using=settings.VAULT_DATABASE)


def forget(purpose: str, owner_id: UUID) -> None:
    """Drop an owner's keys from this process, and from what the running transaction has read."""
    cache.drop((purpose, owner_id))
    for hook in _waiting():
        hook.rings.pop((purpose, owner_id), None)


def forget_everything() -> None:
    """Drop all keys from this process, as after a restart."""
    cache.clear()
    for hook in _waiting():
        hook.rings.clear()


def stored_root_versions() -> list[int]:
    """Return the root key versions that stored keys need, with one index seek a version."""
    versions: list[int] = []
    rows = DataKey.objects.order_by("root_version").values_list("root_version", flat=True)
    while following := rows.filter(root_version__gt=versions[-1] if versions else 0)[:1]:
        versions.append(following[0])
    return versions


def key_place(row: DataKey) -> envelope.KeyPlace:
    """Return what a row's wrapped key is bound to."""
    return envelope.KeyPlace(row.purpose, row.owner_id, row.version, row.root_version)


def open_row(row: DataKey) -> bytes:
    """Return the key wrapped in a row. Raises Damaged, Erased or KeyMissing."""
    if row.wrapped is None or row.commitment is None:
        raise Erased
    root = settings.MESSAGE_KEYS.get(row.root_version)
    if root is None:
        raise KeyMissing
    try:
        return envelope.unwrap(root, bytes(row.wrapped), bytes(row.commitment), key_place(row))
    except envelope.Broken:
        raise Damaged from None


def _create(purpose: str, owner_id: UUID) -> Ring:
    """Insert an owner's first key unless somebody was faster, and return the keys that count."""
    row, _key = _new_row(purpose, owner_id)
    # An ignored conflict, unlike an IntegrityError, leaves a surrounding PostgreSQL transaction usable.
    DataKey.objects.bulk_create([row], ignore_conflicts=True)
    ring = _read([(purpose, owner_id)]).get((purpose, owner_id))
    if ring is None:
        raise KeyMissing
    return ring


def _new_row(purpose: str, owner_id: UUID) -> tuple[DataKey, bytes]:
    """Return the row of an owner's first key, which is still to be stored, and the key in it. Raises KeyMissing."""
    version, root = settings.MESSAGE_KEY_CURRENT, settings.MESSAGE_KEYS.get(settings.MESSAGE_KEY_CURRENT)
    if root is None:
        raise KeyMissing
    key = envelope.new_key()
    row = DataKey(purpose=purpose, owner_id=owner_id, version=1, root_version=version)
    row.wrapped = envelope.wrap(root, key, key_place(row))
    row.commitment = envelope.commitment(key)
    return row, key


def _read(owners: Collection[Owner]) -> dict[Owner, Ring]:
    """Read and open owners' keys with one query, and remember them as far as they may be."""
    generation, read_at = cache.generation, cache.clock()
    rings: dict[Owner, Ring] = {}
    wanted = Q()
    for purpose in sorted({purpose for purpose, _owner_id in owners}):
        wanted |= Q(purpose=purpose, owner_id__in=[owner_id for named, owner_id in owners if named == purpose])
    for row in DataKey.objects.filter(wanted):
        ring = rings.setdefault((row.purpose, row.owner_id), Ring())
        try:
            ring.keys[row.version] = open_row(row)
        except Unreadable as trouble:
            ring.troubles[row.version] = type(trouble)
    if rings:
        hook = _AfterCommit(dict(rings), read_at, generation)
        # Outside a transaction this runs at once.
        transaction.on_commit(hook, using=settings.VAULT_DATABASE)
    return rings


def _remembered(owner: Owner) -> Ring | None:
    """Return an owner's ring from the running transaction or from memory."""
    if connections[settings.VAULT_DATABASE].run_on_commit:  # hardly ever while pages are read
        for hook in islice(_waiting(), LOOK_BACK):
            ring = hook.rings.get(owner)
            if ring is not None and cache.clock() - hook.read_at < CACHED_SECONDS:
                return ring
    return cache.get(owner)


def _waiting() -> Iterator[_AfterCommit]:
    """Yield what the running transaction has read, the latest first."""
    for entry in reversed(connections[settings.VAULT_DATABASE].run_on_commit):
        if isinstance(entry[1], _AfterCommit):
            yield entry[1]
