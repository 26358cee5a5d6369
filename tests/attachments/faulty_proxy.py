"""A TCP proxy that misbehaves as a test wants: between the site and a store, so that both ends are the real ones."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from typing import Literal

Mode = Literal["pass", "error", "forbidden", "silent", "refuse", "cut_up", "cut_down"]
ANSWERS = {"error": b"500 Internal Server Error", "forbidden": b"403 Forbidden"}
ERRORS = {"error": b"InternalError", "forbidden": b"AccessDenied"}


class FaultyProxy:
    """Passes connections on to 127.0.0.1:``target``, or does what ``mode`` says, from the next request on.

    ``error``/``forbidden``: answers 500 or 403. ``silent``: takes everything and never answers. ``refuse``: resets.
    ``cut_up``/``cut_down``: resets a connection after ``after`` bytes of the request's or the answer's stream.
    ``times``: after so many faulty connections it behaves; None means always faulty.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode: Mode = "pass"
        self.after = 0
        self.times: int | None = None
        self.faults = 0
        self.connections = 0
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._live: set[socket.socket] = set()

    def __enter__(self) -> FaultyProxy:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def behave(self, mode: Mode, after: int = 0, times: int | None = None) -> None:
        """Set what is done from now on, and count faults anew. Connections kept from earlier requests end."""
        self.after, self.times, self.faults, self.mode = after, times, 0, mode
        for connection in list(self._live):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _start(self, work: object, *values: object) -> None:
        thread = threading.Thread(target=work, args=values, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                self.connections += 1
                self._start(self._serve, client)

    def _fault(self) -> Mode:
        """Return what to do now, and count it."""
        if self.mode == "pass" or (self.times is not None and self.faults >= self.times):
            return "pass"
        self.faults += 1
        return self.mode

    def _serve(self, client: socket.socket) -> None:
        self._live.add(client)
        with client, contextlib.suppress(OSError), contextlib.ExitStack() as cleanup:
            cleanup.callback(self._live.discard, client)
            client.settimeout(0.5)
            while not self._stop.is_set():
                # What happens is decided when a request comes.
                if not select.select([client], [], [], 0.1)[0]:
                    continue
                mode = self._fault()
                if mode in ANSWERS:
                    self._answer(client, mode)
                elif mode == "silent":
                    self._stop.wait(30)
                elif mode == "refuse":
                    _reset(client)
                else:
                    self._pass_on(client, mode)
                return

    def _answer(self, client: socket.socket, mode: Mode) -> None:
        """Answer the request at once, then take the rest of it, so that the answer is not lost in a reset."""
        request = b""
        while b"\r\n\r\n" not in request and (piece := client.recv(65536)):
            request += piece
        body = b"<?xml version='1.0'?><Error><Code>" + ERRORS[mode] + b"</Code><Message>no</Message></Error>"
        if request.startswith(b"HEAD"):
            body = b""
        head = b"HTTP/1.1 " + ANSWERS[mode] + b"\r\nContent-Type: application/xml\r\nConnection: close\r\n"
        client.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        client.shutdown(socket.SHUT_WR)
        ends = time.monotonic() + 2
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < ends and client.recv(65536):
                pass

    def _pass_on(self, client: socket.socket, mode: Mode) -> None:
        """Carry bytes both ways until one end closes, or until the cut."""
        passed = {"up": 0, "down": 0}
        with socket.create_connection(("127.0.0.1", self.target), timeout=5) as server:
            ways = {client: ("up", server), server: ("down", client)}
            while not self._stop.is_set():
                for ready in select.select([client, server], [], [], 0.1)[0]:
                    way, other = ways[ready]
                    piece = ready.recv(16384)
                    if not piece:
                        return
                    passed[way] += len(piece)
                    if mode == f"cut_{way}" and passed[way] > self.after:
                        other.sendall(piece[: max(0, len(piece) - (passed[way] - self.after))])
                        time.sleep(0.05)  # what was sent arrives before the reset does
                        _reset(client)
                        _reset(server)
                        return
                    other.settimeout(30)
                    other.sendall(piece)


def _reset(connection: socket.socket) -> None:
    """Close a connection as a crash does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
