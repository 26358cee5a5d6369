"""Files through real servers, in and out: slow, broken and huge ones, and what they leave in memory and on disk."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from pathlib import Path

import pytest

from messagecenter import door
from tests.attachments.site.urls import SIZE, content
from tests.processes import Stack
from tests.sink import wait_for
from tests.test_asgi import BOUNDARY, FORM, TEXT, form

pytestmark = pytest.mark.services

MEBIBYTE = 1024 * 1024
PLANTED = b"Quittenbrot mit Zimtstern "
READERS = 20


@pytest.fixture(scope="module", params=["uvicorn", "gunicorn"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The site with the tests' pages: one process, as each of production's."""
    folder = tmp_path_factory.mktemp(request.param)
    with Stack(
        "sqlite",
        folder,
        start=("web",),
        server=request.param,
        environment={"WEB_WORKERS": "1"},
        settings="tests.attachments.site.settings",
    ) as stack:
        ask(stack, "/test/file/whole/").read()
        _open.pop().close()
        yield stack


_open: list[HTTPConnection] = []


@pytest.fixture(autouse=True)
def _connections() -> Iterator[None]:
    """Close what a test has opened."""
    yield
    while _open:
        _open.pop().close()


def connect(site: Stack) -> HTTPConnection:
    _open.append(HTTPConnection("localhost", site.port, timeout=20))
    return _open[-1]


def ask(site: Stack, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
    connection = connect(site)
    connection.request(method, path, headers=headers)
    return connection.getresponse()


def web_pid(site: Stack) -> int:
    """Return the process that answers: under gunicorn a child of the one started."""
    pid = site.processes["web"].pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if site.server == "gunicorn" else []
    return int(children[0]) if children else pid


def open_files(site: Stack) -> int:
    return len(os.listdir(f"/proc/{web_pid(site)}/fd"))


def kilobytes(site: Stack, name: str) -> int:
    status = Path(f"/proc/{web_pid(site)}/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0])


def test_whole_files_and_ranges_on_one_connection(site: Stack) -> None:
    connection = connect(site)
    for _ in range(2):
        connection.request("GET", "/test/file/whole/")
        assert connection.getresponse().read() == content()
        connection.request("GET", "/test/file/whole/", headers={"Range": "bytes=1048570-3145800"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes 1048570-3145800/{SIZE}")
        assert answer.read() == content()[1048570:3145801]
        connection.request("HEAD", "/test/file/whole/")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, str(SIZE), b"")
        assert answer.headers.get_all("Content-Security-Policy") == ["sandbox; default-src 'none'"]
        assert answer.headers.get_all("Cache-Control") == ["private, no-store"]
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()


def test_a_zip_arrives_whole(site: Stack) -> None:
    answer = ask(site, "/test/zip/")
    archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    assert archive.namelist() == ["a.bin", "A (2).bin"]
    assert archive.read("A (2).bin") == content()


def test_slow_readers_keep_no_page_waiting(site: Stack) -> None:
    """More readers than there are threads, none of which takes more than the beginning."""
    with ExitStack() as readers:
        for _ in range(READERS):
            reader = readers.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            reader.connect(("127.0.0.1", site.port))
            reader.sendall(b"GET /test/file/whole/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            begin = reader.recv(1000)
            assert begin.startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        for _ in range(10):
            assert ask(site, "/healthz").status == 200
        assert time.monotonic() - began < 10
        got = len(begin.partition(b"\r\n\r\n")[2])
        while got < SIZE:  # and who was slow can still have it all
            piece = reader.recv(MEBIBYTE)
            assert piece
            got += len(piece)


def test_a_download_keeps_memory_flat(site: Stack) -> None:
    ask(site, "/test/file/whole/").read()
    idle = kilobytes(site, "VmRSS")
    Path(f"/proc/{web_pid(site)}/clear_refs").write_text("5")  # forget the highest use
    assert len(ask(site, "/test/file/whole/").read()) == SIZE
    assert kilobytes(site, "VmHWM") - idle < 20 * 1024


def test_a_store_that_fails_in_the_middle_cuts_the_connection(site: Stack) -> None:
    answer = ask(site, "/test/file/breaks/")
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(SIZE))
    with pytest.raises((IncompleteRead, ConnectionResetError)):
        answer.read()
    wait_for(lambda: "A file could not be sent to its end." in site.processes["web"].output(), "nothing was logged")


def test_a_store_that_is_down_is_an_error_before_anything_is_sent(site: Stack) -> None:
    answer = ask(site, "/test/file/down/")
    assert answer.status == 500
    assert answer.read()


def test_readers_who_leave_leave_nothing_behind(site: Stack) -> None:
    before = open_files(site)
    for _ in range(READERS):
        answer = ask(site, "/test/file/whole/")
        answer.read(1000)
        answer.close()
        _open.pop().close()
    wait_for(lambda: open_files(site) <= before, "connections stay open")
    assert ask(site, "/healthz").status == 200


def test_what_waits_on_disk_is_unreadable(site: Stack) -> None:
    """The sender holds back the end of its form, so that the rest lies in the file."""
    body = form(TEXT, PLANTED * 100_000)
    with socket.create_connection(("127.0.0.1", site.port), 20) as sender:
        head = f"POST /test/received/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        sender.sendall(f"{head}Content-Type: {FORM['content-type']}\r\n\r\n".encode() + body[:-10])
        folder = site.folder / "tmp"
        wait_for(lambda: sum(len(lying) for lying in _lying(site)) > len(body) - MEBIBYTE, "nothing lies on disk")
        assert list(folder.iterdir()) == []
        for lying in _lying(site):
            assert PLANTED not in lying
            assert TEXT[:20].encode() not in lying
            assert BOUNDARY not in lying
        sender.sendall(body[-10:])
        answer = HTTPResponse(sender)
        answer.begin()
        told = json.loads(answer.read())
    assert told["text"] == TEXT
    assert told["files"][0]["sha256"] == hashlib.sha256(PLANTED * 100_000).hexdigest()
    wait_for(lambda: not _lying(site), "the file stays open")


def _lying(site: Stack) -> list[bytes]:
    """Return what is in the nameless files the process has open below its folder."""
    found = []
    for link in Path(f"/proc/{web_pid(site)}/fd").iterdir():
        try:
            if os.readlink(link).startswith(str(site.folder / "tmp")):
                found.append(link.read_bytes())
        except OSError:
            continue
    return found


def test_two_gigabytes_are_answered_early_and_with_the_text(site: Stack) -> None:
    """Who sends without looking up is cut off; the answer was there before, and little was taken."""
    with socket.create_connection(("127.0.0.1", site.port), 20) as sender:
        head = f"POST /test/received/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {2 * 1024**3}\r\n"
        start = form(TEXT, b"")[: -len(BOUNDARY) - 8]
        sender.sendall(f"{head}Content-Type: {FORM['content-type']}\r\n\r\n".encode() + start)
        sent = 0
        sender.settimeout(5)
        try:
            while sent < 500 * MEBIBYTE:
                sent += sender.send(b"x" * 65536)
        except OSError:
            pass
        answer = HTTPResponse(sender)
        answer.begin()
        told = json.loads(answer.read())
    # What the kernel's buffers take without anybody reading is some megabytes.
    assert sent < door.MOST_BODY_BYTES + 16 * MEBIBYTE
    assert answer.status == 413
    assert answer.headers["Connection"] == "close"
    assert (told["text"], told["cut"]) == (TEXT, 2 * 1024**3)


def test_a_browser_that_sends_all_before_it_listens_gets_its_answer(site: Stack) -> None:
    body = form(TEXT, b"z" * (20 * MEBIBYTE))
    connection = connect(site)
    connection.request("POST", "/test/received/", body, FORM)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    assert (answer.status, told["text"], told["cut"]) == (413, TEXT, len(body))


def test_what_is_no_form_is_refused_by_its_length(site: Stack) -> None:
    connection = connect(site)
    connection.request("POST", "/test/received/", b"z" * (3 * MEBIBYTE), {"Content-Type": "text/plain"})
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"at once" in answer.read()
    assert connection.sock is None  # it was told that the connection ends


def test_the_largest_form_passes_with_and_without_a_declared_length(site: Stack) -> None:
    body = form(TEXT, content())
    for chunked in (False, True):
        connection = connect(site)
        pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
        headers = FORM | ({"Transfer-Encoding": "chunked"} if chunked else {})
        connection.request("POST", "/test/received/", pieces if chunked else body, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        assert (answer.status, told["text"], told["cut"]) == (200, TEXT, None)
        assert told["files"][0]["sha256"] == hashlib.sha256(content()).hexdigest()
