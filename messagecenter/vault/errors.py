"""Why a text cannot be shown. None of these errors carries any of it."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Unreadable(Exception):
    """A text that cannot be opened. ``sentence`` is for its reader, ``reason`` for logs and alarms."""

    reason: ClassVar[str]
    sentence: ClassVar[str | Promise]

    def __init__(self) -> None:
        super().__init__(self.reason)


class Damaged(Unreadable):
    """The ciphertext or its key was changed, moved or cut short, or is in no known format."""

    reason = "damaged"
    sentence = _("This message is damaged and cannot be shown. The operator has been told.")


class Erased(Unreadable):
    """The key was destroyed on purpose."""

    reason = "erased"
    sentence = _("This message has been erased.")


class KeyMissing(Unreadable):
    """There is no key row, or no root key of the version that wraps it."""

    reason = "key missing"
    sentence = _("This message cannot be opened right now: its key is missing. The operator has been told.")
