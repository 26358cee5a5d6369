"""Ending a kind of mail by one click in the mail program, without signing in (RFC 8058): the link and what it means."""

from __future__ import annotations

import uuid

from django.core import signing
from django.urls import reverse

from messagecenter.mail.rendering import absolute_url
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import ALWAYS, Topic

SALT = "messagecenter.notices.stopping"


class NoSuchLink(Exception):
    """The link is not one of ours, or was cut."""


def stop_headers(notice: Notice, topic: str) -> dict[str, str]:
    """Return List-Unsubscribe and List-Unsubscribe-Post for a mail that may be switched off, nothing for the others."""
    if notice.recipient_id is None or topic in ALWAYS:
        return {}
    link = absolute_url(stop_path(notice.recipient_id, topic))
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def stop_path(person_id: uuid.UUID, topic: str) -> str:
    """Return the path that ends mails on a topic for a person. It tells neither to who has no key of ours."""
    token = signing.dumps([person_id.hex, str(topic)], salt=SALT, compress=True)
    return reverse("notices:stop", args=[token])


def read_stop(token: str) -> tuple[uuid.UUID, Topic]:
    """Return whose mails on which topic a link ends. Raises NoSuchLink. It never expires: an old mail is a mail."""
    try:
        person, topic = signing.loads(token, salt=SALT)
        return uuid.UUID(person), Topic(topic)
    except (signing.BadSignature, ValueError, TypeError):
        raise NoSuchLink from None
