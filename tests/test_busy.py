"""When the database cannot give a lock, a person is told so, and what was typed comes back."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoDbBlocker

from messagecenter.accounts.models import User
from messagecenter.busy import failed, is_lock
from messagecenter.ids import new_id
from messagecenter.sqlite.base import DatabaseWrapper
from messagecenter.threads.models import Message, Thread
from tests.factories import PASSWORD
from tests.journeys.scene import set_scene
from tests.processes import Stack

SignIn = Callable[[User], Client]
SENTENCE = "The site is busy just now. Nothing is lost: please try again in a moment."


def closed(other: BaseDatabaseWrapper) -> None:
    """Close a connection for good: Django keeps one to a database in memory open, as it would take that along."""
    BaseDatabaseWrapper.close(other)


@pytest.fixture
def writer_elsewhere(transactional_db: None) -> Iterator[None]:
    """Another connection that holds what every writer needs, until the test ends; ours waits 0.3 seconds at most."""
    other = connection.copy()
    with contextlib.ExitStack() as held:
        held.callback(closed, other)
        if connection.vendor == "postgresql":
            other.set_autocommit(False)
            held.callback(other.rollback)
            other.cursor().execute("LOCK TABLE threads_thread, threads_entry, threads_draft IN EXCLUSIVE MODE")
            connection.cursor().execute("SET lock_timeout = '300ms'")
            held.callback(lambda: connection.cursor().execute("SET lock_timeout = 0"))
        else:
            other.cursor().execute("BEGIN IMMEDIATE")
            held.callback(lambda: other.cursor().execute("ROLLBACK"))
        yield


@pytest.fixture
def impatient(signed_in: SignIn, buyer: User) -> Client:
    browser = signed_in(buyer)
    browser.raise_request_exception = False
    return browser


def sent(html: str) -> dict[str, str]:
    """Return the fields of the form on a page, as a browser would send them again."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    text = re.search(r'<textarea[^>]*name="body"[^>]*>\n?([^<]*)</textarea>', html)
    return hidden | ({"body": text[1]} if text else {})


def test_reply_comes_back_in_the_composer(
    impatient: Client, thread: Thread, writer_elsewhere: None, buyer: User
) -> None:
    client_id = str(new_id())
    answer = impatient.post(
        f"/messages/{thread.pk}/reply/",
        {"body": "Where is my lamp <b>now</b>?", "client_id": client_id},
        headers={"HX-Request": "true", "HX-Target": "form#composer"},
    )
    html = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert html.startswith('<form class="composer" id="composer"')
    assert SENTENCE in html
    assert sent(html)["client_id"] == client_id
    assert sent(html)["body"] == "Where is my lamp &lt;b&gt;now&lt;/b&gt;?"
    assert Message.objects.filter(thread=thread).count() == 1


def test_without_javascript_the_page_sends_all_of_it_again(
    impatient: Client, thread: Thread, writer_elsewhere: None
) -> None:
    form = {"body": "Where is my lamp?", "client_id": str(new_id()), "confirm": "yes", "draft_version": "7"}
    answer = impatient.post(f"/messages/{thread.pk}/reply/", form)
    html = answer.content.decode()
    assert (answer.status_code, SENTENCE in html) == (503, True)
    assert f'action="/messages/{thread.pk}/reply/"' in html
    assert {name: sent(html)[name] for name in form} == form


def test_reply_goes_out_once_the_lock_is_free(impatient: Client, thread: Thread, db: None) -> None:
    form = {"body": "Where is my lamp?", "client_id": str(new_id())}
    assert impatient.post(f"/messages/{thread.pk}/reply/", form).status_code == 302


def test_other_forms_come_back_without_a_text_box(impatient: Client, thread: Thread, writer_elsewhere: None) -> None:
    answer = impatient.post("/messages/file/", {"verb": "archive", "thread": [str(thread.pk)], "next": "/messages/"})
    html = answer.content.decode()
    assert answer.status_code == 503
    assert sent(html) == sent(html) | {"verb": "archive", "thread": str(thread.pk)}
    assert "<textarea" not in html


def test_scripts_get_the_sentence_as_json(impatient: Client, thread: Thread, writer_elsewhere: None) -> None:
    answer = impatient.post(
        "/messages/file/",
        {"verb": "star", "thread": [str(thread.pk)]},
        headers={"Accept": "application/json"},
    )
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert (answer.json()["sentence"], answer.json()["message"]) == (SENTENCE, SENTENCE)


def test_passwords_are_never_written_into_a_page(transactional_db: None) -> None:
    request = RequestFactory().post("/accounts/login/", {"login": "anna@buyer.example", "password": "Zwetschge-4711"})
    request.csrf_processing_done = True  # type: ignore[attr-defined]
    html = answered(request).content.decode()
    assert SENTENCE in html
    assert "Zwetschge" not in html
    assert "anna@buyer.example" not in html


def test_what_a_foreign_page_sends_gets_no_button_of_ours(transactional_db: None) -> None:
    request = RequestFactory().post("/messages/file/", {"do": "Zwetschge"})
    html = answered(request).content.decode()
    assert SENTENCE in html
    assert "Zwetschge" not in html


def answered(request: HttpRequest) -> HttpResponse:
    """Return how a request is answered that ended with a lock that was not given."""
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    try:
        raise OperationalError("database is locked") from cause
    except OperationalError:
        return failed(request)


def test_only_locks_are_called_busy() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    error = OperationalError("database or disk is full")
    error.__cause__ = full
    assert not is_lock(error)
    assert not is_lock(RuntimeError("database is locked"))
    try:
        raise error
    except OperationalError:
        answer = failed(RequestFactory().get("/messages/"))
    assert answer.status_code == 500
    assert SENTENCE not in answer.content.decode()


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), 503),
        (psycopg.InterfaceError("the connection is closed"), 503),
        (psycopg.errors.AdminShutdown(), 503),
        (psycopg.errors.CannotConnectNow(), 503),
        (psycopg.errors.DiskFull(), 503),
        (psycopg.errors.TooManyConnections(), 503),
        (psycopg.errors.QueryCanceled(), 500),
        (psycopg.errors.UndefinedTable(), 500),
    ],
)
@pytest.mark.django_db
def test_a_database_that_is_away_or_full_is_said(cause: psycopg.Error, status: int) -> None:
    try:
        raise OperationalError("away") from cause
    except OperationalError:
        answer = failed(RequestFactory().get("/messages/"))
    assert answer.status_code == status
    assert (SENTENCE in answer.content.decode()) == (status == 503)


class Visitor:
    """Somebody with a browser without scripts."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.page = ""
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Open a page, or send the form that stands on it, with its token; return the status and the page."""
        data = None
        if form is not None:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page)
            assert token is not None
            data = urllib.parse.urlencode(form | {"csrfmiddlewaretoken": token[1]}).encode()
        try:
            with self.opener.open(self.base_url + path, data, timeout=30) as answer:
                status, self.page = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                status, self.page = error.code, error.read().decode()
        return status, self.page


@pytest.fixture
def _own_databases(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a test open databases that it makes itself."""
    with django_db_blocker.unblock():
        yield


@pytest.mark.services
def test_another_process_holds_the_lock(tmp_path: Path) -> None:
    """On a real site: whoever can be given the lock in time has it; else the text comes back, and goes out later."""
    with Stack("sqlite", tmp_path, start=()) as stack:
        scene = set_scene(stack)
        stack.environment["DATABASE_URL"] += "?timeout=2"
        stack.start("web")
        visitor = Visitor(stack.base_url)
        visitor.ask("/accounts/login/")
        visitor.ask("/accounts/login/", {"login": scene.buyer, "password": PASSWORD})
        where = f"/messages/{scene.thread}/"
        visitor.ask(where)
        form = {"body": "Where is it now?", "client_id": str(new_id())}
        file = stack.database_url.removeprefix("sqlite:///")
        other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        with contextlib.closing(other):
            other.execute("BEGIN IMMEDIATE")
            status, page = visitor.ask(f"{where}reply/", form)
            assert (status, SENTENCE in page) == (503, True)
            assert sent(page) == sent(page) | form
            assert visitor.ask("/messages/")[0] == 200  # reading needs no lock
            visitor.ask(where)
            release = threading.Timer(0.7, other.execute, ["ROLLBACK"])
            release.start()
            status, page = visitor.ask(f"{where}reply/", form)
            release.join()
        assert (status, "Where is it now?" in page) == (200, True)
        assert stack.sql("select count(*) from threads_message") == [(2,)]


@pytest.mark.usefixtures("_own_databases")
def test_writers_on_sqlite_begin_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "check_same_thread": False}
    wanted = {**settings.DATABASES["default"], "NAME": str(tmp_path / "line.sqlite3"), "OPTIONS": options}
    begun: list[int] = []

    def write(number: int) -> None:
        one = DatabaseWrapper(wanted | {"TIME_ZONE": None})
        with contextlib.closing(one):
            one.connect()
            one._start_transaction_under_autocommit()
            begun.append(number)
            time.sleep(0.01)
            one.connection.rollback()

    holder = sqlite3.connect(tmp_path / "line.sqlite3", isolation_level=None)
    with contextlib.closing(holder):
        holder.execute("BEGIN IMMEDIATE")
        writers = [threading.Thread(target=write, args=[number]) for number in range(8)]
        for writer in writers:
            writer.start()
            time.sleep(0.15)  # long enough for SQLite's own looks to have become rare
        assert begun == []
        holder.execute("ROLLBACK")
        for writer in writers:
            writer.join()
    assert begun == list(range(8))


@pytest.mark.usefixtures("_own_databases")
def test_line_gives_up_when_its_time_is_over(tmp_path: Path) -> None:
    """However many wait, none waits much longer than what was set."""
    options = {"transaction_mode": "IMMEDIATE", "timeout": 0.4}
    wanted = {**settings.DATABASES["default"], "NAME": str(tmp_path / "line.sqlite3"), "OPTIONS": options}
    waited: list[float] = []

    def write() -> None:
        one, began = DatabaseWrapper(wanted | {"TIME_ZONE": None}), time.monotonic()
        with contextlib.closing(one), contextlib.suppress(OperationalError):
            one.connect()
            one._start_transaction_under_autocommit()
            waited.append(0)
        waited.append(time.monotonic() - began)

    holder = sqlite3.connect(tmp_path / "line.sqlite3", isolation_level=None)
    with contextlib.closing(holder):
        holder.execute("BEGIN IMMEDIATE")
        writers = [threading.Thread(target=write) for _ in range(6)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert len(waited) == 6
    assert min(waited) >= 0.4
    assert max(waited) < 1.5


@pytest.mark.usefixtures("_own_databases")
def test_a_statement_may_be_thrown_away_while_its_connection_waits(tmp_path: Path) -> None:
    """Python collects garbage in any thread, so also in the one everybody waits for: it must not wait for them."""
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "check_same_thread": False}
    wanted = {**settings.DATABASES["default"], "NAME": str(tmp_path / "thrown.sqlite3"), "OPTIONS": options}
    waiting, writing, reading = (DatabaseWrapper(wanted | {"TIME_ZONE": None}) for _ in range(3))
    with contextlib.closing(waiting), contextlib.closing(writing), contextlib.closing(reading):
        writing.cursor().execute("CREATE TABLE letters (name)")
        waiting.connect()
        waiting.inc_thread_sharing()
        unread = waiting.create_cursor()
        unread.execute("SELECT 1 UNION SELECT 2")
        writing.cursor().execute("BEGIN IMMEDIATE")
        writer = threading.Thread(target=lambda: waiting.cursor().execute("INSERT INTO letters VALUES ('a')"))
        writer.start()
        time.sleep(0.3)
        began = time.monotonic()
        assert reading.cursor().execute("WITH one AS (SELECT 1) SELECT * FROM one").fetchall() == [(1,)]
        del unread
        writing.cursor().execute("COMMIT")
        assert time.monotonic() - began < 5
        writer.join()
        assert writing.cursor().execute("SELECT name FROM letters").fetchall() == [("a",)]
