"""The run behind ``./dev test`` says which tests it could not do, never leaves them out in silence."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import __main__ as services

NUMBERS = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def run() -> Iterator[services.Run]:
    """A run on a machine that has everything, with Python 3.13 beside the one in use."""
    handlers = [signal.getsignal(number) for number in NUMBERS]
    one = services.Run()
    one.env |= {
        "TEST_POSTGRES_URL": "postgres://localhost/tests",
        "TEST_REDIS_URL": "redis://localhost",
        "TEST_NEWEST_PYTHON": "/usr/bin/python3.13",
    }
    yield one
    one.close()
    for number, handler in zip(NUMBERS, handlers, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine have a browser."""
    monkeypatch.setattr(services.shutil, "which", lambda name: f"/usr/bin/{name}")


def titles(run: services.Run) -> list[str]:
    """Return the names of the test runs."""
    return [step.title for step in services.test_steps(run)]


@pytest.mark.usefixtures("chromium")
def test_a_machine_with_everything_leaves_nothing_out(run: services.Run) -> None:
    assert titles(run) == [
        "journeys in a browser",
        "two minutes of faults",
        "tests on SQLite",
        "tests on PostgreSQL and Redis",
        "fast tests on Python 3.13",
    ]
    assert [step.title for step in services.test_steps(run) if step.alone] == titles(run)[:2]
    assert [step.title for step in services.test_steps(run) if step.beside] == titles(run)[3:]
    assert (run.lacking, run.notes) == ([], [])


def test_what_is_alone_has_the_machine_to_itself(run: services.Run, tmp_path: Path) -> None:
    """Nothing beside begins while it runs, although what is beside has been waiting all along."""
    diary = tmp_path / "diary"

    def step(title: str, seconds: float, **kind: bool) -> services.Step:
        words = f"import time; d = open({str(diary)!r}, 'a', 1); d.write('{title} begins\\n'); time.sleep({seconds});"
        return services.Step(title, [services.PYTHON, "-c", f"{words} d.write('{title} ends\\n')"], **kind)

    run.do([step("beside", 0.0, beside=True), step("first", 0.3), step("alone", 0.3, alone=True), step("last", 0.0)])
    wrote = diary.read_text().split("\n")
    assert wrote[:4] == ["first begins", "first ends", "alone begins", "alone ends"]
    assert sorted(wrote[4:]) == sorted(["beside begins", "beside ends", "last begins", "last ends", ""])


@pytest.mark.usefixtures("chromium")
@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (["TEST_POSTGRES_URL"], "no PostgreSQL"),
        (["TEST_REDIS_URL"], "no Redis"),
        (["TEST_POSTGRES_URL", "TEST_REDIS_URL"], "no PostgreSQL and no Redis"),
    ],
)
def test_without_a_server_the_summary_names_the_run_that_needs_it(
    run: services.Run, capsys: pytest.CaptureFixture[str], missing: list[str], words: str
) -> None:
    for name in missing:
        del run.env[name]
    assert "tests on PostgreSQL and Redis" not in titles(run)
    services.summarise(run, [])
    said = capsys.readouterr().out.splitlines()
    for step in ("tests on PostgreSQL and Redis", "two minutes of faults"):
        assert step not in titles(run)
        assert f"SKIPPED  {step} (there is {words})" in said


def test_without_a_browser_the_summary_names_the_journeys(
    run: services.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(services.shutil, "which", lambda name: None)
    assert "journeys in a browser" not in titles(run)
    services.summarise(run, [])
    assert "SKIPPED  journeys in a browser (there is no Chromium)" in capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("chromium")
@pytest.mark.parametrize("version", [(3, 11), (3, 13)])
def test_no_newest_python_is_a_note_and_no_failure(
    run: services.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: tuple[int, int]
) -> None:
    monkeypatch.setattr(services, "CI", True)
    monkeypatch.setattr(services.sys, "version_info", (*version, 1, "final", 0))
    del run.env["TEST_NEWEST_PYTHON"]
    assert "fast tests on Python 3.13" not in titles(run)
    assert services.summarise(run, []) == 0
    note = "NOTE     fast tests on Python 3.13 did not run: there is no Python 3.13 here."
    assert (note in capsys.readouterr().out.splitlines()) == (version == (3, 11))
