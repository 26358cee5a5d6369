"""Support's pages at 10,000 and at 100,000 cases, taking turns: the same statements, and how time grows.

Run by ``python -m benchmarks.cases [--sizes 10000,100000] [--requests 30]`` with ``DATABASE_URL`` naming a PostgreSQL
server: each size has a database of its own there, made, filled (``many_cases``) and removed. A page is asked so often,
or for 20 seconds if that is less, but five times at least. Exit code 1 when a page asks another number of statements
in the larger database.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg

if TYPE_CHECKING:
    from messagecenter.accounts.models import User

    from .many_cases import Filled

FEWEST_REQUESTS, MOST_SECONDS = 5, 20.0  # of one page


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
    small, large = min(found), max(found)
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
    from .many_cases import fill

    began = time.monotonic()
    filled = fill(size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{size:,} cases filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
    clients = {}
    for person in (filled.seller, filled.helper, filled.lead):
        clients[person] = Client(HTTP_X_FORWARDED_PROTO="https")
        clients[person].force_login(person)
    pages = _pages(filled)
    for person, address in pages.values():
        clients[person].get(address)  # templates and keys are loaded
    for name, (person, address) in pages.items():
        times: list[float] = []
        ends = time.monotonic() + MOST_SECONDS
        while len(times) < requests and (len(times) < FEWEST_REQUESTS or time.monotonic() < ends):
            start = time.perf_counter()
            answer = clients[person].get(address)
            times.append((time.perf_counter() - start) * 1000)
            if answer.status_code not in (200, 302):
                raise SystemExit(f"{address} answered {answer.status_code}")
        with CaptureQueriesContext(connection) as asked:
            clients[person].get(address)
        print(f"{name}\t{len(asked)}\t{statistics.median(times)}\t{max(times)}")


def _pages(filled: Filled) -> dict[str, tuple[User, str]]:
    """Return what is measured, by name: who asks for which address."""
    from support.desk.figures import RANGES
    from support.desk.lists import LISTS

    from .many_cases import COMMON, RARE

    seller, helper, lead, number = filled.seller, filled.helper, filled.lead, filled.number
    return {
        "case log": (seller, "/support/"),
        "case log, closed": (seller, "/support/?show=closed"),
        "case log, all": (seller, "/support/?show=all"),
        "case log, search by number": (seller, f"/support/?q={number}"),
        "case log, search by order number": (seller, f"/support/?q={filled.order_number}"),
        "case log, search by part of one": (seller, f"/support/?q={filled.order_number[:6]}"),
        "case log, search, rare word": (seller, f"/support/?q={RARE}"),
        "case log, search, common word": (seller, f"/support/?q={COMMON}"),
        "case (seller)": (seller, f"/support/{number}/"),
        "contact support": (seller, "/support/new/?topic=payments_payout"),
        **{f"desk, {name}": (helper, f"/admin/support/desk/?list={name}") for name in LISTS},
        "desk, case": (helper, f"/admin/support/desk/{number}/"),
        "desk, search by number": (helper, f"/admin/support/desk/search/?q={number}"),
        "desk, search by order number": (helper, f"/admin/support/desk/search/?q={filled.order_number}"),
        **{f"desk, figures, {days} days": (lead, f"/admin/support/desk/figures/?days={days}") for days in RANGES},
        **{
            f"desk, figures as CSV, {days} days": (lead, f"/admin/support/desk/figures/csv/?days={days}")
            for days in RANGES
        },
    }


if __name__ == "__main__":
    main()
