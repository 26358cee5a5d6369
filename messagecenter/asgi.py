"""One process, two ways in: pages run on WSGI threads, live streams run native async.

Under ASGI each of Django's middlewares costs a thread hop; through a2wsgi a page takes about half the CPU.
"""

import asyncio
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

pages = get_wsgi_application()

from messagecenter.live.streams import application as _streams  # Django must be set up before

STREAMS = "/live/stream/"
# The longest text, each of its characters as twelve bytes of a form, is far below this.
MOST_BODY_BYTES = 2 * 1024 * 1024
MOST_BODY_SECONDS = 30

_handle_page: Any = pages  # two packages spell the type of a WSGI application differently
_pages = WSGIMiddleware(_handle_page, workers=8)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Hand a live stream to its own async door and everything else to the WSGI threads."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == STREAMS:
        await _streams(scope, receive, send)
    elif scope["type"] == "http":
        await _page(scope, receive, send)


async def _page(scope: Any, receive: Any, send: Any) -> None:
    """Wait for the whole request here, where waiting costs nothing, so that slow senders cannot occupy the threads.

    Answers 413 to a body beyond 2 MiB and 408 to one that has not come within 30 seconds.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(MOST_BODY_SECONDS):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                body += message.get("body", b"")
                if len(body) > MOST_BODY_BYTES:
                    await _refuse(send, 413)
                    return
                more = message.get("more_body", False)
    except TimeoutError:
        await _refuse(send, 408)
        return
    whole = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Any:
        return whole.pop() if whole else await receive()

    await _pages(scope, replay, send)


async def _refuse(send: Any, status: int) -> None:
    """Answer with a status alone and end the connection."""
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _lifespan(receive: Any, send: Any) -> None:
    """Answer the server's start and stop, which Django itself does not know."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
