"""``./dev test``, ``./dev lint`` and ``./dev bench``: runs the steps one after the other and says what came of them."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from xml.etree import ElementTree

from tests.services import debian, postgres, redis
from tests.services.processes import Server, die_with_parent

ROOT = Path(__file__).resolve().parents[2]
CI = os.environ.get("CI") == "true"
PYTHON = sys.executable
JOURNEYS = "tests/journeys"
SERVERS = ("PostgreSQL", "Redis")
NEWEST_STEP = "fast tests on Python 3.13"
SERVERS_STEP = "tests on PostgreSQL and Redis"
JOURNEYS_STEP = "journeys in a browser"
FAULTS_STEP = "two minutes of faults"
#: What the faults of a run are: the same plan each time, so that a failure can be had again.
FAULTS_SEED = "20261123"


@dataclass
class Step:
    """One command of the run; ``tests`` says that it is pytest, whose results are counted one by one.

    What is ``beside`` runs while others do, but not before all that is ``alone`` has ended.
    """

    title: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    tests: bool = False
    beside: bool = False
    alone: bool = False
    ok: bool = False
    seconds: float = 0.0
    results: dict[str, str] = field(default_factory=dict)

    def count(self, outcome: str) -> int:
        """Return how many tests ended this way; another command counts as one check."""
        if not self.results:
            return int(outcome == ("passed" if self.ok else "failed"))
        return sum(result == outcome for result in self.results.values()) + int(outcome == "failed" and self.silent())

    def silent(self) -> bool:
        """Return whether the command failed although no test did: a crash, or a warning at the end."""
        return not self.ok and "failed" not in self.results.values()


class Run:
    """A run of steps in a temporary folder, with the servers it started."""

    def __init__(self) -> None:
        """Make the folder and an environment free of this machine's own settings."""
        self.folder = Path(tempfile.mkdtemp(prefix="messagecenter-tests-"))
        self.servers: list[Server] = []
        self.lacking: list[str] = []
        self.notes: list[str] = []
        self.given = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
        example = (ROOT / ".env.example").read_text()
        settings = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))
        self.env = {name: value for name, value in os.environ.items() if name not in settings}
        self.env["PYTHONUNBUFFERED"] = "1"
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)

    def close(self) -> None:
        """Stop the servers and delete everything the run made."""
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_services(self) -> None:
        """Start PostgreSQL and Redis, or fall back on those named by DATABASE_URL and REDIS_URL."""
        for name, start, given, told in (
            ("PostgreSQL", postgres.start, self.given["DATABASE_URL"], "TEST_POSTGRES_URL"),
            ("Redis", redis.start, self.given["REDIS_URL"], "TEST_REDIS_URL"),
        ):
            try:
                server, facts = start()
                self.servers.append(server)
                self.env |= facts
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                if given and not given.startswith("sqlite"):
                    self.env[told] = given
                else:
                    self.lacking.append(f"{name} ({str(error).strip()[-500:]})")

    def do(self, steps: list[Step]) -> list[Step]:
        """Run the steps in order, those marked ``beside`` in theirs meanwhile; none keeps the next from running.

        What runs beside is printed when all is done.
        """
        lanes = [[step for step in steps if not step.beside], [step for step in steps if step.beside]]
        running: list[tuple[Step, subprocess.Popen[bytes], float] | None] = [None, None]
        while any(lanes) or any(running):
            for number, lane in enumerate(lanes):
                goes_on_alone = any(step.alone for step in lanes[0]) or (running[0] and running[0][0].alone)
                if running[number] is None and lane and not (number and goes_on_alone):
                    running[number] = self._begin(lane.pop(0))
                current = running[number]
                if current and current[1].poll() is not None:
                    self._finish(*current)
                    running[number] = None
            time.sleep(0.1)
        for step in steps:
            if step.beside:
                print(f"\n──── {step.title}\n{self._output(step).read_text(errors='replace')}", flush=True)
        return steps

    def _begin(self, step: Step) -> tuple[Step, subprocess.Popen[bytes], float]:
        """Start a step's command with a VAR_DIR of its own."""
        env = self.env | {"VAR_DIR": str(self.folder / _slug(step))} | step.env
        command = [*step.command, f"--junitxml={self._report(step)}"] if step.tests else step.command
        if not step.beside:
            print(f"\n──── {step.title}", flush=True)
        with contextlib.ExitStack() as files:
            output = files.enter_context(self._output(step).open("wb")) if step.beside else None
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent,
            )
        return step, process, time.monotonic()

    def _finish(self, step: Step, process: subprocess.Popen[bytes], began: float) -> None:
        """Read how a step ended, and its results."""
        step.ok = process.returncode == 0
        step.seconds = time.monotonic() - began
        if self._report(step).exists():
            step.results = _results(self._report(step))

    def _output(self, step: Step) -> Path:
        return self.folder / f"{_slug(step)}.out"

    def _report(self, step: Step) -> Path:
        return self.folder / f"{_slug(step)}.xml"


def _slug(step: Step) -> str:
    """Return a step's title as a file name."""
    return re.sub(r"\W+", "-", step.title.lower())


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End the run as Ctrl-C does, so that the servers are stopped."""
    raise KeyboardInterrupt


def _results(report: Path) -> dict[str, str]:
    """Return each test's outcome from pytest's report."""
    results: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        results[name] = "failed" if results.get(name) == "failed" else outcome
    return results


def lint_steps() -> list[Step]:
    """Return the checks that need no test run."""
    production = {
        "SITE_URL": "https://shop.example",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MESSAGE_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "EMAIL_URL": "smtp://localhost:25",
    }
    module = [PYTHON, "-m"]
    return [
        Step("style (ruff check)", [*module, "ruff", "check", "."]),
        Step("format (ruff format)", [*module, "ruff", "format", "--check", "."]),
        Step("types (mypy)", [*module, "mypy"]),
        Step("imports point down (import-linter)", [str(Path(PYTHON).with_name("lint-imports"))]),
        Step("no migration missing", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
        Step(
            "production settings (check --deploy)",
            [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            production,
        ),
    ]


def test_steps(run: Run) -> list[Step]:
    """Return the test runs this machine can do. Each other one goes into ``run.lacking``.

    A missing Python 3.13 is only noted in ``run.notes``: the tests themselves all run without it.
    """
    pytest = [
        PYTHON,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        "--show-capture=no",
        "--durations=10",
    ]
    fast = [f"--ignore={JOURNEYS}"]
    steps = [Step("tests on SQLite", [*pytest, *fast], tests=True)]
    database, broker = run.env.get("TEST_POSTGRES_URL"), run.env.get("TEST_REDIS_URL")
    if database and broker:
        env = {"DATABASE_URL": database, "REDIS_URL": broker}
        # What does not use the run's own database has run above, and names its engines itself.
        command = [*pytest, *fast, "-m", "not no_database"]
        steps.append(Step(SERVERS_STEP, command, env, tests=True, beside=True))
    else:
        missing = [name for name, url in zip(SERVERS, (database, broker), strict=True) if not url]
        run.lacking.append(f"{SERVERS_STEP} (there is no {' and no '.join(missing)})")
    # Each promise with a time in it needs the machine to itself, as a browser does, which gives up on what is slow.
    if database and broker:
        # A server that is not its own it does not restart.
        own = {} if "TEST_POSTGRES_DATA" in run.env else {"DATABASE_URL": database}
        command = [PYTHON, "-m", "benchmarks.faults", "--minutes", "2", "--seed", FAULTS_SEED, "--only-nemesis"]
        steps.insert(0, Step(FAULTS_STEP, command, own, alone=True))
    else:
        run.lacking.append(f"{FAULTS_STEP} (there is no {' and no '.join(missing)})")
    if shutil.which("chromium"):
        env = {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
        steps.insert(0, Step(JOURNEYS_STEP, [*pytest, JOURNEYS], env, tests=True, alone=True))
    else:
        run.lacking.append(f"{JOURNEYS_STEP} (there is no Chromium)")
    if newest := run.env.get("TEST_NEWEST_PYTHON"):
        command = [newest, *pytest[1:], *fast, "-m", "not services"]
        steps.append(Step(NEWEST_STEP, command, tests=True, beside=True))
    elif sys.version_info[:2] != (3, 13):
        run.notes.append(f"{NEWEST_STEP} did not run: there is no Python 3.13 here.")
    return steps


def test_everything(run: Run) -> int:
    """Run every check and return the exit code."""
    run.lacking += [f"{words} (not installed)" for words in debian.install_missing(print) if words not in SERVERS]
    run.start_services()
    return summarise(run, run.do([*lint_steps(), *test_steps(run)]))


def summarise(run: Run, steps: list[Step]) -> int:
    """Say what came of each step, loudly what was left out, and the count in the last line; return the exit code."""
    print("\n──── Summary")
    for step in steps:
        counts = f"{step.count('passed')} passed, {step.count('failed')} failed" if step.results else ""
        print(f"{'ok  ' if step.ok else 'FAIL'}  {step.title:<40} {step.seconds:6.1f} s   {counts}")
    for title in (name for step in steps for name, result in step.results.items() if result == "failed"):
        print(f"FAILED   {title}")
    everywhere = {name for step in steps for name in step.results}
    somewhere = {name for step in steps for name, result in step.results.items() if result != "skipped"}
    never = sorted(everywhere - somewhere)
    for note in run.notes:
        print(f"NOTE     {note}")
    for words in run.lacking:
        print(f"SKIPPED  {words}")
    for name in never:
        print(f"SKIPPED  {name} (in every run)")
    left_out = bool(run.lacking or never)
    if left_out and CI:
        print("Nothing may be skipped here (CI=true): this run counts as failed.")
    failed = sum(step.count("failed") for step in steps) + int(left_out and CI)
    print(f"\n{sum(step.count('passed') for step in steps)} passed, {failed} failed", flush=True)
    return 1 if failed or not all(step.ok for step in steps) else 0


def bench(run: Run, words: list[str]) -> int:
    """Run the benchmarks on a PostgreSQL and a Redis of their own."""
    if not (ROOT / "benchmarks/run.py").exists():
        sys.exit("There is no benchmarks/run.py yet.")
    run.start_services()
    env = {"DATABASE_URL": run.env.get("TEST_POSTGRES_URL", ""), "REDIS_URL": run.env.get("TEST_REDIS_URL", "")}
    return 0 if run.do([Step("benchmarks", [PYTHON, "-m", "benchmarks.run", *words], env)])[0].ok else 1


def quick(run: Run, words: list[str]) -> int:
    """Run the named tests on SQLite; return pytest's exit code."""
    env = run.env | {"VAR_DIR": str(run.folder)}
    return subprocess.run([PYTHON, "-m", "pytest", *words], cwd=ROOT, env=env, preexec_fn=die_with_parent).returncode


def main(words: list[str]) -> int:
    """Do what the first word says: test, lint or bench."""
    commands: dict[str, Callable[[Run], int]] = {
        "test": lambda run: quick(run, words[1:]) if words[1:] else test_everything(run),
        "lint": lambda run: summarise(run, run.do(lint_steps())),
        "bench": lambda run: bench(run, words[1:]),
    }
    run = Run()
    try:
        return commands[words[0]](run)
    except KeyboardInterrupt:
        print("Stopped.")
        return 130
    finally:
        run.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
