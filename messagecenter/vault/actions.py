"""What changes keys after they were made: destroying them, and rewrapping them under a new root key."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from messagecenter.vault import alarms, envelope, keyring
from messagecenter.vault.errors import Unreadable
from messagecenter.vault.models import DataKey

logger = logging.getLogger("messagecenter.vault")

# The root version of a destroyed key: nothing wraps it.
NO_ROOT = 0


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one batch did: keys rewrapped, keys that could not be opened, and the last row looked at."""

    done: int
    failed: int
    last_id: UUID | None


def destroy_keys(*, purpose: str = keyring.THREAD, owner_id: UUID, by: Model | str) -> int:
    """Destroy every key of one owner, so that nothing sealed under them can ever be opened; return how many there were.

    Safe to call twice. An owner who never had a key gets an empty one, so that nobody makes one later. This process
    forgets the key when the transaction commits; other processes forget it within 60 seconds, and until then they can
    still open what it protects.
    """
    now = timezone.now()
    with transaction.atomic(using=settings.VAULT_DATABASE):
        # Inserted first: on PostgreSQL this waits for a key being made right now, which is then destroyed below.
        tombstone = DataKey(purpose=purpose, owner_id=owner_id, root_version=NO_ROOT, destroyed_at=now)
        DataKey.objects.bulk_create([tombstone], ignore_conflicts=True)
        destroyed = DataKey.objects.filter(purpose=purpose, owner_id=owner_id, destroyed_at=None).update(
            wrapped=None, commitment=None, root_version=NO_ROOT, destroyed_at=now
        )
        keyring.forget(purpose, owner_id)
        transaction.on_commit(lambda: keyring.forget(purpose, owner_id), using=settings.VAULT_DATABASE)
    logger.info("Destroyed %s keys: %s %s, by %s.", destroyed, purpose, owner_id, getattr(by, "pk", by))
    return destroyed


def delete_keys(*, purpose: str, owner_ids: Collection[UUID]) -> None:
    """Delete the keys of owners that are gone for good, such as uploads that have become part of a thread.

    Unlike ``destroy_keys`` nothing is left to say that they were: their owners must never seal anything again.
    """
    with transaction.atomic(using=settings.VAULT_DATABASE):
        DataKey.objects.filter(purpose=purpose, owner_id__in=owner_ids).delete()
        for owner_id in owner_ids:
            keyring.forget(purpose, owner_id)
            transaction.on_commit(partial(keyring.forget, purpose, owner_id), using=settings.VAULT_DATABASE)


def owners_of(*, purpose: str, created_before: datetime) -> Iterator[UUID]:
    """Yield who owns keys of a purpose made before an aware moment."""
    rows = DataKey.objects.filter(purpose=purpose, created_at__lt=created_before).order_by("pk")
    yield from rows.values_list("owner_id", flat=True).iterator(chunk_size=1000)


def keys_to_rotate(*, root_version: int) -> QuerySet[DataKey]:
    """Return the keys wrapped by one root key, in the order they are rewrapped."""
    return DataKey.objects.filter(root_version=root_version, wrapped__isnull=False).order_by("id")


def old_root_versions() -> list[int]:
    """Return the root key versions that still wrap keys and are not the current one."""
    return [version for version in keyring.stored_root_versions() if version != settings.MESSAGE_KEY_CURRENT]


def rewrap_keys(*, root_version: int, after: UUID | None, size: int) -> Rewrapped:
    """Rewrap the next ``size`` keys of ``root_version`` after row ``after`` under the current root key.

    One transaction; killed at any point it leaves each key wrapped by the one root key or the other. A row that was
    destroyed or rewrapped meanwhile stays as it is. A key that does not open is left alone, with an alarm.
    """
    current = settings.MESSAGE_KEY_CURRENT
    rows = keys_to_rotate(root_version=root_version)
    found = list((rows.filter(id__gt=after) if after else rows)[:size])
    opened: list[DataKey] = []
    for row in found:
        try:
            key = keyring.open_row(row)
        except Unreadable as trouble:
            alarms.sound(reason=trouble.reason, owner_id=row.owner_id, record_id=row.id, field="wrapped")
            continue
        row.root_version = current
        row.wrapped = envelope.wrap(settings.MESSAGE_KEYS[current], key, keyring.key_place(row))
        opened.append(row)
    done = _store_rewrapped(opened, root_version=root_version) if opened else 0
    return Rewrapped(done=done, failed=len(found) - len(opened), last_id=found[-1].id if found else None)


def _store_rewrapped(rows: list[DataKey], *, root_version: int) -> int:
    """Write those rows that are still wrapped by ``root_version``, and return how many those were.

    Plain SQL, because it is ten times as fast as Django's bulk_update here, and a site has a key a thread.
    """
    connection = connections[settings.VAULT_DATABASE]
    fields = {field.name: field for field in DataKey._meta.fields}
    columns = [fields[name] for name in ("wrapped", "root_version", "id")]
    names = [DataKey._meta.db_table, *(str(field.column) for field in columns)]
    table, wrapped, version, key = map(connection.ops.quote_name, names)
    sql = (
        f"UPDATE {table} SET {wrapped} = %s, {version} = %s "  # noqa: S608 (names of our own model)
        f"WHERE {key} = %s AND {version} = %s AND {wrapped} IS NOT NULL"
    )
    values = [
        [*(field.get_db_prep_save(getattr(row, field.name), connection) for field in columns), root_version]
        for row in rows
    ]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.executemany(sql, values)
        return int(cursor.rowcount)
