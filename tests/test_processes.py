"""The supervisor, with real processes: what dies is started again, and what is told to stop leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from messagecenter.processes import Child, port_taken, remove_broken, tell_errors
from tests.services.processes import free_port

ROOT = Path(settings.BASE_DIR)
# A child that notes its number and starts a grandchild; a stubborn one does not listen to a polite word.
CHILD = """
import os, signal, subprocess, sys, time
if {stubborn}: signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open({notes!r}, "a") as notes: notes.write(f"{{os.getpid()}} {{grandchild.pid}}\\n")
time.sleep(60)
"""
SUPERVISOR = """
import sys
from pathlib import Path
from messagecenter.processes import Child, Supervisor
child = [sys.executable, "-c", {child!r}]
sys.exit(Supervisor([Child("worker", child, Path({log!r}))]).run())
"""


def wait_for(what: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so, and fail when it never is."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be collected does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def supervised(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A supervisor with one child, and the file in which every start of that child is noted."""
    notes = tmp_path / "notes"
    child = CHILD.format(notes=str(notes), stubborn=getattr(request, "param", False))
    code = SUPERVISOR.format(child=child, log=str(tmp_path / "worker.log"))
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    wait_for(lambda: notes.exists() and notes.read_text().count("\n") == 1)
    yield process, notes
    process.kill()
    process.communicate()
    for pid in map(int, notes.read_text().split()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_killed_child_is_started_again_and_said(supervised: tuple[subprocess.Popen[str], Path]) -> None:
    process, notes = supervised
    child, grandchild = map(int, notes.read_text().split())
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: notes.read_text().count("\n") == 2)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=20)[0]
    assert said == "worker was killed by signal 9; starting it again in 1 s.\n"
    assert not lives(grandchild)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("supervised", [False, True], indirect=True)
def test_signal_stops_everything_in_five_seconds(
    supervised: tuple[subprocess.Popen[str], Path], number: signal.Signals
) -> None:
    process, notes = supervised
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(20) == 0
    assert time.monotonic() - began < 6
    assert [pid for pid in map(int, notes.read_text().split()) if lives(pid)] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_killed_supervisor_takes_its_children_along(supervised: tuple[subprocess.Popen[str], Path]) -> None:
    process, notes = supervised
    child = int(notes.read_text().split()[0])
    process.kill()
    wait_for(lambda: not lives(child))


def test_pause_before_the_next_start_doubles_up_to_a_limit(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    code = f"open({str(notes)!r}, 'a').write('x')"
    supervisor = (
        "import sys; from messagecenter.processes import Child, Supervisor;"
        f"sys.exit(Supervisor([Child('worker', [sys.executable, '-c', {code!r}])]).run())"
    )
    with subprocess.Popen([sys.executable, "-c", supervisor], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        wait_for(lambda: notes.exists() and len(notes.read_text()) == 3)
        process.send_signal(signal.SIGINT)
        words = process.communicate(timeout=20)[0]
    said = re.findall(r"worker stopped with code 0; starting it again in (\S+) s\.", words)
    assert said[:2] == ["1", "2"]


def test_taken_port_is_said_in_one_sentence_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "PORT": str(port)}
        command = [sys.executable, "-m", "messagecenter.processes", "run"]
        outcome = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60)
    sentence = (
        f"Port {port} on 127.0.0.1 cannot be used (Address already in use). Choose another one: PORT={port + 1}\n"
    )
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (1, "", sentence)
    assert not (tmp_path / "messagecenter.sqlite3").exists()


def test_free_port_is_not_called_taken() -> None:
    assert port_taken("127.0.0.1", free_port()) == ""


def test_broken_files_of_the_queue_are_removed_and_whole_or_new_ones_kept(tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    for name, content, age in [("whole", '{"body": 1}', 60), ("half", '{"bo', 60), ("empty", "", 60), ("new", "{", 0)]:
        path = folder / f"{name}.celery.msg"
        path.write_text(content)
        os.utime(path, (time.time() - age,) * 2)
    assert remove_broken(tmp_path) == 2
    assert sorted(path.name.partition(".")[0] for path in folder.iterdir()) == ["new", "whole"]


def test_errors_of_a_log_file_are_told_once_and_not_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "web.log"
    errors = [json.dumps({"level": "ERROR", "message": f"No. {number}"}) for number in range(5)]
    log.write_text(
        "\n".join(["plain words", json.dumps({"level": "INFO", "message": "fine"}), *errors, '{"level": "E'])
    )
    child = Child("web", [], log)
    tell_errors(child)
    tell_errors(child)
    told = [f"web: No. {number}  ({log})" for number in range(3)]
    assert capsys.readouterr().out.splitlines() == [*told, f"web: 2 more errors  ({log})"]


def test_production_refuses_a_database_that_lacks_migrations(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "PORT": str(free_port())}
    command = [sys.executable, "-m", "messagecenter.processes", "serve"]
    outcome = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert re.fullmatch(
        r"The database 'default' lacks \d+ migrations, first \S+\. Make a backup, then run: "
        r"\./dev manage migrate --database default\n",
        outcome.stderr,
    )


@pytest.mark.services
def test_embedded_default_serves_pages_and_leaves_no_process_behind(tmp_path: Path) -> None:
    port = free_port()
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "PORT": str(port), "STAFF_SECOND_FACTOR": "off"}
    command = [sys.executable, "-m", "messagecenter.processes", "run"]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        wait_for(lambda: len(children(process.pid)) == 3, 30)
        first = worker = children(process.pid)[1]
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: len(children(process.pid)) == 3 and children(process.pid)[-1] != first, 30)
        everyone = [process.pid, *children(process.pid)]
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=30)[0].splitlines()
    assert time.monotonic() - began < 8
    assert [pid for pid in everyone if lives(pid)] == []
    assert [line for line in said if str(port) in line] == [
        f"  Message Center   http://localhost:{port}/\n",
        f"  Mail it sends    http://localhost:{port}/outbox/\n",
    ]
    assert [line.split()[0] for line in said if "@example.com" in line][:2] == [
        "buyer@example.com",
        "seller@example.com",
    ]
    assert said[-1] == "Stopped."


def children(pid: int) -> list[int]:
    """Return the processes one has started, in that order."""
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
