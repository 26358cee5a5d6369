"""Support's pages at 10,000 and at 100,000 cases, taking turns: the same statements, and how time grows.

Run by ``python -m benchmarks.cases [--sizes 10000,100000] [--requests 30]`` with ``DATABASE_URL`` naming a PostgreSQL
server: each size has a database of its own there, made, filled and removed. A tenth of the cases is one shop's; one
case is opened and answered as people do it, and shown. Exit code 1 when a page asks another number of statements in the
larger database.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg

SHOPS, STAFF, QUEUES = 200, 30, 3
#: A case has so many steps and turns besides the one that was opened.
STEPS = 3


@dataclass(frozen=True)
class Taken:
    """One page in one database: statements, and the median and largest time in ms."""

    statements: int
    median: float
    worst: float


def main() -> None:
    """Make a database for each size, measure them in turns, print the table, judge."""
    options: Any = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="10000,100000")
    options.add_argument("--requests", type=int, default=30)
    options.add_argument("--measure", default="", help=argparse.SUPPRESS)  # a child process: one database
    options = options.parse_args()
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        raise SystemExit("DATABASE_URL must name a PostgreSQL server.")
    if options.measure:
        return _measure(int(options.measure), options.requests)
    sizes = [int(one) for one in options.sizes.split(",")]
    found = {}
    for size in sizes:
        name = f"cases_{size}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        url = urlsplit(server)._replace(path=f"/{name}").geturl()
        command = [
            sys.executable,
            "-m",
            "benchmarks.cases",
            "--measure",
            str(size),
            "--requests",
            str(options.requests),
        ]
        done = subprocess.run(
            command, env=os.environ | {"DATABASE_URL": url}, check=True, stdout=subprocess.PIPE, text=True
        )
        found[size] = {
            line.split("\t")[0]: Taken(int(line.split("\t")[1]), *map(float, line.split("\t")[2:]))
            for line in done.stdout.splitlines()
            if line.count("\t") == 3
        }
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    raise SystemExit(_report(found))


def _report(found: dict[int, dict[str, Taken]]) -> int:
    """Print a table; return how many pages ask more statements the more cases there are."""
    small, *_others, large = sorted(found)
    print(f"\n| page | statements | {small:,} cases: median ms | {large:,}: median ms | worst ms | growth |")
    print("|---|---|---|---|---|---|")
    wrong = 0
    for page, one in found[small].items():
        other = found[large][page]
        wrong += one.statements != other.statements
        said = (
            str(one.statements) if one.statements == other.statements else f"**{one.statements}, {other.statements}**"
        )
        print(
            f"| {page} | {said} | {one.median:.1f} | {other.median:.1f} | {other.worst:.1f} |"
            f" {other.median / one.median:.2f} |"
        )
    return wrong


def _measure(size: int, requests: int) -> None:
    """Fill this database and ask its pages; print a line each: name, statements, median, worst."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    os.environ["STAFF_SECOND_FACTOR"] = "off"
    import django

    django.setup()  # only now is it known which database is meant
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    began = time.monotonic()
    seller, helper, number = _fill(size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{size:,} cases filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
    clients = {}
    for person in (seller, helper):
        clients[person] = Client(HTTP_X_FORWARDED_PROTO="https")
        clients[person].force_login(person)
    pages = {
        "case log": (seller, "/support/"),
        "case log, closed": (seller, "/support/?show=closed"),
        "case log, all": (seller, "/support/?show=all"),
        "case (seller)": (seller, f"/support/{number}/"),
        "contact support": (seller, "/support/new/?topic=payments_payout"),
        **{f"desk, {name}": (helper, f"/admin/support/desk/?list={name}") for name in _lists()},
        "desk, case": (helper, f"/admin/support/desk/{number}/"),
        "desk, search by number": (helper, f"/admin/support/desk/search/?q={number}"),
    }
    for person, address in pages.values():
        clients[person].get(address)  # templates and keys are loaded
    for name, (person, address) in pages.items():
        times = []
        for _request in range(requests):
            start = time.perf_counter()
            answer = clients[person].get(address)
            times.append((time.perf_counter() - start) * 1000)
            if answer.status_code not in (200, 302):
                raise SystemExit(f"{address} answered {answer.status_code}")
        with CaptureQueriesContext(connection) as asked:
            clients[person].get(address)
        print(f"{name}\t{len(asked)}\t{statistics.median(times)}\t{max(times)}")


def _lists() -> list[str]:
    from support.desk.lists import LISTS

    return list(LISTS)


def _fill(size: int) -> tuple[Any, Any, str]:
    """Write so many cases over two years, nine in ten of them closed; return a seller, a helper and a readable case."""
    import random

    from django.utils import timezone

    from messagecenter.accounts.models import Mailbox, Membership, Role, User
    from messagecenter.ids import new_id
    from messagecenter.threads.models import Entry, Place, Tally, Thread
    from messagecenter.threads.words import write_subject
    from messagecenter.vault import cipher
    from support.actions import answer_case, open_case
    from support.models import Case, Queue, Step, Turn
    from support.numbers import new_number
    from support.severities import Severity

    now, draw = timezone.now(), random.Random(7)
    queues = [
        Queue.objects.create(mailbox=Mailbox.objects.create(kind="support", name=f"Queue {n}"), languages=["en"])
        for n in range(QUEUES)
    ]
    shops = [Mailbox.objects.create(kind="shop", name=f"Shop {n}") for n in range(SHOPS)]
    seller = User.objects.create(email="seller@bench.example")
    Membership.objects.create(user=seller, mailbox=shops[0], role=Role.OWNER)
    staff = [User.objects.create(email=f"helper{n}@bench.example", is_staff=True) for n in range(STAFF)]
    for queue in queues[:2]:
        Membership.objects.create(user=staff[0], mailbox=queue.mailbox, role=Role.AGENT)
    taken: set[str] = set()
    for _batch in range(0, size, 2_000):
        threads, cases, entries = [], [], []
        for _case in range(2_000):
            # A tenth is the measured shop's, which has as many as a shop can have.
            shop = shops[0] if draw.random() < 0.1 else draw.choice(shops)
            queue, opened = draw.choice(queues), now - timedelta(days=draw.random() * 700)
            is_active = (now - opened).days < 10 or draw.random() < 0.02
            status = draw.choice(
                ["new", "open", "answered", "waiting", "reopened"] if is_active else ["closed", "resolved"]
            )
            waits = status in ("new", "open", "reopened")
            thread = Thread(
                kind="case", topic="case", support=queue.mailbox, opened_by=shop, client_id=new_id(),
                subject_ciphertext=b"x", created_at=opened, last_message_at=opened,
            )  # fmt: skip
            number = new_number()
            while number in taken:
                number = new_number()
            taken.add(number)
            if shop == shops[0]:  # its log is shown, with what the cases are about
                cipher.begin(thread.pk)
                write_subject(thread, f"Fee of order {number}")
            threads.append(thread)
            entries += [
                Entry(thread=thread, mailbox=own, other=other, topic="case", last_message_at=opened, place=Place.INBOX)
                for own, other in ((shop, queue.mailbox), (queue.mailbox, shop))
            ]
            cases.append(
                Case(
                    thread=thread, number=number, shop=shop, queue=queue, topic="payments_fee",
                    severity=draw.randint(1, 4), language="en", status=status, status_since=opened, opened_by=seller,
                    opened_at=opened, last_word_at=opened + timedelta(hours=1),
                    assignee=None if status == "new" else draw.choice(staff),
                    waiting_since=opened if waits else None,
                    due_at=opened + timedelta(days=1) if waits else None,
                )
            )  # fmt: skip
        Thread.objects.bulk_create(threads)
        Entry.objects.bulk_create(entries)
        Case.objects.bulk_create(cases)
        Step.objects.bulk_create(
            Step(case=case, kind="moved", actor="agent", after="answered", at=case.opened_at)
            for case in cases
            for _step in range(STEPS)
        )
        Turn.objects.bulk_create(
            Turn(
                case=case, queue=case.queue, topic=case.topic, is_first=True, began_at=case.opened_at,
                due_at=case.opened_at + timedelta(days=1), ended_at=case.opened_at + timedelta(hours=9),
            )
            for case in cases
        )  # fmt: skip
    Tally.objects.bulk_create([Tally(mailbox=one) for one in (*shops, *(queue.mailbox for queue in queues))])
    opened_now = open_case(
        by=seller, shop=shops[0], topic="orders_cancel", severity=Severity.NORMAL, subject="Please cancel",
        body="The buyer has changed their mind.", client_id=new_id(), language="en",
    ).case  # fmt: skip
    if opened_now is None:
        raise SystemExit("The readable case was not delivered.")
    answer_case(by=staff[0], case=opened_now, body="It is cancelled.", client_id=new_id())
    return seller, staff[0], opened_now.number


if __name__ == "__main__":
    main()
