"""One run: a site of its own, people who write, faults, calm, and the evidence."""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults import nemesis
from benchmarks.faults.checker import POISON, Evidence, Found, check
from benchmarks.faults.clients import Writer
from benchmarks.faults.nemesis import Event, Hurry, Nemesis, Playground, Supervisor
from benchmarks.faults.post_office import Office, told_of
from benchmarks.faults.restoring import restore
from benchmarks.faults.scene import BLOCKER, GONE, LEAVER, set_scene
from benchmarks.faults.servers import Database
from tests.processes import Stack
from tests.receiver import Receiver
from tests.sink import wait_for

WRITERS, PAUSE = 6, 0.7
CALM_SECONDS = 60.0
# What the entry of the side that was written to says, and how much that is.
UNREAD = """
SELECT entry.thread_id, entry.unread, count(message.id) FROM threads_entry entry
JOIN threads_message message ON message.thread_id = entry.thread_id AND message.sender_id <> entry.mailbox_id
WHERE message.state = 'delivered' AND entry.mailbox_id <> (
    SELECT sender_id FROM threads_message last WHERE last.thread_id = entry.thread_id ORDER BY last.id DESC LIMIT 1
) GROUP BY entry.id
"""
NOTICES = (
    "SELECT notice.kind, notice.state, notice.channel, person.email, notice.reason, notice.attempts "
    "FROM notices_notice notice LEFT JOIN accounts_user person ON person.id = notice.recipient_id"
)
BREACHES = "import json; from benchmarks.recount import breaches; print(json.dumps(breaches(None, 0)))"


@dataclass
class Played:
    """What a run showed: figures for the table, and sentences."""

    found: Found
    events: list[Event]
    notes: list[str] = field(default_factory=list)
    times: Counter[int] = field(default_factory=Counter)


def play(database: Database, *, seed: int, seconds: float, settings: str, rows: frozenset[int]) -> Played:
    """Run the site for so many seconds under the faults of these rows, let it calm down, and check."""
    with tempfile.TemporaryDirectory(prefix="messagecenter-faults-") as folder, Receiver() as hooks:
        environment = {
            "NOTICE_LEASE_SECONDS": str(nemesis.LEASE),
            "EGRESS_ALLOW": hooks.host_and_port,
            "LOG_LEVEL": "WARNING",
        }
        with Stack("postgres", Path(folder), start=("web",), environment=environment, settings=settings) as site:
            scene = set_scene(site, hooks.url)
            stop = threading.Event()
            talks = [scene.talks[number::WRITERS] for number in range(WRITERS)]
            dice = [random.Random(f"{seed} {number}") for number in range(WRITERS + 3)]
            writers = [Writer(site.port, own, dice[number], PAUSE, stop) for number, own in enumerate(talks)]
            extra = Writer(site.port, scene.talks, dice[WRITERS], PAUSE, stop)
            ground = Playground(site, database, Office(site.sink), scene, dice[WRITERS], extra)
            for number in (1, 2):
                site.start("worker", number=number)
            site.start("beat")
            return _played(ground, hooks, writers, dice, seconds, rows)


def _played(
    ground: Playground,
    hooks: Receiver,
    writers: list[Writer],
    dice: list[random.Random],
    seconds: float,
    rows: frozenset[int],
) -> Played:
    """Let everything run, and bring it to its end."""
    for writer in writers:
        writer.start()
    wait_for(lambda: ground.office.copies, "no mail arrives before anything went wrong", 40)
    ground.began = time.monotonic()
    Hurry(ground).start()
    supervisor = Supervisor(ground)
    supervisor.start()
    until = ground.began + seconds
    plans = [[fault for fault in plan if fault[0] in rows] for plan in (nemesis.PROCESSES, nemesis.SERVERS)]
    lanes = [Nemesis(ground, plan, die, until) for plan, die in zip(plans, dice[-2:], strict=True) if plan]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.finished.wait()
    writers[0].stop.set()
    for writer in writers:
        writer.join()
    calm = _calm_down(ground)
    evidence = _evidence(ground, hooks, writers)
    found = check(evidence)
    if calm is None:
        found.say(1, f"not everything was delivered within {CALM_SECONDS:.0f} s of calm")
    for name, process in ground.site.processes.items():
        if not process.runs:
            found.say(1, f"{name} has ended by itself:\n{process.output()[-1500:]}")
    played = Played(found, ground.events)
    _special(ground, played, writers)
    played.notes += [
        f"{sum(bool(one.acked) for one in evidence.posted)} messages acknowledged, {len(evidence.mails)} mails and "
        f"{len(evidence.hooks)} webhooks accepted in {time.monotonic() - ground.began:.0f} s.",
        f"Answers: {dict(sum((writer.statuses for writer in writers), Counter()))}",
        f"Calm after {calm or CALM_SECONDS:.1f} s.",
    ]
    if supervisor.restarted:
        played.notes.append(f"Ended by themselves and started again by the supervisor: {dict(supervisor.restarted)}")
        played.notes += supervisor.last_words
    for failure in ground.failures:
        found.say(int(failure.split(",")[0].removeprefix("row ")), f"the fault itself failed: {failure}")
    for breach in json.loads(ground.site.python(BREACHES).splitlines()[-1]):
        found.say(2, breach)
    if 19 in rows:
        played.times[19] += 1
        try:
            played.notes.append(restore(ground, found))
        except AssertionError as error:
            found.say(19, str(error)[-800:])
    ground.done.set()
    return played


def _calm_down(ground: Playground) -> float | None:
    """Return the seconds until nothing was left to deliver, or None."""
    began = time.monotonic()
    left = f"SELECT count(*) FROM notices_notice WHERE state IN ('due', 'sending') AND kind <> '{POISON}'"
    try:
        wait_for(lambda: ground.site.sql(left) == [(0,)], "notices are left", CALM_SECONDS, 0.5)
    except AssertionError:
        return None
    return time.monotonic() - began


def _evidence(ground: Playground, hooks: Receiver, writers: list[Writer]) -> Evidence:
    """Collect what there is."""
    posted = [one for writer in writers for one in writer.posted]
    calls = [(one.headers["webhook-id"], json.loads(one.body)["data"]["message"]) for one in hooks.posted]
    return Evidence(
        posted=posted,
        events=ground.events,
        mails=[mail for mail in ground.office.copies if told_of(mail)],
        hooks=calls,
        messages=ground.site.sql("SELECT id, thread_id, client_id, state FROM threads_message"),
        unread=ground.site.sql(UNREAD),
        notices=ground.site.sql(NOTICES),
    )


def _special(ground: Playground, played: Played, writers: list[Writer]) -> None:
    """Rows 2, 6, 11, 17 and 20: what is not about losing or repeating."""
    found, site = played.found, ground.site
    played.times.update(event.row for event in ground.events)
    played.times[2] += sum(writer.hung_up for writer in writers)
    played.times[11] = sum(one.repeats for writer in writers for one in writer.posted)
    notices = site.sql(NOTICES)
    played.times[6] = ground.office.gone
    gone = [reason for _kind, state, _channel, email, reason, _tries in notices if email == GONE and state == "sent"]
    suppressed = site.sql("SELECT count(*) FROM mail_suppression")[0][0]
    if ground.office.gone and (gone or suppressed != 1):
        found.say(6, f"{len(gone)} mails to the refused address, {suppressed} suppressions")
    poisoned = [state for kind, state, *_ in notices if kind == POISON]
    if "sent" in poisoned or len(poisoned) != sum(event.row == 17 for event in ground.events):
        found.say(17, f"what cannot be rendered is {poisoned}")
    if any(event.row == 20 for event in ground.events):
        reasons = {email: reason for _kind, _state, _ch, email, reason, _tries in notices if email in (BLOCKER, LEAVER)}
        expected = {BLOCKER: "the sender was blocked meanwhile", LEAVER: "the person switched these off"}
        mails = sum(mail.to[0] in expected for mail in ground.office.copies)
        if reasons != expected or mails:
            found.say(20, f"{mails} mails were sent; the reasons are {reasons}")
