"""The channels besides e-mail. Rooms above register theirs when they start; each is one small module."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass

from messagecenter.notices.kinds import Brief
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic


@dataclass(frozen=True)
class Target:
    """Whom to tell by another channel than e-mail: a person's browser, a shop's endpoint."""

    channel: Notice.Channel
    id: uuid.UUID
    person_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Channel:
    """A way to tell somebody something in a line.

    ``targets`` returns where these people, and the programs of these mailboxes, want to hear of a topic. ``why_not``
    returns "" while the target is still to be told this way, else a short reason. ``deliver`` returns once the other
    side has taken it and raises TryAgain, Refused or Uncertain (``messagecenter.mail.errors``).
    """

    name: str
    targets: Callable[[Collection[uuid.UUID], Collection[uuid.UUID], Topic], list[Target]]
    why_not: Callable[[Notice], str]
    deliver: Callable[[Notice, Brief], None]


_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Make ``channel`` known. Raises ValueError when another one already has its name."""
    if _channels.setdefault(channel.name, channel) != channel:
        raise ValueError(f"There are two channels named {channel.name!r}.")


def every() -> list[Channel]:
    """Return all channels that are known."""
    return list(_channels.values())


def named(name: str) -> Channel:
    """Return a channel. Raises LookupError when no room has registered it."""
    try:
        return _channels[name]
    except KeyError:
        raise LookupError(f"No channel is named {name!r}.") from None
