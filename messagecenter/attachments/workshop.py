"""Where files of users are parsed: in a process of their own, without secrets, with little memory and little time."""

from __future__ import annotations

import atexit
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .inspection.bench import GREETING, LENGTHS, WALL_SECONDS
from .inspection.inspected import Inspected
from .inspection.limits import MOST_BYTES, MOST_TEXT
from .inspection.refusal import Refusal
from .inspection.sniffing import BEGINNINGS
from .reasons import SENTENCES, sentence_of

log = logging.getLogger(__name__)

AT_ONCE = 2  # inspections a process runs at the same time
START_SECONDS = 30.0  # loading the parsers takes about one, on a machine that has nothing else to do
DYING_SECONDS = 0.3
PATIENCE = WALL_SECONDS + 3.0  # after this the bench itself has failed to end a child
MOST_HEAD = 64 * 1024
# The package is loaded by itself: importing it as part of the house would bring the house's settings along.
PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from inspection.bench import serve; serve(int(sys.argv[2]))"
ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    # Freed memory goes back at once instead of counting towards a child's limit.
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_ARENA_MAX": "1",
}


class BenchLost(Exception):
    """The process that forks the children went away; the file had no part in it."""


@dataclass
class Examined:
    """What a child said of a file: what libmagic takes it for, and what is inside or why it is refused."""

    sniffed_type: str
    inspected: Inspected | None = None
    refusal: Refusal | None = None


def inspect_safely(kind: str, content: bytes) -> Inspected:
    """Return what is in a file that claims to be of this kind. Raises Refusal, whatever the file does to its parser."""
    examined = examine(kind, content)
    if examined.refusal is not None:
        raise examined.refusal
    if examined.inspected is None:
        raise Refusal("too_hard")
    return examined.inspected


def examine(kind: str, content: bytes) -> Examined:
    """Have a file looked at in a limited child; without a kind it is only sniffed. Waits for one of AT_ONCE places.

    A child that is killed, crashes, takes too long or answers nonsense means the refusal "too_hard".
    """
    with _state.places:
        for _attempt in range(2):
            try:
                return _ask(kind, content)
            except BenchLost:
                log.warning("The process that inspects files was lost and is started again.")
    return Examined("", refusal=Refusal("too_hard"))


class _Bench:
    """The bench process of this process, started when first needed and again when it is gone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None

    def request(self) -> socket.socket:
        """Return a socket to a new child. Raises BenchLost."""
        with self.lock:
            control = self.control
            if control is None or self.process is None or self.process.poll() is not None:
                control = self._start()
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    socket.send_fds(control, [b"."], [theirs.fileno()])
                except OSError:
                    ours.close()
                    self._stop()
                    raise BenchLost from None
            return ours

    def lost(self) -> bool:
        """Say whether the process is gone. It closes its sockets a moment before it counts as ended."""
        process = self.process
        if process is None:
            return True
        with suppress(subprocess.TimeoutExpired):
            process.wait(DYING_SECONDS)
        return process.returncode is not None

    def stop(self) -> None:
        """End the process and the children it has."""
        with self.lock:
            self._stop()

    def _start(self) -> socket.socket:
        """Start the process, wait until it has loaded the parsers, and return our end of the socket to it.

        It ends when our end of the socket closes, and not by the signal a parent's death may send: that one comes
        already when the thread that started it ends.
        """
        self._stop()
        control, theirs = socket.socketpair()
        self.control = control
        with theirs:
            folder = str(Path(__file__).resolve().parent)
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", PROGRAM, folder, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # What a parser says about a file could quote it.
                stderr=subprocess.DEVNULL,
                # An interrupt typed at a terminal is for us to handle. Not a session of its own: Linux shares the cores
                # between sessions first, and the children's low priority would count for nothing.
                process_group=0,
            )
        control.settimeout(START_SECONDS)
        with suppress(OSError):
            if control.recv(1) == GREETING:
                return control
        self._stop()
        raise BenchLost

    def _stop(self) -> None:
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.control = self.process = None

    def forget(self) -> None:
        """Let go of a process that belongs to the process this one was forked from."""
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            self.process.returncode = 0  # not ours to wait for
        self.control = self.process = None


class _State:
    """What belongs to one process and must not be shared with those forked from it."""

    def __init__(self) -> None:
        self.bench = _Bench()
        self.places = threading.BoundedSemaphore(AT_ONCE)


_state = _State()


def _start_anew() -> None:
    """Give a forked process a bench and places of its own."""
    global _state
    _state.bench.forget()
    _state = _State()


os.register_at_fork(after_in_child=_start_anew)


@atexit.register
def close() -> None:
    """End the bench. It starts again when it is needed."""
    _state.bench.stop()


def _ask(kind: str, content: bytes) -> Examined:
    """Return a child's answer. Raises BenchLost when there was no child, or when it went down with the bench."""
    bench = _state.bench
    deadline = time.monotonic() + PATIENCE
    with bench.request() as request:
        greeted = False
        try:
            request.settimeout(PATIENCE)
            greeted = request.recv(1) == GREETING
            if not greeted:
                raise EOFError
            head = json.dumps({"kind": kind}).encode()
            request.settimeout(max(0.1, deadline - time.monotonic()))
            request.sendall(LENGTHS.pack(len(head), len(content)) + head)
            request.sendall(content)
            return _read(kind, request, deadline)
        except TimeoutError:
            bench.stop()
            return Examined("", refusal=Refusal("too_hard"))
        except (OSError, EOFError):
            if bench.lost() or not greeted:
                raise BenchLost from None
            return Examined("", refusal=Refusal("too_hard"))
        except (ValueError, TypeError, LookupError, AttributeError):
            # Not what ``bench.answer`` writes: the file has taken its child over.
            log.warning("A process that inspected a file answered nonsense.")
            return Examined("", refusal=Refusal("too_hard"))


def _received(request: socket.socket, size: int, deadline: float) -> bytes:
    """Return so many bytes. Raises EOFError when the other end closes before, TimeoutError after the deadline."""
    received = bytearray()
    while len(received) < size:
        request.settimeout(max(0.01, deadline - time.monotonic()))
        piece = request.recv(min(size - len(received), 1024 * 1024))
        if not piece:
            raise EOFError
        received += piece
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(received)


def _read(kind: str, request: socket.socket, deadline: float) -> Examined:
    """Return the answer on a socket, believing nothing in it that was not checked."""
    head_size, size = LENGTHS.unpack(_received(request, LENGTHS.size, deadline))
    if head_size > MOST_HEAD or size > 4 * MOST_BYTES:
        raise ValueError("too long")
    head: dict[str, Any] = json.loads(_received(request, head_size, deadline))
    examined = Examined(str(head["sniffed_type"])[:200])
    if head["failed"]:
        log.info("A parser gave up on a %s with %s.", kind, str(head["failed"])[:60])
    if "code" in head:
        examined.refusal = _refusal(str(head["code"]), dict(head["facts"]))
    elif kind:
        blobs = [_received(request, int(length), deadline) for length in head["sizes"] if 0 <= length <= size]
        examined.inspected = _inspected(kind, head, blobs)
    return examined


def _refusal(code: str, facts: dict[str, Any]) -> Refusal:
    """Return the refusal a child told, if its sentence can be said."""
    refusal = Refusal(code, **{str(name): str(value)[:100] for name, value in facts.items()})
    if code not in SENTENCES:
        raise ValueError("no such reason")
    sentence_of(refusal, "")  # raises when a fact is missing or too many
    return refusal


def _inspected(kind: str, head: dict[str, Any], blobs: list[bytes]) -> Inspected:
    """Return what a child found."""
    content, text, small, large = blobs
    fits = kind == "txt" or kind == "pdf" or content.startswith(BEGINNINGS[kind])
    webp = all(not picture or picture[:4] + picture[8:12] == b"RIFFWEBP" for picture in (small, large))
    if head["kind"] != kind or not (fits and webp) or len(content) > 2 * MOST_BYTES:
        raise ValueError("another kind of file")
    numbers = {name: int(head[name]) for name in ("width", "height", "pages", "frames")}
    notes = [str(note)[:40] for note in head["notes"]][:20]
    return Inspected(kind, content, text.decode()[:MOST_TEXT], small, large, notes=notes, **numbers)
