"""The kinds of notice. Rooms above register theirs when they start; this room knows none by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from messagecenter.mail.sending import Letter
from messagecenter.notices.models import Notice


@dataclass(frozen=True)
class Kind:
    """What a notice of this name tells, and when it need not be told.

    ``why_not`` returns "" while the person is still to be told, else a short reason (no names, no words of a message);
    it is asked again right before sending. ``letter`` renders the mail; its Message-ID is replaced by the notice's own.
    """

    name: str
    why_not: Callable[[Notice], str]
    letter: Callable[[Notice], Letter]


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make ``kind`` known. Raises ValueError when another kind already has its name."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"There are two kinds of notice named {kind.name!r}.")


def named(name: str) -> Kind:
    """Return a kind. Raises LookupError when no room has registered it."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"No kind of notice is named {name!r}.") from None


def message_id(notice: Notice) -> str:
    """Return the Message-ID a notice's mail bears each time it is sent, so that a repeat can be recognised."""
    return f"<notice-{notice.pk}@{settings.SITE_HOST}>"
