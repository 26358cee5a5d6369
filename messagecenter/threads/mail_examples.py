"""The mails of this room with invented values, for the preview in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from messagecenter.notices.mail_examples import ORDER, MailExample

from .notifications import NEW_MESSAGE
from .reminding import REPLY_DUE


def _new_message() -> dict[str, Any]:
    return {
        "sender_name": _("Example Shop"),
        "order": {"number": ORDER},
        "messages_count": 2,
        "files_count": 1,
        "files_bytes": 245_000,
        "answers_to": "reply@example.com",
    }


def _new_message_with_excerpt() -> dict[str, Any]:
    return _new_message() | {"messages_count": 1, "excerpt": _("Hello, these are the message’s first lines …")}


def _reply_due() -> dict[str, Any]:
    return {"order": {"number": ORDER}, "due_at": timezone.now() + timedelta(hours=3)}


EXAMPLES = (
    MailExample(NEW_MESSAGE, "threads/email/new_message", _new_message),
    MailExample("new_message_with_excerpt", "threads/email/new_message", _new_message_with_excerpt),
    MailExample(REPLY_DUE, "threads/email/reply_due", _reply_due),
)
