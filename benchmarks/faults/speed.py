"""How many mails two workers render and send in a second, and how long after the commit a mail is accepted.

Run by ``.venv/bin/python -m benchmarks.faults.speed``. Ends with exit code 1 while a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.faults.post_office import told_of
from benchmarks.faults.servers import database
from benchmarks.processor import cpu_seconds
from tests.processes import Stack, remove_templates
from tests.sink import wait_for

MAILS_A_SECOND, P95_SECONDS, P95_WITHOUT_REDIS = 200.0, 2.0, 10.0
OWE = """
from datetime import timedelta
from django.utils import timezone
from messagecenter.notices.actions import owe
from messagecenter.notices.models import Notice
from messagecenter.samples.loading import load
from messagecenter.threads.models import Entry, Message
load(threads={threads}, progress=False)
Entry.objects.update(read_up_to=None, is_muted=False)  # nobody has read anything
for entry in Entry.objects.select_related("mailbox"):
    theirs = Message.objects.filter(thread=entry.thread_id, state="delivered").exclude(sender=entry.mailbox_id)
    message = theirs.order_by("-pk").first()
    person = entry.mailbox.members.filter(is_active=True).first()
    if message is not None and person is not None:
        owe(kind="new_message", subject_id=message.pk, recipients=[person], group_id=entry.thread_id)
Notice.objects.update(next_at=timezone.now() + timedelta(days=1))
print(Notice.objects.count())
"""
POST = """
import json, random, time
from messagecenter.ids import new_id
from messagecenter.threads.actions import post_message
from messagecenter.threads.models import Entry
talks = []
for entry in Entry.objects.filter(mailbox__kind="buyer").select_related("mailbox", "thread").order_by("pk")[:400]:
    person = entry.mailbox.members.first()
    if person is not None:
        talks.append((person, entry.mailbox, entry.thread))
random.Random(5).shuffle(talks)
talks = talks[:{count}]
committed = {{}}
begins = time.monotonic()
for number, (person, mailbox, thread) in enumerate(talks):
    time.sleep(max(0.0, begins + number / {rate} - time.monotonic()))
    try:
        done = post_message(by=person, mailbox=mailbox, thread=thread, body="It fits very well.", client_id=new_id())
    except Exception as refused:
        continue
    committed[str(done.message.pk)] = time.monotonic()
print(json.dumps([committed, len(talks) / (time.monotonic() - begins)]))
"""


def throughput(site: Stack, threads: int, postgres: int | None) -> float:
    """Return how many mails a second two processes send, and say what CPU a mail costs.

    Where other work shares the cores, that says more: two free ones have 2,000 ms of it a second. ``postgres`` is the
    server's process, if it is ours.
    """
    count = int(site.python(OWE.format(threads=threads)).splitlines()[-1])
    for number in (1, 2):
        site.start("deliver", number=number)
    time.sleep(6)
    before = len(site.sink.mails)
    roots = {"workers": [site.processes[f"deliver-{number}"].pid for number in (1, 2)]}
    roots |= {"PostgreSQL": [postgres]} if postgres else {}
    used = {what: -sum(map(cpu_seconds, pids)) for what, pids in roots.items()}
    used["mail server"] = -time.process_time()
    site.sql("UPDATE notices_notice SET next_at = now()")
    left = "SELECT count(*) FROM notices_notice WHERE state IN ('due', 'sending')"
    wait_for(lambda: site.sql(left) == [(0,)], "not all are sent", 300, 0.2)
    for what, pids in roots.items():
        used[what] += sum(map(cpu_seconds, pids))
    used["mail server"] += time.process_time()
    moments = [mail.at for mail in site.sink.mails[before:]]
    for number in (1, 2):
        site.processes[f"deliver-{number}"].kill()
    rate = (len(moments) - 1) / (moments[-1] - moments[0])
    print(
        f"{len(moments)} mails of {count} notices in {moments[-1] - moments[0]:.1f} s: {rate:.0f} a second", flush=True
    )
    print("CPU a mail: " + ", ".join(f"{what} {one / len(moments) * 1000:.1f} ms" for what, one in used.items()))
    return rate


def latency(site: Stack, what: str, rate: float, count: int) -> float:
    """Return the 95th percentile of the seconds from commit to acceptance at so many messages a second."""
    committed, reached = json.loads(site.python(POST.format(rate=rate, count=count)).splitlines()[-1])
    left = (
        "SELECT count(*) FROM notices_notice WHERE state IN ('due', 'sending') AND next_at < now() + interval '1 min'"
    )

    def all_sent() -> bool:
        """Look, and start again what has ended, as a supervisor does: a worker may end when its Redis does."""
        for name in ("worker", "beat"):
            if not site.processes[name].runs:
                print(f"{name} ended and is started again", flush=True)
                site.processes[name].start()
        return site.sql(left) == [(0,)]

    wait_for(all_sent, "not all are sent", 120, 0.5)
    accepted: dict[str, float] = {}
    for mail in site.sink.mails:
        accepted.setdefault(told_of(mail), mail.at)
    waits = sorted(accepted[key] - moment for key, moment in committed.items() if key in accepted)
    p95 = statistics.quantiles(waits, n=20)[18]
    print(
        f"{what}: {len(waits)} mails, {reached:.1f} messages a second: median {statistics.median(waits):.2f} s, "
        f"p95 {p95:.2f} s, slowest {waits[-1]:.2f} s",
        flush=True,
    )
    return p95


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second for the waits")
    parser.add_argument("--count", type=int, default=300, help="how many of them")
    options: Any = parser.parse_args()
    with (
        database(os.environ.get("DATABASE_URL", "")) as server,
        tempfile.TemporaryDirectory(prefix="messagecenter-speed-") as folder,
    ):
        os.environ["TEST_POSTGRES_URL"] = server.url
        with Stack("postgres", Path(folder), start=(), environment={"LOG_LEVEL": "WARNING"}) as site:
            rate = throughput(site, options.threads, server.server.process.pid if server.server else None)
            site.sql("DELETE FROM notices_notice")
            worker = site.start("worker")
            site.start("beat")
            wait_for(lambda: "ready" in worker.output(), "the worker does not start", 40)
            time.sleep(8)
            waits = latency(site, "with Redis", options.rate, options.count)
            site.sql("DELETE FROM notices_notice")
            site.processes["redis"].kill()
            time.sleep(2)
            without = latency(site, "Redis dead", options.rate, options.count)
        remove_templates()
    kept = (rate >= MAILS_A_SECOND, waits <= P95_SECONDS, without <= P95_WITHOUT_REDIS)
    names = ("200 mails a second", "p95 of 2 s", "p95 of 10 s without Redis")
    print("; ".join(f"{name}: {'kept' if ok else 'BROKEN'}" for name, ok in zip(names, kept, strict=True)))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
