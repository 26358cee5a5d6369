"""The run behind ``./dev test`` says which tests it could not do, never leaves them out in silence."""

from __future__ import annotations

import signal
from collections.abc import Iterator

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
        "tests on SQLite",
        "fast tests on Python 3.13",
        "tests on PostgreSQL and Redis",
        "journeys in a browser",
    ]
    assert (run.lacking, run.notes) == ([], [])


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
    assert f"SKIPPED  tests on PostgreSQL and Redis (there is {words})" in capsys.readouterr().out.splitlines()


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
