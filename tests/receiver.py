"""A web server for tests: real HTTP on a thread, recording what is posted to it, answering as a test wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Posted:
    """One request: its path, headers in lower case, and body."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A server at 127.0.0.1. ``status`` is answered with ``answer_headers`` and ``answer``.

    ``instead`` takes over the connection once the request was read: it gets the handler and may write what it likes.
    """

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.answer: bytes = b"thanks"
        self.answer_headers: dict[str, str] = {}
        self.instead: Callable[[Any], None] | None = None
        self.posted: list[Posted] = []
        self.closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """Answers one request."""

            def do_POST(self) -> None:
                """Record the request and answer it."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posted.append(Posted(self.path, headers, body))
                if receiver.instead is not None:
                    receiver.instead(self)
                    return
                self.send_response(receiver.status)
                for name, value in receiver.answer_headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(receiver.answer)))
                self.end_headers()
                self.wfile.write(receiver.answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[assignment]  # who hangs up early is no error here
        self.port = self.server.server_address[1]
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def host_and_port(self) -> str:
        """For EGRESS_ALLOW."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://{self.host_and_port}/hook?from=shop"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def drip(self, pieces: Iterable[bytes], every: float = 0.1) -> Callable[[Any], None]:
        """Return an ``instead`` that writes piece by piece, slowly, until the other side has enough."""

        def write(handler: Any) -> None:
            handler.close_connection = True
            for piece in pieces:
                if self.closing.wait(every):
                    return
                try:
                    handler.wfile.write(piece)
                    handler.wfile.flush()
                except OSError:
                    return

        return write


def took(function: Callable[[], object]) -> float:
    """Return how many seconds a call took."""
    began = time.monotonic()
    function()
    return time.monotonic() - began
