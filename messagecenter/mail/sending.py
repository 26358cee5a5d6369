"""Sends one letter to one person, over whatever mail backend the settings name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email

from messagecenter.mail.errors import NotSent, Refused, TryAgain
from messagecenter.mail.smtp import DEADLINE_SECONDS

# RFC 3834: programs must not answer these mails.
MACHINE_HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]+@[A-Za-z0-9.-]+>")


@dataclass(frozen=True)
class Letter:
    """A rendered mail to one address, with the Message-ID it keeps however often it is sent.

    ``sender_name`` is who wrote, as the other side may know them; it comes before the site's name, and the address is
    the site's all the same. ``reply_to`` is where an answer is taken, if anywhere.
    """

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    sender_name: str = ""
    reply_to: str = ""


@contextmanager
def open_post(*, deadline: float = DEADLINE_SECONDS) -> Iterator[BaseEmailBackend]:
    """Give a connection that several letters can share, and close it at the end. It connects at the first letter.

    ``deadline`` is the most seconds that one letter may take over SMTP.
    """
    connection: BaseEmailBackend = get_connection(keep_open=True, deadline=deadline)
    try:
        yield connection
    finally:
        with suppress(OSError):  # all letters are settled; a server that does not say goodbye changes nothing
            connection.close()


def send(letter: Letter, *, connection: BaseEmailBackend | None = None) -> None:
    """Send ``letter``; return when the server has accepted it.

    Raises TryAgain, Refused or Uncertain (see ``messagecenter.mail.errors``). Takes at most 30 seconds over SMTP.
    """
    message = _message(letter)
    connection = connection or get_connection()
    try:
        connection.send_messages([message])
    except NotSent:
        raise
    except BadHeaderError:
        raise Refused("a header holds a line break") from None
    except OSError as error:
        raise TryAgain(f"could not be handed over ({type(error).__name__})") from None


def _sender(name: str) -> str:
    """Return the site's sender, with who wrote in front of its name: "Anna S. (Market)"."""
    site, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    shown = " ".join(name.split())
    return formataddr((f"{shown} ({site})" if shown and site else shown or site, address))


def _message(letter: Letter) -> EmailMultiAlternatives:
    """Return Django's mail for ``letter``. Raises Refused when its address or a header is not one."""
    try:
        validate_email(letter.to)
    except ValidationError:
        raise Refused("the address is not valid") from None
    if not MESSAGE_ID.fullmatch(letter.message_id):
        raise Refused("the Message-ID is not valid")
    headers = {**letter.headers, **MACHINE_HEADERS, "Message-ID": letter.message_id}
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or "\n" in value or "\r" in value:
            raise Refused("a header is not valid")
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        from_email=_sender(letter.sender_name),
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers=headers,
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message
