"""One process, three ways in: pages run on WSGI threads, uploads on two of their own, live streams run native async.

Under ASGI each of Django's middlewares costs a thread hop; through a2wsgi a page takes about half the CPU.
"""

import os
import threading
from collections.abc import Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

pages = get_wsgi_application()

from messagecenter.attachments.receiving import CUT
from messagecenter.door import Left, Refused, Visit, refuse
from messagecenter.downloads import FileStream, send_stream
from messagecenter.live.streams import application as _streams  # Django must be set up before
from messagecenter.policy.detection.screen import warm_up

STREAMS = "/live/stream/"


def _handle_page(environ: Any, start_response: Any) -> Iterable[bytes]:
    """Let Django answer, on a thread: it reads the body from the spool; a file is left to the event loop to send."""
    visit: Visit = environ["asgi.scope"]["messagecenter.visit"]
    environ["wsgi.input"] = visit.spool.open()
    if visit.cut is not None:
        environ[CUT] = visit.cut
    response = pages(environ, start_response)
    content = getattr(response, "file_stream", None)
    if not isinstance(content, FileStream):
        return response
    visit.stream = content.take()
    response.close()  # here, where Django's connections of this request are
    return []


_call: Any = _handle_page  # two packages spell the type of a WSGI application differently
_pages = WSGIMiddleware(_call, workers=8)
_uploads = WSGIMiddleware(_call, workers=2)


# The detectors' first run compiles thousands of expressions: nobody's first message is to wait for that.
threading.Thread(target=warm_up, name="warm-up", daemon=True).start()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Hand a live stream to its own async door and everything else to the WSGI threads."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == STREAMS:
        await _streams(scope, receive, send)
    elif scope["type"] == "http":
        await _page(scope, receive, send)


async def _page(scope: Any, receive: Any, send: Any) -> None:
    """Take the whole request in here, where waiting costs nothing, let a thread answer it, and send a file from here.

    So neither slow senders nor slow readers can occupy the threads.
    """
    visit = Visit(scope, receive)

    async def forward(message: Any) -> None:
        if message["type"] == "http.response.start" and visit.cut is not None:
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            if visit.stream is not None:
                return  # the file is still to come
            if visit.cut is not None:
                await visit.part()
        await send(message)

    try:
        await visit.come_in()
        await (_uploads if visit.is_upload else _pages)(visit.scope_inside(), visit.receive, forward)
    except Refused as refusal:
        await refuse(visit, send, refusal.status)
    except Left:
        pass
    finally:
        visit.close()
    if visit.stream is not None:
        await send_stream(visit.stream, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    """Answer the server's start and stop, which Django itself does not know."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
