"""A real ClamAV daemon for one test, with two signatures of our own, that can be killed, paused and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services import clamav
from tests.services.processes import Server

# The industry's harmless test file, in two pieces, so that no scanner takes this program for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARKER = b"PlantedMarker-Klabautermann-4711"
EICAR_NAME, MARKER_NAME = "Test.Eicar.UNOFFICIAL", "Test.Planted-Marker.UNOFFICIAL"
MOST_MEGABYTES = 25
MOST_FILES_INSIDE = 50


def program() -> Path:
    """Return the daemon's program. Without it the test is skipped; in CI, where nothing may be skipped, it fails."""
    found = clamav.program()
    if found is None:
        words = "NOT CHECKED with a real scanner: there is no clamd. Install clamav-daemon (root: ./dev test does)."
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    return found


class Clamd:
    """A daemon behind a socket file that stays the same over its lives."""

    def __init__(self) -> None:
        """Write signatures and settings; nothing runs yet."""
        self.program = program()
        self.folder = Path(tempfile.mkdtemp(prefix="clamd-"))  # short: a socket's path has at most 107 characters
        self.socket = self.folder / "socket"
        self.unpacking = self.folder / "unpacking"
        self.server: Server | None = None
        signatures = self.folder / "signatures"
        for folder in (signatures, self.unpacking):
            folder.mkdir()
        lines = [f"Test.Eicar:0:*:{EICAR.hex()}", f"Test.Planted-Marker:0:*:{MARKER.hex()}", ""]
        (signatures / "tests.ndb").write_text("\n".join(lines))
        settings = {
            "Foreground": "yes",
            "LocalSocket": self.socket,
            "FixStaleSocket": "yes",
            "DatabaseDirectory": signatures,
            "TemporaryDirectory": self.unpacking,
            "StreamMaxLength": f"{MOST_MEGABYTES}M",
            "MaxFileSize": f"{MOST_MEGABYTES}M",
            "MaxFiles": MOST_FILES_INSIDE,
            "AlertExceedsMax": "yes",
            "SelfCheck": 0,
        }
        # Started by root it stays root, because the folder is root's; started by others it cannot change anyway.
        settings |= {"User": "root"} if os.geteuid() == 0 else {}
        self.settings = self.folder / "clamd.conf"
        self.settings.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))

    @property
    def pid(self) -> int:
        """The running daemon's process."""
        assert self.server is not None
        return self.server.process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        command = [str(self.program), "-c", str(self.settings)]
        self.server = Server("clamd", command, folder, signal.SIGKILL)
        self.server.wait_until(self.answers)

    def answers(self) -> bool:
        """Return whether it takes commands."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"nPING\n")
                return connection.recv(5) == b"PONG\n"
            except OSError:
                return False

    def pause(self) -> None:
        """Let it hang: it keeps its socket and does nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, without a last word; its socket file stays behind."""
        if self.server is not None:
            self.server.stop()

    def close(self) -> None:
        """End it and delete what it had."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def running() -> Iterator[Clamd]:
    """Give a daemon that answers; it is gone afterwards."""
    daemon = Clamd()
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.close()
