"""A mail server for tests: real SMTP on a thread, recording what it is given, answering as a test wants."""

from __future__ import annotations

import asyncio
import email
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as policy
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port() -> int:
    """Return a port on which nothing listens right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 20.0, every: float = 0.05) -> Any:
    """Return the first true result of ``condition``. Fails with ``what`` when there is none in time."""
    ends = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > ends:
            raise AssertionError(f"After {seconds:g} s: {what}")
        time.sleep(every)
    return result


@dataclass(frozen=True)
class Mail:
    """One mail the sink was given: its envelope and its content."""

    sender: str
    to: tuple[str, ...]
    raw: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def message(self) -> EmailMessage:
        """The parsed mail."""
        return email.message_from_bytes(self.raw, policy=policy)

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """Its plain text."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part else ""

    @property
    def html(self) -> str:
        """Its HTML."""
        part = self.message.get_body(("html",))
        return str(part.get_content()) if part else ""


async def _accept(server: SMTP, subject: Any) -> str:
    return "250 OK"


class Sink:
    """An SMTP server on a thread that records what it is given.

    ``mails`` were accepted, ``transmitted`` arrived whole, answered or not. A test may replace ``on_rcpt`` (gets the
    address) and ``on_data`` (gets the Mail): coroutines that return the answer, wait, or break the connection with
    ``server.transport.abort()``.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.mails: list[Mail] = []
        self.transmitted: list[Mail] = []
        self.on_rcpt: Callable[[SMTP, str], Awaitable[str]] = _accept
        self.on_data: Callable[[SMTP, Mail], Awaitable[str]] = _accept
        self.connections = 0
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """For EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> Sink:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=20)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    stop = __exit__

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count the connection."""
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Ask the test about the address."""
        answer = await self.on_rcpt(server, address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Record the mail as the test has it answered."""
        raw = envelope.original_content or b""
        mail = Mail(str(envelope.mail_from), tuple(envelope.rcpt_tos), raw)
        self.transmitted.append(mail)
        answer = await self.on_data(server, mail)
        if answer.startswith("2"):
            self.mails.append(mail)
        return answer

    def wait(self, count: int, seconds: float = 20.0) -> list[Mail]:
        """Return the mails once there are ``count``."""
        wait_for(lambda: len(self.mails) >= count, f"{len(self.mails)} of {count} mails arrived", seconds)
        return list(self.mails)

    def to(self, address: str) -> list[Mail]:
        """Return the mails to one address."""
        return [mail for mail in self.mails if address in mail.to]


async def drip(server: SMTP, subject: Any = None, seconds: float = 60.0) -> str:
    """Answer one byte every half second: each read succeeds, the answer never ends."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and isinstance(server.transport, asyncio.Transport):
        server.transport.write(b"2")
        await asyncio.sleep(0.5)
    return "250 OK"
