"""The mail backend for SMTP: knows how far a mail got, and gives up on a whole mail after 30 seconds.

Django's own backend limits each read of the socket, so a server that sends a byte now and then holds it for ever; and
it cannot tell a mail that was never handed over from one whose answer was lost.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from messagecenter.mail.deadlines import Clock, Deadline
from messagecenter.mail.errors import NotSent, Refused, TryAgain, Uncertain
from messagecenter.mail.status import is_about_address

DEADLINE_SECONDS = 30.0
GOODBYE_SECONDS = 2.0
# These refuse us, not the recipient: a wrong password must not settle every mail as undeliverable.
SIGN_IN_CODES = frozenset({530, 534, 535, 538})


class _Answer(Exception):
    """The server answered with another code than the one that goes on."""

    def __init__(self, code: int, text: bytes) -> None:
        super().__init__(code)
        enhanced = re.match(rb"[245]\.\d{1,3}\.\d{1,3}", text)
        self.code = code
        self.enhanced = enhanced.group().decode() if enhanced else ""
        self.short = f"{code} {self.enhanced}".rstrip()


class _Session(smtplib.SMTP):
    """An SMTP session that connects within a deadline and keeps a second handle on its socket.

    The handle stays good when TLS takes the socket over, and shutting it down ends a blocked read.
    """

    deadline: Deadline
    guard: socket.socket | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect to the first address that answers. The name's look-up itself is timed by the system's resolver."""
        error: OSError = OSError("no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(min(timeout, self.deadline.left()))
                sock.connect(address)
            except OSError as caught:
                sock.close()
                error = caught
                continue
            sock.settimeout(timeout)
            self.guard = sock.dup()
            self.deadline.watch(self.guard)
            return sock
        raise error

    def close(self) -> None:
        """Close the session and its second handle."""
        super().close()
        if self.guard is not None:
            self.guard.close()
            self.guard = None


class _SecureSession(smtplib.SMTP_SSL, _Session):
    """The same over TLS from the first byte."""


class SmtpBackend(EmailBackend):
    """Sends over SMTP as the EMAIL_ settings say; raises TryAgain, Refused or Uncertain.

    ``keep_open`` keeps the connection for the next letter until ``close``; ``deadline`` is in seconds, for each mail.
    """

    connection: _Session | None

    def __init__(self, *args: Any, deadline: float = DEADLINE_SECONDS, keep_open: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection = None
        self._seconds = deadline
        self._keep_open = keep_open
        self._stage = ""
        self._clock = Clock()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send the mails in turn and return how many were accepted."""
        sent = 0
        try:
            for message in email_messages:
                try:
                    self._send_one(message)
                    sent += 1
                except NotSent:
                    if not self.fail_silently:
                        raise
        finally:
            if not self._keep_open:
                self.close()
        return sent

    def open(self) -> bool:
        """Connect and sign in, unless that is done; return whether it was needed."""
        with self._clock.deadline(self._seconds) as deadline:
            return self._session(deadline)[1]

    def close(self) -> None:
        """Say goodbye, waiting two seconds at most, and close the connection."""
        session, self.connection = self.connection, None
        if session is not None:
            with self._clock.deadline(GOODBYE_SECONDS) as deadline:
                if session.guard is not None:
                    deadline.watch(session.guard)
                with contextlib.suppress(OSError):
                    session.quit()
                session.close()
        self._clock.stop()

    def _send_one(self, message: EmailMessage) -> None:
        """Hand over one mail within the deadline, over the open connection or a new one."""
        recipients = message.recipients()
        if not recipients:
            return
        encoding = str(message.encoding or "utf-8")
        content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own mail knows it
        try:
            sender = sanitize_address(message.from_email, encoding)
            addresses = [sanitize_address(address, encoding) for address in recipients]
        except ValueError:
            raise Refused("the address is not valid") from None
        with self._clock.deadline(self._seconds) as deadline:
            self._try(deadline, sender, addresses, content)

    def _try(self, deadline: Deadline, sender: str, addresses: Sequence[str], content: bytes) -> None:
        """Attempt to hand the mail over; raise what went wrong as TryAgain, Refused or Uncertain."""
        self._stage = "CONNECT"
        try:
            self._attempt(deadline, sender, addresses, content)
        except _Answer as answer:
            if not 400 <= answer.code < 600:  # half an answer: the connection was cut, by us or by the other side
                self._drop()
                raise self._broken(deadline, "half an answer") from None
            self._keep_or_drop(answer.code)
            reason = f"{self._stage} was answered {answer.short}"
            if answer.code >= 500 and self._stage != "MAIL" and answer.code not in SIGN_IN_CODES:
                about_address = self._stage == "RCPT" and is_about_address(answer.enhanced)
                raise Refused(reason, is_about_address=about_address) from None
            raise TryAgain(reason) from None
        except OSError as error:
            self._drop()
            code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
            raise self._broken(deadline, f"{type(error).__name__} {code}" if code else type(error).__name__) from None

    def _broken(self, deadline: Deadline, how: str) -> NotSent:
        """Return what a connection that broke means: after ``END`` the server may have taken the mail."""
        late = f"took longer than {deadline.seconds:g} s at {self._stage}"
        reason = late if deadline.passed else f"no connection at {self._stage} ({how})"
        return Uncertain(reason) if self._stage == "END" else TryAgain(reason)

    def _attempt(self, deadline: Deadline, sender: str, addresses: Sequence[str], content: bytes) -> None:
        """Hand the mail over; a kept connection the server has left meanwhile is replaced once."""
        session, fresh = self._session(deadline)
        try:
            self._hand_over(session, sender, addresses, content)
        except (smtplib.SMTPServerDisconnected, _Answer) as error:
            left = not isinstance(error, _Answer) or error.code == 421
            if fresh or not left or self._stage != "MAIL" or deadline.passed:
                raise
            self._drop()
            session, _ = self._session(deadline)
            self._hand_over(session, sender, addresses, content)

    def _session(self, deadline: Deadline) -> tuple[_Session, bool]:
        """Return the open session or a new one, watched from now on, and whether it is new."""
        if self.connection is not None:
            if self.connection.guard is not None:
                deadline.watch(self.connection.guard)
            return self.connection, False
        self._stage = "CONNECT"
        timeout = self.timeout or DEADLINE_SECONDS
        session = (
            _SecureSession(timeout=timeout, context=self.ssl_context) if self.use_ssl else _Session(timeout=timeout)
        )
        session.deadline = deadline
        self.connection = session
        session._host = self.host  # type: ignore[attr-defined]  # the name TLS checks the certificate against
        code, text = session.connect(self.host, self.port)
        _expect((code, text), 220)
        if self.use_tls:
            session.starttls(context=self.ssl_context)
        if self.username and self.password:
            session.login(self.username, self.password)
        session.ehlo_or_helo_if_needed()
        return session, True

    def _hand_over(self, session: _Session, sender: str, addresses: Sequence[str], content: bytes) -> None:
        """Speak one mail's part of SMTP, noting the stage. After ``END`` the server may have taken it."""
        self._stage = "MAIL"
        _expect(session.mail(sender, ["BODY=8BITMIME"] if session.has_extn("8bitmime") else []), 250)
        self._stage = "RCPT"
        for address in addresses:
            _expect(session.rcpt(address), 250, 251)
        self._stage = "DATA"
        _expect(session.docmd("DATA"), 354)
        dotted = re.sub(rb"(?m)^\.", b"..", content)
        session.send(dotted + (b".\r\n" if dotted.endswith(b"\r\n") else b"\r\n.\r\n"))
        self._stage = "END"
        _expect(session.getreply(), 250)

    def _keep_or_drop(self, code: int) -> None:
        """Make the connection ready for the next mail after a refusal, or give it up."""
        if code == 421 or self.connection is None or self._stage == "CONNECT":
            self._drop()
            return
        try:
            self.connection.rset()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        """Close the connection without a goodbye."""
        session, self.connection = self.connection, None
        if session is not None:
            session.close()


def _expect(answer: tuple[int, bytes], *codes: int) -> None:
    """Raise _Answer unless the server's answer has one of ``codes``."""
    if answer[0] not in codes:
        raise _Answer(*answer)
