"""Counts what the mailboxes' tallies must say, entry by entry, by the rules that posting moves them by."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from uuid import UUID

from messagecenter.threads.counting import NEEDS_REPLY, NO_LABELS, UNREAD, Labels, counted, facts_of
from messagecenter.threads.models import Entry, Tally

Pinned = Mapping[str, Mapping[str, str]]
NOTHING = [0, 0, 0]


class Counters:
    """The numbers of many mailboxes, and how many messages each has."""

    def __init__(self) -> None:
        self._counts: dict[UUID, dict[str, list[int]]] = defaultdict(dict)
        self.messages: Counter[UUID] = Counter()

    def count(self, entry: Entry, messages: int, labels: Labels = NO_LABELS, pinned: Pinned | None = None) -> None:
        """Count one entry and its messages."""
        counts = self._counts[entry.mailbox_id]
        for key, place in counted(facts_of(entry), labels, pinned or {}):
            numbers = counts.get(key)
            if numbers is None:
                numbers = counts[key] = [0, 0, 0]
            numbers[place] += 1
        self.messages[entry.mailbox_id] += messages

    def add(self, other: Counters) -> None:
        """Add what another process has counted."""
        for mailbox_id, counts in other._counts.items():
            mine = self._counts[mailbox_id]
            for key, numbers in counts.items():
                mine[key] = [one + more for one, more in zip(mine.get(key, NOTHING), numbers, strict=True)]
        self.messages.update(other.messages)

    def tallies(self, pinned: Mapping[UUID, Pinned]) -> Iterator[Tally]:
        """Yield the tallies of all mailboxes; ``pinned`` are the pinned filters of those that have some."""
        for mailbox_id, counts in self._counts.items():
            yield Tally(
                mailbox_id=mailbox_id,
                unread=counts.get("current", NOTHING)[UNREAD],
                needs_reply=counts.get("all", NOTHING)[NEEDS_REPLY],
                counts=counts,
                pinned=dict(pinned.get(mailbox_id, {})),
            )
