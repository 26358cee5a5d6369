"""EXPLAIN of each list over a million rows: an index and no sort of the mailbox, or exit code 1.

Run by ``python -m benchmarks.plans [--rows 1000000]`` with ``DATABASE_URL`` naming a PostgreSQL server: a database of
its own is made there, filled and removed. ``--keep`` asks the database that is named instead, which this command or
``--rows`` has filled.
"""

from __future__ import annotations

import argparse
import os
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import psycopg

OWN = f"plans_{secrets.token_hex(4)}"


def main() -> None:
    """Fill, explain, print the table, judge."""
    options: Any = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--keep", action="store_true", help="ask the database that DATABASE_URL names")
    options = options.parse_args()
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        raise SystemExit("DATABASE_URL must name a PostgreSQL server.")
    if options.keep:
        raise SystemExit(_judge(options.rows))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{OWN}"')
        try:
            os.environ["DATABASE_URL"] = urlsplit(server)._replace(path=f"/{OWN}").geturl()
            raise SystemExit(_judge(options.rows))
        finally:
            connection.execute(f'DROP DATABASE "{OWN}" WITH (FORCE)')


def _judge(rows: int) -> int:
    """Return how many lists are read in a way that must not be."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    import django

    django.setup()  # only now is it known which database is meant
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.lists import readings
    from benchmarks.million import fill
    from messagecenter.accounts.models import Mailbox, User
    from messagecenter.threads.models import Entry

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    if Entry.objects.exists():
        with connection.cursor() as cursor:
            cursor.execute("SELECT mailbox_id FROM threads_entry GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
            mailbox = Mailbox.objects.get(pk=cursor.fetchone()[0])
        reader = User.objects.filter(memberships__mailbox=mailbox).order_by("pk")[0]
    else:
        mailbox, reader = fill(rows)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        print(f"{Entry.objects.count():,} entries written in {time.monotonic() - began:.0f} s")
    print("| list | index | rows read | sorted | ms |\n|---|---|---|---|---|")
    wrong = 0
    for one in readings(mailbox, reader):
        faults = "; ".join(one.faults)
        wrong += bool(faults)
        indexes = ", ".join(name.removeprefix("entry_") for name in one.indexes)
        print(
            f"| {one.name} | {indexes} | {one.rows:,} | {one.sorted:,} | {one.milliseconds:.1f} |", faults, flush=True
        )
    print(f"{wrong} lists are read in a way that must not be." if wrong else "Each list is read by an index.")
    return min(wrong, 1)


if __name__ == "__main__":
    main()
