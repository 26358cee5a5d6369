"""Measures the product's pages beside raw SQL and an empty page, in one run, taking turns; prints ratios.

Run by ``./dev bench [--threads N] [--requests N]``: on a throw-away PostgreSQL, the server a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

import django

django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection

from benchmarks.load import load
from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.threads.listing import cursor_of
from messagecenter.threads.models import Entry

TICKS = os.sysconf("SC_CLK_TCK")
DEEP_PAGE = 100


def cpu_seconds(root: int) -> float:
    """Return the CPU time a process and all its children have used, in seconds, also of children that ended."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(fields[1])
                used[int(folder.name)] = sum(map(int, fields[11:15])) / TICKS
    family = {root}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(used.get(pid, 0.0) for pid in family)


def postmaster() -> int:
    """Return the process id of PostgreSQL's parent process, which every backend comes from."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    return int((Path("/proc") / str(backend) / "stat").read_text().rpartition(")")[2].split()[1])


class Browser:
    """One signed-in person with one connection to the server."""

    def __init__(self, port: int, person: User) -> None:
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.create()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.token = "a" * 32
        self.headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={self.token}",
            "Host": f"localhost:{port}",
        }

    def ask(self, method: str, path: str, body: str | None = None, accept: tuple[int, ...] = (200,)) -> None:
        """Send one request and read the whole answer. Raises AssertionError for another status."""
        headers = self.headers | ({"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status not in accept:
            raise AssertionError(f"{method} {path} gave {answer.status}")


@contextlib.contextmanager
def server() -> Iterator[tuple[int, int]]:
    """Serve the product and the yardsticks; give the port and the process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            "messagecenter.asgi:application",
            "--port",
            str(port),
            "--no-access-log",
            "--timeout-keep-alive",
            "600",
        ],
        env=os.environ | {"LOG_LEVEL": "ERROR"},
    )
    try:
        for _attempt in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def measure(
    pages: dict[str, Callable[[], None]], requests: int, families: tuple[int, int]
) -> dict[str, dict[str, float]]:
    """Ask every page in turn, in rounds of 20, and return each one's median and p95 (ms) and CPU (ms a request)."""
    times: dict[str, list[float]] = {name: [] for name in pages}
    cpu = dict.fromkeys(pages, 0.0)
    for ask in pages.values():
        for _warm_up in range(5):
            ask()
    for _round in range(max(1, requests // 20)):
        for name, ask in pages.items():
            before = sum(map(cpu_seconds, families))
            for _request in range(20):
                start = time.perf_counter()
                ask()
                times[name].append((time.perf_counter() - start) * 1000)
            cpu[name] += (sum(map(cpu_seconds, families)) - before) * 1000
    return {
        name: {
            "median": statistics.median(took),
            "p95": statistics.quantiles(took, n=20)[18],
            "cpu": cpu[name] / len(took),
        }
        for name, took in times.items()
    }


def pages_of(port: int, people: dict[str, User]) -> dict[str, Callable[[], None]]:
    """Return the requests to be measured, each a function that sends one."""
    big, small = Browser(port, people["big"]), Browser(port, people["small"])
    box = Entry.objects.filter(mailbox__members=people["big"]).inbox()
    last = box[50 * (DEEP_PAGE - 1) - 1 : 50 * (DEEP_PAGE - 1)].first() or box.reverse()[60:61].get()
    thread_id = box[200].thread_id
    posting = [entry.thread_id for entry in box[300:500]]
    after = cursor_of(last.last_message_at, last.pk)
    counted = {"post": 0, "raw": 0}

    def post(kind: str) -> None:
        counted[kind] += 1
        thread = posting[counted[kind] % len(posting)]
        fields = {
            "body": "Danke, das Paket ist unterwegs. " * 8,
            "client_id": new_id(),
            "csrfmiddlewaretoken": big.token,
        }
        path = f"/messages/{thread}/reply/" if kind == "post" else f"/bench/post/{thread}/"
        big.ask("POST", path, urlencode(fields), accept=(302,) if kind == "post" else (200,))

    raw_after = urlencode({"after": f"{last.last_message_at.isoformat()}|{last.pk}"})
    return {
        "empty page": lambda: big.ask("GET", "/bench/empty/"),
        "raw inbox": lambda: big.ask("GET", "/bench/inbox/"),
        "inbox, big": lambda: big.ask("GET", "/messages/"),
        "inbox, small": lambda: small.ask("GET", "/messages/"),
        "raw deep": lambda: big.ask("GET", f"/bench/inbox/?{raw_after}"),
        "deep page": lambda: big.ask("GET", f"/messages/?after={after}"),
        "raw thread": lambda: big.ask("GET", f"/bench/thread/{thread_id}/"),
        "thread": lambda: big.ask("GET", f"/messages/{thread_id}/"),
        "raw post": lambda: post("raw"),
        "post": lambda: post("post"),
    }


COMPARED = {
    "inbox, big": "raw inbox",
    "inbox, small": "raw inbox",
    "deep page": "raw deep",
    "thread": "raw thread",
    "post": "raw post",
}


def report(found: dict[str, dict[str, float]]) -> list[str]:
    """Return the table: milliseconds for orientation, ratios as the result."""
    lines = [
        "| page | median ms | p95 ms | CPU ms | time : raw SQL | CPU : raw SQL | time : empty page |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in found.items():
        raw = found.get(COMPARED.get(name, ""), {})
        ratios = [f"{figures[key] / raw[key]:.1f}" if raw else "" for key in ("median", "cpu")]
        empty = f"{figures['median'] / found['empty page']['median']:.1f}"
        lines.append(
            f"| {name} | {figures['median']:.1f} | {figures['p95']:.1f} | {figures['cpu']:.1f} | "
            f"{ratios[0]} | {ratios[1]} | {empty} |"
        )
    return lines


def main() -> None:
    """Load, serve, measure, print."""
    options: Any = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--threads", type=int, default=100_000)
    options.add_argument("--requests", type=int, default=200)
    options = options.parse_args()
    if connection.vendor != "postgresql":
        raise SystemExit("DATABASE_URL must name a PostgreSQL database that may be filled. Run ./dev bench.")
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", verbosity=0)
    if Entry.objects.exists():
        raise SystemExit("The database is not empty: the benchmark fills an empty one only.")
    started = time.monotonic()
    people = load(options.threads)
    print(f"{options.threads:,} threads loaded in {time.monotonic() - started:.0f} s")
    with server() as (port, pid):
        found = measure(pages_of(port, people), options.requests, (pid, postmaster()))
    print("\n".join(report(found)))


if __name__ == "__main__":
    main()
