"""Many workers at once, and real workers that are killed, stopped and deprived of Redis."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from messagecenter.accounts.models import User
from messagecenter.doorbell import Doorbell
from messagecenter.ids import new_id
from messagecenter.notices.actions import owe
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice
from tests.processes import ROOT, Engine, Stack, cut_connections, engines
from tests.sink import Mail, Sink, free_port, wait_for

pytestmark = pytest.mark.services
SETTINGS = "tests.notices.site.settings"
OWE = """
from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices.actions import owe
person, _ = User.objects.get_or_create(email="rita@reader.example")
for number in range({count}):
    owe(kind="test", subject_id=new_id(), recipients=[person])
"""
DRAIN_WITH_20_THREADS = """
from tests.processes import in_threads
from messagecenter.notices.dispatch import deliver_due
done = in_threads(20, lambda number: deliver_due())
assert sum(one.sent for one in done) == sum(one.total for one in done) == 200, done
"""


@pytest.mark.parametrize("engine", engines())
def test_twenty_dispatchers_send_each_of_200_notices_once(engine: Engine, tmp_path: Path) -> None:
    with Stack(engine, tmp_path, start=(), redis=False, settings=SETTINGS) as stack:
        stack.python(OWE.format(count=200) + DRAIN_WITH_20_THREADS)

        assert len(stack.sink.transmitted) == 200
        assert len({mail.message_id for mail in stack.sink.transmitted}) == 200
        assert stack.sql("select distinct state, attempts from notices_notice") == [("sent", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_claim_inside_a_transaction_is_refused(sink: Sink, reader: User) -> None:
    owe(kind="test", subject_id=new_id(), recipients=[reader])
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        deliver_due()
    assert Notice.objects.get().state == "due"


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


def test_a_doorbell_that_hangs_or_fails_costs_the_writer_nothing(caplog: pytest.LogCaptureFixture) -> None:
    rung = threading.Event()
    hang = threading.Event()

    def ring() -> None:
        rung.set()
        hang.wait(5)
        raise ConnectionError("redis://secret@host")

    bell = Doorbell("the test", ring)
    began = time.monotonic()
    for _ in range(100):
        bell.press()
    assert time.monotonic() - began < 0.3
    assert rung.wait(5)
    hang.set()
    wait_for(lambda: caplog.messages, "no warning")
    assert caplog.messages == ["The doorbell for the test does not ring (ConnectionError)."]


@pytest.mark.django_db(transaction=True)
def test_a_doorbell_rings_once_a_transaction_and_not_after_a_rollback() -> None:
    rings: list[int] = []
    bell = Doorbell("the test", lambda: rings.append(1))

    with transaction.atomic():
        bell.press_after_commit()
        transaction.set_rollback(True)
    with transaction.atomic():
        for _ in range(10):
            bell.press_after_commit()
        time.sleep(0.1)
        assert rings == []
    wait_for(lambda: rings, "it did not ring")
    time.sleep(0.1)
    assert rings == [1]


@pytest.mark.parametrize("redis", ["dead", "deaf"])
def test_owing_is_quick_without_redis_and_the_sweep_delivers(tmp_path: Path, deaf_port: int, redis: str) -> None:
    port = deaf_port if redis == "deaf" else free_port()
    environment = {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    with Stack("sqlite", tmp_path, start=(), redis=False, environment=environment, settings=SETTINGS) as stack:
        took = stack.python(
            OWE.format(count=1)
            + """
import time
from django.db import transaction
times = []
for number in range(20):
    began = time.monotonic()
    with transaction.atomic():
        owe(kind="test", subject_id=new_id(), recipients=[person])
    times.append(time.monotonic() - began)
print(max(times))
"""
        )
        assert float(took.splitlines()[-1]) < 0.3
        assert "21 sent" in stack.manage("deliver_notices")
        assert len(stack.sink.mails) == 21


@pytest.mark.parametrize("engine", engines())
def test_killed_workers_lose_nothing_and_repeat_at_most_once_each(engine: Engine, tmp_path: Path) -> None:
    dice = random.Random(20261122)
    environment = {"NOTICE_LEASE_SECONDS": "5"}
    with Stack(engine, tmp_path, start=(), redis=False, environment=environment, settings=SETTINGS) as stack:
        stack.sink.on_data = slowly(0.02)
        stack.python(OWE.format(count=300))
        with _nest(stack) as nest:
            workers = [nest.start() for _ in range(3)]
            kills = 0
            while kills < 12:
                seen = len(stack.sink.transmitted)
                wait_for(lambda: len(stack.sink.transmitted) > seen, "nobody works")  # noqa: B023 (called at once)
                time.sleep(dice.uniform(0, 0.05))
                worker = dice.choice(workers)
                os.kill(worker, signal.SIGKILL)
                workers[workers.index(worker)] = nest.start()
                kills += 1
            unsent = "select count(*) from notices_notice where state <> 'sent'"
            wait_for(lambda: stack.sql(unsent) == [(0,)], "not all are marked as sent", 40, 0.2)

        by_id = Counter(mail.message_id for mail in stack.sink.transmitted)
        assert len(by_id) == 300
        assert by_id.total() - 300 <= kills


class _Nest:
    """The process that forks workers."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self._popen = popen

    def start(self) -> int:
        """Start a worker and return its process id."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.write("start\n")
        self._popen.stdin.flush()
        return int(self._popen.stdout.readline())


@contextmanager
def _nest(stack: Stack) -> Iterator[_Nest]:
    """Give a nest in the stack's environment; at the end its workers go with it."""
    command = [sys.executable, "-m", "tests.notices.nest"]
    log = (stack.folder / "nest.log").open("w")
    pipe = subprocess.PIPE
    with (
        log,
        subprocess.Popen(
            command, env=stack.environment, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=log, text=True, process_group=0
        ) as popen,
    ):
        try:
            yield _Nest(popen)
        finally:
            os.killpg(popen.pid, signal.SIGKILL)


def slowly(seconds: float, arrived: threading.Event | None = None) -> Callable[[Any, Mail], Awaitable[str]]:
    """Return a server that takes its time, and says when the first mail has come."""

    async def on_data(server: Any, mail: Mail) -> str:
        if arrived is not None:
            arrived.set()
        await asyncio.sleep(seconds)
        return "250 OK"

    return on_data


def test_a_worker_that_stood_still_beyond_its_lease_does_not_mark_late(tmp_path: Path) -> None:
    environment = {"NOTICE_LEASE_SECONDS": "5"}
    with Stack("sqlite", tmp_path, start=(), redis=False, environment=environment, settings=SETTINGS) as stack:
        arrived = threading.Event()

        async def hold_the_first(server: Any, mail: Mail) -> str:
            if not arrived.is_set():
                arrived.set()
                await asyncio.sleep(1)
            return "250 OK"

        stack.sink.on_data = hold_the_first
        stack.python(OWE.format(count=1))
        first = stack.start("deliver", number=1)
        assert arrived.wait(20)
        first.pause()
        stack.start("deliver", number=2)
        wait_for(lambda: stack.sql("select state from notices_notice") == [("sent",)], "nobody took over", 20)
        first.resume()
        wait_for(lambda: "late" in first.output() and "1 late" in first.output(), "no late mark was refused", 20)

        assert stack.sql("select state, attempts from notices_notice") == [("sent", 2)]
        assert len({mail.message_id for mail in stack.sink.transmitted}) == 1
        assert len(stack.sink.transmitted) == 2


@pytest.mark.parametrize("engine", [one for one in engines() if one == "postgres"])
def test_a_worker_survives_the_loss_of_its_database_connection(engine: Engine, tmp_path: Path) -> None:
    with Stack(engine, tmp_path, start=(), redis=False, settings=SETTINGS) as stack:
        arrived = threading.Event()
        stack.sink.on_data = slowly(0.5, arrived)
        stack.python(OWE.format(count=2))
        worker = stack.start("deliver")
        assert arrived.wait(20)
        cut_connections(stack)  # while a mail is under way: its mark must not be lost
        wait_for(
            lambda: stack.sql("select count(*) from notices_notice where state = 'sent'") == [(2,)], "not sent", 30
        )
        assert worker.runs
        assert len(stack.sink.transmitted) == 2


def test_sigterm_lets_the_current_mail_finish(tmp_path: Path) -> None:
    with Stack("sqlite", tmp_path, start=(), redis=False, settings=SETTINGS) as stack:
        arrived = threading.Event()

        stack.sink.on_data = slowly(1, arrived)
        stack.python(OWE.format(count=2))
        worker = stack.start("deliver")
        assert arrived.wait(20)
        worker.stop()

        assert worker.popen.returncode == 0
        assert sorted(stack.sql("select state, attempts from notices_notice")) == [("due", 0), ("sent", 1)]
        assert len(stack.sink.mails) == 1


def test_the_celery_worker_is_rung_and_survives_the_death_of_redis(tmp_path: Path) -> None:
    with Stack("sqlite", tmp_path, start=("worker", "beat"), redis=True, settings=SETTINGS) as stack:
        wait_for(lambda: "ready" in stack.processes["worker"].output(), "the worker does not start", 40)
        stack.python(OWE.format(count=1) + "import time; time.sleep(0.5)")
        stack.sink.wait(1, 15)
        stack.processes["redis"].kill()
        stack.python(OWE.format(count=1))
        stack.processes["redis"].start()
        stack.sink.wait(2, 30)
        assert len(stack.sink.transmitted) == 2


def test_a_worker_delivers_what_nobody_brings_it_while_redis_is_away(tmp_path: Path) -> None:
    with Stack("sqlite", tmp_path, start=("worker", "beat"), redis=True, settings=SETTINGS) as stack:
        wait_for(lambda: "ready" in stack.processes["worker"].output(), "the worker does not start", 40)
        stack.processes["redis"].kill()
        stack.python(OWE.format(count=3))
        stack.sink.wait(3, 20)
        assert stack.sql("select distinct state, attempts from notices_notice") == [("sent", 1)]
        stack.processes["worker"].stop(12)
        assert stack.processes["worker"].popen.returncode is not None


def test_a_worker_outlives_its_redis_and_no_mail_is_ended_with_it(tmp_path: Path) -> None:
    """kombu puts back what was begun over a channel that is closed; the third time that had ended the worker."""
    with Stack("sqlite", tmp_path, start=("worker", "beat"), redis=True, settings=SETTINGS) as stack:
        worker, redis = stack.processes["worker"], stack.processes["redis"]
        wait_for(lambda: "ready" in worker.output(), "the worker does not start", 40)
        stack.sink.on_data = slowly(0.2)
        for _ in range(5):
            stack.python(OWE.format(count=60))
            seen = len(stack.sink.mails)
            wait_for(lambda: len(stack.sink.mails) > seen + 1, "nobody works", 40)  # noqa: B023 (called at once)
            redis.kill()
            time.sleep(2.5)
            redis.start()
        assert worker.runs, worker.output()[-2000:]
        stack.sink.wait(300, 60)
        unsent = "select count(*) from notices_notice where state <> 'sent'"
        wait_for(lambda: stack.sql(unsent) == [(0,)], "not all are marked as sent", 20)
        assert len(stack.sink.transmitted) == 300
        assert stack.sql("select distinct attempts from notices_notice") == [(1,)]
