"""Many workers at once, and real workers that are killed, stopped and deprived of Redis."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from messagecenter.accounts.models import User
from messagecenter.doorbell import Doorbell
from messagecenter.ids import new_id
from messagecenter.notices.actions import owe
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice
from tests.processes import Engine, Mail, Sink, Stack, engines, free_port, in_threads, wait_for

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


@pytest.mark.django_db(transaction=True)
def test_twenty_dispatchers_send_each_of_200_notices_once(sink: Sink, settings: Settings) -> None:
    settings.NOTICE_LEASE_SECONDS = 60
    people = [User(email=f"person{number}@reader.example") for number in range(200)]
    User.objects.bulk_create(people)
    owe(kind="test", subject_id=new_id(), recipients=people)

    done = in_threads(20, lambda number: deliver_due())

    assert sum(one.sent for one in done) == sum(one.total for one in done) == 200
    assert Counter(mail.to[0] for mail in sink.transmitted) == {person.email: 1 for person in people}
    assert set(Notice.objects.values_list("state", "attempts")) == {("sent", 1)}


@pytest.mark.django_db(transaction=True)
def test_a_claim_inside_a_transaction_is_refused(sink: Sink) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        deliver_due()


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

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        bell.press_after_commit()
        raise ZeroDivisionError
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

        async def slowly(server: object, mail: Mail) -> str:
            import asyncio

            await asyncio.sleep(0.01)
            return "250 OK"

        stack.sink.on_data = slowly
        stack.python(OWE.format(count=300))
        workers = [stack.start("deliver", number=number) for number in range(3)]
        stack.sink.wait(1)

        kills = 0
        while kills < 10:
            time.sleep(dice.uniform(0.02, 0.15))
            worker = dice.choice(workers)
            if len(stack.sink.transmitted) < 300 and stack.sql(
                "select 1 from notices_notice where state='due' limit 1"
            ):
                wait_for(lambda: _is_at_work(stack), "nobody works")
            worker.kill()
            worker.start()
            kills += 1
        wait_for(
            lambda: stack.sql("select count(*) from notices_notice where state <> 'sent'") == [(0,)],
            "not all are marked as sent",
            40,
        )

        by_id = Counter(mail.message_id for mail in stack.sink.transmitted)
        assert len(by_id) == 300
        assert sum(by_id.values()) - 300 <= kills
        assert max(by_id.values()) <= 1 + kills
        for worker in workers:
            assert worker.stop() < 5


def _is_at_work(stack: Stack) -> bool:
    """Whether a mail has arrived within the last moment, so that a kill hits a worker in the middle of one."""
    return bool(stack.sink.transmitted) and time.monotonic() - stack.sink.transmitted[-1].at < 0.05


def test_a_worker_that_stood_still_beyond_its_lease_does_not_mark_late(tmp_path: Path) -> None:
    environment = {"NOTICE_LEASE_SECONDS": "5"}
    with Stack("sqlite", tmp_path, start=(), redis=False, environment=environment, settings=SETTINGS) as stack:
        arrived = threading.Event()

        async def hold_the_first(server: object, mail: Mail) -> str:
            import asyncio

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


def test_sigterm_lets_the_current_mail_finish(tmp_path: Path) -> None:
    with Stack("sqlite", tmp_path, start=(), redis=False, settings=SETTINGS) as stack:
        arrived = threading.Event()

        async def slowly(server: object, mail: Mail) -> str:
            import asyncio

            arrived.set()
            await asyncio.sleep(1)
            return "250 OK"

        stack.sink.on_data = slowly
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
