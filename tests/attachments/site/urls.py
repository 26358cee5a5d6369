"""The product's pages, and beside them the tests'."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Iterator
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from messagecenter.attachments.receiving import cut_size
from messagecenter.attachments.serving import serve, serve_zip
from messagecenter.urls import urlpatterns as product

MEBIBYTE = 1024 * 1024
SIZE = 10 * MEBIBYTE


@cache
def content() -> bytes:
    return random.Random(3).randbytes(SIZE)


def _received(request: HttpRequest) -> HttpResponseBase:
    """Tell what came: the text, the files, whether it was cut, and which pool of threads it came to."""
    cut = cut_size(request)
    files = [
        {"name": file.name, "size": file.size, "sha256": hashlib.sha256(file.read()).hexdigest()}
        for file in request.FILES.getlist("file")
    ]
    answer = {"text": request.POST.get("text"), "files": files, "cut": cut, "length": request.META["CONTENT_LENGTH"]}
    answer["raw"] = len(request.body) if request.content_type == "application/octet-stream" else None
    answer["thread"] = threading.current_thread().name
    time.sleep(float(request.POST.get("sleep") or 0))
    return JsonResponse(answer, status=200 if cut is None else 413)


def _read(start: int, stop: int) -> Iterator[bytes]:
    for first in range(start, stop, MEBIBYTE):
        yield content()[first : min(first + MEBIBYTE, stop)]


def _breaks(start: int, stop: int) -> Iterator[bytes]:
    """Fail after 3 MiB, as a store does that goes down."""
    for number, chunk in enumerate(_read(start, stop)):
        if number == 3:
            raise OSError
        yield chunk


def _is_down(start: int, stop: int) -> Iterator[bytes]:
    raise OSError
    yield b""


READS = {"whole": _read, "breaks": _breaks, "down": _is_down}


def _file(request: HttpRequest, kind: str) -> HttpResponseBase:
    return serve(
        request,
        size=SIZE,
        read=READS[kind],
        name="Gerät größer.pdf",
        content_type="application/pdf",
        etag="0123456789abcdef",
    )


def _zip(request: HttpRequest) -> HttpResponseBase:
    return serve_zip(request, name="all.zip", files=[("a.bin", SIZE, _read), ("A.bin", SIZE, _read)])


urlpatterns = [
    *product,
    path("test/received/", csrf_exempt(login_not_required(_received))),
    path("test/guarded/", login_not_required(_received)),
    path("test/file/<str:kind>/", login_not_required(_file)),
    path("test/zip/", login_not_required(_zip)),
]
