"""A worker's own look at the outbox: what nobody takes, because broker or timetable are away, it delivers by itself."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import bootsteps
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.health import overdue_seconds

logger = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
#: The doorbell starts a delivery at once; what is due for longer than this nobody has heard of, or nobody has time for.
PATIENCE_SECONDS = 3.0
GOODBYE_SECONDS = 5.0


class Sweep(bootsteps.StartStopStep):
    """A thread beside the worker's pool, from its start, before there is a broker, until its end."""

    label = "Sweep"

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        """Prepare; the thread begins with ``start``."""
        super().__init__(worker, **kwargs)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=sweep, args=(self.stopping,), name="sweep", daemon=True)

    def start(self, worker: Any) -> None:
        """Begin to look."""
        self.thread.start()

    def stop(self, worker: Any) -> None:
        """Let the current mail finish."""
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join(GOODBYE_SECONDS)

    terminate = stop


def sweep(stopping: threading.Event) -> None:
    """Deliver what has been due for some seconds, until ``stopping``; survives restarts of the database."""
    while not stopping.wait(EVERY_SECONDS):
        close_old_connections()
        try:
            if overdue_seconds() > PATIENCE_SECONDS:
                deliver_due(stopping=stopping.is_set)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database does not answer (%s); looking again soon.", type(error).__name__)
            connection.close()
        except Exception:
            logger.exception("The sweep failed; it goes on.")
    connection.close()
