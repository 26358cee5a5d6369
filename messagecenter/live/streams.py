"""The door for open streams, straight from ASGI: Django's middleware would keep a thread and a database connection
for each of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest

from messagecenter.headers import outside_middleware
from messagecenter.live.feed import CONTENT_TYPE, HEADERS, feed
from messagecenter.live.reading import cursor_from

logger = logging.getLogger(__name__)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request for the stream; end it as soon as the browser is gone."""
    answering = asyncio.ensure_future(_answer(scope, send))
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait([answering, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (answering, leaving):
            task.cancel()
        outcomes = await asyncio.gather(answering, leaving, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
            logger.error("A live stream broke off.", exc_info=outcome)


async def _answer(scope: Any, send: Any) -> None:
    """Send the stream, or why there is none: 400, 401, 405, or 503 while the database does not answer."""
    try:
        request = ASGIRequest(scope, BytesIO())
        request.get_host()
        after = cursor_from(request.headers.get("Last-Event-ID") or request.GET.get("after", ""))
        session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        pieces = await feed(session_key, after) if request.method == "GET" else None
    except (SuspiciousOperation, ValueError):
        await _refuse(send, 400)
    except Exception as error:  # noqa: BLE001 (whatever it is, the browser is to come back later)
        logger.warning("A live stream could not be opened (%s).", type(error).__name__)
        await _refuse(send, 503)
    else:
        if pieces is None:
            await _refuse(send, 401 if request.method == "GET" else 405)
        else:
            await _stream(send, pieces)


async def _stream(send: Any, pieces: AsyncIterator[bytes]) -> None:
    """Send the content piece by piece until it ends."""
    await _start(send, 200, CONTENT_TYPE)
    async with contextlib.aclosing(pieces):  # type: ignore[type-var]  # it is a generator
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(send: Any, status: int) -> None:
    """Send an answer without content: a page's script looks at the status only."""
    await _start(send, status, "application/json", {"Allow": "GET"} if status == 405 else {})
    await send({"type": "http.response.body", "body": b"{}"})


async def _start(send: Any, status: int, content_type: str, more: dict[str, str] | None = None) -> None:
    """Send the status and the headers."""
    headers = outside_middleware() | HEADERS | {"Content-Type": content_type} | (more or {})
    raw = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _left(receive: Any) -> None:
    """Return when the browser has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
