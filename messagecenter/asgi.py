"""One process, two ways in: pages run on WSGI threads, live streams run native async.

Under ASGI each of Django's middlewares costs a thread hop; through a2wsgi a page takes about half the CPU.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

pages = get_wsgi_application()

from messagecenter.live.streams import application as _streams  # Django must be set up before

STREAMS = "/live/stream/"

_handle_page: Any = pages  # two packages spell the type of a WSGI application differently
_pages = WSGIMiddleware(_handle_page, workers=8)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Hand a live stream to its own async door and everything else to the WSGI threads."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == STREAMS:
        await _streams(scope, receive, send)
    elif scope["type"] == "http":
        await _pages(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    """Answer the server's start and stop, which Django itself does not know."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
