"""The answer to a request that failed: where the database was busy or away, one that keeps what was typed."""

from __future__ import annotations

import logging
import sqlite3
import sys

import psycopg
from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token
from django.views.defaults import server_error

from messagecenter.threads.fragments import BUSY, lost_session

log = logging.getLogger(__name__)

AGAIN_SECONDS = 5
# Lock not available, deadlock, serialization failure: https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_CODES = frozenset({"55P03", "40P01", "40001"})
SQLITE_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})  # the low byte of the extended ones
# Ended, starting, connections broken; no disk, memory or connection left.
AWAY_CODES = frozenset({"57P01", "57P02", "57P03"})
AWAY_CLASSES = frozenset({"08", "53"})
MOST_CAUSES = 8


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    """Answer a request that ended with an exception: 503 when the database was busy or away, else Django's 500.

    Django calls it as ``handler500``, while the exception is being handled.
    """
    error = sys.exc_info()[1]
    if error is not None and is_lock(error):
        log.warning("A lock could not be had in time (%s).", type(error).__name__)
    elif error is not None and is_away(error):
        log.error("The database does not answer (%s).", type(error).__name__)
    else:
        return server_error(request)
    try:
        answer = _busy(request)
    except Error:  # the page around the sentence asks the database as well
        values = {"sentence": str(BUSY), "skeleton": "_alone.html"}
        answer = HttpResponse(render_to_string("503.html", values), status=503)
    answer["Retry-After"] = str(AGAIN_SECONDS)
    return answer


def is_lock(error: BaseException) -> bool:
    """Return whether an error, or one of those it came from, is a lock that was not given, or given up."""
    return _is_lock(_cause(error))


def is_away(error: BaseException) -> bool:
    """Return whether PostgreSQL was not there, left in the middle, or had no room: in a moment it may be better."""
    cause = _cause(error)
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    code = cause.sqlstate
    return code is None or code in AWAY_CODES or code[:2] in AWAY_CLASSES


def _cause(error: BaseException) -> BaseException | None:
    """Return the driver's error that a database error among an error's causes came from."""
    seen: BaseException | None = error
    for _cause in range(MOST_CAUSES):
        if seen is None:
            return None
        if isinstance(seen, OperationalError | InterfaceError):
            return seen.__cause__
        seen = seen.__cause__ or seen.__context__
    return None


def _is_lock(cause: BaseException | None) -> bool:
    """Return whether a driver's error is about a lock."""
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in SQLITE_CODES
    return getattr(cause, "sqlstate", None) in POSTGRESQL_CODES


def _busy(request: HttpRequest) -> HttpResponse:
    """Say so in the way the request asked in; what a form of ours brought comes back in one that sends it again."""
    if "application/json" in request.headers.get("Accept", ""):
        sentence = str(BUSY)
        # The scripts of the list, of the files and of the check each have their own name for it.
        return JsonResponse({"error": "busy", "sentence": sentence, "message": sentence}, status=503)
    # Only what the check of the form's token has let through: a foreign page's form must not get a button of ours.
    is_own_form = request.method == "POST" and getattr(request, "csrf_processing_done", False)
    if is_own_form and request.POST and not any("password" in name for name in request.POST):
        return lost_session(request, reason="busy", status=503)
    return render(request, "503.html", {"sentence": str(BUSY)}, status=503)
