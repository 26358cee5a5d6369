"""A stolen database tells no word of what was written, nor its stem."""

from __future__ import annotations

import os
import subprocess

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from messagecenter.ids import new_id
from messagecenter.search import index, words
from messagecenter.search.index import Document
from messagecenter.search.models import IndexedMessage
from tests.services import postgres

CANARY = "Quittenbrot"


def stored() -> bytes:
    """Return everything the database would give a thief: SQLite's pages or PostgreSQL's dump."""
    database = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        return bytes(connection.connection.serialize())
    programs = postgres.binaries()
    assert programs
    given = connection.get_connection_params()
    command = [
        str(programs / "pg_dump"),
        "-h",
        given["host"],
        "-p",
        str(given["port"]),
        "-U",
        given["user"],
        given["dbname"],
    ]
    dump = subprocess.run(
        command, capture_output=True, check=True, env=os.environ | {"PGPASSWORD": str(database["PASSWORD"])}
    )
    return dump.stdout


@pytest.mark.django_db(transaction=True)
def test_no_readable_word_is_stored():
    mailbox_id, thread_id = new_id(), new_id()
    keys = words.keys_of([f"{CANARY} Zwetschgenknedl marmaladed 302-8316204-9357716"])
    with transaction.atomic():
        index.add([Document(mailbox_id, thread_id, new_id(), timezone.now(), keys)])
    assert IndexedMessage.objects.get(thread_id=thread_id).tokens
    database = stored().lower()
    # The dump does hold the row.
    assert thread_id.hex.encode() in database.replace(b"-", b"")
    # Only words no other test writes: SQLite keeps what was deleted in its free pages.
    for word in (CANARY, "Zwetschgenkne", "marmaladed", "8316204-9357716", *keys):
        if len(word) > 4:  # shorter ones may stand in any file by chance
            assert word.lower().encode() not in database, word


@pytest.mark.django_db
def test_token_is_a_number_of_its_own_in_each_mailbox():
    rows = []
    for _ in range(2):
        mailbox_id = new_id()
        index.add([Document(mailbox_id, new_id(), new_id(), timezone.now(), {"lamp", "shade"})])
        rows.append(IndexedMessage.objects.get(mailbox_id=mailbox_id).tokens)
    assert len({*rows[0], *rows[1]}) == 4
    assert rows == [sorted(row) for row in rows]
    assert all(-(2**63) <= token < 2**63 for row in rows for token in row)
