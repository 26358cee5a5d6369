"""Log lines are JSON, one a line, and hold nothing of what people wrote."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from celery import Task
from celery.app.trace import build_tracer
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve

from messagecenter.celery import app
from messagecenter.logs import JsonFormatter, request_id_middleware

CANARY = "Quittenbrot"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged during the test, as the handler of production writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    """Return the logged objects."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_log_line_is_one_json_object_with_plain_fields(written: io.StringIO) -> None:
    number = UUID(int=7)
    logging.getLogger("messagecenter.mail").info("Sent %s.", number, extra={"notice": number, "attempt": 2})
    (line,) = lines(written)
    del line["time"]
    assert line == {
        "level": "INFO",
        "logger": "messagecenter.mail",
        "message": f"Sent {number}.",
        "notice": str(number),
        "attempt": 2,
    }


def test_log_line_escapes_control_characters_and_line_ends(written: io.StringIO) -> None:
    logging.getLogger("messagecenter").warning("a\nb\x1b[31mc\u2028d\x7fe\r\x9bf")
    raw = written.getvalue()
    assert [character for character in raw[:-1] if not " " <= character <= "~"] == []
    assert raw.count("\n") == 1


def test_exception_is_logged_by_type_and_place_without_its_words(written: io.StringIO) -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            raise KeyError(CANARY + " again") from error
    except KeyError as error:
        logging.getLogger("messagecenter").exception("It failed: %s", error)
    (line,) = lines(written)
    assert CANARY not in written.getvalue()
    assert line["message"] == "It failed: KeyError"
    assert [cause.partition(":")[0] for cause in line["exception"]] == ["KeyError", "ValueError"]
    assert "test_logs.py" in line["exception"][0]


def test_exception_that_is_its_own_cause_ends(written: io.StringIO) -> None:
    first, second = ValueError("one"), ValueError("two")
    first.__cause__, second.__cause__ = second, first
    logging.getLogger("messagecenter").error("Round", exc_info=(ValueError, first, None))
    assert len(lines(written)[0]["exception"]) == 2


def test_long_words_and_objects_given_as_extra_stay_out(written: io.StringIO) -> None:
    extra = {"body": CANARY * 20, "form": {"text": CANARY}, "kind": "new_message"}
    logging.getLogger("messagecenter").info("Done", extra=extra)
    logging.getLogger("somebody.else").info("Done", extra={"body": CANARY, "size": 3})
    ours, theirs = lines(written)
    assert CANARY not in written.getvalue()
    assert (ours["kind"], theirs["size"]) == ("new_message", 3)


def failing_task(*, fails: bool) -> Task:
    """Return a task whose failure, or whose result, quotes what it was given."""

    @app.task(name=f"tests.quoting_{fails}", bind=True, ignore_result=True)
    def quoting(self: Task, text: str, **kwargs: str) -> str:
        if fails:
            raise RuntimeError(f"cannot send {text}")
        return text

    return quoting


@pytest.mark.parametrize(("fails", "message"), [(True, "Task failed"), (False, "Task succeeded")])
def test_task_is_logged_by_name_and_id_without_arguments_or_result(
    written: io.StringIO, fails: bool, message: str
) -> None:
    task = failing_task(fails=fails)
    trace = build_tracer(task.name, task, app=app)
    request = {"id": "c0ffee", "args": [CANARY], "kwargs": {"word": CANARY}, "argsrepr": CANARY, "is_eager": False}
    trace("c0ffee", [CANARY], {"word": CANARY}, request)
    line = next(line for line in lines(written) if line["logger"] == "celery.app.trace")
    assert CANARY not in written.getvalue()
    assert (line["message"], line["task"], line["task_id"]) == (message, task.name, "c0ffee")
    assert ("exception" in line) is fails


def test_task_nobody_knows_is_logged_without_its_body(written: io.StringIO) -> None:
    template = "Received unregistered task of type %s.\nThe full contents of the message body was:\n%s"
    logging.getLogger("celery.worker.consumer.consumer").error(template, "KeyError('x')", CANARY)
    logging.getLogger("celery.redirected").warning(CANARY)
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {CANARY}")
    assert CANARY not in written.getvalue()
    assert lines(written)[2]["message"] == "Task exception was never retrieved"


def test_failed_request_is_logged_without_query_body_or_token(written: io.StringIO) -> None:
    request = RequestFactory().post(f"/messages/{UUID(int=5)}/?q={CANARY}", {"body": CANARY})
    request.resolver_match = resolve(request.path)
    message = "%s: %s"
    logging.getLogger("django.request").error(
        message, "Internal Server Error", request.path, extra={"request": request}
    )
    logging.getLogger("django.security.TooManyFields").error(f"Too many: {CANARY}", extra={"request": request})
    failed, refused = lines(written)
    assert CANARY not in written.getvalue()
    assert failed["message"] == f"Internal Server Error: /messages/{UUID(int=5)}/"
    assert (failed["method"], failed["path"]) == ("POST", f"/messages/{UUID(int=5)}/")
    assert refused["message"] == f"Refused (TooManyFields): /messages/{UUID(int=5)}/"


def test_secret_link_is_logged_without_its_token(written: io.StringIO) -> None:
    token = "tok-" + "Zq7" * 10
    request = RequestFactory().get(f"/accounts/invitations/{token}/")
    request.resolver_match = resolve(request.path)
    logging.getLogger("django.request").warning("%s: %s", "Gone", request.path, extra={"request": request})
    assert token not in written.getvalue()
    assert lines(written)[0]["message"] == "Gone: /accounts/invitations/…/"


def test_server_lines_lose_their_query(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info('%s "%s"', "127.0.0.1", f"GET /messages/?q={CANARY} HTTP/1.1")
    assert lines(written)[0]["message"] == '127.0.0.1 "GET /messages/?… HTTP/1.1"'


@pytest.mark.django_db
def test_missing_page_is_logged_without_query_and_with_the_id_of_the_answer(
    written: io.StringIO, client: Client
) -> None:
    response = client.get("/nothing/here/", {"q": CANARY}, headers={"host": "localhost"})
    line = next(line for line in lines(written) if line["logger"] == "django.request")
    assert CANARY not in written.getvalue()
    assert (line["path"], line["request_id"]) == ("/nothing/here/", response["X-Request-ID"])


@pytest.mark.parametrize(
    ("proxies", "given", "taken"),
    [(1, "abcdef-12345", True), (0, "abcdef-12345", False), (1, "bad\tid<script>", False)],
)
def test_proxy_names_the_request_only_when_trusted_and_plain(
    settings: Any, proxies: int, given: str, taken: bool
) -> None:
    settings.TRUSTED_PROXIES = proxies
    answer = request_id_middleware(lambda request: HttpResponse("ok"))
    request = HttpRequest()
    request.META["HTTP_X_REQUEST_ID"] = given
    number = answer(request)["X-Request-ID"]
    assert (number == given) is taken
    assert len(number) >= 12


def test_debug_level_never_opens_the_libraries() -> None:
    code = (
        "import django, logging; django.setup();"
        "print(logging.getLogger('messagecenter.x').getEffectiveLevel(),"
        " logging.getLogger('celery.pool').getEffectiveLevel(),"
        " logging.getLogger('django.db.backends').getEffectiveLevel())"
    )
    env = {"LOG_LEVEL": "DEBUG", "VAR_DIR": str(settings.VAR_DIR), "DJANGO_SETTINGS_MODULE": "messagecenter.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["10", "20", "30"], "")
