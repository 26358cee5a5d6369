"""The server that is measured, who asks it, and what processor time it and PostgreSQL take."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from messagecenter.accounts.models import User


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
        self.token = "a" * 32
        self.port = port
        self.headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={self.token}",
            "Host": f"localhost:{port}",
        }
        self.connect()

    def connect(self) -> None:
        """Open a connection of its own."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def another(self) -> Browser:
        """Return the same person on another connection."""
        other = object.__new__(Browser)
        other.__dict__ |= self.__dict__
        other.connect()
        return other

    def ask(
        self, method: str, path: str, body: str | None = None, accept: tuple[int, ...] = (200,), **headers: str
    ) -> bytes:
        """Send one request and return the whole answer. Raises AssertionError for another status."""
        kinds = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        self.connection.request(method, path, body, self.headers | kinds | headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in accept:
            raise AssertionError(f"{method} {path} gave {answer.status}")
        return content


def _wait_for(port: int, seconds: float = 120) -> None:
    """Return once somebody listens; raises TimeoutError when nobody does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"The server did not listen within {seconds} s.")


@contextlib.contextmanager
def server(database_url: str, workers: int = 1) -> Iterator[tuple[int, int]]:
    """Serve the product and the yardsticks from a database; give the port and the process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["messagecenter.asgi:application", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            *words,
            "--no-access-log",
            "--log-level",
            "error",
            "--timeout-keep-alive",
            "600",
        ],
        env=os.environ | {"LOG_LEVEL": "ERROR", "DATABASE_URL": database_url},
    )
    try:
        _wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)
