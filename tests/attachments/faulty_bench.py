"""A bench whose parser does what the file says: what a parser with a hole would do, without the hole."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

folder, control, seconds = sys.argv[1:4]
sys.path.insert(0, folder)

from inspection import bench, judge  # type: ignore[import-not-found]  # noqa: E402
from inspection.inspected import Inspected  # type: ignore[import-not-found]  # noqa: E402

if float(seconds):
    bench.CHILD_SECONDS, bench.WALL_SECONDS = int(seconds), int(seconds) + 1


def answered(words: bytes) -> None:
    """Write to every socket there is, as a file would that has taken its parser over."""
    for number in range(3, 24):
        try:
            os.write(number, words)
        except OSError:
            continue
    os._exit(0)


def environment() -> str:
    """Return what this process and the one it comes from know of their environment, and what they hold open."""
    known = [Path(f"/proc/{pid}/environ").read_text() for pid in (os.getpid(), os.getppid())]
    return json.dumps([dict(os.environ), *known, os.getcwd(), sorted(sys.modules)])


def limits() -> str:
    """Return what this process may use."""
    names = ("RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_NPROC")
    return json.dumps({name: resource.getrlimit(getattr(resource, name))[0] for name in names} | {"nice": os.nice(0)})


def sleep() -> bool:
    """Wait for something that never comes."""
    time.sleep(60)
    return True


def kill_the_bench() -> bool:
    """End the parent, and wait to be ended with it."""
    os.kill(os.getppid(), signal.SIGKILL)
    return sleep()


def deep(level: int) -> int:
    return deep(level + 1)


def head(**more: object) -> bytes:
    """Return an answer whose head says this."""
    words = json.dumps({"sniffed_type": "x", "failed": ""} | more).encode()
    return bench.LENGTHS.pack(len(words), 40) + words + b"x" * 40


PRETTY = {"kind": "txt", "notes": [], "width": 0, "height": 0, "pages": 0, "frames": 0}
DEEDS = {
    "eat": lambda: len([bytearray(50_000_000) for _ in range(20)]),
    "eat hidden": lambda: ctypes.CDLL(None).memset(ctypes.c_void_p(ctypes.CDLL(None).malloc(1_000_000_000)), 1, 10**9),
    "spin": lambda: [0 for _ in iter(int, 1)],
    "sleep": sleep,
    "sleep through the alarm": lambda: [signal.signal(signal.SIGALRM, signal.SIG_IGN), sleep()],
    "crash": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "leave": lambda: os._exit(0),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "kill the bench": kill_the_bench,
    "garbage": lambda: answered(os.urandom(5000)),
    "long garbage": lambda: answered(b"\xff" * 100_000),
    "lie": lambda: answered(head(code="there is no such reason", facts={})),
    "lie without facts": lambda: answered(head(code="too_many_pixels", facts={})),
    "lie about facts": lambda: answered(head(code="empty", facts={"name": "x"})),
    "another kind": lambda: answered(head(**PRETTY | {"kind": "pdf"}, sizes=[10, 10, 10, 10])),
    "no picture": lambda: answered(head(**PRETTY, sizes=[10, 10, 10, 10])),
    "missing": lambda: answered(head(**PRETTY)),
    "numbers": lambda: answered(head(**PRETTY | {"width": "many"}, sizes=[10, 10, 0, 0])),
    "raise": lambda: json.loads("secret words of the file"),
    "recurse": lambda: deep(0),
    "environment": environment,
    "limits": limits,
    "write": lambda: os.write(os.memfd_create("a file"), b"x"),
    "open": lambda: [os.pipe() for _ in range(100)],
}


def faulty(kind: str, content: bytes, sniffed_type: str) -> Inspected:
    done = DEEDS[content.decode()]() if content.decode() in DEEDS else content.decode()
    return Inspected(kind=kind, content=content, text=done if isinstance(done, str) else "survived")


judge.judge = faulty
bench.serve(int(control))
