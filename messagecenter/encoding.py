"""Takes requests in UTF-8 only: Python knows encodings that are none, and a browser never names another one."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase

ACCEPTED = {"", "utf-8", "utf8", "us-ascii"}


def utf8_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer 400 to a request whose Content-Type names another charset (RFC 9110, 8.3.1)."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        charset = (request.content_params or {}).get("charset", "").strip().lower()
        if charset not in ACCEPTED:
            return HttpResponseBadRequest("Please send text in UTF-8.\n", content_type="text/plain; charset=utf-8")
        return get_response(request)

    return answer
