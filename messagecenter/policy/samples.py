"""What the rooms above tell the policy's editor: recent texts to try a policy on, topics, states, where a thread is.

Nothing here imports those rooms. Each registers once, when Django starts (``AppConfig.ready``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.functional import Promise

from .detection.surroundings import Surroundings


@dataclass(frozen=True)
class SamplePart:
    """One text of a message: its key ("body", "subject", "file:…", "file_name:…") and the words, in memory only."""

    key: str
    text: str = field(repr=False)

    @property
    def can_redact(self) -> bool:
        """Whether words of it can be hidden from the reader."""
        return self.key == "body"


@dataclass(frozen=True)
class Sample:
    """A message that was sent, whatever became of it: its texts, and its surroundings without an operator's lists."""

    message_id: UUID
    thread_id: UUID
    parts: tuple[SamplePart, ...]
    around: Surroundings


@dataclass(frozen=True)
class Source:
    """A room with messages.

    ``newest(n)`` gives its last ``n`` messages, newest first, decrypted one by one as they are taken; what cannot be
    read is left out. ``address`` gives the staff page of a thread, where words are read for a stated reason.
    """

    newest: Callable[[int], Iterable[Sample]]
    address: Callable[[UUID], str]
    topics: Mapping[str, str | Promise] = field(default_factory=dict)
    order_states: Mapping[str, str | Promise] = field(default_factory=dict)


_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Make a room's messages known under ``name``; the same name again replaces the first."""
    _sources[name] = source


def sources() -> tuple[Source, ...]:
    """Return what is registered."""
    return tuple(_sources.values())


def topics() -> dict[str, str | Promise]:
    """Return every topic's key and label."""
    return {key: label for source in sources() for key, label in source.topics.items()}


def order_states() -> dict[str, str | Promise]:
    """Return every order state's key and label."""
    return {key: label for source in sources() for key, label in source.order_states.items()}
