"""Row 19: a backup is restored, and nobody is told again what they were told before it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.faults.checker import Found
from benchmarks.faults.nemesis import Playground
from benchmarks.faults.post_office import told_of
from tests.processes import manage
from tests.services.postgres import binaries
from tests.sink import wait_for

IN_FLIGHT, AFTERWARDS = 3, 2


def restore(ground: Playground, found: Found) -> str:
    """Back up while mails are on their way, go on, restore it as if an hour had passed; return what was seen."""
    site, office = ground.site, ground.office
    talk = next(talk for talk in ground.scene.talks if talk.told == "owner2@shop.example")
    office.holds.add(talk.told)
    office.held.clear()
    waiting = [ground.writer.write_once(talk) for _ in range(IN_FLIGHT)]
    wait_for(lambda: talk.told in office.held, "the mails are not tried", 60)
    dump = site.folder / "backup.dump"
    _run("pg_dump", "--format=custom", f"--file={dump}", site.database_url)
    office.holds.clear()
    ids = {one.message_id for one in waiting}
    wait_for(lambda: ids <= {told_of(mail) for mail in office.copies[-50:]}, "what was on its way is not sent", 60)
    later = [ground.writer.write_once(talk) for _ in range(AFTERWARDS)]
    later_ids = {one.message_id for one in later}
    wait_for(lambda: later_ids <= {told_of(mail) for mail in office.copies[-50:]}, "what came later is not sent", 30)
    ground.done.set()
    for process in (site.processes["web"], site.processes["beat"], *ground.workers()):
        process.kill()
    before = office.copies
    with _restored(site.database_url, dump) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            hour = "interval '1 hour'"
            connection.execute(
                f"UPDATE notices_notice SET next_at = next_at - {hour}, created_at = created_at - {hour}, "
                f"sent_at = sent_at - {hour}, lease_until = lease_until - {hour}"
            )
            [[kept]] = connection.execute(
                "SELECT count(*) FROM threads_message WHERE id = ANY(%s)", [list(later_ids)]
            ).fetchall()
        _drain(site.environment | {"DATABASE_URL": url}, url)
    again = office.copies[len(before) :]
    names = {mail.message_id for mail in before}
    if {told_of(mail) for mail in again} - ids:
        found.say(19, "mails that were sent before the backup were sent again")
    if any(mail.message_id not in names for mail in again):
        found.say(19, "a mail that was on its way at the backup was repeated under another Message-ID")
    found.repeated[19] += len(again)
    lost = AFTERWARDS - int(kept)
    return (
        f"Row 19: of {len(before)} mails {len(again)} were sent again after the restore, of the {IN_FLIGHT} that were\n"
        f"on their way at the backup, each with its Message-ID. {lost} of {AFTERWARDS} messages written\n"
        "after it are lost with the window."
    )


def _drain(environment: dict[str, str], url: str) -> None:
    """Deliver what is due after the restore, in the order of each thread."""
    for _turn in range(IN_FLIGHT + 2):
        manage(environment, "deliver_notices")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("UPDATE notices_notice SET next_at = now() WHERE state = 'due'")
        time.sleep(0.1)


@contextmanager
def _restored(url: str, dump: Path) -> Iterator[str]:
    """Give a database made from a backup, and remove it."""
    name = f"{urlsplit(url).path[1:]}_restored"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    restored = urlsplit(url)._replace(path=f"/{name}").geturl()
    try:
        _run("pg_restore", "--no-owner", f"--dbname={restored}", str(dump))
        yield restored
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(program: str, *words: str) -> None:
    folder = binaries()
    subprocess.run([str(folder / program) if folder else program, *words], check=True, capture_output=True)
