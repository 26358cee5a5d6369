"""Takes mail over SMTP or LMTP (RFC 5321, 2033), from the operator's own mail server or from anybody's."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from messagecenter.vault.errors import Unreadable

from .actions import take_in

log = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd would write addresses, and they are secrets

MOST_RECIPIENTS = 20
MOST_SECONDS_SILENT = 60
THREADS = 4
TAKEN = "250 2.0.0 Taken"
AGAIN = "451 4.3.0 Cannot be kept just now, please try again later"


class Door:
    """Answers for each mail: kept, sealed, in the database, or not taken. ``lmtp``: one answer a recipient."""

    def __init__(self, *, lmtp: bool = False) -> None:
        self._lmtp = lmtp
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")

    def close(self) -> None:
        """Let what is being kept be kept, then end the threads."""
        self._threads.shutdown(wait=True)

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's names)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take addresses of our domain only. Which of them exist is nobody's business."""
        if address.rpartition("@")[2].lower() != settings.INBOUND_DOMAIN:
            return "550 5.7.1 No mail for that domain here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail for each recipient; say 250 only for what is kept."""
        loop = asyncio.get_running_loop()
        raw = envelope.original_content or b""
        peer = str(session.peer[0]) if isinstance(session.peer, tuple) else ""
        sender = envelope.mail_from or ""
        keep = [loop.run_in_executor(self._threads, _keep, raw, sender, to, peer) for to in envelope.rcpt_tos]
        answers = await asyncio.gather(*keep)
        if self._lmtp:
            return "\r\n".join(answers)
        # One answer for all: kept for some only, it is brought again, and those know it already.
        return TAKEN if all(answer == TAKEN for answer in answers) else AGAIN

    async def handle_exception(self, error: Exception) -> str:
        """Say that something failed without saying what; the words of an error may quote a mail."""
        log.error("A mail could not be taken (%s)", type(error).__name__)
        return AGAIN


def _keep(raw: bytes, sender: str, recipient: str, peer: str) -> str:
    """Keep a mail, on a thread with a database connection of its own; return what is answered."""
    close_old_connections()
    try:
        take_in(raw, envelope_from=sender, envelope_to=recipient, peer=peer)
    except (DatabaseError, InterfaceError, Unreadable) as error:
        log.error("A mail could not be kept (%s)", type(error).__name__)
        connection.close()
        return AGAIN
    finally:
        close_old_connections()
    return TAKEN


def protocol(door: Door, *, lmtp: bool = False, most_bytes: int = 0) -> SMTP:
    """Return what talks on one connection. ``most_bytes``: of a mail; by default INBOUND_MAX_MB."""
    options: dict[str, Any] = {
        "data_size_limit": most_bytes or settings.INBOUND_MAX_MB * 1024 * 1024,
        "enable_SMTPUTF8": True,
        "hostname": settings.INBOUND_DOMAIN,
        "ident": "ESMTP",
        "timeout": MOST_SECONDS_SILENT,
        "loop": asyncio.get_running_loop(),
    }
    return LMTP(door, **options) if lmtp else SMTP(door, **options)
