"""Log lines as JSON, one a line: ids, names and code places; never what people wrote."""

from __future__ import annotations

import contextvars
import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable
from typing import Any
from uuid import UUID

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# Strangers whose messages may go on with a traceback, a body or the repr of a failure: their first line is kept.
FIRST_LINE_ONLY = ("asyncio", "celery", "kombu", "amqp", "billiard", "gunicorn", "uvicorn", "a2wsgi", "concurrent")
OURS = ("messagecenter", "orders", "support")
WORDS_OF_TASKS = re.compile(r"\b(args|kwargs|body|headers|return_value|exc)\b")
PLAIN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
QUERY = re.compile(r"\?[^\s\"]*")
TASK_STATES = {
    "succeeded": "succeeded",
    "raised": "failed",
    "retry": "retried",
    "ignored": "ignored",
    "reject": "rejected",
    "internal error": "failed inside Celery",
}
LONGEST = 1000


class JsonFormatter(logging.Formatter):
    """Writes one JSON object a line, ASCII only, so that no control character reaches the terminal or the file.

    Of an exception it keeps type and places, not its words: they may quote a row or a form, and with them a message.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record)[:LONGEST],
        }
        # Django says what it answered when the middleware is already left: then the request itself knows its id.
        if number := request_id.get() or getattr(getattr(record, "request", None), "request_id", ""):
            line["request_id"] = number
        line |= _task(record) or _extras(record)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = exception_places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=str).replace("\x7f", "\\u007f")


def exception_places(error: BaseException) -> list[str]:
    """Return the exception and its causes as type names and code places, innermost place first."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        places = [f"{place.name} ({place.filename}:{place.lineno})" for place in _stack(current)]
        lines.append(f"{type(current).__name__}: " + " < ".join(reversed(places[-12:])))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return lines


def _stack(error: BaseException) -> list[traceback.FrameSummary]:
    """Return where an exception passed; Celery's pickled copies have no traceback."""
    return list(traceback.extract_tb(error.__traceback__)) if error.__traceback__ else []


def request_place(request: HttpRequest) -> str:
    """Return a request's path without its query; of a known page, words that may be secret are left out.

    A UUID or a number stays, as it says which row; any other part of the address may be a link's token.
    """
    match = getattr(request, "resolver_match", None)
    path = request.path
    if match is None:
        return "/".join(part if len(part) <= 40 else "…" for part in path[:200].split("/"))
    for value in match.kwargs.values():
        if not isinstance(value, UUID | int) and value:
            path = path.replace(str(value), "…")
    for value in match.args:
        path = path.replace(str(value), "…")
    return path


def _message(record: logging.LogRecord) -> str:
    """Return the record's sentence without content."""
    if record.name == "celery.app.trace":
        return f"Task {_task_state(record)}"
    if record.name == "celery.redirected":
        return f"A task wrote {len(str(record.msg))} characters to the terminal"
    stranger = record.name.startswith(FIRST_LINE_ONLY)
    template = str(record.msg)
    if stranger and record.args and WORDS_OF_TASKS.search(template):
        return template.strip().partition("\n")[0].partition(":")[0]
    request = getattr(record, "request", None)
    if request is not None and record.name.startswith("django."):
        return _about_request(record, template, request)
    message = template % _safe(record.args) if record.args else template
    if stranger:
        message = message.strip().partition("\n")[0]
    return QUERY.sub("?…", message) if record.name.startswith(("django.server", "uvicorn", "gunicorn")) else message


def _safe(args: Any) -> Any:
    """Return a record's arguments with exceptions as their type names: their words may quote content."""
    if isinstance(args, dict):
        return {name: type(arg).__name__ if isinstance(arg, BaseException) else arg for name, arg in args.items()}
    return tuple(type(arg).__name__ if isinstance(arg, BaseException) else arg for arg in args)


def _about_request(record: logging.LogRecord, template: str, request: Any) -> str:
    """Return Django's sentence about a request with the path made safe, or only its kind where it quotes input."""
    place = request_place(request) if isinstance(request, HttpRequest) else "?"
    if record.name.startswith("django.security") and not record.name.endswith("csrf"):
        return f"Refused ({record.name.rpartition('.')[2]}): {place}"
    paths = (getattr(request, "path", ""), getattr(request, "path_info", ""))
    args = record.args if isinstance(record.args, tuple) else ()
    return template % tuple(place if arg in paths else arg for arg in args) if args else place


def _task_state(record: logging.LogRecord) -> str:
    """Return in one word how a task ended, read from Celery's template, which is constant."""
    template = str(record.msg).lower()
    data = getattr(record, "data", None) or {}
    described = str(data.get("description", "")).lower() if isinstance(data, dict) else ""
    for word, state in TASK_STATES.items():
        if word in described or word in template:
            return state
    return "reported"


def _task(record: logging.LogRecord) -> dict[str, Any]:
    """Return name, id and seconds of the task a Celery record is about; nothing for other records."""
    if record.name != "celery.app.trace":
        return {}
    data = getattr(record, "data", None)
    if not isinstance(data, dict):
        return {}
    line = {"task": data.get("name"), "task_id": data.get("id")}
    if isinstance(data.get("runtime"), float):
        line["seconds"] = round(data["runtime"], 3)
    return line


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was given as ``extra``: numbers and ids of anybody, short words of our own rooms only."""
    line: dict[str, Any] = {}
    ours = record.name.startswith(OURS)
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):
        line["method"], line["path"] = request.method, request_place(request)
    for name, value in vars(record).items():
        if name in KNOWN or name in ("request", "data"):
            continue
        if isinstance(value, bool | int | float | UUID) or (ours and isinstance(value, str) and len(value) <= 100):
            line[name] = value
    return line


@sync_and_async_middleware
def request_id_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give every request an id that stands in its log lines and in the answer's X-Request-ID.

    A proxy's own id is taken over when settings trust a proxy and the id is short and plain.
    """
    if iscoroutinefunction(get_response):

        async def answer_stream(request: HttpRequest) -> HttpResponse:
            token = request_id.set(_name(request))
            try:
                response: HttpResponse = await get_response(request)
                response["X-Request-ID"] = request_id.get()
            finally:
                request_id.reset(token)
            return response

        return answer_stream

    def answer_page(request: HttpRequest) -> HttpResponse:
        token = request_id.set(_name(request))
        try:
            response: HttpResponse = get_response(request)
            response["X-Request-ID"] = request_id.get()
        finally:
            request_id.reset(token)
        return response

    return answer_page


def _name(request: HttpRequest) -> str:
    """Give the request the trusted proxy's id of it, or a new one of 16 hexadecimal digits, and return that."""
    given = request.headers.get("X-Request-ID", "") if settings.TRUSTED_PROXIES else ""
    name = given if PLAIN_ID.fullmatch(given) else secrets.token_hex(8)
    request.request_id = name  # type: ignore[attr-defined]
    return name
