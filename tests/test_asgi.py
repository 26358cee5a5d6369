"""The door of the process: slow and endless senders never reach the threads that make pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from messagecenter import asgi

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "path": "/healthz",
    "raw_path": b"/healthz",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"localhost"), (b"content-length", b"9")],
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 50000),
}


def ask(parts: Iterator[dict[str, Any]]) -> int:
    """Send one request in these parts and return the status; after the last part the sender falls silent."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        part = next(parts, None)
        if part is None:
            await asyncio.sleep(60)
        return part or {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(asgi.application(SCOPE, receive, send))
    return int(sent[0]["status"])


def part(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_whole_body_reaches_the_page() -> None:
    assert ask(iter([part(b"body=", True), part(b"abcd", False)])) == 403  # no form token


def test_body_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "MOST_BODY_BYTES", 1000)
    assert ask(part(b"x" * 100, True) for _part in range(1_000_000)) == 413


def test_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "MOST_BODY_SECONDS", 0.2)
    assert ask(iter([part(b"body=", True)])) == 408
