"""The vault among real processes: keys made at once, rotation killed midway under load, two databases."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from messagecenter.ids import new_id

pytestmark = pytest.mark.services
OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
KEYS = 5000


class House:
    """A database of its own with the vault's tables, and processes that use it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *words: str, keys: str, **environment: str) -> subprocess.Popen[str]:
        """Start Python in the project with these root keys."""
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", *words],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "VAR_DIR": str(self.folder),
                "DATABASE_URL": self.url,
                "REDIS_URL": "",
                "VAULT_DATABASE_URL": "",
                "MESSAGE_KEYS": keys,
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *words: str, keys: str, **environment: str) -> tuple[int, str, str]:
        """Run Python to its end; return its exit code and what it wrote."""
        process = self.start(*words, keys=keys, **environment)
        output, errors = process.communicate(timeout=240)
        return process.returncode, output, errors

    def worker(self, *words: str | Path, keys: str, **environment: str) -> str:
        """Run a task of the worker, which must succeed; return what it wrote."""
        code, output, errors = self.run("-m", "tests.vault.worker", *map(str, words), keys=keys, **environment)
        assert (code, errors[-2000:]) == (0, "")
        return output

    def ask(self, sql: str) -> int:
        """Return the number a query gives, seen from outside."""
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)) as database:
                return int(database.execute(sql).fetchone()[0])
        with psycopg.connect(self.url) as server:
            row = server.execute(sql).fetchone()
            assert row is not None
            return int(row[0])

    def left_on(self, version: int) -> int:
        """Return how many keys a root key still wraps."""
        return self.ask(f"SELECT COUNT(*) FROM vault_datakey WHERE root_version = {int(version)}")


@pytest.fixture
def house(transactional_db: None, tmp_path: Path) -> Iterator[House]:
    """On PostgreSQL the test's own database, on SQLite a file."""
    if connection.vendor == "postgresql":
        at = connection.settings_dict
        login = quote(str(at["USER"]), safe="") + (f":{quote(str(at['PASSWORD']), safe='')}" if at["PASSWORD"] else "")
        place = f"{quote(str(at['HOST']), safe='')}" + (f":{at['PORT']}" if at["PORT"] else "")
        house = House(tmp_path, f"postgresql://{login}@{place}/{at['NAME']}")
    else:
        house = House(tmp_path, f"sqlite:///{tmp_path / 'house.sqlite3'}")
        code, _, errors = house.run("manage.py", "migrate", "vault", "--skip-checks", keys=f"1:{OLD}")
        assert (code, errors) == (0, "")
    yield house
    for process in house.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until(done, seconds: float = 180.0) -> None:
    """Wait until ``done()`` is true, at most some seconds."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def test_rotation_killed_twice_under_load_ends_complete(house: House, tmp_path: Path):
    seeded, during, stop = tmp_path / "seeded.json", tmp_path / "during.json", tmp_path / "stop"
    house.worker("seed", seeded, str(KEYS), keys=f"1:{OLD}")
    assert house.left_on(1) == KEYS
    both = f"2:{NEW},1:{OLD}"
    writer = house.start("-m", "tests.vault.worker", "keep_writing", str(seeded), str(during), str(stop), keys=both)
    wait_until(during.exists)
    lefts = [KEYS]
    for mark in (3600, 1800):
        rotation = house.start("manage.py", "rotate_keys", "--batch", "20", "--skip-checks", keys=both)
        wait_until(lambda mark=mark: house.left_on(1) < mark)
        rotation.kill()
        rotation.communicate()
        assert rotation.returncode == -9
        lefts.append(house.left_on(1))
        time.sleep(0.2)
        assert house.left_on(1) == lefts[-1]
    assert KEYS > lefts[1] > lefts[2] > 0
    code, output, errors = house.run("manage.py", "rotate_keys", "--skip-checks", keys=both)
    assert (code, output, errors) == (
        0,
        f"{lefts[2]} keys rewrapped under root key version 2.\nNo key needs an older root key.\n",
        "",
    )
    written = len(json.loads(during.read_text()))
    wait_until(lambda: len(json.loads(during.read_text())) > written)
    stop.touch()
    assert (writer.communicate(timeout=60), writer.returncode) == (("", ""), 0)
    assert (house.left_on(1), house.ask("SELECT COUNT(*) FROM vault_alarm")) == (0, 0)
    assert house.ask("SELECT COUNT(*) FROM vault_datakey") > KEYS
    count = KEYS + len(json.loads(during.read_text()))
    assert house.worker("read", seeded, during, keys=f"2:{NEW}") == f"{count}\n"


def test_rotation_without_the_old_root_key_fails_and_says_what_is_left(house: House, tmp_path: Path):
    house.worker("seed", tmp_path / "seeded.json", "3", keys=f"1:{OLD}")
    code, output, errors = house.run("manage.py", "rotate_keys", "--skip-checks", keys=f"2:{NEW}")
    assert (code, output) == (1, "0 keys rewrapped under root key version 2.\n")
    assert errors == (
        "Root key version 1 is not in MESSAGE_KEYS: its keys stay as they are.\n"
        "CommandError: Not finished: 3 under version 1. Keep the old root keys and run this again.\n"
    )
    assert house.left_on(1) == 3


def test_rotation_refuses_a_batch_out_of_range(house: House):
    code, _, errors = house.run("manage.py", "rotate_keys", "--batch", "0", "--skip-checks", keys=f"1:{OLD}")
    assert code == 2
    assert errors.splitlines()[-1].endswith("argument --batch: '0' is not a whole number from 1 to 5000")


def test_first_messages_of_many_processes_share_one_key(house: House, tmp_path: Path):
    threads, start = tmp_path / "threads.json", tmp_path / "start"
    threads.write_text(json.dumps([str(new_id()) for _ in range(40)]))
    outs = [tmp_path / f"racer{number}.json" for number in range(4)]
    racers = [
        house.start("-m", "tests.vault.worker", "race", str(out), str(threads), str(start), keys=f"1:{OLD}")
        for out in outs
    ]
    wait_until(lambda: all(out.with_suffix(".ready").exists() for out in outs))
    start.touch()
    assert [(racer.communicate(timeout=120), racer.returncode) for racer in racers] == [(("", ""), 0)] * 4
    assert house.ask("SELECT COUNT(*) FROM vault_datakey") == 40
    assert house.worker("read", *outs, keys=f"1:{OLD}") == "160\n"


def tables(path: Path) -> set[str]:
    """Return the names of the tables in an SQLite file."""
    with closing(sqlite3.connect(path)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_vault_in_a_database_of_its_own(tmp_path: Path):
    main, vault = tmp_path / "main.sqlite3", tmp_path / "vault.sqlite3"
    house, one = House(tmp_path, f"sqlite:///{main}"), f"1:{OLD}"
    two = {"VAULT_DATABASE_URL": f"sqlite:///{vault}"}
    for alias in ("default", "vault"):
        code, _, errors = house.run(
            "manage.py", "migrate", "--database", alias, "--skip-checks", "--verbosity", "0", keys=one, **two
        )
        assert (code, errors) == (0, "")
    seeded = tmp_path / "seeded.json"
    house.worker("seed", seeded, "20", keys=one, **two)
    assert house.worker("read", seeded, keys=one, **two) == "20\n"
    assert {name for name in tables(vault) if not name.startswith("sqlite_")} == {
        "django_migrations",
        "vault_alarm",
        "vault_datakey",
    }
    assert "auth_permission" in tables(main)
    assert {name for name in tables(main) if name.startswith("vault_")} == set()
    code, output, errors = house.run("manage.py", "rotate_keys", "--skip-checks", keys=f"2:{NEW},{one}", **two)
    assert (code, output.splitlines()[0], errors) == (0, "20 keys rewrapped under root key version 2.", "")
    assert house.worker("read", seeded, keys=f"2:{NEW}", **two) == "20\n"
    code, _, errors = house.run("manage.py", "check", "--tag", "database", "--database", "vault", keys=one, **two)
    assert code == 1
    assert "(vault.E001) MESSAGE_KEYS lacks root key version 2, which stored keys need." in errors
