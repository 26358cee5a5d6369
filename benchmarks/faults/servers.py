"""A PostgreSQL of the harness's own, which can be ended in the middle of things and started again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from tests.services import postgres
from tests.services.processes import Server, as_user, die_with_parent
from tests.sink import wait_for


class Database:
    """The server at ``url``; ``server`` is None when somebody else started it, who would not want it restarted."""

    def __init__(self, url: str, server: Server | None) -> None:
        self.url, self.server = url, server

    def restart_at_once(self) -> bool:
        """End it as a crash would (SIGQUIT) and start it again; return False when it is not ours."""
        if self.server is None:
            return False
        ended = self.server.process
        ended.send_signal(self.server.stop_signal)
        ended.wait(20)
        stop_signal = self.server.stop_signal
        with self.server.output.open("ab") as output:
            self.server.process = subprocess.Popen(
                ended.args,
                cwd=self.server.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=lambda: die_with_parent(stop_signal),  # noqa: PLW1509 (it only asks for a signal)
                **as_user("postgres" if os.geteuid() == 0 else None),
            )
        wait_for(self.answers, "PostgreSQL does not come back", 30)
        return True

    def answers(self) -> bool:
        """Return whether one can sign in."""
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def database(given: str) -> Iterator[Database]:
    """Give the server that ``given`` names, or start one and stop it at the end.

    What it has committed survives its end: the tests' server forgets up to half a second unless told otherwise.
    """
    server = None
    if not given:
        server, facts = postgres.start()
        given = facts["TEST_POSTGRES_URL"]
    try:
        with psycopg.connect(given, autocommit=True) as connection:
            user = urlsplit(given).username or "postgres"
            connection.execute(f'ALTER ROLE "{user}" SET synchronous_commit = on')
        yield Database(given, server)
    finally:
        if server is not None:
            server.stop()
