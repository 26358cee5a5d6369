"""Files as answers: whole and in ranges, with headers that make them harmless, and as a zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from email.message import Message
from urllib.parse import unquote

import pytest
from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.attachments.serving import Short, disposition, serve, serve_zip
from messagecenter.downloads import FileStream
from messagecenter.headers import headers_middleware

CONTENT = bytes(range(256)) * 10
SIZE = len(CONTENT)
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
Read = Callable[[int, int], Iterator[bytes]]


def read(start: int, stop: int) -> Iterator[bytes]:
    for first in range(start, stop, 700):
        yield CONTENT[first : min(first + 700, stop)]


def ask(method: str = "GET", *, reading: Read = read, size: int = SIZE, inline: bool = False, **headers: str):
    request = RequestFactory().generic(method, "/", headers={k.replace("_", "-"): v for k, v in headers.items()})

    def view(request: HttpRequest) -> HttpResponseBase:
        return serve(
            request,
            size=size,
            read=reading,
            name="Zimt & Zucker.pdf",
            content_type="application/pdf",
            etag="abc",
            inline=inline,
        )

    return headers_middleware(CSPMiddleware(CommonMiddleware(view)))(request)


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else response.content


def test_the_whole_file_with_all_its_headers() -> None:
    answer = ask()
    assert answer.status_code == 200
    assert body(answer) == CONTENT
    assert {name: answer[name] for name in HARMLESS} == HARMLESS
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Length"] == str(SIZE)
    assert answer["ETag"] == '"abc"'
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert [name.lower() for name, _ in answer.items()].count("content-security-policy") == 1


def test_a_preview_is_shown_in_the_page_and_as_harmless() -> None:
    answer = ask(inline=True)
    assert answer["Content-Disposition"].startswith("inline; ")
    assert {name: answer[name] for name in HARMLESS} == HARMLESS


def test_head_says_the_same_without_content_and_without_reading() -> None:
    def never(start: int, stop: int) -> Iterator[bytes]:
        raise AssertionError("read")

    answer = ask("HEAD", reading=never)
    assert (answer.status_code, body(answer)) == (200, b"")
    full = ask()
    assert dict(answer.items()) == dict(full.items())
    ranged = ask("HEAD", reading=never, range="bytes=0-9")
    assert (ranged.status_code, ranged["Content-Length"]) == (200, str(SIZE))


@given(first=st.integers(0, SIZE + 300), last=st.integers(0, SIZE + 300))
def test_a_range_is_a_slice(first: int, last: int) -> None:
    answer = ask(range=f"bytes={first}-{last}")
    expected = CONTENT[first : last + 1]
    if last < first:  # no valid range: ignored
        assert (answer.status_code, body(answer)) == (200, CONTENT)
    elif not expected:
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{SIZE}")
        assert {name: answer[name] for name in HARMLESS} == HARMLESS
    elif expected == CONTENT:
        assert (answer.status_code, body(answer)) == (200, CONTENT)
    else:
        assert (answer.status_code, body(answer)) == (206, expected)
        assert answer["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/{SIZE}"
        assert answer["Content-Length"] == str(len(expected))
        assert {name: answer[name] for name in HARMLESS} == HARMLESS


@given(first=st.integers(0, SIZE + 300))
def test_an_open_range_goes_to_the_end(first: int) -> None:
    answer = ask(range=f"bytes={first}-")
    assert (answer.status_code == 416) == (first >= SIZE)
    assert first >= SIZE or body(answer) == CONTENT[first:]


@given(count=st.integers(0, SIZE + 300))
def test_a_suffix_is_the_end(count: int) -> None:
    answer = ask(range=f"bytes=-{count}")
    assert (answer.status_code == 416) == (count == 0)
    assert count == 0 or body(answer) == CONTENT[-count:]


@given(header=st.text(st.sampled_from("bytes=0123456789-, x"), max_size=30) | st.just("bytes=" + "9" * 5000 + "-"))
def test_any_other_range_gives_a_whole_answer(header: str) -> None:
    answer = ask(range=header)
    assert answer.status_code in (200, 206, 416)
    assert answer.status_code != 200 or body(answer) == CONTENT


def test_several_ranges_give_the_whole_file() -> None:
    answer = ask(range="bytes=0-1,5-6")
    assert (answer.status_code, body(answer)) == (200, CONTENT)


@pytest.mark.parametrize(
    ("condition", "status"),
    [('"abc"', 206), ('W/"abc"', 200), ('"other"', 200), ("Wed, 21 Oct 2026 07:28:00 GMT", 200)],
)
def test_a_range_of_another_content_is_not_given(condition: str, status: int) -> None:
    assert ask(range="bytes=0-1", if_range=condition).status_code == status


@pytest.mark.parametrize(
    ("known", "status"), [('"abc"', 304), ('W/"abc"', 304), ('"x", "abc"', 304), ("*", 304), ('"abcd"', 200)]
)
def test_what_the_reader_has_is_not_sent_again(known: str, status: int) -> None:
    answer = ask(if_none_match=known)
    assert answer.status_code == status
    assert {name: answer[name] for name in HARMLESS} == HARMLESS
    assert status == 200 or (body(answer), answer["ETag"]) == (b"", '"abc"')


def test_other_methods_are_refused() -> None:
    answer = ask("POST")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_a_store_that_is_down_raises_before_the_answer_has_begun() -> None:
    def down(start: int, stop: int) -> Iterator[bytes]:
        raise OSError
        yield b""

    with pytest.raises(OSError):  # noqa: PT011 (its own error comes through)
        ask(reading=down)


@pytest.mark.parametrize("difference", [-1, 1])
def test_another_number_of_bytes_than_promised_is_no_clean_end(difference: int) -> None:
    answer = ask(size=SIZE - difference, reading=lambda start, stop: read(start, SIZE))
    with pytest.raises(Short):
        body(answer)


@pytest.mark.django_db  # closing an answer ends the request, and with it old connections
def test_what_reads_is_closed_when_the_answer_is() -> None:
    ended = []

    def reading(start: int, stop: int) -> Iterator[bytes]:
        try:
            yield from read(start, stop)
        finally:
            ended.append(True)

    answer = ask(reading=reading)
    next(iter(answer))
    answer.close()
    assert ended == [True]


@pytest.mark.django_db  # closing an answer ends the request, and with it old connections
def test_a_taken_stream_outlives_its_answer() -> None:
    answer = ask()
    taken = answer.file_stream.take()
    assert isinstance(taken, FileStream)
    answer.close()
    assert b"".join(answer) == b""
    assert b"".join(taken) == CONTENT


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_any_name_makes_one_plain_header(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    parsed = Message()
    parsed["Content-Disposition"] = header
    assert parsed.get_content_disposition() == "attachment"
    exact = header.rpartition("filename*=UTF-8''")[2]
    assert not set(exact) & set('"\\;, /')
    assert unquote(exact) == name
    fallback = header.partition('filename="')[2].partition('"')[0]
    assert fallback
    assert not set(fallback) & set("\\%/")
    assert not fallback.startswith(".")


def test_the_old_name_stays_readable() -> None:
    assert disposition("Gerät.pdf") == "attachment; filename=\"Gerat.pdf\"; filename*=UTF-8''Ger%C3%A4t.pdf"


def ask_zip(method: str, files: list[tuple[str, int, Read]]):
    request = RequestFactory().generic(method, "/")

    def view(request: HttpRequest) -> HttpResponseBase:
        return serve_zip(request, name="Gespräch.zip", files=files)

    return headers_middleware(CSPMiddleware(CommonMiddleware(view)))(request)


def test_all_files_as_one_zip() -> None:
    names = ["a.pdf", "A.pdf", "a.pdf", "ohne", "ohne", "../böse/ä.png", "a (2).pdf"]
    files = [(name, SIZE, read) for name in names]
    answer = ask_zip("GET", files)
    content = body(answer)
    assert answer["Content-Length"] == str(len(content))
    assert {name: answer[name] for name in HARMLESS} == HARMLESS
    assert answer["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    assert archive.namelist() == [
        *("a.pdf", "A (2).pdf", "a (3).pdf", "ohne", "ohne (2)", ".._böse_ä.png", "a (2) (2).pdf"),
    ]
    assert {archive.read(name) for name in archive.namelist()} == {CONTENT}
    head = ask_zip("HEAD", files)
    assert dict(head.items()) == dict(answer.items())
    assert body(head) == b""


def test_files_of_a_zip_are_read_one_after_the_other_when_they_are_needed() -> None:
    begun: list[int] = []

    def numbered(number: int) -> Read:
        def reading(start: int, stop: int) -> Iterator[bytes]:
            begun.append(number)
            yield from read(start, stop)

        return reading

    answer = ask_zip("GET", [(f"{number}.txt", SIZE, numbered(number)) for number in range(3)])
    assert begun == [0]
    body(answer)
    assert begun == [0, 1, 2]


def test_a_zip_of_a_store_that_is_down_or_lies_is_no_clean_zip() -> None:
    def down(start: int, stop: int) -> Iterator[bytes]:
        raise OSError
        yield b""

    with pytest.raises(OSError):  # noqa: PT011
        ask_zip("GET", [("a", SIZE, down)])
    broken = ask_zip("GET", [("a", SIZE, read), ("b", SIZE, down)])
    with pytest.raises(OSError):  # noqa: PT011
        body(broken)


def test_an_empty_zip_is_a_zip() -> None:
    assert zipfile.ZipFile(io.BytesIO(body(ask_zip("GET", [])))).namelist() == []
