"""A bell that is rung after commit, on a thread of its own: a dead or silent broker never slows or fails the writer."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from django.db import transaction

logger = logging.getLogger(__name__)
QUIET_SECONDS = 60.0


class Doorbell:
    """Rings once after a transaction, however often it was asked to. A lost ring only costs time: a sweep follows."""

    def __init__(self, name: str, ring: Callable[[], object]) -> None:
        """Take the name for log lines and what to do; ``ring`` may block and may raise."""
        self._name = name
        self._ring = ring
        self._complained_at = -QUIET_SECONDS
        self._start_over()

    def _start_over(self) -> None:
        """Forget the thread: a forked child inherits none."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._pressed = threading.Event()
        self._thread: threading.Thread | None = None

    def press_after_commit(self) -> None:
        """Press once the running transaction has committed; at once when there is none. Never raises."""
        waiting = transaction.get_connection().run_on_commit
        if not any(hook == self.press for _, hook, *_ in waiting):
            transaction.on_commit(self.press, robust=True)

    def press(self) -> None:
        """Wake the thread that rings and return at once."""
        if self._pid != os.getpid():
            self._start_over()
        self._pressed.set()
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._answer, name=f"doorbell {self._name}", daemon=True)
                self._thread.start()

    def _answer(self) -> None:
        """Ring for each press, or once for the presses that came while it was ringing."""
        while True:
            self._pressed.wait()
            self._pressed.clear()
            try:
                self._ring()
            except Exception as error:  # noqa: BLE001 (whatever a broker's client raises, the sweep will do the work)
                if time.monotonic() - self._complained_at >= QUIET_SECONDS:
                    self._complained_at = time.monotonic()
                    logger.warning("The doorbell for %s does not ring (%s).", self._name, type(error).__name__)
