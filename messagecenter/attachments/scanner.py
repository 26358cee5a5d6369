"""Asks a ClamAV daemon whether a file is clean. Whatever is not a plain yes or a signature's name counts as no scan."""

from __future__ import annotations

import logging
import socket
import threading
import time
from io import BytesIO
from typing import Any

from clamav_client.clamd import BufferTooLongError, ClamdError, ClamdNetworkSocket
from django.conf import settings

log = logging.getLogger(__name__)

CONNECT_SECONDS = 3.0
SCAN_SECONDS = 20.0
CHECK_SECONDS = 1.5  # below what /readyz waits for all its checks
SCANS_AT_ONCE = 2
MOST_ANSWER = 4096  # bytes; a signature's name is far shorter
# What ClamAV "finds" when it gave up on a file for its own limits (AlertExceedsMax): that file was not scanned.
LIMITS_EXCEEDED = "Heuristics.Limits.Exceeded"

_turns = threading.BoundedSemaphore(SCANS_AT_ONCE)


class ScannerDown(Exception):
    """There is no answer to rely on, so the file was not scanned. The text is one of ours and safe to log or show."""


def is_configured() -> bool:
    """Return whether files are scanned at all: a daemon's socket or address is set."""
    return bool(settings.CLAMAV_SOCKET or settings.CLAMAV_ADDRESS)


def scan(content: bytes) -> str:
    """Return "" when the daemon calls the content clean, or the name of the signature that it found.

    Raises ScannerDown for everything else: no connection within CONNECT_SECONDS, no whole answer within SCAN_SECONDS,
    no turn within as long (SCANS_AT_ONCE run in one process), a size beyond the daemon's StreamMaxLength or its other
    limits, an error, an answer that is cut or not understood, and when no daemon is configured.
    """
    if not _turns.acquire(timeout=SCAN_SECONDS):
        raise ScannerDown("too many scans at once")
    try:
        return _scan(content)
    finally:
        _turns.release()


def version() -> str:
    """Return the daemon's own words about itself, as "ClamAV 1.4.6/27794/Thu Oct 16 …". Raises ScannerDown."""
    client = _Client(_connect(CHECK_SECONDS, CHECK_SECONDS))
    try:
        words = client.version()
    except (ClamdError, OSError, ValueError) as error:
        raise _down(error) from None
    if not client.answered_one_line() or not words.startswith("ClamAV ") or not words.isprintable():
        raise ScannerDown("odd answer")
    return words


def check() -> dict[str, object]:
    """Return {} when files can be scanned or need not be, else {"degraded": why}, for /readyz.

    Never a failure: pages and messages work without the scanner, only new files wait.
    """
    if not is_configured():
        return {}
    try:
        version()
    except ScannerDown as trouble:
        return {"degraded": f"the virus scanner cannot be used ({trouble}); new files wait"}
    return {}


class _TimedSocket(socket.socket):
    """A connection that ends at a fixed moment and takes a short answer only.

    A plain time-out starts anew with every byte, so that a daemon that drips would hold a scan for hours.
    """

    ends_at: float
    received: bytearray

    def hurry(self) -> None:
        """Give the next operation what is left of the time. Raises TimeoutError when nothing is."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(left)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all within the time left."""
        self.hurry()
        super().sendall(data, flags)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Receive within the time left, and note what came. Raises ClamdError beyond MOST_ANSWER bytes."""
        self.hurry()
        count = super().recv_into(buffer, nbytes, flags)
        self.received += memoryview(buffer)[:count]
        if len(self.received) > MOST_ANSWER:
            raise ClamdError
        return count


class _Client(ClamdNetworkSocket):
    """The library's protocol for one question over a connection made here.

    The library itself connects over IPv4 only, over a socket file without a time-out, and takes a cut line for a whole.
    """

    def __init__(self, connection: _TimedSocket) -> None:
        self.clamd_socket: _TimedSocket = connection

    def _init_socket(self) -> None:
        """Nothing to do: the connection stands."""

    def answered_one_line(self) -> bool:
        """Return whether one whole line came, with its end, and nothing after it."""
        received = self.clamd_socket.received
        return received.endswith(b"\n") and received.count(b"\n") == 1


def _scan(content: bytes) -> str:
    """Send the content to the daemon and judge its answer. Raises ScannerDown."""
    client = _Client(_connect(CONNECT_SECONDS, SCAN_SECONDS))
    try:
        answer = client.instream(BytesIO(content))
    except (ClamdError, OSError, ValueError) as error:
        raise _down(error) from None
    if not client.answered_one_line() or list(answer) != ["stream"]:
        raise ScannerDown("odd answer")
    status, name = answer["stream"]
    if status == "OK" and name is None:
        return ""
    if status == "ERROR":
        raise ScannerDown("the scanner reports an error")
    if status != "FOUND" or not name or not name.isprintable():
        raise ScannerDown("odd answer")
    if name.startswith(LIMITS_EXCEEDED):
        raise ScannerDown("beyond the scanner's limits")
    return name


def _connect(connect_seconds: float, seconds: float) -> _TimedSocket:
    """Return a connection to the daemon that ends after ``seconds``. Raises ScannerDown."""
    if not is_configured():
        raise ScannerDown("not configured")
    try:
        if settings.CLAMAV_SOCKET:
            return _open(socket.AF_UNIX, settings.CLAMAV_SOCKET, time.monotonic() + connect_seconds, seconds)
        host, port = settings.CLAMAV_ADDRESS or ("", 0)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        connect_by, trouble = time.monotonic() + connect_seconds, OSError()
        for family, _kind, _protocol, _name, address in found:
            try:
                return _open(family, address, connect_by, seconds)
            except OSError as error:
                trouble = error
        raise trouble
    except OSError as error:
        raise _down(error) from None


def _open(family: int, address: Any, connect_by: float, seconds: float) -> _TimedSocket:
    """Connect before the moment ``connect_by``. Raises OSError."""
    connection = _TimedSocket(family, socket.SOCK_STREAM)
    connection.received, connection.ends_at = bytearray(), connect_by
    try:
        connection.hurry()
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    connection.ends_at = time.monotonic() + seconds
    return connection


def _down(error: Exception) -> ScannerDown:
    """Return what an error means, in words that quote nothing of it; its kind goes to the log."""
    log.warning("The virus scanner gave no usable answer: %s.", type(error).__name__)
    if isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError):
        return ScannerDown("no answer in time")
    if isinstance(error, BufferTooLongError):
        return ScannerDown("too large for the scanner")
    if isinstance(error, OSError) or isinstance(error.__cause__, OSError):
        return ScannerDown("no connection")
    return ScannerDown("odd answer")
