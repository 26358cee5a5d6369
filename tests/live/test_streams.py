"""Streams through a real server: events arrive, rights are followed, Redis may die, connections are few."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

import psycopg
import pytest

from tests.processes import Engine, Stack, cut_connections, engines
from tests.sink import wait_for

pytestmark = pytest.mark.services

PEOPLE = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from messagecenter.accounts.models import Mailbox, Membership, User
Store = import_module(settings.SESSION_ENGINE).SessionStore
for name in ("one", "two", "three", "four", "five"):
    user = User.objects.create_user(name + "@example.com", "correct horse battery staple")
    mailbox = Mailbox.objects.create(kind="shop", name=name)
    Membership.objects.create(user=user, mailbox=mailbox, role="owner")
    store = Store()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    print(name, mailbox.pk, store.session_key)
"""
ANNOUNCE = """
import uuid
from messagecenter.live.actions import announce
for mailbox in {mailboxes!r}:
    announce(kind={kind!r}, mailbox_ids=[uuid.UUID(mailbox)], thread_id=uuid.uuid4())
import time; time.sleep(0.3)
"""


class Site:
    """A site with four people, each with a mailbox and a session."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.mailboxes: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        for line in stack.python(PEOPLE).splitlines():
            name, self.mailboxes[name], self.sessions[name] = line.split()

    def announce(self, kind: str, *names: str) -> None:
        """Announce from a process of its own, as a worker would."""
        self.stack.python(ANNOUNCE.format(kind=kind, mailboxes=[self.mailboxes[name] for name in names]))

    def get(self, path: str, name: str = "", method: str = "GET", **headers: str) -> tuple[int, bytes]:
        """Ask for a page and return its status and content."""
        connection = HTTPConnection("localhost", self.stack.port, timeout=10)
        cookie = {"Cookie": f"session={self.sessions.get(name, name)}"} if name else {}
        connection.request(method, path, headers=cookie | headers)
        answer = connection.getresponse()
        content = answer.read() if answer.status != 200 else b""
        connection.close()
        return answer.status, content

    @contextmanager
    def stream(self, name: str, **headers: str) -> Iterator[Stream]:
        """Open a stream; it has said hello when this gives it."""
        connection = HTTPConnection("localhost", self.stack.port, timeout=60)
        connection.request("GET", "/live/stream/", headers={"Cookie": f"session={self.sessions[name]}"} | headers)
        stream = Stream(connection)
        try:
            yield stream
        finally:
            stream.close()


class Stream:
    """An open stream, read on a thread."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self.sock = connection.sock
        self.response = connection.getresponse()
        self.events: list[dict[str, Any]] = []
        self.cursors: list[int] = []
        self.ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for_kind("hello")

    def _read(self) -> None:
        with suppress(OSError, ValueError, AttributeError):  # closed while it is read
            for line in self.response:
                if line.startswith(b"id: "):
                    self.cursors.append(int(line[4:]))
                if line.startswith(b"data: "):
                    self.events.append(json.loads(line[6:]))
        self.ended.set()

    @property
    def kinds(self) -> list[str]:
        """The kinds of the events so far."""
        return [event["kind"] for event in self.events]

    def wait_for_kind(self, kind: str, seconds: float = 15.0) -> None:
        """Wait until an event of this kind has come."""
        wait_for(lambda: kind in self.kinds, f"no event {kind!r} among {self.kinds}", seconds)

    def close(self) -> None:
        """Leave as a browser does: without a word."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(SHUT_RDWR)
            self.sock.close()
        self.ended.wait(5)
        self._connection.close()


# On SQLite numbers appear in order, connections are files, and there is no Redis to kill.
ON_POSTGRES = pytest.mark.parametrize("site", [one for one in engines() if one == "postgres"], indirect=True)


@pytest.fixture(scope="module", params=engines())
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """SQLite without Redis, PostgreSQL with Redis; one web process, as streams and connections are counted in each."""
    engine: Engine = request.param
    environment = {"WEB_WORKERS": "1"}
    with Stack(engine, tmp_path_factory.mktemp(engine), start=("web",), environment=environment) as stack:
        yield Site(stack)


def test_a_stranger_gets_401_and_only_get_is_answered(site: Site) -> None:
    assert site.get("/live/stream/") == (401, b"{}")
    assert site.get("/live/stream/", name="forged-session-key") == (401, b"{}")
    assert site.get("/live/stream/", name="one", method="POST") == (405, b"{}")
    assert site.get("/live/stream/", name="one", Host="evil.example") == (400, b"{}")


def test_an_event_arrives_with_its_reader_and_nobody_else(site: Site) -> None:
    with site.stream("one") as one, site.stream("two") as two:
        assert one.response.headers["Content-Type"] == "text/event-stream"
        assert one.response.headers["Cache-Control"] == "no-store"
        assert one.response.headers["X-Accel-Buffering"] == "no"
        site.announce("for-one", "one")
        one.wait_for_kind("for-one")  # before the next: what is read together has one cursor
        site.announce("for-two", "two")
        two.wait_for_kind("for-two")
        assert (one.kinds, two.kinds) == (["hello", "for-one"], ["hello", "for-two"])
        assert set(one.events[1]) == {"id", "kind", "mailbox", "thread", "message"}
        assert one.cursors[-1] == one.events[1]["id"]


def test_a_returning_reader_gets_what_was_missed(site: Site) -> None:
    with site.stream("one") as stream:
        last = stream.cursors[-1]
    site.announce("missed", "one", "two", "one")
    with site.stream("one", **{"Last-Event-ID": str(last)}) as stream:
        assert stream.kinds == ["missed", "missed", "hello"]
    with site.stream("one", **{"Last-Event-ID": "rubbish"}) as stream:
        assert stream.kinds == ["hello"]


@ON_POSTGRES
def test_an_event_whose_transaction_commits_late_is_delivered(site: Site) -> None:
    insert = (
        "insert into live_event (mailbox_id, kind, thread_id, created_at) values (%s, %s, gen_random_uuid(), now())"
        " returning id"
    )
    mailbox = site.mailboxes["one"]
    with site.stream("one") as stream, psycopg.connect(site.stack.database_url) as slow:
        row = slow.execute(insert, (mailbox, "late")).fetchone()
        assert row is not None
        site.announce("early", "one")
        stream.wait_for_kind("early")
        assert stream.cursors[-1] < row[0]
        slow.commit()
        stream.wait_for_kind("late")
        assert stream.kinds == ["hello", "early", "late"]
        assert stream.cursors[-1] > row[0]


def test_a_seventh_stream_crowds_out_the_oldest(site: Site) -> None:
    with ExitStack() as open_streams:
        streams = [open_streams.enter_context(site.stream("one")) for _ in range(7)]
        assert streams[0].ended.wait(5)
        assert streams[0].kinds == ["hello", "crowded_out"]
        assert [stream.ended.is_set() for stream in streams[1:]] == [False] * 6


def test_who_loses_the_right_stops_hearing(site: Site) -> None:
    stack = site.stack
    with site.stream("five") as removed, site.stream("three") as signed_out, site.stream("four") as deactivated:
        mailbox = site.mailboxes["five"].replace("-", "") if stack.engine == "sqlite" else site.mailboxes["five"]
        stack.sql(f"delete from accounts_membership where mailbox_id = '{mailbox}'")
        stack.sql(f"delete from django_session where session_key = '{site.sessions['three']}'")
        no = 0 if stack.engine == "sqlite" else "false"
        stack.sql(f"update accounts_user set is_active = {no} where email = 'four@example.com'")
        assert signed_out.ended.wait(15)
        assert deactivated.ended.wait(15)
        time.sleep(0.5)
        site.announce("secret", "three", "four", "five")
        time.sleep(2)
        assert [stream.kinds for stream in (removed, signed_out, deactivated)] == [["hello"]] * 3
    assert site.get("/live/stream/", name="three")[0] == 401
    assert site.get("/live/stream/", name="four")[0] == 401


@ON_POSTGRES
def test_a_hundred_streams_hold_at_most_three_connections(site: Site) -> None:
    site.stack.python(
        PEOPLE.replace('("one", "two", "three", "four", "five")', "[f'many{n}' for n in range(17)]") + SAVE
    )
    with ExitStack() as open_streams:
        names = (site.stack.folder / "many.txt").read_text().split()
        for number in range(100):
            site.sessions[f"many{number}"] = names[number // 6]
            open_streams.enter_context(site.stream(f"many{number}"))
        count = site.stack.sql(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert count[0][0] <= 3


SAVE = """
from django.contrib.sessions.models import Session
from django.conf import settings
by_user = {row.get_decoded()["_auth_user_id"]: row.session_key for row in Session.objects.all()}
keys = [by_user[str(user.pk)] for user in User.objects.filter(email__startswith="many").order_by("pk")]
(settings.VAR_DIR / "many.txt").write_text(" ".join(keys))
"""


@ON_POSTGRES
def test_events_arrive_without_redis_and_after_its_return(site: Site) -> None:
    with site.stream("one") as stream:
        site.stack.processes["redis"].kill()
        site.announce("while-dead", "one")
        stream.wait_for_kind("while-dead")
        site.stack.processes["redis"].start()
        site.announce("after-return", "one")
        stream.wait_for_kind("after-return")
        assert stream.kinds == ["hello", "while-dead", "after-return"]


@ON_POSTGRES
def test_a_stream_survives_the_loss_of_its_database_connections(site: Site) -> None:
    with site.stream("one") as stream:
        cut_connections(site.stack)
        site.announce("after-the-cut", "one")
        stream.wait_for_kind("after-the-cut")
        assert stream.kinds == ["hello", "after-the-cut"]


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
def test_the_server_stops_in_time_with_open_streams(server: Any, tmp_path: Path) -> None:
    with Stack("sqlite", tmp_path, start=("web",), redis=False, server=server) as stack:
        site = Site(stack)
        with site.stream("one") as one, site.stream("two"):
            site.announce("hi", "one")
            one.wait_for_kind("hi")
            web = stack.processes["web"]
            assert web.stop(15) < 10
            assert web.popen.returncode in (0, -15)
            assert one.ended.wait(5)
