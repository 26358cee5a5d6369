"""What a careless developer might add: a page that fails on what was typed, a middleware that logs it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import path

from messagecenter.urls import urlpatterns as product


def crash(request: HttpRequest) -> HttpResponse:
    """Fail with the typed text in the exception, in a local variable and in its cause."""
    typed = request.POST["body"]
    try:
        int(typed)
    except ValueError as error:
        raise RuntimeError(f"Cannot handle {typed}") from error
    return HttpResponse()


def leak(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Log each posted text."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and "body" in request.POST:
            logging.getLogger("messagecenter.careless").info("Got %s", request.POST["body"])
        return get_response(request)

    return middleware


urlpatterns = [path("crash/", crash), *product]
