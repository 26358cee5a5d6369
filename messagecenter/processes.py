"""Runs web, worker and beat side by side and keeps them running: behind ``./dev run`` and ``./dev serve``.

Takes one word: ``run`` (the embedded default, made ready and filled first), ``serve`` (production), or one of ``web``,
``worker``, ``beat``, ``mail`` to become that process alone; ``mail`` where INBOUND_DOMAIN and INBOUND_PORT are set.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

STOP_SECONDS = 4.0
SERVE_STOP_SECONDS = 12.0
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
HEAD_START_SECONDS = 15.0
ERRORS_TOLD = 3
LOOK_SECONDS = 10.0
LOG_BYTES = 5 * 1024 * 1024
PYTHON = [sys.executable, "-m"]
CELERY = [*PYTHON, "celery", "--quiet", "--app", "messagecenter"]
COMMANDS = {
    "web": [*PYTHON, "gunicorn", "-c", "python:messagecenter.gunicorn"],
    "worker": [*CELERY, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO"],
    "beat": [*CELERY, "beat", "--pidfile=", "--loglevel", "INFO"],
}
# Takes mail for INBOUND_DOMAIN; among the others only where INBOUND_PORT says where it listens.
MAIL = {"mail": [sys.executable, "manage.py", "receive_mail"]}


def say(sentence: str) -> None:
    """Write one sentence to the terminal; a terminal that is gone is no reason to stop."""
    with contextlib.suppress(OSError):
        print(sentence, flush=True)


def _die_with_parent() -> None:
    """Ask Linux to stop this child when the supervisor is gone, also when that was killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGTERM)


@dataclass
class Child:
    """One process that is to run: what it is called, its command, where its output goes (None: the terminal)."""

    name: str
    command: list[str]
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = 0.5
    told: int = 0
    look_at: float = 0.0

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches only the supervisor."""
        with contextlib.ExitStack() as files:
            output = None
            if self.log is not None:
                if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                    self.log.replace(self.log.with_suffix(".log.1"))
                output = files.enter_context(self.log.open("ab"))
                self.told = output.tell()
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
                preexec_fn=_die_with_parent,
            )
        self.started_at = time.monotonic()

    def ask_to_stop(self) -> None:
        """Ask the process alone: Celery waits for ever for helpers that were stopped behind its back."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """Kill the process and everything it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def ended(self) -> str:
        """Return in words how the process ended, or "" while it runs or waits for its next start."""
        if self.process is None or self.process.poll() is None:
            return ""
        code = self.process.returncode
        return f"was killed by signal {-code}" if code < 0 else f"stopped with code {code}"


class Supervisor:
    """Starts the children, starts again what stops, and stops all when told to."""

    def __init__(self, children: list[Child], queue: Path | None = None, patience: float = STOP_SECONDS) -> None:
        """Take the children, the filesystem broker's folder if in use, and the seconds a polite stop may take."""
        self.children = children
        self.queue = queue
        self.patience = patience
        self.stopping = False

    def run(self, ready: str = "", lines: list[str] | None = None) -> int:
        """Run until a signal; say ``lines`` once the address ``ready`` (host:port) answers. Return the exit code.

        With ``ready`` the first child gets a head start, so that the first page is there sooner.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        waiting, complain_at = bool(ready), time.monotonic() + 30
        for child in self.children[1:] if waiting else []:
            child.start_at = time.monotonic() + HEAD_START_SECONDS
        while not self.stopping:
            self._look_after_children()
            if waiting and answers(ready):
                waiting = False
                for child in self.children:
                    child.start_at = 0.0
                for line in lines or []:
                    say(line)
            elif waiting and time.monotonic() > complain_at:
                complain_at = time.monotonic() + 60
                say(f"Still waiting for an answer from http://{ready}/readyz; see the log files.")
            time.sleep(0.1 if waiting else 0.3)
        self.stop()
        return 0

    def stop(self) -> None:
        """Stop every child: first politely, when patience ends by force, with whatever they started."""
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline and any(c.process and c.process.poll() is None for c in self.children):
            time.sleep(0.05)
        for child in self.children:
            child.kill()
            if child.process is not None:
                child.process.wait()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Remember that a signal asked to stop."""
        self.stopping = True

    def _start(self, child: Child) -> None:
        """Start a child; before the worker, take away what would stop it at once."""
        if child.name == "worker" and self.queue is not None:
            remove_broken(self.queue)
        child.start()

    def _look_after_children(self) -> None:
        """Start again what has stopped, after a pause that doubles; tell what the log files say is wrong."""
        now = time.monotonic()
        for child in self.children:
            tell_errors(child)
            if child.process is None:
                if now >= child.start_at:
                    self._start(child)
            elif how := child.ended():
                child.kill()  # what a dead process may have left behind
                child.pause = 0.5 if now - child.started_at > STEADY_SECONDS else min(child.pause * 2, LONGEST_PAUSE)
                child.process, child.start_at = None, now + child.pause
                say(f"{child.name} {how}; starting it again in {child.pause:g} s.")


def remove_broken(queue: Path, older_than: float = 1.0) -> int:
    """Delete files of the filesystem broker that are not whole: one of them stops the worker. Return how many.

    Nothing is lost with them: they only ring a bell, the work waits in database rows. A file that may still be in
    writing is left alone for ``older_than`` seconds.
    """
    removed = 0
    for path in sorted((queue / "messages").glob("*.msg")) + sorted((queue / "control").glob("*")):
        with contextlib.suppress(OSError):
            try:
                json.loads(path.read_bytes())
            except ValueError:
                if time.time() - path.stat().st_mtime > older_than:
                    path.unlink()
                    removed += 1
    return removed


def tell_errors(child: Child) -> None:
    """Say the first few errors a child has written to its log file since the last look, LOOK_SECONDS ago or more."""
    if child.log is None or time.monotonic() < child.look_at or not child.log.exists():
        return
    with child.log.open("rb") as file:
        file.seek(child.told)
        news = file.read(LOG_BYTES)
    whole, newline, _ = news.rpartition(b"\n")
    child.told += len(whole) + len(newline)
    child.look_at = time.monotonic() + LOOK_SECONDS
    errors: list[str] = []
    for raw in whole.splitlines():
        with contextlib.suppress(ValueError, AttributeError):
            line = json.loads(raw)
            if line.get("level") in ("ERROR", "CRITICAL"):
                errors.append(str(line.get("message", "")))
    for error in errors[:ERRORS_TOLD]:
        say(f"{child.name}: {error}  ({child.log})")
    if len(errors) > ERRORS_TOLD:
        say(f"{child.name}: {len(errors) - ERRORS_TOLD} more errors  ({child.log})")


def answers(address: str) -> bool:
    """Return whether the site at host:port answers; it may still say that the workers have to catch up."""
    connection = HTTPConnection(address, timeout=3)
    try:
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        return connection.getresponse().status in (200, 503)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def port_taken(host: str, port: int) -> str:
    """Return in one sentence why the address cannot be served on, or ""."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return f"Port {port} on {host} cannot be used ({error.strerror}). Choose another one: PORT={port + 1}"
    return ""


def prepare() -> None:
    """Make the embedded default ready: tables, cache table, demo people and orders, static files."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("demo")


def prepare_production() -> str:
    """Collect static files and return in one sentence why production may not start, or ""."""
    import django
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor
    from django.db.utils import OperationalError

    django.setup()
    try:
        for alias in connections:
            executor = MigrationExecutor(connections[alias])
            if pending := executor.migration_plan(executor.loader.graph.leaf_nodes()):
                first = pending[0][0]
                return (
                    f"The database {alias!r} lacks {len(pending)} migrations, first {first.app_label}.{first.name}."
                    f" Make a backup, then run: ./dev manage migrate --database {alias}"
                )
    except OperationalError:
        return f"The database {alias!r} does not answer. Is it running, and may this machine and user reach it?"
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    connections.close_all()
    return ""


def serve_pages() -> None:
    """Be the one web process of the embedded default. Our own log lines replace uvicorn's."""
    import uvicorn
    from django.conf import settings

    uvicorn.run(
        "messagecenter.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


def main(words: list[str]) -> int:
    """Do what the one word says and return the exit code."""
    os.chdir(Path(__file__).resolve().parent.parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")
    from django.core.exceptions import ImproperlyConfigured

    try:
        from django.conf import settings

        address = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
    except ImproperlyConfigured as error:
        sys.exit(f"Wrong setting: {error}")
    word = words[0] if len(words) == 1 else ""
    if word == "pages":
        serve_pages()
        return 0
    if word == "prepare":
        prepare()
        return 0
    commands = COMMANDS | (MAIL if settings.INBOUND_DOMAIN and settings.INBOUND_PORT else {})
    if word not in ("run", "serve", *COMMANDS, *MAIL):
        sys.exit("Say one of: run, serve, web, worker, beat, mail")
    if word in MAIL and word not in commands:
        sys.exit("Mail is taken in where INBOUND_DOMAIN and INBOUND_PORT are set.")
    if word in ("run", "serve", "web") and (taken := port_taken(settings.HOST, settings.PORT)):
        sys.exit(taken)
    queue = None if settings.REDIS_URL else settings.VAR_DIR / "queue"
    if word == "run":
        if not settings.EMBEDDED:
            sys.exit(f"./dev run is for one machine and its demo, but SITE_URL is {settings.SITE_URL}. Use ./dev serve")
        say("Getting the database and the demo ready …")
        command = [*PYTHON, "messagecenter.processes", "prepare"]
        env = os.environ | {"LOG_LEVEL": "ERROR"}
        if subprocess.run(command, env=env, preexec_fn=_die_with_parent, check=False).returncode:
            sys.exit("The site could not be made ready; the reason stands above.")
        logs = settings.VAR_DIR / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        commands |= {"web": [*PYTHON, "messagecenter.processes", "pages"]}
        children = [Child(name, command, logs / f"{name}.log") for name, command in commands.items()]
        lines = [
            "",
            f"  Message Center   {settings.SITE_URL}/",
            f"  Mail it sends    {settings.SITE_URL}/outbox/",
            f"  Log files        {logs}",
            "  Stop             Ctrl-C",
            "",
        ]
        code = Supervisor(children, queue).run(address, lines)
        say("Stopped.")
        return code
    if word in ("serve", "web") and (reason := prepare_production()):
        sys.exit(reason)
    if word == "serve":
        return Supervisor([Child(name, command) for name, command in commands.items()], queue, SERVE_STOP_SECONDS).run()
    os.execv(sys.executable, commands[word])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Stopped.")
