"""A private Redis: own port, nothing written to disk."""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
from pathlib import Path

from tests.services.processes import Server, free_port


def start() -> tuple[Server, dict[str, str]]:
    """Start a server; return it and what tests are told. Raises RuntimeError when it is missing or does not start."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise RuntimeError("Redis is not installed")
    folder, port = Path(tempfile.mkdtemp(prefix="messagecenter-redis-")), free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    server = Server("redis", [program, *options], folder, signal.SIGTERM)

    def answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False

    server.wait_until(answers)
    return server, {"TEST_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
