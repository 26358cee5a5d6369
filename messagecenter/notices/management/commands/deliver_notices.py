"""Delivers due notices without Celery."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from messagecenter.notices.dispatch import Delivered, deliver_due, watch


class Command(BaseCommand):
    """Sends what is due once, or keeps looking with ``--watch``."""

    help = "Send due notices. Safe beside Celery and in any number of processes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the two ways to run."""
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--once", action="store_true", help="send what is due now and end (the default)")
        group.add_argument("--watch", action="store_true", help="look every second until SIGTERM or Ctrl-C")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; SIGTERM and Ctrl-C let the current mail finish."""
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        if options["watch"]:
            watch(stopping, self._report)
        else:
            total = Delivered()
            while (done := deliver_due(stopping=stopping.is_set)).total:
                for name, count in vars(done).items():
                    setattr(total, name, getattr(total, name) + count)
            self._report(total)

    def _report(self, done: Delivered) -> None:
        with contextlib.suppress(OSError):  # a full disk below the log stops no delivery
            self.stdout.write(str(done))
            self.stdout.flush()
