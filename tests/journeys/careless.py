"""What a careless developer might add: a page that fails on what was typed, a middleware that leaves it everywhere."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from messagecenter.celery import app
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
    """Leave each posted text in the log, the session, the cache, a table, a mail and the queue."""

    def middleware(request: HttpRequest) -> HttpResponse:
        typed = request.POST.get("body", "") if request.method == "POST" else ""
        if typed:
            logging.getLogger("messagecenter.careless").info("Got %s", typed)
            # Each by itself: of two requests at once the later one would take the other's text away.
            session = import_module(settings.SESSION_ENGINE).SessionStore()
            session["careless"] = typed
            session.save()
            cache.set(f"careless {uuid.uuid4()}", typed, 3600)
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS careless (typed text)")
                cursor.execute("INSERT INTO careless VALUES (%s)", [typed])
            send_mail("What was typed", typed, None, ["careless@example.com"])
            app.send_task("careless", [typed], queue="careless")
        return get_response(request)

    return middleware


urlpatterns = [path("crash/", crash), *product]
