"""What the product's pages are measured against: an empty page, and bare pages that do only what cannot be spared.

A bare page is a Django view behind the same middleware. When it is asked for the first time it runs the product's view
and writes down its statements, the ciphertexts it opened, the template and the values it was given. From then on it
runs the same statements as raw SQL with the same parameters, fetches all rows, opens the same ciphertexts with the
vault's primitive and renders the same template with the values it kept: no models, no rules, nothing formatted. What
decides who may see what, and what makes rows of rows, is thus the product's own cost.

The raw insert page writes down the rows a posted reply left, and writes the same rows with ids of their own, in one
transaction, without reading anything.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.template.backends.django import Template
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt

from messagecenter.accounts.acting import membership_of, memberships_of
from messagecenter.ids import new_id
from messagecenter.vault import envelope

WRITES = ("INSERT", "UPDATE", "DELETE")
TIME_BITS = 80  # how far right of a UUIDv7's milliseconds its other bits reach


@dataclass
class Record:
    """What one answer of the product took."""

    statements: list[tuple[str, Any]] = field(default_factory=list)
    opened: list[tuple[bytes, bytes, envelope.Place]] = field(default_factory=list)
    template: Template | None = None
    values: dict[str, Any] = field(default_factory=dict)
    location: str = ""


_records: dict[tuple[Any, ...], Record] = {}
_inserted: list[uuid.UUID] = []


def empty(request: HttpRequest) -> HttpResponse:
    """Answer a signed-in person with nothing: what Django, its middleware and the session cost."""
    return HttpResponse(str(request.user.is_authenticated))


def bare(request: HttpRequest) -> HttpResponse:
    """Answer what the product answers at ``of`` (an address), as a bare page; ``sql=1`` runs the statements only."""
    sql_only = "sql" in request.GET
    _pretend(request, request.GET["of"])
    key = (request.user.pk, request.get_full_path())
    if key not in _records:
        _records[key] = _recorded(request)[0]
    record = _records[key]
    _run(record.statements)
    if sql_only or record.template is None:
        return HttpResponse("done")
    for key_bytes, blob, place in record.opened:
        envelope.unseal(key_bytes, blob, place)
    return HttpResponse(record.template.render(record.values, request))


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponseBase:
    """Post a reply to the thread's address ``of``: the first time as the product does, then as raw inserts."""
    _pretend(request, request.GET["of"])
    key = (request.user.pk, request.path, "HTTP_HX_REQUEST" in request.META)
    if key not in _records:
        began = time.time()
        record, response = _recorded(request)
        if response.status_code not in (200, 302):
            raise AssertionError(f"Posting gave {response.status_code}")
        record.values["_made"] = _made(record, int(began * 1000), uuid.UUID(request.POST["client_id"]))
        record.statements = [one for one in record.statements if one[0].lstrip().upper().startswith(WRITES)]
        _records[key] = record
        return response
    record = _records[key]
    fresh = {made: new_id() for made in record.values["_made"]}
    _inserted.extend(fresh.values())
    # A thread keeps the snippet of the message that was posted first: its ciphertext belongs to that one.
    with transaction.atomic():
        _run(
            [
                (sql, _exchanged(parameters, fresh) if sql.startswith("INSERT") else parameters)
                for sql, parameters in record.statements
            ]
        )
    if record.template is None:
        return HttpResponseRedirect(record.location)
    for key_bytes, blob, place in record.opened:
        envelope.unseal(key_bytes, blob, place)
    return HttpResponse(record.template.render(record.values, request))


@csrf_exempt
def forget(request: HttpRequest) -> HttpResponse:
    """Take out the messages that raw inserts left: nobody can open them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_indexedmessage WHERE message_id = ANY(%s)", [_inserted])
        cursor.execute("DELETE FROM threads_message WHERE id = ANY(%s)", [_inserted])
    _inserted.clear()
    return HttpResponse("done")


def _pretend(request: HttpRequest, address: str) -> None:
    """Have a request look as if it had asked for another address: templates say which page is open."""
    parts = urlsplit(address)
    request.path = request.path_info = parts.path
    request.META["QUERY_STRING"] = parts.query
    request.GET = QueryDict(parts.query)


def _recorded(request: HttpRequest) -> tuple[Record, HttpResponseBase]:
    """Let the product answer, and write down what it took; GET is asked twice, so that keys are in memory."""
    match = resolve(request.path_info)
    if request.method == "GET":
        match.func(request, *match.args, **match.kwargs)
        request.__dict__.pop("_memberships", None)
    record = Record()
    with _listening(record):
        response = match.func(request, *match.args, **match.kwargs)
    record.location = response.headers.get("Location", "")
    # The page's own lazy values would be read a second time, by statements that are in the list already.
    record.values |= {"membership": membership_of(request), "memberships": memberships_of(request)}
    return record, response


@contextlib.contextmanager
def _listening(record: Record) -> Iterator[None]:
    """Write down statements, ciphertexts and the template of what runs inside."""
    unseal, render = envelope.unseal, Template.render

    def execute(run: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Mapping[str, Any]) -> Any:
        record.statements.append((sql, parameters))
        return run(sql, parameters, many, context)

    def unsealing(key: bytes, blob: bytes, place: envelope.Place) -> str:
        record.opened.append((key, blob, place))
        return unseal(key, blob, place)

    def rendering(template: Template, context: Any = None, request: HttpRequest | None = None) -> Any:
        if record.template is None:
            record.template, record.values = template, dict(context or {})
        return render(template, context, request)

    with (
        connection.execute_wrapper(execute),
        mock.patch.object(envelope, "unseal", unsealing),
        mock.patch.object(Template, "render", rendering),
    ):
        yield


def _run(statements: list[tuple[str, Any]]) -> None:
    """Run statements and fetch what they give."""
    with connection.cursor() as cursor:
        for sql, parameters in statements:
            cursor.execute(sql, parameters)
            if cursor.description:
                cursor.fetchall()


def _made(record: Record, began: int, client_id: uuid.UUID) -> set[uuid.UUID]:
    """Return the ids a post made: those whose time is not before ``began`` (ms), and the browser's own."""
    found = {client_id}

    def look(value: Any) -> None:
        if isinstance(value, uuid.UUID):
            if value.int >> TIME_BITS >= began and value.version == 7:
                found.add(value)
        elif isinstance(value, list | tuple):
            for one in value:
                look(one)

    for _sql, parameters in record.statements:
        look(parameters)
    return found


def _exchanged(value: Any, fresh: Mapping[Any, Any]) -> Any:
    """Return parameters with other ids in the place of those made."""
    if isinstance(value, uuid.UUID):
        return fresh.get(value, value)
    if isinstance(value, list | tuple):
        return type(value)(_exchanged(one, fresh) for one in value)
    return value
