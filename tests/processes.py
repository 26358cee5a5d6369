"""Real processes for tests: a fresh database, web, worker, beat, a mail server that records, all on ports of their own.

``with Stack("sqlite", tmp_path) as stack:`` or ``"postgres"`` (with Redis) gives a whole site; see ``Stack``. Every
process is ended by its own id when the block ends, and by Linux when the test run itself is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import psycopg

from tests.sink import Sink, free_port, wait_for
from tests.site_shell import SiteShell

ROOT = Path(__file__).resolve().parent.parent
Engine = Literal["sqlite", "postgres"]
SETTINGS = "messagecenter.settings"


def postgres_url() -> str:
    """Return the URL of the PostgreSQL server tests may make databases on, or "" when there is none."""
    for name in ("TEST_POSTGRES_URL", "DATABASE_URL"):
        value = os.environ.get(name, "")
        if value.startswith("postgres"):
            return value
    return ""


def engines() -> list[Engine]:
    """Return the engines of which real processes can be tried here; for ``pytest.mark.parametrize``."""
    return ["sqlite", "postgres"] if postgres_url() else ["sqlite"]


def _die_with_parent() -> None:
    """Ask Linux to kill this child when the test run is gone."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """A running program whose output goes to a file; in a group of its own, so that its children go with it."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self.command, self.environment, self.log = name, command, dict(environment), log
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        """Start it (again)."""
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
                preexec_fn=_die_with_parent,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self.popen.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.popen.poll() is None

    def output(self) -> str:
        """What it has written so far."""
        return self.log.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """Send a signal to it and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would: ``kill -9``, with everything it started."""
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def pause(self) -> None:
        """Stand it still (SIGSTOP)."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on (SIGCONT)."""
        self.signal(signal.SIGCONT)

    def stop(self, seconds: float = 8.0) -> float:
        """Ask it to end (SIGTERM) and return the seconds that took; kill it when it takes longer."""
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.kill()
        return time.monotonic() - began


def environment_of(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a site in ``folder``: nothing of ours but what is named in ``more``."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"VAR_DIR": str(folder), "PYTHONWARNINGS": "ignore"} | more


def manage(environment: Mapping[str, str], *words: str, seconds: float = 120.0, text: str | None = None) -> str:
    """Run ``manage.py`` and return what it printed. Fails with everything it said when it does."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=dict(environment),
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    if done.returncode:
        raise AssertionError(f"manage.py {' '.join(words)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


@functools.cache
def _static() -> Path:
    """Return a folder of collected static files, made once a test run and shared by all sites."""
    folder = Path(tempfile.mkdtemp(prefix="mc-site-static-"))
    manage(environment_of(folder), "collectstatic", "--noinput", "--verbosity", "0")
    return folder / "static"


@functools.cache
def _migrated_sqlite(settings: str) -> Path:
    """Return a migrated SQLite file, made once a test run and copied for each site.

    Other settings begin with what the product's have migrated, which takes most of the time.
    """
    folder = Path(tempfile.mkdtemp(prefix="mc-site-sqlite-"))
    path = folder / "template.sqlite3"
    if settings != SETTINGS:
        _used_settings.setdefault(SETTINGS, set()).add("sqlite")
        shutil.copy(_migrated_sqlite(SETTINGS), path)
    _migrate(environment_of(folder, DATABASE_URL=f"sqlite:///{path}", DJANGO_SETTINGS_MODULE=settings))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@functools.cache
def _migrated_postgres(settings: str) -> str:
    """Return the name of a migrated PostgreSQL database, made once a test run and copied for each site."""
    name, first = f"messagecenter_template_{secrets.token_hex(6)}", "template1"
    if settings != SETTINGS:
        _used_settings.setdefault(SETTINGS, set()).add("postgres")
        first = _migrated_postgres(SETTINGS)
    _on_postgres(f'CREATE DATABASE "{name}" TEMPLATE "{first}"')
    folder = Path(tempfile.mkdtemp(prefix="mc-site-postgres-"))
    _migrate(environment_of(folder, DATABASE_URL=_with_name(name), DJANGO_SETTINGS_MODULE=settings))
    shutil.rmtree(folder, ignore_errors=True)
    return name


def _migrate(environment: Mapping[str, str]) -> None:
    manage(environment, "migrate", "--noinput", "--verbosity", "0")
    manage(environment, "createcachetable")


def _with_name(name: str) -> str:
    return urlsplit(postgres_url())._replace(path=f"/{name}").geturl()


def _on_postgres(statement: str) -> None:
    with psycopg.connect(postgres_url(), autocommit=True) as connection:
        connection.execute(statement)


def remove_templates() -> None:
    """Remove what is shared by all sites of a test run; call it once at its end."""
    for settings, used in list(_used_settings.items()):
        if "postgres" in used:
            _on_postgres(f'DROP DATABASE IF EXISTS "{_migrated_postgres(settings)}" WITH (FORCE)')
        if "sqlite" in used:
            shutil.rmtree(_migrated_sqlite(settings).parent, ignore_errors=True)
    _used_settings.clear()
    _migrated_postgres.cache_clear()
    _migrated_sqlite.cache_clear()
    if _static.cache_info().currsize:
        shutil.rmtree(_static().parent, ignore_errors=True)
        _static.cache_clear()


_used_settings: dict[str, set[str]] = {}


@contextlib.contextmanager
def fresh_database(engine: Engine, folder: Path, settings: str = SETTINGS) -> Iterator[str]:
    """Give the URL of a migrated, empty database of its own, and remove it at the end."""
    _used_settings.setdefault(settings, set()).add(engine)
    if engine == "sqlite":
        path = folder / "site.sqlite3"
        shutil.copy(_migrated_sqlite(settings), path)
        yield f"sqlite:///{path}"
        return
    name = f"messagecenter_site_{secrets.token_hex(6)}"
    _on_postgres(f'CREATE DATABASE "{name}" TEMPLATE "{_migrated_postgres(settings)}"')
    try:
        yield _with_name(name)
    finally:
        _on_postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one SQL statement and return its rows; the same for both engines."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as connection:
            found = connection.execute(statement).fetchall()
            connection.commit()
            return found
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


class Stack:
    """A whole site in real processes.

    ``engine`` is "sqlite" (filesystem broker, as ``./dev run``) or "postgres" (with a Redis of its own, as
    ``./dev serve``); ``redis`` says otherwise. ``start`` names the processes started at once: any of web, worker, beat,
    deliver (``deliver_notices --watch``). ``server`` is uvicorn (as ``./dev run``) or gunicorn (as ``./dev serve``);
    unless named it goes with the engine. ``environment`` adds or replaces variables. ``settings`` may name a settings
    module of the tests.

    Gives ``base_url``, ``sink`` (``sink.mails``), ``database_url``, ``processes`` by name (each can be killed, paused,
    stopped and started again), ``manage(...)``, ``python(code)``, ``add_person(...)``, ``sql(statement)``.
    """

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        *,
        start: tuple[str, ...] = ("web", "worker", "beat"),
        redis: bool | None = None,
        server: Literal["uvicorn", "gunicorn"] | None = None,
        environment: Mapping[str, str] | None = None,
        settings: str = SETTINGS,
    ) -> None:
        self.engine, self.folder, self.settings, self.server = (
            engine,
            folder / f"site-{secrets.token_hex(4)}",
            settings,
            server or ("gunicorn" if engine == "postgres" else "uvicorn"),
        )
        self._start, self._more = start, dict(environment or {})
        self._redis = (engine == "postgres") if redis is None else redis
        self.port = free_port()
        self.base_url = f"http://localhost:{self.port}"
        self.sink = Sink()
        self.processes: dict[str, Process] = {}
        self.environment: dict[str, str] = {}
        self.database_url = ""
        self._shell: SiteShell | None = None
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Stack:
        with contextlib.ExitStack() as cleanup:
            self.folder.mkdir(parents=True)
            self.database_url = cleanup.enter_context(fresh_database(self.engine, self.folder, self.settings))
            cleanup.enter_context(self.sink)
            cleanup.callback(self._stop_all)
            self.environment = environment_of(
                self.folder,
                DJANGO_SETTINGS_MODULE=self.settings,
                DATABASE_URL=self.database_url,
                EMAIL_URL=self.sink.url,
                PORT=str(self.port),
            )
            if self._redis:
                self.environment["REDIS_URL"] = self._start_redis()
            self.environment |= self._more
            for name in self._start:
                self.start(name)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def _stop_all(self) -> None:
        if self._shell:
            self._shell.close()
        for process in self.processes.values():
            process.resume()
            process.kill()

    def _start_redis(self) -> str:
        """Start a Redis that keeps nothing, and return its URL."""
        if shutil.which("redis-server") is None:
            raise RuntimeError("redis-server is not installed")
        port = free_port()
        words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.run("redis", words)
        wait_for(lambda: _connects(port), "Redis does not answer")
        return f"redis://127.0.0.1:{port}/0"

    def start(self, name: str, *, number: int | None = None) -> Process:
        """Start web, worker, beat or deliver, or start it again; web answers when this returns.

        ``number`` tells several of the same kind apart: ``deliver`` 2 is the process ``deliver-2``.
        """
        celery = [sys.executable, "-m", "celery", "--quiet", "--app", "messagecenter"]
        commands = {
            "web": self._web_command(),
            "worker": [
                *celery,
                "worker",
                "--concurrency",
                "2",
                "--without-gossip",
                "--without-mingle",
                "--loglevel",
                "INFO",
            ],
            "beat": [*celery, "beat", "--pidfile="],
            "deliver": [sys.executable, "manage.py", "deliver_notices", "--watch"],
        }
        if name == "web" and not (self.folder / "static").exists():
            (self.folder / "static").symlink_to(_static())
        process = self.run(name if number is None else f"{name}-{number}", commands[name])
        if name == "web":
            wait_for(lambda: not process.runs or _answers(self.port), "web does not answer", 40)
            if not process.runs:
                raise AssertionError(f"web ended:\n{process.output()[-3000:]}")
        return process

    def _web_command(self) -> list[str]:
        if self.server == "gunicorn":
            return [sys.executable, "-m", "gunicorn", "-c", "python:messagecenter.gunicorn"]
        address = ["--host", "127.0.0.1", "--port", str(self.port)]
        words = [*address, "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"]
        return [sys.executable, "-m", "uvicorn", "messagecenter.asgi:application", *words]

    def run(self, name: str, command: list[str]) -> Process:
        """Start any command in the site's environment under a name."""
        if name in self.processes:
            self.processes[name].kill()
        process = Process(name, command, self.environment, self.folder / "logs" / f"{name}.log")
        self.processes[name] = process
        return process

    def manage(self, *words: str, text: str | None = None) -> str:
        """Run ``manage.py`` in the site's environment, in a process of its own, and return what it printed."""
        if threading.current_thread() is not threading.main_thread():
            return manage(self.environment, *words, text=text)  # The shell does one thing after the other.
        if self._shell is None or self._shell.environment != self.environment:
            if self._shell:
                self._shell.close()
            self._shell = SiteShell(self.environment)
        return self._shell.manage(*words, text=text)

    def python(self, code: str) -> str:
        """Run Python code inside the site, with Django set up, and return what it printed."""
        return self.manage("shell", "--no-imports", "-c", code).strip()

    def add_person(self, email: str, password: str) -> None:
        """Let someone be there who can sign in, with a buyer's mailbox: the address is proved."""
        self.python(
            "from allauth.account.models import EmailAddress\n"
            "from messagecenter.accounts.models import Mailbox, Membership, Role, User\n"
            "mailbox = Mailbox.objects.create(kind=Mailbox.Kind.BUYER, name='Buyer')\n"
            f"user = User.objects.create_user({email!r}, {password!r})\n"
            "Membership.objects.create(user=user, mailbox=mailbox, role=Role.OWNER)\n"
            "EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)"
        )

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one SQL statement on the site's database and return its rows."""
        return rows(self.database_url, statement)


def cut_connections(stack: Stack) -> None:
    """Cut all connections to the site's PostgreSQL database, as its restart would."""
    others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    stack.sql(f"select pg_terminate_backend(pid) {others}")


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run ``work(0)`` … ``work(count - 1)`` at the same time and return the results; the first error is raised."""
    results: list[Any] = [None] * count
    errors: list[BaseException] = []
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        from django.db import connections

        try:
            gate.wait(20)
            results[number] = work(number)
        except BaseException as error:  # noqa: BLE001 (raised again by the caller's thread)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if errors:
        raise errors[0]
    return results
