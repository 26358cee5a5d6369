"""The door of the process: slow, endless and too large senders never reach the threads that make pages."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from messagecenter import asgi, door, downloads
from messagecenter.headers import outside_middleware
from tests.attachments.site.urls import SIZE, content

MEBIBYTE = 1024 * 1024
BOUNDARY = b"----ein-Rand-im-Wald"
TEXT = "Der Zimtstern ist zerbrochen. " * 40


@pytest.fixture(autouse=True)
def _site(settings: Any, tmp_path: Path) -> None:
    settings.ROOT_URLCONF = "tests.attachments.site.urls"
    settings.VAR_DIR = tmp_path


class Answer:
    """What came back, how much of the request was taken before its first byte, and after."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.taken = self.taken_before = 0

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode().title(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def whole(self) -> bool:
        return not self.messages[-1].get("more_body", False)


async def visit(
    path: str,
    parts: Iterator[dict[str, Any]],
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    pause: float = 0,
) -> Answer:
    """Send one request in these parts, each after a pause (s); then the sender is silent for a minute, and leaves."""
    answer = Answer()
    raw = [(name.lower().encode(), value.encode()) for name, value in ({"host": "localhost"} | (headers or {})).items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": raw,
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
    }

    async def receive() -> dict[str, Any]:
        part = next(parts, None)
        await asyncio.sleep(60 if part is None else pause)
        answer.taken += len((part or {}).get("body", b""))
        return part or {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if not answer.messages:
            answer.taken_before = answer.taken
        answer.messages.append(message)

    await asgi.application(scope, receive, send)
    return answer


def ask(*args: Any, **kwargs: Any) -> Answer:
    return asyncio.run(visit(*args, **kwargs))


def part(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def cut_up(body: bytes, size: int = 64 * 1024) -> Iterator[dict[str, Any]]:
    for start in range(0, len(body), size):
        yield part(body[start : start + size], start + size < len(body))


def form(text: str, *files: bytes, fields: dict[str, str] | None = None) -> bytes:
    """Return a form with its text before its files, as ours have."""
    lines = b""
    for name, value in ({"text": text} | (fields or {})).items():
        lines += b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (
            BOUNDARY,
            name.encode(),
            value.encode(),
        )
    for number, file in enumerate(files):
        lines += (
            b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%d.bin"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n%s\r\n" % (BOUNDARY, number, file)
        )
    return lines + b"--%s--\r\n" % BOUNDARY


FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}


def form_headers(body: bytes, *, chunked: bool = False) -> dict[str, str]:
    return FORM | ({"transfer-encoding": "chunked"} if chunked else {"content-length": str(len(body))})


def send_form(path: str, body: bytes, *, chunked: bool = False, cookie: str = "", pause: float = 0) -> Answer:
    return ask(path, cut_up(body), form_headers(body, chunked=chunked) | {"cookie": cookie}, pause=pause)


def assert_turned_away(answer: Answer, status: int) -> None:
    """The answer is for a person to read, has every header, and ends the connection."""
    assert answer.status == status
    assert answer.whole
    expected = {name.title(): value for name, value in outside_middleware().items()}
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Connection"] == "close"
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert b"</p>" in answer.body
    assert b'lang="de"' in answer.body


def nothing_waits() -> bool:
    return door._waiting == 0


def test_whole_body_reaches_the_page() -> None:
    headers = {"content-length": "9", "content-type": "application/x-www-form-urlencoded"}
    assert ask("/healthz", iter([part(b"body=", True), part(b"abcd", False)]), headers).status == 403  # no form token


def test_exactly_the_largest_body_passes_and_one_byte_more_does_not() -> None:
    headers = {"content-type": "application/octet-stream"}
    for size, status in ((door.MOST_BODY_BYTES, 200), (door.MOST_BODY_BYTES + 1, 413)):
        body = b"x" * size
        for more in ({"content-length": str(size)}, {"transfer-encoding": "chunked"}):
            answer = ask("/test/received/", cut_up(body), headers | more)
            # Django's own limit for what is no form is lower: it answers 400, and the body did get that far.
            assert answer.status == (400 if status == 200 else 413)


def test_declared_length_alone_is_enough_to_be_refused() -> None:
    answer = ask(
        "/test/received/",
        (part(b"x" * 65536, True) for _part in range(1_000_000)),
        {"content-length": str(2 * 1024**3), "content-type": "text/plain"},
    )
    assert_turned_away(answer, 413)
    assert answer.taken == 0


def test_body_that_never_ends_is_refused() -> None:
    endless = (part(b"x" * 65536, True) for _part in range(1_000_000))
    answer = ask("/test/received/", endless, {"transfer-encoding": "chunked", "content-type": "text/plain"})
    assert_turned_away(answer, 413)
    assert answer.taken <= door.MOST_BODY_BYTES + 65536


def test_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_BODY_SECONDS", 0.2)
    assert_turned_away(ask("/test/received/", iter([part(b"body=", True)])), 408)


def test_dripping_sender_is_given_up_though_something_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_BODY_SECONDS", 0.3)
    answer = ask("/test/received/", (part(b"x", True) for _part in range(1_000_000)), pause=0.01)
    assert_turned_away(answer, 408)
    assert answer.taken < 40


def test_a_slow_but_steady_sender_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than the first 0.3 s, but far above the least rate."""
    monkeypatch.setattr(door, "MOST_BODY_SECONDS", 0.3)
    answer = send_form("/test/received/", form(TEXT, b"y" * MEBIBYTE), pause=0.05)
    assert answer.status == 200
    assert answer.json["files"][0]["size"] == MEBIBYTE


@pytest.mark.parametrize("chunked", [False, True])
def test_form_with_the_most_bytes_of_files_passes(chunked: bool) -> None:
    answer = send_form("/test/received/", form(TEXT, content()), chunked=chunked)
    assert answer.status == 200
    assert answer.json["text"] == TEXT
    assert answer.json["cut"] is None
    assert answer.json["files"] == [{"name": "0.bin", "size": SIZE, "sha256": hashlib.sha256(content()).hexdigest()}]
    assert nothing_waits()


@pytest.mark.parametrize("chunked", [False, True])
def test_one_byte_more_of_files_is_said_and_the_text_kept(chunked: bool) -> None:
    answer = send_form("/test/received/", form(TEXT, content()[:-5], b"123456"), chunked=chunked)
    assert answer.status == 413
    assert answer.json["text"] == TEXT
    assert answer.json["cut"] == SIZE + 1
    assert [file["size"] for file in answer.json["files"]] == [SIZE - 5]  # what fitted


@pytest.mark.parametrize("chunked", [False, True])
def test_form_at_the_doors_limit_is_whole_and_beyond_it_keeps_the_text(chunked: bool) -> None:
    frame = len(form(TEXT, b""))
    for size, cut in ((door.MOST_FORM_BYTES - frame, False), (door.MOST_FORM_BYTES - frame + 1, True)):
        body = form(TEXT, b"z" * size)
        answer = send_form("/test/received/", body, chunked=chunked)
        assert answer.json["text"] == TEXT
        assert answer.status == 413
        assert answer.json["cut"] == (len(body) if cut else size)
        assert ("Connection" in answer.headers) == cut
        assert nothing_waits()


def test_two_gigabytes_are_not_read() -> None:
    start = form(TEXT, b"")[: -len(BOUNDARY) - 8]
    headers = FORM | {"content-length": str(2 * 1024**3)}
    endless = (part(start if number == 0 else b"x" * 65536, True) for number in range(1_000_000))
    answer = ask("/test/received/", endless, headers)
    assert answer.status == 413
    assert answer.json["text"] == TEXT
    assert answer.json["cut"] == 2 * 1024**3
    assert answer.headers["Connection"] == "close"
    assert answer.taken <= door.MOST_BODY_BYTES + 65536


def test_a_chunked_form_without_end_is_cut_at_the_limit() -> None:
    start = form(TEXT, b"")[: -len(BOUNDARY) - 8]
    headers = FORM | {"transfer-encoding": "chunked"}
    endless = (part(start if number == 0 else b"x" * 65536, True) for number in range(1_000_000))
    answer = ask("/test/received/", endless, headers)
    assert answer.status == 413
    assert answer.json["text"] == TEXT
    assert answer.json["length"] == str(door.MOST_FORM_BYTES)
    assert answer.taken <= door.MOST_FORM_BYTES + 65536


def test_sender_of_a_little_too_much_may_finish_and_gets_its_answer_before() -> None:
    body = form(TEXT, b"z" * (14 * MEBIBYTE))
    answer = send_form("/test/received/", body)
    assert answer.status == 413
    assert answer.json["cut"] == len(body)
    assert answer.taken_before <= door.MOST_BODY_BYTES + 65536
    assert answer.taken == len(body)


def test_form_token_is_found_in_a_cut_form() -> None:
    token = "a" * 32
    body = form(TEXT, b"z" * (11 * MEBIBYTE), fields={"csrfmiddlewaretoken": token})
    cookies = SimpleCookie({"csrf": token}).output(header="").strip()
    assert send_form("/test/guarded/", body, cookie=cookies).json["text"] == TEXT
    assert send_form("/test/guarded/", body).status == 403


@pytest.mark.parametrize("length", range(1, 400, 7))
def test_wherever_a_form_is_cut_django_copes(length: int) -> None:
    """A form whose sender stops early, as after the door's cut: the parser keeps what is whole and never fails."""
    body = form("short", b"first", b"second" * 100)
    answer = send_form("/test/received/", body[: len(body) - length])
    assert answer.status == 200
    assert answer.json["text"] == "short"
    whole = [file["size"] for file in answer.json["files"]]
    assert whole == [5] or (whole == [5, 600] and length < 8)


def test_too_many_files_keep_the_text_and_enough_files_to_say_so() -> None:
    answer = send_form("/test/received/", form(TEXT, *[b"tiny"] * 500))
    assert answer.status == 200
    assert answer.json["text"] == TEXT
    assert len(answer.json["files"]) == 30


def test_the_disk_being_full_is_said() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, hard))
    try:
        answer = send_form("/test/received/", form(TEXT, b"z" * (5 * MEBIBYTE)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_turned_away(answer, 507)
    assert nothing_waits()


def test_a_folder_that_cannot_be_written_is_said(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.VAR_DIR = tmp_path / "file"
    assert_turned_away(send_form("/test/received/", form(TEXT, b"z" * MEBIBYTE)), 503)


def test_too_much_waiting_on_disk_turns_the_next_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_WAITING_BYTES", 2 * MEBIBYTE)
    answer = send_form("/test/received/", form(TEXT, b"z" * (3 * MEBIBYTE)))
    assert_turned_away(answer, 503)
    assert answer.headers["Retry-After"] == "30"
    assert nothing_waits()
    assert send_form("/test/received/", form(TEXT, b"z" * MEBIBYTE)).status == 200


def test_a_sender_who_leaves_leaves_nothing_behind() -> None:
    body = form(TEXT, b"z" * (5 * MEBIBYTE))
    pieces = [*list(cut_up(body))[:40], {"type": "http.disconnect"}]
    headers = form_headers(body)
    before = len(os.listdir("/proc/self/fd"))
    answer = ask("/test/received/", iter(pieces), headers)
    assert answer.messages == []
    assert nothing_waits()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_uploads_have_threads_of_their_own() -> None:
    """More large bodies than all threads together, each holding its thread: a page is still answered at once."""

    async def run() -> tuple[float, list[Answer]]:
        body = form(TEXT, b"z" * MEBIBYTE, fields={"sleep": "0.3"})
        headers = form_headers(body)
        crowd = [asyncio.create_task(visit("/test/received/", cut_up(body), headers)) for _ in range(12)]
        await asyncio.sleep(0.5)
        loop = asyncio.get_running_loop()
        began = loop.time()
        page = await visit("/healthz", iter([part(b"", False)]), method="GET")
        took = loop.time() - began
        assert page.status == 200
        assert not all(task.done() for task in crowd)
        return took, await asyncio.gather(*crowd)

    took, answers = asyncio.run(run())
    assert took < 0.3
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["thread"] for answer in answers}) <= 2


@pytest.mark.parametrize(
    ("name", "is_upload"),
    [
        (b'filename="a.png"', True),
        (b"filename*=UTF-8''a.png", True),
        (b"filename=a.png", True),
        (b'filename=""', False),
    ],
)
def test_small_form_with_a_file_is_an_upload_too(name: bytes, is_upload: bool) -> None:
    """A picture of five kilobytes may take seconds to look into; an empty file field brings none."""
    form = b'--x\r\nContent-Disposition: form-data; name="attachments"; ' + name + b"\r\n\r\n...\r\n--x--\r\n"
    headers = [(b"content-type", b"multipart/form-data; boundary=x")]

    async def receive() -> Any:
        return {"type": "http.request", "body": form}

    async def come_in() -> bool:
        visit = door.Visit({"method": "POST", "path": "/messages/new/", "headers": headers}, receive)
        await visit.come_in()
        return visit.is_upload

    assert asyncio.run(come_in()) is is_upload


def test_the_address_of_uploads_is_on_those_threads_whatever_the_size() -> None:
    visitor = door.Visit({"method": "POST", "path": "/attachments/", "headers": []}, None)
    assert visitor.is_upload
    assert not door.Visit({"method": "GET", "path": "/attachments/", "headers": []}, None).is_upload
    assert not door.Visit({"method": "POST", "path": "/messages/new/", "headers": []}, None).is_upload


class Source:
    """Gives chunks without end and knows whether it was closed."""

    def __init__(self) -> None:
        self.given = 0
        self.closed = threading.Event()

    def chunks(self) -> Iterator[bytes]:
        try:
            while True:
                self.given += 1
                yield b"x" * MEBIBYTE
        finally:
            self.closed.set()


def test_a_reader_who_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_WAIT_SECONDS", 0.2)
    source, sent = Source(), []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if len(sent) == 3:
            await asyncio.sleep(60)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    asyncio.run(downloads.send_stream(downloads.FileStream(source.chunks()), receive, send))
    assert source.closed.wait(5)
    assert source.given == 1  # nothing is read ahead of who takes it
    assert len(sent) == 3
    assert all(message["more_body"] for message in sent)


def test_a_reader_who_leaves_ends_the_reading() -> None:
    source = Source()

    async def send(message: dict[str, Any]) -> None:
        assert len(message["body"]) <= downloads.PIECE_BYTES
        await asyncio.sleep(0.01)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.3)
        return {"type": "http.disconnect"}

    asyncio.run(downloads.send_stream(downloads.FileStream(source.chunks()), receive, send))
    assert source.closed.wait(5)
    assert source.given < 10


def test_a_file_is_sent_whole_and_a_broken_one_never_ends() -> None:
    async def get(kind: str) -> Answer:
        return await visit(f"/test/file/{kind}/", iter([part(b"", False)]), method="GET")

    whole = asyncio.run(get("whole"))
    assert whole.whole
    assert whole.body == content()
    broken = asyncio.run(get("breaks"))
    assert broken.status == 200
    assert not broken.whole
    assert broken.body == content()[: 3 * MEBIBYTE]
