"""What goes wrong, when: a seeded plan of faults, each named with its row of the table, each with its moments."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import redis

from benchmarks.faults.clients import Writer
from benchmarks.faults.post_office import Office
from benchmarks.faults.scene import BLOCKER, LEAVER, Scene
from benchmarks.faults.servers import Database
from tests.processes import Process, Stack, cut_connections, manage
from tests.sink import wait_for

LEASE = 8  # seconds; a mail may take half of it
POOL = 2  # processes of a worker that send
SKEWED = Path(__file__).with_name("skewed")
FULL = """
CREATE FUNCTION faults_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER faults_full BEFORE INSERT ON threads_message FOR EACH ROW EXECUTE FUNCTION faults_full();
CREATE TRIGGER faults_full BEFORE INSERT ON notices_notice FOR EACH ROW EXECUTE FUNCTION faults_full();
"""
# What became of the mails that are held back.
TO_BOTH = f"""
SELECT person.email, notice.state, notice.attempts, notice.reason, notice.next_at - now(), notice.lease_until - now()
FROM notices_notice notice JOIN accounts_user person ON person.id = notice.recipient_id
WHERE person.email IN ('{BLOCKER}', '{LEAVER}')
"""
ROOM = """
DROP TRIGGER faults_full ON threads_message; DROP TRIGGER faults_full ON notices_notice; DROP FUNCTION faults_full();
"""


@dataclass
class Event:
    """One fault: its row of the table, what was done, from when until when (``time.monotonic``).

    ``may_repeat`` is how many mails it may have had sent twice: one for each process that was ended or stood still.
    """

    row: int
    what: str
    began: float
    ended: float = 0.0
    may_repeat: int = 0


@dataclass
class Playground:
    """What the faults happen to."""

    site: Stack
    database: Database
    office: Office
    scene: Scene
    dice: random.Random
    writer: Writer
    events: list[Event] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    failures: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def sql(self, statement: str, seconds: float = 30) -> None:
        """Run a statement as soon as the database lets us."""

        def ran() -> bool:
            try:
                self.site.sql(statement)
            except psycopg.OperationalError:
                return False
            return True

        wait_for(ran, "the database does not answer", seconds, 0.2)

    def python(self, code: str) -> None:
        """Run code inside the site; again when another fault met it. It must be safe to run twice."""
        for _try in range(4):
            try:
                self.site.python(code)
                return
            except AssertionError as error:
                trouble = error
                time.sleep(1)
        raise trouble

    def workers(self) -> list[Process]:
        """The Celery workers."""
        return [process for name, process in self.site.processes.items() if name.startswith("worker")]

    def replaces_workers(self) -> bool:
        """Return whether a fault is under way that ends all workers, one time after the other: nobody sends then."""
        return any(event.row in (13, 16) and not event.ended for event in list(self.events))

    def again(self, *processes: Process) -> None:
        """End these with ``kill -9`` and start them again, as a supervisor would."""
        for process in processes:
            process.kill()
        for process in processes:
            process.start()

    def with_environment(self, process: Process, **more: str) -> None:
        """End a process and start it again with another environment."""
        process.environment = self.site.environment | more
        self.again(process)

    def until_web_answers(self) -> None:
        """Wait for the site."""
        wait_for(lambda: answers(self.site), "web does not come back", 30)


Fault = Callable[[Playground, Event], None]


def answers(site: Stack) -> bool:
    """Return whether the web server answers."""
    try:
        with urllib.request.urlopen(f"{site.base_url}/healthz", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _trap(stage: str, act: Callable[[int], None], ground: Playground, event: Event) -> None:
    """Wait until somebody sends and has come to this stage, and do it to them."""
    office = ground.office
    office.trap = (stage, act)
    try:
        wait_for(lambda: office.trap is None, f"nobody sent: {event.what}", 30, 0.02)
    finally:
        office.trap = None
    event.may_repeat += 1


def _killed_at(stage: str) -> Fault:
    def fault(ground: Playground, event: Event) -> None:
        _trap(stage, _kill, ground, event)
        time.sleep(0.5)
        for process in ground.workers():
            if not process.runs:  # it was the worker's own sweep that was sending
                event.may_repeat += POOL
                ground.again(process)

    return fault


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_worker(ground: Playground, event: Event) -> None:
    event.may_repeat = POOL
    ground.again(ground.dice.choice(ground.workers()))


def kill_beat(ground: Playground, event: Event) -> None:
    ground.again(ground.site.processes["beat"])


def kill_web_process(ground: Playground, event: Event) -> None:
    pid = ground.site.processes["web"].pid
    children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    for child in children:
        time.sleep(ground.dice.uniform(0, 0.1))  # somewhere in a request
        _kill(child)


def kill_web(ground: Playground, event: Event) -> None:
    ground.again(ground.site.processes["web"])
    ground.until_web_answers()


def kill_redis(ground: Playground, event: Event) -> None:
    ground.site.processes["redis"].kill()
    time.sleep(1)
    ground.site.processes["redis"].start()


def redis_absent(ground: Playground, event: Event) -> None:
    ground.site.processes["redis"].kill()
    time.sleep(10)
    ground.site.processes["redis"].start()


def flush_redis(ground: Playground, event: Event) -> None:
    redis.Redis.from_url(ground.site.environment["REDIS_URL"]).flushall()


def restart_postgres(ground: Playground, event: Event) -> None:
    event.may_repeat = POOL * len(ground.workers())
    if not ground.database.restart_at_once():
        cut_connections(ground.site)


def cut(ground: Playground, event: Event) -> None:
    event.may_repeat = POOL * len(ground.workers())
    cut_connections(ground.site)


def _mood(mood: str, seconds: float) -> Fault:
    def fault(ground: Playground, event: Event) -> None:
        before = len(ground.office.refused)
        ground.office.mood = mood
        time.sleep(seconds)
        if mood in ("421", "451", "drip"):
            wait_for(lambda: len(ground.office.refused) > before, f"no mail came to the mood {mood}", 30)
        ground.office.mood = ""

    return fault


def cut_after_data(ground: Playground, event: Event) -> None:
    before = ground.office.cuts
    ground.office.mood = "cut"
    wait_for(lambda: ground.office.cuts > before + 1, "no mail came to be cut", 30)
    ground.office.mood = ""
    event.may_repeat = ground.office.cuts - before + 1


def stand_still(ground: Playground, event: Event) -> None:
    """Stop a process in the middle of a mail for longer than its lease, then let it go on."""
    stopped: list[int] = []

    def stop(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)

    _trap("during", stop, ground, event)
    time.sleep(LEASE + 2)
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def wrong_clocks(ground: Playground, event: Event) -> None:
    """Let first all workers be two hours ahead, then the timetable, then the workers two hours late."""
    beat, workers = ground.site.processes["beat"], ground.workers()
    event.may_repeat = 2 * POOL * len(workers)
    skew = {"PYTHONPATH": str(SKEWED)}
    for seconds, processes in ((7200, workers), (7200, [beat]), (-7200, workers)):
        for process in processes:
            ground.with_environment(process, FAULTS_SKEW_SECONDS=str(seconds), **skew)
        seen = len(ground.office.copies) + 2
        time.sleep(2)  # what the workers before them had begun
        wait_for(lambda: len(ground.office.copies) > seen, f"nothing is sent with clocks wrong by {seconds} s", 60)  # noqa: B023 (asked at once)
    for process in (beat, *workers):
        ground.with_environment(process)
    event.may_repeat += POOL * len(workers)


def deploy(ground: Playground, event: Event) -> None:
    """Bring out the next release under load: migrate, then replace one process after the other."""
    following = {"DJANGO_SETTINGS_MODULE": "benchmarks.faults.next_release.settings"}
    if ground.site.environment["DJANGO_SETTINGS_MODULE"] == following["DJANGO_SETTINGS_MODULE"]:
        return
    manage(ground.site.environment | following, "migrate", "--noinput", "--verbosity", "0")
    ground.site.environment |= following
    for name in ("web", "worker-1", "worker-2", "beat"):
        process = ground.site.processes[name]
        process.environment = dict(ground.site.environment)
        process.stop()
        process.start()
        if name == "web":
            ground.until_web_answers()


def disk_full(ground: Playground, event: Event) -> None:
    ground.sql(FULL)
    time.sleep(3)
    ground.sql(ROOM)


def poison(ground: Playground, event: Event) -> None:
    ground.python(f"from benchmarks.faults.scene import owe_poison; owe_poison({str(uuid4())!r})")


def block_and_leave(ground: Playground, event: Event) -> None:
    """Let somebody block and somebody unsubscribe while the mail about a message is put off by the mail server."""
    office, scene = ground.office, ground.scene
    office.holds |= {BLOCKER, LEAVER}
    try:
        for talk in (scene.blocked, scene.left):
            ground.writer.write_once(talk)
        try:
            wait_for(lambda: not ground.replaces_workers(), "the workers are replaced and replaced", 180)
            wait_for(lambda: office.held >= {BLOCKER, LEAVER}, "the mail was not tried", 60)
        except AssertionError as error:
            raise AssertionError(f"{error}; held {office.held}; {ground.site.sql(TO_BOTH)}") from None
        ground.python("from benchmarks.faults.scene import block_and_leave; block_and_leave()")
    finally:
        office.holds.clear()


Plan = list[tuple[int, str, Fault]]
PROCESSES: Plan = [
    (1, "kill -9 a sender before DATA", _killed_at("before")),
    (1, "kill -9 a sender after DATA, before the answer", _killed_at("during")),
    (1, "kill -9 a sender after the answer", _killed_at("after")),
    (1, "kill -9 a whole worker", kill_worker),
    (1, "kill -9 the timetable", kill_beat),
    (2, "kill -9 both web processes in requests", kill_web_process),
    (2, "kill -9 the whole web server", kill_web),
    (4, "immediate restart of PostgreSQL", restart_postgres),
    (4, "immediate restart of PostgreSQL", restart_postgres),
    (4, "immediate restart of PostgreSQL", restart_postgres),
    (4, "all connections cut", cut),
    (13, "clocks two hours ahead and late", wrong_clocks),
    (15, "SIGSTOP of a sender beyond its lease", stand_still),
    (16, "deploy with a migration", deploy),
]
SERVERS: Plan = [
    (3, "kill -9 Redis", kill_redis),
    (3, "FLUSHALL", flush_redis),
    (3, "Redis absent for 10 s", redis_absent),
    (10, "disk full in the database", disk_full),
    (5, "421 for 4 s", _mood("421", 4)),
    (5, "451 for 4 s", _mood("451", 4)),
    (7, "connection cut after DATA", cut_after_data),
    (7, "answer after 1 s", _mood("slow", 3)),
    (8, "one byte a second", _mood("drip", 6)),
    (17, "a notice that cannot be rendered", poison),
    (20, "blocked and unsubscribed in flight", block_and_leave),
]
ONCE = frozenset({"deploy with a migration", "blocked and unsubscribed in flight", "clocks two hours ahead and late"})


class Nemesis(threading.Thread):
    """Does each fault of a plan once, in an order of its own, and goes on with any until the time is over."""

    def __init__(self, ground: Playground, plan: Plan, dice: random.Random, until: float) -> None:
        super().__init__(daemon=True)
        self.ground, self.dice, self.until = ground, dice, until
        self.first = list(plan)
        dice.shuffle(self.first)
        self.more = [fault for fault in plan if fault[1] not in ONCE]
        self.finished = threading.Event()

    def run(self) -> None:
        """Go through the plan, and stay: Linux ends what a thread has started together with the thread."""
        for row, what, fault in self.first:
            self._do(row, what, fault)
        while time.monotonic() < self.until:
            self._do(*self.dice.choice(self.more))
        self.finished.set()
        threading.Event().wait()

    def _do(self, row: int, what: str, fault: Fault) -> None:
        event = Event(row, what, time.monotonic())
        self.ground.events.append(event)
        try:
            fault(self.ground, event)
        except Exception as error:  # noqa: BLE001 (told at the end; the run goes on)
            self.ground.failures.append(f"row {row}, {what}: {type(error).__name__}: {str(error)[-500:]}")
        event.ended = time.monotonic()
        print(f"  {event.ended - self.ground.began:6.1f} s  row {row:>2}: {what}", flush=True)
        time.sleep(self.dice.uniform(0.3, 1.5))


class Hurry(threading.Thread):
    """Cuts short the pauses after refusals, thirty seconds to four hours, which no run could wait for.

    Pauses of a few seconds, by which the order in a thread is kept, stay as they are.
    """

    def __init__(self, ground: Playground) -> None:
        super().__init__(daemon=True)
        self.ground = ground

    def run(self) -> None:
        """Look every second until the run is over."""
        late = (
            "UPDATE notices_notice SET next_at = now() WHERE state = 'due' AND next_at > now() + interval '7 seconds'"
        )
        while not self.ground.done.wait(1):
            with contextlib.suppress(psycopg.Error):
                self.ground.site.sql(late)


class Supervisor(threading.Thread):
    """Starts a worker or the timetable again that has ended, as ``./dev serve`` does, and counts that."""

    def __init__(self, ground: Playground) -> None:
        super().__init__(daemon=True)
        self.ground = ground
        self.restarted: Counter[str] = Counter()
        self.last_words: list[str] = []

    def run(self) -> None:
        """Look twice, two seconds apart: what the nemesis has ended it starts again by itself."""
        ended: set[str] = set()
        while not self.ground.done.wait(2):
            names = {name for name, process in self.ground.site.processes.items() if not process.runs}
            names = {name for name in names if name.startswith(("worker", "beat"))}
            for name in names & ended:
                process = self.ground.site.processes[name]
                self.restarted[name] += 1
                self.last_words.append(f"{name}, exit code {process.popen.returncode}: {process.output()[-4000:]}")
                self.ground.again(process)
            ended = names
        threading.Event().wait()
