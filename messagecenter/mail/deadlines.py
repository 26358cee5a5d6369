"""Cuts a connection when the time for one mail is over, whatever the other side is doing with it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

IDLE_SECONDS = 60.0


class Deadline:
    """The end of the time for one mail."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self.ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._guard: socket.socket | None = None

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            self.passed = True
            raise TimeoutError
        return left

    def watch(self, guard: socket.socket) -> None:
        """Cut this socket when the time is over."""
        with self._lock:
            self._guard = guard
        if self.passed:
            self.cut()

    def cut(self) -> None:
        """End what is read from or written to the socket right now."""
        self.passed = True
        with self._lock:
            if self._guard is not None:
                with contextlib.suppress(OSError):  # it is closed already
                    self._guard.shutdown(socket.SHUT_RDWR)


class Clock:
    """Watches one deadline after the other, from one thread: beginning one for each mail costs as much as its SMTP.

    Not shared between threads. The thread begins with the first deadline, and ends by ``stop``, or by itself when there
    was none for a minute.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadline: Deadline | None = None
        self._looks_at = 0.0
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def deadline(self, seconds: float) -> Iterator[Deadline]:
        """Give a deadline that counts until the block ends."""
        deadline = Deadline(seconds)
        with self._changed:
            self._deadline = deadline
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="mail-clock", daemon=True)
                thread.start()  # it waits for what we hold; one that cannot be started leaves none behind
                self._thread = thread
            elif deadline.ends < self._looks_at:
                self._changed.notify_all()
        try:
            yield deadline
        finally:
            with self._changed:  # the thread is left asleep until it would have had to look
                self._deadline = None

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._thread = self._deadline = None
            self._changed.notify_all()

    def _run(self) -> None:
        """Cut what is late, and sleep until the next may be."""
        with self._changed:
            while self._thread is threading.current_thread():
                now, deadline = time.monotonic(), self._deadline
                if deadline is not None and deadline.ends <= now:
                    deadline.cut()
                    deadline = self._deadline = None
                self._looks_at = deadline.ends if deadline else now + IDLE_SECONDS
                was_called = self._changed.wait(self._looks_at - now)
                if deadline is None and self._deadline is None and not was_called:
                    self._thread = None
