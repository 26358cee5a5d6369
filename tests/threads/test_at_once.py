"""Writers and readers of one mailbox at once, in real processes, on both engines; the long run is a benchmark."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, Engine, engines, environment_of, fresh_database, rows

pytestmark = pytest.mark.services


def at_once(folder: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark on a database and return what came of it."""
    environment = environment_of(folder, DATABASE_URL=url, LOG_LEVEL="ERROR", PYTHONPATH=os.fspath(ROOT))
    command = [sys.executable, "-m", "benchmarks.at_once", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("engine", engines())
def test_sixteen_at_once_lose_nothing_and_every_counter_is_exact(engine: Engine, tmp_path: Path) -> None:
    with fresh_database(engine, tmp_path) as url:
        ran = at_once(tmp_path, url, "--seconds", "6")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "Everything is exact." in ran.stdout
        [[messages]] = rows(url, "SELECT count(*) FROM threads_message")
        assert messages > 21  # what was there when they began

        # The recount is not blind: it sees a counter that is one too high, and a message that nobody counted.
        rows(url, "UPDATE threads_tally SET unread = unread + 1")
        wrong = at_once(tmp_path, url, "--only-recount")
        assert wrong.returncode == 1
        assert "the counters say" in wrong.stdout
        rows(url, "UPDATE threads_entry SET unread = unread + 1")
        assert "messages are unread" in at_once(tmp_path, url, "--only-recount").stdout
