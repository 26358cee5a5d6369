"""The listener for mail as a process of its own, beside a site's others."""

from __future__ import annotations

import socket
import sys

from tests.processes import Process, Stack
from tests.sink import free_port, wait_for


def start(stack: Stack, *words: str) -> tuple[Process, int]:
    """Start a listener and return it with its port, once it answers."""
    port = free_port()
    command = [sys.executable, "manage.py", "receive_mail", "--port", str(port), *words]
    process = stack.run("mail", command)

    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            return not process.runs
        return True

    wait_for(answers, "the listener does not answer", 60)
    assert process.runs, process.output()
    return process, port
