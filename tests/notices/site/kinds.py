"""Three kinds: one that is told, one that need not be told any more, one that cannot be rendered."""

from __future__ import annotations

from messagecenter.mail.sending import Letter
from messagecenter.notices.kinds import Kind, message_id, register
from messagecenter.notices.models import Notice


def no_reason(notice: Notice) -> str:
    return ""


def read_already(notice: Notice) -> str:
    return "read already"


def letter(notice: Notice) -> Letter:
    return Letter(notice.recipient.email, f"About {notice.subject_id}", "text", "<p>html</p>", message_id(notice))


def broken_letter(notice: Notice) -> Letter:
    raise KeyError("Pflaumenmus, a word of the message")


def register_all() -> None:
    register(Kind("test", no_reason, letter))
    register(Kind("test-unwanted", read_already, letter))
    register(Kind("test-poison", no_reason, broken_letter))
