"""The virus scanner: a real daemon with signatures of our own, and servers that answer as no scanner should."""

from __future__ import annotations

import io
import logging
import os
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from messagecenter.attachments import scanner
from messagecenter.attachments.scanner import ScannerDown
from tests.attachments import clamd
from tests.attachments.clamd import EICAR, EICAR_NAME, MARKER, MARKER_NAME, Clamd
from tests.services import clamav, debian
from tests.services.processes import free_port

real = pytest.mark.services
PDF = b"%PDF-1.4\n1 0 obj\n<</Type /Catalog>>\nendobj\n% " + MARKER + b"\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"


def docx_with(content: bytes, copies: int = 1) -> bytes:
    """Return a zip as a .docx is one, with this content as its picture."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
        for number in range(copies):
            archive.writestr(f"word/media/image{number}.bin", content + str(number).encode())
    return file.getvalue()


@pytest.fixture
def daemon(settings: Any) -> Iterator[Clamd]:
    """A real daemon, the one that the settings name."""
    with clamd.running() as started:
        settings.CLAMAV_SOCKET, settings.CLAMAV_ADDRESS = str(started.socket), None
        yield started


def why(content: bytes = b"hello") -> str:
    """Return why this content could not be scanned."""
    with pytest.raises(ScannerDown) as trouble:
        scanner.scan(content)
    return str(trouble.value)


@real
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"Thank you for the lamp.", ""),
        (docx_with(b"harmless"), ""),
        (EICAR, EICAR_NAME),
        (b"first some words " + EICAR, EICAR_NAME),
        (docx_with(EICAR), EICAR_NAME),
        (docx_with(docx_with(EICAR)), EICAR_NAME),
        (PDF, MARKER_NAME),
        (PDF.replace(MARKER, b""), ""),
    ],
)
def test_real_daemon_tells_clean_from_infected(daemon: Clamd, content: bytes, found: str) -> None:
    assert scanner.scan(content) == found


@real
def test_ten_megabytes_are_scanned_to_their_last_byte(daemon: Clamd) -> None:
    clean = os.urandom(10 * 1024 * 1024)
    assert scanner.scan(clean) == ""
    assert scanner.scan(clean[: -len(MARKER)] + MARKER) == MARKER_NAME


@real
def test_version_and_check_of_a_real_daemon(daemon: Clamd) -> None:
    assert scanner.version().startswith("ClamAV 1.")
    assert scanner.check() == {}
    daemon.kill()
    assert scanner.check() == {"degraded": "the virus scanner cannot be used (no connection); new files wait"}


@real
def test_killed_daemon_is_no_scan_and_one_started_again_is(daemon: Clamd) -> None:
    daemon.kill()
    assert daemon.socket.exists()  # what a crash leaves behind
    assert why() == "no connection"
    daemon.start()
    assert scanner.scan(EICAR) == EICAR_NAME


@real
@pytest.mark.parametrize("content", [b"hello", os.urandom(24 * 1024 * 1024)], ids=["small", "large"])
def test_daemon_killed_before_its_answer_is_no_scan(daemon: Clamd, content: bytes) -> None:
    daemon.pause()
    with ThreadPoolExecutor(1) as pool:
        scan = pool.submit(why, content)
        time.sleep(0.3)
        assert not scan.done()
        daemon.kill()
        assert scan.result(10) in {"no connection", "odd answer"}


@real
def test_daemon_killed_while_it_reads_the_file_is_no_scan(daemon: Clamd) -> None:
    content = os.urandom(24 * 1024 * 1024)
    with ThreadPoolExecutor(1) as pool:
        scan = pool.submit(why, content)
        deadline = time.monotonic() + 10
        while not any(path.is_file() and path.stat().st_size for path in daemon.unpacking.rglob("*")):
            assert time.monotonic() < deadline
        daemon.pause()
        assert not scan.done()
        daemon.kill()
        assert scan.result(10) in {"no connection", "odd answer"}


@real
@pytest.mark.parametrize("content", [b"hello", os.urandom(10 * 1024 * 1024)], ids=["small", "large"])
def test_daemon_that_hangs_is_given_up_in_time(daemon: Clamd, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(scanner, "SCAN_SECONDS", 0.5)
    daemon.pause()
    began = time.monotonic()
    assert why(content) == "no answer in time"
    assert 0.4 < time.monotonic() - began < 3
    daemon.resume()
    monkeypatch.setattr(scanner, "SCAN_SECONDS", 20)
    assert scanner.scan(EICAR) == EICAR_NAME


@real
def test_hanging_daemon_is_degraded_within_what_readyz_waits(daemon: Clamd) -> None:
    daemon.pause()
    began = time.monotonic()
    assert scanner.check() == {"degraded": "the virus scanner cannot be used (no answer in time); new files wait"}
    assert time.monotonic() - began < 2


@real
def test_content_beyond_the_daemons_limit_is_no_scan(daemon: Clamd) -> None:
    most = clamd.MOST_MEGABYTES * 1024 * 1024
    assert why(MARKER + bytes(most)) in {"too large for the scanner", "no connection"}
    assert why(MARKER + bytes(most - len(MARKER) + 1)) in {"too large for the scanner", "no connection"}


@real
def test_content_that_the_daemon_gave_up_on_is_no_scan(daemon: Clamd) -> None:
    assert why(docx_with(b"harmless", copies=2 * clamd.MOST_FILES_INSIDE)) == "beyond the scanner's limits"


Talk = Callable[[socket.socket], None]


class Pretender:
    """A server that pretends to be the scanner: each connection gets the same talk, in a thread of its own."""

    def __init__(self, listener: socket.socket, talk: Talk) -> None:
        self.listener, self.talk = listener, talk
        self.closed = threading.Event()
        self.threads = [threading.Thread(target=self.listen, daemon=True)]
        self.threads[0].start()

    def listen(self) -> None:
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self.serve, args=(connection,), daemon=True))
            self.threads[-1].start()

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.talk(connection)

    def close(self) -> None:
        self.closed.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)


@pytest.fixture
def pretend(settings: Any, tmp_path: Path) -> Iterator[Callable[[Talk], Pretender]]:
    """Return how to start a server that talks like this; the settings name it."""
    started: list[Pretender] = []

    def start(talk: Talk) -> Pretender:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        settings.CLAMAV_SOCKET, settings.CLAMAV_ADDRESS = "", ("localhost", listener.getsockname()[1])
        started.append(Pretender(listener, talk))
        return started[-1]

    yield start
    for server in started:
        server.close()


def hear(connection: socket.socket) -> None:
    """Take a command and, if there is one, the whole stream after it."""
    heard = b""
    while not (heard.endswith(bytes(4)) or heard == b"nVERSION\n"):
        more = connection.recv(65536)
        if not more:
            return
        heard += more


def answering(answer: bytes) -> Talk:
    """Return the talk of a server that hears everything and says this."""

    def talk(connection: socket.socket) -> None:
        hear(connection)
        connection.sendall(answer)

    return talk


def test_address_instead_of_a_socket_file(pretend: Callable[[Talk], Pretender]) -> None:
    pretend(answering(b"stream: OK\n"))
    assert scanner.is_configured()
    assert scanner.scan(b"hello") == ""
    pretend(answering(b"stream: Win.Test-1 FOUND\n"))
    assert scanner.scan(b"hello") == "Win.Test-1"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\n",
        b"OK\n",
        b"stream: OK",  # cut: more could have come
        b"stream: OK\nstream: Win.Test-1 FOUND\n",
        b"stream: Win.Test-1 FOU",
        b"stream: not so OK\n",
        b"stream: FOUND\n",
        b"stream: Win\x1b[2J FOUND\n",
        b"other: OK\n",
        b"/etc/passwd: OK\n",
        b"stream: Can't allocate memory ERROR\n",
        b"INSTREAM size limit exceeded. ERROR\n",
        b"UNKNOWN COMMAND\n",
        b"PONG\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"stream: \xff\xfe OK\n",
        b"stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\n",
    ],
)
def test_odd_answers_are_no_scan(pretend: Callable[[Talk], Pretender], answer: bytes) -> None:
    pretend(answering(answer))
    assert why() in {
        "odd answer",
        "no connection",
        "too large for the scanner",
        "the scanner reports an error",
        "beyond the scanner's limits",
    }


@pytest.mark.parametrize("answer", [b"", b"PONG\n", b"ClamAV 1.4.6", b"ClamAV \x1b[2J\n", b"\xff\n", b"ERROR\n"])
def test_odd_versions_are_degraded(pretend: Callable[[Talk], Pretender], answer: bytes) -> None:
    pretend(answering(answer))
    with pytest.raises(ScannerDown):
        scanner.version()
    assert list(scanner.check()) == ["degraded"]


def test_connection_cut_while_sending_is_no_scan(pretend: Callable[[Talk], Pretender]) -> None:
    pretend(lambda connection: connection.close())
    assert why(os.urandom(5_000_000)) == "no connection"


def test_answer_that_drips_is_given_up_in_time(
    pretend: Callable[[Talk], Pretender], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(connection: socket.socket) -> None:
        hear(connection)
        for letter in b"stream: " + b"x" * 40 + b" FOUND\n":
            connection.sendall(bytes([letter]))
            time.sleep(0.1)

    monkeypatch.setattr(scanner, "SCAN_SECONDS", 0.7)
    pretend(drip)
    began = time.monotonic()
    assert why() == "no answer in time"
    assert time.monotonic() - began < 2


def test_answer_without_end_is_given_up_at_once(pretend: Callable[[Talk], Pretender]) -> None:
    def pour(connection: socket.socket) -> None:
        hear(connection)
        while not server.closed.is_set():
            connection.sendall(b"x" * 65536)

    server = pretend(pour)
    began = time.monotonic()
    assert why() == "odd answer"
    assert time.monotonic() - began < 5


def test_server_that_takes_the_file_too_slowly_is_given_up_in_time(
    pretend: Callable[[Talk], Pretender], monkeypatch: pytest.MonkeyPatch
) -> None:
    def sip(connection: socket.socket) -> None:
        while not server.closed.wait(0.05):
            connection.recv(1024)

    monkeypatch.setattr(scanner, "SCAN_SECONDS", 0.7)
    server = pretend(sip)
    began = time.monotonic()
    assert why(bytes(20_000_000)) == "no answer in time"
    assert time.monotonic() - began < 2


def test_two_scans_run_at_once_and_others_wait_their_turn(pretend: Callable[[Talk], Pretender]) -> None:
    thinking: set[int] = set()
    seen: list[int] = []

    def think(connection: socket.socket) -> None:
        thinking.add(connection.fileno())
        seen.append(len(thinking))
        hear(connection)
        time.sleep(0.2)
        # No longer counted before the answer: whoever gets it may ask again before this thread runs on.
        thinking.remove(connection.fileno())
        connection.sendall(b"stream: OK\n")

    pretend(think)
    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(scanner.scan, [b"hello"] * 5)) == [""] * 5
    assert max(seen) == 2


def test_scan_without_a_turn_in_time_is_no_scan(
    pretend: Callable[[Talk], Pretender], monkeypatch: pytest.MonkeyPatch
) -> None:
    release, asked = threading.Event(), threading.Semaphore(0)

    def think(connection: socket.socket) -> None:
        hear(connection)
        asked.release()
        release.wait(10)
        connection.sendall(b"stream: OK\n")

    pretend(think)
    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(scanner.scan, b"hello") for _ in range(2)]
        assert asked.acquire(timeout=10)
        assert asked.acquire(timeout=10)
        monkeypatch.setattr(scanner, "SCAN_SECONDS", 0.2)
        assert why() == "too many scans at once"
        release.set()
        assert [scan.result(10) for scan in busy] == ["", ""]
    assert scanner.scan(b"hello") == ""


def test_nobody_listens(settings: Any, tmp_path: Path) -> None:
    settings.CLAMAV_SOCKET, settings.CLAMAV_ADDRESS = "", ("127.0.0.1", free_port())
    assert why() == "no connection"
    settings.CLAMAV_ADDRESS = ("no-such-host.invalid", 3310)
    assert why() == "no connection"
    settings.CLAMAV_SOCKET = str(tmp_path / "nothing")
    assert why() == "no connection"


def test_nothing_is_called_clean_where_no_scanner_is_configured(settings: Any) -> None:
    settings.CLAMAV_SOCKET, settings.CLAMAV_ADDRESS = "", None
    assert (scanner.is_configured(), scanner.check()) == (False, {})
    assert why() == "not configured"


@pytest.mark.parametrize("answer", [b"stream: Secret-Name ERROR\n", b"Secret-Name\n"])
def test_the_scanners_words_reach_neither_log_nor_error(
    pretend: Callable[[Talk], Pretender], caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    pretend(answering(answer))
    with caplog.at_level(logging.DEBUG):
        assert "Secret" not in why()
    assert "Secret" not in caplog.text


@contextmanager
def without_clamd(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has no scanner."""
    with monkeypatch.context() as machine:
        machine.setattr(clamav, "program", lambda: None)
        machine.setitem(debian.NEEDED, "clamav-daemon", (debian.NEEDED["clamav-daemon"][0], lambda: None))
        machine.setattr(debian.os, "geteuid", lambda: 1000)
        yield


def test_tests_without_a_scanner_are_skipped_by_name_and_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    with without_clamd(monkeypatch):
        assert "the virus scanner ClamAV" in debian.install_missing(print)
        monkeypatch.delenv("CI", raising=False)
        with pytest.raises(pytest.skip.Exception, match="there is no clamd"):
            clamd.program()
        monkeypatch.setenv("CI", "true")
        with pytest.raises(pytest.fail.Exception, match="there is no clamd"):
            clamd.program()
