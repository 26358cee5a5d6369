"""SQLite whose writers queue: who came first writes first, whatever process it is in.

SQLite lets those who wait look again at intervals that grow to a tenth of a second. With sixteen writers whoever came
last looks most often, and somebody waits 17 seconds. Here they stand in the line of a file lock, and only the first of
it looks.

SQLite never waits itself: it would do so with its connection locked. Python may throw one thread's statement away in
another thread, which then waits for that connection, and holds what the connection waits for.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.base import Database  # type: ignore[attr-defined]

PAUSE_SECONDS = 0.002  # between two looks of whoever is first
READS = ("SELECT", "WITH", "PRAGMA", "EXPLAIN")  # they wait for nobody who writes

_files: dict[tuple[int, str], tuple[threading.Lock, int]] = {}
_opening = threading.Lock()
# A child that is forked while another thread of its parent opens one would find the lock held for good.
os.register_at_fork(before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_opening.release)


@contextmanager
def _first_in_line(path: str) -> Iterator[None]:
    """Wait until everybody who came before has begun: in this process by a lock, among processes by the file's."""
    with _opening:
        key = os.getpid(), path  # a forked child has a file of its own: a lock belongs to an open file
        if key not in _files:
            _files[key] = threading.Lock(), os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        here, file = _files[key]
    with here:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


class Cursor(base.SQLiteCursorWrapper):
    """A cursor whose writing statements, and transactions, begin in the order in which they were wanted."""

    path: str
    patience: float  # seconds

    def execute(self, query: str, params: Any = None) -> Any:
        """Run a statement once the database is free. Raises sqlite3's OperationalError after ``patience`` seconds."""
        run = super().execute
        if self.connection.in_transaction or not self.path:
            return run(query, params)
        until = time.monotonic() + self.patience
        with nullcontext() if query.lstrip().upper().startswith(READS) else _first_in_line(self.path):
            return _when_free(lambda: run(query, params), until)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        """Run a statement once for each; outside a transaction each is a change of its own, as everywhere in SQLite."""
        if self.connection.in_transaction or not self.path:
            return super().executemany(query, param_list)
        for params in param_list:
            self.execute(query, params)
        return self


def _when_free(run: Callable[[], Any], until: float) -> Any:
    """Look for the lock until it is there or the time is over; who waited in line so long looks once."""
    while True:
        try:
            return run()
        except Database.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != Database.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(PAUSE_SECONDS)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that waits for others outside SQLite."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; what opening itself needs is still waited for by SQLite."""
        connection = super().get_new_connection(conn_params)
        if not self.is_in_memory_db():
            connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def create_cursor(self, name: str | None = None) -> Cursor:
        """Return a cursor that knows the line and how long to stand in it."""
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        cursor.path = "" if self.is_in_memory_db() else f"{self.settings_dict['NAME']}-queue"
        cursor.patience = float(self.settings_dict.get("OPTIONS", {}).get("timeout", 5.0))
        return cursor
