"""Answers with the content of files: whole, in ranges, or several as a zip, harmless in any browser."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import PurePath
from typing import TypeVar
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from zipstream import ZipStream

from messagecenter.downloads import FileStream

Read = Callable[[int, int], Iterator[bytes]]  # from the first byte to before the second

Response = TypeVar("Response", bound=HttpResponseBase)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",  # django-csp leaves a policy that is there
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE)
NAME_SAFE = "!#$&+-.^_`|~"  # RFC 8187, attr-char; letters and digits always are


class Short(Exception):
    """The store gave another number of bytes than was promised."""


class StreamedResponse(StreamingHttpResponse):
    """An answer whose content the event loop takes over; elsewhere it streams as usual."""

    def __init__(self, content: FileStream, *, content_type: str, length: int, status: int = 200) -> None:
        """Take the content and its exact length in bytes."""
        super().__init__(content, content_type=content_type, status=status)
        self.file_stream = content
        self["Content-Length"] = str(length)


def serve(
    request: HttpRequest,
    *,
    size: int,
    read: Read,
    name: str,
    content_type: str,
    etag: str,
    inline: bool = False,
) -> HttpResponseBase:
    """Answer a GET or HEAD with a file of ``size`` bytes, or the one range of it that is asked for (RFC 9110, 14).

    ``etag`` names the content, without quotes: a random object name will do. ``inline`` is for pictures of ours only.
    The first chunk is read here, so that a store that is down raises here, where there can still be another answer;
    an error after that cuts the connection. ``read`` must not need the request's database connection later on.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    tag = f'"{etag}"'
    headers = HEADERS | {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(name, inline=inline),
    }
    if _has(request, tag):
        return HttpResponse(status=304, headers={name: headers[name] for name in ("ETag", *HEADERS)})
    span = _span(request, size, tag)
    if span is None:
        return HttpResponse(status=416, headers=HEADERS | {"Content-Range": f"bytes */{size}"})
    start, stop = span
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type, headers=headers | {"Content-Length": str(size)})
    part = stop - start != size
    content = FileStream(_begun(_exactly(read(start, stop), stop - start), 1))
    response = StreamedResponse(content, content_type=content_type, length=stop - start, status=206 if part else 200)
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    _set(response, headers)
    return response


def serve_zip(request: HttpRequest, *, name: str, files: Iterable[tuple[str, int, Read]]) -> HttpResponseBase:
    """Answer a GET or HEAD with a zip of files (name, size in bytes, read), written while it is sent, uncompressed.

    What the formats hold is compressed already. Names that occur again, in whatever case, get a number.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    archive = ZipStream(sized=True)
    taken: set[str] = set()
    for file_name, size, read in files:
        archive.add(_later(read, size), _free_name(file_name, taken), size=size)
    headers = HEADERS | {"Accept-Ranges": "none", "Content-Disposition": disposition(name)}
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip", headers=headers | {"Content-Length": str(len(archive))})
    length = len(archive)
    content = FileStream(_begun(_exactly(iter(archive), length), 2))  # a header, and the first file's first chunk
    response = StreamedResponse(content, content_type="application/zip", length=length)
    _set(response, headers)
    return response


def as_download(response: Response, name: str) -> Response:
    """Make an answer a download called ``name`` that no cache keeps and nothing runs in; return it."""
    for header, value in HEADERS.items():
        response[header] = value
    response["Content-Disposition"] = disposition(name)
    return response


def disposition(name: str, *, inline: bool = False) -> str:
    """Return the Content-Disposition for a file's name, for old and new readers (RFC 6266, RFC 8187)."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    fallback = re.sub(r"[^ -~]|[\"\\%/]", "_", ascii_name).strip() or "file"
    if fallback.startswith("."):
        fallback = f"file{fallback}"
    exact = quote(name.encode(errors="replace"), safe=NAME_SAFE)
    return f"{'inline' if inline else 'attachment'}; filename=\"{fallback}\"; filename*=UTF-8''{exact}"


def _set(response: HttpResponseBase, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        response[name] = value


def _has(request: HttpRequest, tag: str) -> bool:
    """Return whether the reader has this content already (If-None-Match, compared weakly)."""
    known = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    return tag in known or known == ["*"]


def _span(request: HttpRequest, size: int, tag: str) -> tuple[int, int] | None:
    """Return the bytes to send as (first, after the last); None when there are none such.

    Everything but one well-formed range is answered with the whole file, which is always allowed.
    """
    whole = (0, size)
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or request.method != "GET" or request.headers.get("If-Range", tag).strip() != tag:
        return whole
    first, last = asked.groups()
    if not first and not last:
        return whole
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return whole
    return (start, stop) if start < stop else None


def _exactly(chunks: Iterator[bytes], length: int) -> Iterator[bytes]:
    """Give the chunks; raise Short, before the reader could take the answer for whole, if they are not ``length``."""
    left = length
    try:
        for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                raise Short
            yield chunk
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    if left:
        raise Short


def _begun(chunks: Iterator[bytes], count: int) -> Iterator[bytes]:
    """Produce the first chunks now and give all when asked."""
    first = list(islice(chunks, count))

    def rest() -> Iterator[bytes]:
        try:
            while first:
                yield first.pop(0)
            yield from chunks
        finally:
            chunks.close()  # type: ignore[attr-defined]  # it is a generator, and may not have begun

    return rest()


def _later(read: Read, size: int) -> Iterator[bytes]:
    """Read a file when its turn comes."""
    yield from read(0, size)


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name no other file of the zip has, without folders."""
    plain = re.sub(r"[/\\]", "_", name).strip() or "file"
    path = PurePath(plain)
    free, number = plain, 1
    while free.casefold() in taken:
        number += 1
        free = f"{path.stem} ({number}){path.suffix}"
    taken.add(free.casefold())
    return free
