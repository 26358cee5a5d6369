"""The embedded default's mail backend: each mail becomes a file below ``var/``, shown at /outbox/."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

KEPT = 500
NAME = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}")


class OutboxBackend(BaseEmailBackend):
    """Writes each mail to a file of its own that only its owner may read; keeps the newest 500."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the mails and return how many. Raises OSError when the disk does not take one."""
        folder = Path(settings.MAIL_OUTBOX_DIR)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            _write(folder, message.message().as_bytes())
        for old in names()[KEPT:]:
            path_of(old).unlink(missing_ok=True)
        return len(email_messages)


def _write(folder: Path, content: bytes) -> None:
    """Write one file so that a reader sees all of it or nothing."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    draft = folder / f".{name}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.rename(folder / f"{name}.eml")


def names() -> list[str]:
    """Return the names of the mails, newest first."""
    folder = Path(settings.MAIL_OUTBOX_DIR)
    found = (path.stem for path in folder.glob("*.eml")) if folder.is_dir() else iter(())
    return sorted((name for name in found if NAME.fullmatch(name)), reverse=True)


def path_of(name: str) -> Path:
    """Return the file of a mail. Raises ValueError for anything that is not a name this backend gives."""
    if not NAME.fullmatch(name):
        raise ValueError("That is not the name of a mail.")
    return Path(settings.MAIL_OUTBOX_DIR) / f"{name}.eml"
