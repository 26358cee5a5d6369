"""Kinds: one that is told, one that need not be, one that cannot be rendered, and one that is told together."""

from __future__ import annotations

from collections.abc import Sequence

from messagecenter.mail.sending import Letter
from messagecenter.notices.kinds import Brief, Kind, message_id, register
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic


def no_reason(notice: Notice) -> str:
    return ""


def read_already(notice: Notice) -> str:
    return "read already"


def letter(notice: Notice) -> Letter:
    return Letter(notice.recipient.email, f"About {notice.subject_id}", "text", "<p>html</p>", message_id(notice))


def letter_of_all(notice: Notice) -> Letter:
    told = " ".join(str(one.subject_id) for one in [notice, *notice.more])
    return Letter(notice.recipient.email, "News", told, f"<p>{told}</p>", message_id(notice))


def brief(notice: Notice) -> Brief:
    return Brief(f"News of {notice.subject_id}", "", "/messages/", "test.news", {"subject": str(notice.subject_id)})


def broken_letter(notice: Notice) -> Letter:
    raise KeyError("Pflaumenmus, a word of the message")


def blind(notices: Sequence[Notice]) -> None:
    raise ValueError("Pflaumenmus, a word of the message")


def blind_letter(notice: Notice) -> Letter:
    blind([notice])
    return letter(notice)


def register_all() -> None:
    register(Kind("test", no_reason, letter, Topic.DECISION))
    register(Kind("test-unwanted", read_already, letter, Topic.DECISION))
    register(Kind("test-poison", no_reason, broken_letter, Topic.DECISION))
    register(Kind("test-blind", no_reason, blind_letter, Topic.DECISION, look=blind))
    register(Kind("test-news", no_reason, letter_of_all, Topic.MESSAGE, brief))
