"""What the database occupies beside the text in it, and how long single inserts into it take."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.pages import Owner
from messagecenter.ids import new_id
from messagecenter.search.index import Document, add
from messagecenter.search.models import is_indexed
from messagecenter.search.words import keys_of
from messagecenter.threads.models import Message, Thread
from messagecenter.threads.words import read_body, write_body
from messagecenter.vault.cipher import preload

SEALED = 31  # bytes a ciphertext is longer than its text: format, version, nonce and tag
TEXTS = 400


@dataclass(frozen=True)
class Storage:
    """Bytes of the database and of the text in it, and the largest tables."""

    messages: int
    text_bytes: int
    all_bytes: int
    tables: list[tuple[str, int, int]]  # name, bytes of rows, bytes of indexes


def storage() -> Storage:
    """Return what the database occupies: all tables with their indexes, against bodies and subjects in UTF-8."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM threads_message), "
            "(SELECT coalesce(sum(octet_length(body_ciphertext) - %s), 0) FROM threads_message) + "
            "(SELECT coalesce(sum(octet_length(subject_ciphertext) - %s), 0) FROM threads_thread)",
            [SEALED, SEALED],
        )
        messages, text = cursor.fetchone()
        cursor.execute(
            "SELECT relname, pg_table_size(relid), pg_indexes_size(relid) FROM pg_stat_user_tables "
            "ORDER BY pg_total_relation_size(relid) DESC"
        )
        tables = [(name, int(rows), int(indexes)) for name, rows, indexes in cursor.fetchall()]
    return Storage(int(messages), int(text), sum(rows + indexes for _name, rows, indexes in tables), tables[:8])


@dataclass(frozen=True)
class Inserts:
    """How long inserts took, in milliseconds."""

    number: int
    median: float
    p99: float
    worst: float
    over: int  # how many took longer than 100 ms


def inserts(owner: Owner, number: int = 10_000) -> Inserts:
    """Insert messages with their search tokens, one a transaction, and take them out again.

    The texts are those of the mailbox; encrypting and making tokens is not part of the time, committing is.
    """
    entries = owner.entries.of_mailbox(owner.mailbox).inbox().select_related("thread")
    chosen = list(entries.order_by("-last_message_at")[:TEXTS])
    threads: dict[object, Thread] = {entry.thread_id: entry.thread for entry in chosen}
    preload(list(threads))  # type: ignore[arg-type]
    bodies = [read_body(one) for one in Message.objects.filter(thread__in=list(threads), state="delivered")[:TEXTS]]
    chance = random.Random(5)
    indexed, took, made = is_indexed(owner.mailbox.pk), [], []
    began = timezone.now() - timedelta(days=1)
    for number_now in range(number):
        thread, body = chance.choice(chosen).thread, chance.choice(bodies)
        message = Message(
            thread=thread,
            sender=owner.mailbox,
            author=owner.person,
            client_id=new_id(),
            sent_at=began + timedelta(seconds=number_now),
        )
        write_body(message, body)
        document = Document(owner.mailbox.pk, thread.pk, message.pk, message.sent_at, keys_of([body]))
        made.append(message.pk)
        start = time.perf_counter()
        with transaction.atomic():
            message.save(force_insert=True)
            if indexed:
                add([document])
        took.append((time.perf_counter() - start) * 1000)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_indexedmessage WHERE message_id = ANY(%s)", [made])
        cursor.execute("DELETE FROM threads_message WHERE id = ANY(%s)", [made])
    cuts = statistics.quantiles(took, n=100)
    return Inserts(number, statistics.median(took), cuts[98], max(took), sum(one > 100 for one in took))
