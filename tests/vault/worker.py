"""Other processes of the tests: each writes to the database it is given in the environment, as a server would."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from uuid import UUID

import django

django.setup()

from django.conf import settings  # noqa: E402 (only after setup)
from django.db import transaction  # noqa: E402

from messagecenter.ids import new_id  # noqa: E402
from messagecenter.vault import envelope, keyring  # noqa: E402
from messagecenter.vault.cipher import Place, decrypt, encrypt, preload  # noqa: E402
from messagecenter.vault.models import DataKey  # noqa: E402

Row = tuple[str, str, str]


def write(thread_id: UUID, text: str) -> Row:
    """Encrypt a text and return what a message's row would hold."""
    place = Place(thread_id, new_id(), "body", None)
    return str(thread_id), str(place.record_id), encrypt(text, place).hex()


def seed(out: Path, count: int) -> None:
    """Write one message in each of ``count`` new threads, whose keys are made in one go to save time."""
    version, threads = settings.MESSAGE_KEY_CURRENT, [new_id() for _ in range(count)]
    keys: list[DataKey] = []
    for thread_id in threads:
        key = envelope.new_key()
        row = DataKey(purpose=keyring.THREAD, owner_id=thread_id, root_version=version)
        row.wrapped = envelope.wrap(settings.MESSAGE_KEYS[version], key, keyring.key_place(row))
        row.commitment = envelope.commitment(key)
        keys.append(row)
    DataKey.objects.bulk_create(keys, batch_size=1000)
    rows: list[Row] = []
    for start in range(0, count, 1000):
        preload(threads[start : start + 1000])
        rows += [write(thread_id, f"seed {number}") for number, thread_id in enumerate(threads[start : start + 1000])]
    out.write_text(json.dumps(rows))


def keep_writing(seeded: Path, out: Path, stop: Path) -> None:
    """Write in old and new threads and read back, until the file ``stop`` appears."""
    old = [UUID(row[0]) for row in json.loads(seeded.read_text())]
    rows: list[Row] = []
    while not stop.exists():
        number = len(rows)
        keyring.forget_everything()
        with transaction.atomic():
            rows.append(write(old[number * 37 % len(old)] if number % 2 else new_id(), f"during {number}"))
        thread, record, sealed = rows[-1]
        assert decrypt(bytes.fromhex(sealed), Place(UUID(thread), UUID(record), "body", None)) == f"during {number}"
        out.with_suffix(".draft").write_text(json.dumps(rows))
        out.with_suffix(".draft").replace(out)
        time.sleep(0.01)


def race(out: Path, threads: Path, start: Path) -> None:
    """Write the first message of each thread in the file ``threads``, beginning when the file ``start`` appears."""
    ids = [UUID(thread) for thread in json.loads(threads.read_text())]
    out.with_suffix(".ready").touch()
    while not start.exists():
        time.sleep(0.001)
    rows: list[Row] = []
    for number, thread_id in enumerate(ids):
        with transaction.atomic():
            rows.append(write(thread_id, f"race {number}"))
            keyring.stored_root_versions()  # the transaction still works, whoever won
    out.write_text(json.dumps(rows))


def read(*files: Path) -> None:
    """Decrypt every message of the files and print how many there were."""
    rows = [row for file in files for row in json.loads(file.read_text())]
    texts: list[str] = []
    for start in range(0, len(rows), 1000):
        batch = rows[start : start + 1000]
        preload([UUID(thread) for thread, _, _ in batch])
        texts += [
            decrypt(bytes.fromhex(sealed), Place(UUID(thread), UUID(record), "body", None))
            for thread, record, sealed in batch
        ]
    assert all(text.split()[0] in ("seed", "during", "race") for text in texts)
    print(len(texts))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["seed", out, count]:
            seed(Path(out), int(count))
        case ["keep_writing", seeded, out, stop]:
            keep_writing(Path(seeded), Path(out), Path(stop))
        case ["race", out, threads, start]:
            race(Path(out), Path(threads), Path(start))
        case ["read", *files]:
            read(*map(Path, files))
        case other:
            sys.exit(f"Unknown task: {other}")
