"""The kinds of notice. Rooms above register theirs when they start; this room knows none by itself."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone, translation

from messagecenter.accounts.models import User
from messagecenter.mail.rendering import zone_named
from messagecenter.mail.sending import Letter
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic


@dataclass(frozen=True)
class Brief:
    """A notice in a line, in the recipient's language and without a word of a message: for browsers and summaries.

    ``path`` is the page it leads to. ``type`` and ``data`` (ids and numbers only) are what programs are told.
    """

    title: str
    body: str
    path: str
    type: str
    data: Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """What a notice of this name tells, and when it need not be told.

    ``why_not`` returns "" while the target is still to be told, else a short reason (no names, no words of a message);
    it is asked again right before sending. ``letter`` renders the mail, also for the notices in ``notice.more`` that go
    out with it; its Message-ID is replaced by the notice's own. ``brief`` is asked by channels that show a line and for
    the daily summary; a kind without one goes by e-mail only, and at once. ``goes_to_suppressed`` is for the one mail
    by which an address that takes none is confirmed. ``confirms`` is for the mail about what its recipient has just
    done, or about an appointment that does not hold any more: who wants mails of its topic at all gets it at once,
    whatever else they chose. ``look`` reads what many notices tell of at once, into their ``told``, before the others
    are asked; a kind without one reads for each, and those that have one do so, too, where ``told`` is None.
    """

    name: str
    why_not: Callable[[Notice], str]
    letter: Callable[[Notice], Letter]
    topic: Topic
    brief: Callable[[Notice], Brief] | None = None
    goes_to_suppressed: bool = False
    confirms: bool = False
    look: Callable[[Sequence[Notice]], None] | None = None


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


def every() -> list[Kind]:
    """Return all kinds that are known."""
    return list(_kinds.values())


def topics(*, in_a_line: bool = False) -> set[Topic]:
    """Return what there is to tell people about; ``in_a_line``, only what other channels than e-mail can tell."""
    return {kind.topic for kind in every() if kind.brief is not None or not in_a_line}


def brief_of(notice: Notice) -> Brief:
    """Return a notice in a line, in its recipient's language and time zone; a program's is the site's.

    Raises LookupError for a kind that cannot be told so.
    """
    kind = named(notice.kind)
    if kind.brief is None:
        raise LookupError(f"Notices of kind {notice.kind!r} go by e-mail only.")
    person = notice.recipient
    language = (person.language if person else "") or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_of(person)):
        return kind.brief(notice)


def zone_of(person: User | None) -> zoneinfo.ZoneInfo:
    """Return a person's time zone, or the site's when they have chosen none that is known."""
    return zone_named(person.time_zone if person else "")


def message_id(notice: Notice) -> str:
    """Return the Message-ID a notice's mail bears each time it is sent, so that a repeat can be recognised."""
    return f"<notice-{notice.letter_id or notice.pk}@{settings.SITE_HOST}>"


def thread_headers(notice: Notice) -> dict[str, str]:
    """Return the headers by which mail programs show all mails about one thread together (RFC 5322, 3.6.4)."""
    if notice.group_id is None:
        return {}
    first = f"<thread-{notice.group_id}@{settings.SITE_HOST}>"
    return {"References": first, "In-Reply-To": first}
