"""The channels besides e-mail. Rooms above register theirs when they start; each is one small module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from messagecenter.notices.kinds import Brief
from messagecenter.notices.models import Notice


@dataclass(frozen=True)
class Channel:
    """A way to tell somebody something in a line.

    ``why_not`` returns "" while the target is still to be told this way, else a short reason. ``deliver`` returns once
    the other side has taken it and raises TryAgain, Refused or Uncertain (``messagecenter.mail.errors``).
    """

    name: str
    why_not: Callable[[Notice], str]
    deliver: Callable[[Notice, Brief], None]


_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Make ``channel`` known. Raises ValueError when another one already has its name."""
    if _channels.setdefault(channel.name, channel) != channel:
        raise ValueError(f"There are two channels named {channel.name!r}.")


def named(name: str) -> Channel:
    """Return a channel. Raises LookupError when no room has registered it."""
    try:
        return _channels[name]
    except KeyError:
        raise LookupError(f"No channel is named {name!r}.") from None
