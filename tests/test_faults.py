"""The fault harness: whether it would notice what is lost, doubled or late."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.checker import Evidence, check
from benchmarks.faults.clients import TWENTY, Posted
from benchmarks.faults.nemesis import Event
from benchmarks.faults.rows import ROWS
from benchmarks.faults.scene import Talk
from tests.processes import ROOT, Stack
from tests.sink import Mail

OWE = """
from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices.actions import owe
person, _ = User.objects.get_or_create(email="rita@reader.example")
owe(kind="test-poison", subject_id=new_id(), recipients=[person])
owe(kind="test", subject_id=new_id(), recipients=[person])
"""
TALK = Talk("thread", "session", "owner@shop.example", has_endpoint=True)
ID = "0199c000-0000-7000-8000-00000000000{}"


def mail(number: int, at: float, message_id: str = "") -> Mail:
    """Return the mail about a message."""
    named = message_id or f"<notice-{number}@localhost>"
    raw = f"Message-ID: {named}\n\nhttp://localhost/messages/thread/?message={ID.format(number)}#message"
    return Mail("site@localhost", (TALK.told,), raw.encode(), at)


def posted(number: int, acked: float) -> Posted:
    """Return a message that was acknowledged; the first one was posted twenty times at once."""
    location = f"/messages/thread/#message-{ID.format(number)}"
    is_first = number == 1
    return Posted(TALK, f"client-{number}", acked - 0.1, acked, location, {location}, TWENTY * is_first, is_first)


def row(number: int) -> tuple[Any, ...]:
    return ID.format(number), "thread", f"client-{number}", "delivered"


GOOD = Evidence(
    posted=[posted(1, 100.0), posted(2, 101.0)],
    events=[Event(1, "kill", 100.0, 100.2, may_repeat=1)],
    mails=[mail(1, 100.1), mail(2, 101.2)],
    hooks=[("hook-1", ID.format(1)), ("hook-2", ID.format(2)), ("hook-2", ID.format(2))],
    messages=[row(1), row(2)],
    unread=[("thread", 2, 2)],
    notices=[("new_message", "sent", "email", TALK.told, "", 1)],
)


def test_an_honest_run_is_found_to_be_one() -> None:
    assert check(GOOD).wrong == []
    assert check(replace(GOOD, mails=[*GOOD.mails, mail(1, 110.0)])).wrong == []  # the kill explains a repeat


@pytest.mark.parametrize(
    ("change", "row", "sentence"),
    [
        ({"messages": [row(1)]}, 1, "an acknowledged message is there 0 times"),
        ({"messages": [row(1), row(2), row(2)]}, 1, "an acknowledged message is there 2 times"),
        ({"mails": [mail(1, 100.1)]}, 1, "the mail about an acknowledged message was lost"),
        ({"mails": [*GOOD.mails, mail(1, 102.0), mail(2, 103.0)]}, 1, "2 mails were repeated, 1 processes"),
        ({"mails": [*GOOD.mails, mail(1, 102.0, "<other@localhost>")]}, 7, "a repeat has another Message-ID"),
        ({"mails": [mail(2, 101.2), mail(1, 101.5)]}, 5, "1 mails of a thread overtook an earlier one"),
        ({"mails": [mail(1, 100.1), mail(2, 140.0)]}, 1, "a message was told 39 s after the last fault"),
        ({"hooks": GOOD.hooks[:1]}, 1, "1 of 2 webhooks were lost"),
        ({"hooks": [*GOOD.hooks, ("hook-3", ID.format(1))]}, 1, "a repeated webhook has another id"),
        ({"unread": [("thread", 3, 2)]}, 2, "an inbox counts 3 unread messages of 2"),
        ({"notices": [("new_message", "due", "email", TALK.told, "", 1)]}, 1, "notices are left: {'due': 1}"),
        (
            {"posted": [replace(posted(1, 100.0), answers={"one", "other"}), posted(2, 101.0)]},
            11,
            "2 different answers",
        ),
        ({"posted": [posted(1, 100.0), replace(posted(2, 101.0), acked=0.0)]}, 1, "was never acknowledged"),
        ({"posted": [replace(posted(1, 100.0), repeats=19), posted(2, 101.0)]}, 11, "never were all of 20 at once"),
    ],
)
def test_whatever_is_not_as_promised_is_found(change: dict[str, Any], row: int, sentence: str) -> None:
    found = check(replace(GOOD, **change))
    assert any(sentence in one for one in found.wrong), found.wrong
    assert row in found.bad_rows


def test_all_twenty_rows_are_there_and_each_is_proven() -> None:
    assert [row.number for row in ROWS] == list(range(1, 21))
    assert all(row.injected or row.tests for row in ROWS)
    for row in ROWS:
        for test in row.tests:
            path, _, name = test.partition("::")
            assert f"def {name}" in (ROOT / path).read_text()


@pytest.mark.services
def test_a_log_that_cannot_be_written_stops_no_delivery(tmp_path: Path) -> None:
    """The disk of the log is full: what is to be told is told all the same."""
    with Stack("sqlite", tmp_path, start=(), redis=False, settings="tests.notices.site.settings") as stack:
        stack.python(OWE)
        command = [sys.executable, "manage.py", "deliver_notices", "--watch"]
        with (
            Path("/dev/full").open("w") as full,  # each line of the log ends with ENOSPC
            subprocess.Popen(command, cwd=ROOT, env=stack.environment, stdout=full, stderr=full) as worker,
        ):
            try:
                stack.sink.wait(1, 30)
                stack.python(OWE)
                stack.sink.wait(2, 30)
                assert worker.poll() is None
            finally:
                worker.kill()
