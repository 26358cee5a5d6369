"""Starts a server for the time of the tests and makes sure that it is gone afterwards."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask Linux to signal this child when the one who started it is gone, also when that was killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(1, number)


class Server:
    """A child process with a folder of its own, asked whether it answers, stopped and cleared away at the end."""

    def __init__(self, name: str, command: list[str], folder: Path, stop_signal: int, user: str | None = None) -> None:
        """Start the command, as another user if root names one; its output goes to a file in the folder."""
        self.name, self.folder, self.stop_signal = name, folder, stop_signal
        self.output = folder / f"{name}.out"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=lambda: die_with_parent(stop_signal),
                **as_user(user),
            )

    def wait_until(self, answers: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for the first answer. Raises RuntimeError with the server's own words when it does not come."""
        deadline = time.monotonic() + seconds
        while not answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                words = self.output.read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"{self.name} did not start:\n{words}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server and delete its folder. Safe to call twice."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def as_user(user: str | None) -> dict[str, Any]:
    """Return Popen's arguments to run as this user, with its rights only."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}
