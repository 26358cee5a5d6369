"""The bench: a warm process without settings or secrets that forks one limited child for each file.

It is started by ``workshop``, which passes one end of a socket. Each byte that arrives there brings a socket of its
own: the child reads the file from it and answers on it. When the other end goes away, so does the bench.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from importlib import import_module

from . import judge, sniffing
from .inspected import Inspected
from .limits import CHILD_MEMORY, CHILD_SECONDS
from .refusal import Refusal

# Loaded before the first fork, so that a child costs milliseconds.
PRELOADED = ("barcodes", *sorted(set(judge.FORMATS.values())))
# CPU time is what a file can be blamed for. On a busy machine a child waits for its turn, through no fault of the file.
WALL_SECONDS = 4 * CHILD_SECONDS
MOST_OPEN_FILES = 24
GREETING = b"+"  # a child's first byte: from here on what happens is the file's doing
LENGTHS = struct.Struct(">II")
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS


def serve(control_number: int) -> None:
    """Fork a child for each socket that arrives, until the other end is gone. ``control_number``: ours, inherited."""
    for name in PRELOADED:
        # A parser that cannot be loaded fails where its kind is judged, not here for all kinds.
        with contextlib.suppress(ImportError):
            import_module(f".{name}", __package__)
    sniffing.sniff(b"warm")
    address_space = _address_space()
    gc.collect()
    gc.freeze()  # or the collector would write to, and so copy, pages all children share
    children: dict[int, float] = {}
    with socket.socket(fileno=control_number) as control:
        control.sendall(GREETING)
        while True:
            ready = select.select([control], [], [], 0.25 if children else None)[0]
            _bury(children)
            if not ready:
                continue
            message, files, _flags, _address = socket.recv_fds(control, 1, 1)
            if not message:
                break
            for number in files:
                _fork(number, control, address_space, children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _address_space() -> int | None:
    """Return how much address space a child may take: what the bench holds without using it, and CHILD_MEMORY.

    None where the system does not tell.
    """
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = [int(number) for number in file.read().split()]
    except OSError:
        return None
    return (pages[0] - pages[1]) * resource.getpagesize() + CHILD_MEMORY


def _bury(children: dict[int, float]) -> None:
    """Forget the children that ended and end those that are overdue."""
    now = time.monotonic()
    for pid, begun in list(children.items()):
        if os.waitpid(pid, os.WNOHANG)[0]:
            del children[pid]
        elif now - begun > WALL_SECONDS + 1:
            os.kill(pid, signal.SIGKILL)


def _fork(number: int, control: socket.socket, address_space: int | None, children: dict[int, float]) -> None:
    """Start a child that answers on the socket of this number."""
    with socket.socket(fileno=number) as request:
        try:
            pid = os.fork()
        except OSError:
            return  # the socket closes without a greeting: asked again or refused over there
        if pid:
            children[pid] = time.monotonic()
            return
        status = 1
        try:
            control.close()
            limit(address_space)
            answer(request)
            status = 0
        finally:
            os._exit(status)


def limit(address_space: int | None) -> None:
    """Take from this process what a file must not use up. Over a limit the kernel ends it, or memory is refused."""
    for name in (signal.SIGALRM, signal.SIGXCPU):
        signal.signal(name, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    limits = [
        (resource.RLIMIT_CPU, CHILD_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, MOST_OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
    ]
    if address_space is not None:
        limits.append((resource.RLIMIT_AS, address_space))
    for what, most in limits:
        resource.setrlimit(what, (most, most))
    os.nice(10)
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        system.prctl(DEATH_SIGNAL, signal.SIGKILL)
        system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        # When the machine has no memory left, this is the process to end.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")


def answer(request: socket.socket) -> None:
    """Read a kind and a file from a socket and write what was found, as JSON and what goes with it as it is."""
    request.sendall(GREETING)
    with request.makefile("rb") as file:
        head_size, size = LENGTHS.unpack(file.read(LENGTHS.size))
        kind = json.loads(file.read(head_size))["kind"]
        content = file.read(size)
    sniffed_type, inspected, refusal, failed = examine(kind, content)
    del content
    head: dict[str, object] = {"sniffed_type": sniffed_type, "failed": failed}
    blobs: list[bytes] = []
    if refusal is not None:
        head |= {"code": refusal.code, "facts": refusal.facts}
    elif inspected is not None:
        text = inspected.text.encode("utf-8", "replace")
        blobs = [inspected.content, text, inspected.small, inspected.large]
        numbers = {name: getattr(inspected, name) for name in ("width", "height", "pages", "frames")}
        head |= numbers | {"kind": inspected.kind, "notes": inspected.notes, "sizes": [len(blob) for blob in blobs]}
    packed = json.dumps(head).encode()
    request.sendall(LENGTHS.pack(len(packed), sum(map(len, blobs))) + packed)
    for blob in blobs:
        request.sendall(blob)


def examine(kind: str, content: bytes) -> tuple[str, Inspected | None, Refusal | None, str]:
    """Return the sniffed type, what was found or why it is refused, and the type of an unforeseen exception.

    Without a kind the content is only sniffed.
    """
    sniffed_type = ""
    try:
        sniffed_type = sniffing.sniff(content)
        return sniffed_type, judge.judge(kind, content, sniffed_type) if kind else None, None, ""
    except Refusal as refusal:
        return sniffed_type, None, refusal, ""
    except (MemoryError, RecursionError) as error:
        return sniffed_type, None, Refusal("too_hard"), type(error).__name__
    except Exception as error:  # noqa: BLE001  # whatever a parser raises about a file is the file's fault
        return sniffed_type, None, Refusal("damaged"), type(error).__name__
