"""What fits best: threads with more of the words in their subject, then in what they are about, then the newest."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from messagecenter.search import words
from messagecenter.search.terms import Terms
from messagecenter.vault.cipher import preload

from .cursors import BadCursor, cursor_of, parse_cursor
from .models import Entry
from .searchable import head_texts, subject_texts, titles_known, with_titles

MOST_RANKED = 300  # the newest that were found; older ones are not put in order
IN_SUBJECT, IN_MATTER = 2, 1  # points for each word that was looked for; none for one in the messages alone


class Ranked(NamedTuple):
    """A found thread's place: what comes first is greater."""

    score: int
    moment: datetime
    key: uuid.UUID

    @property
    def cursor(self) -> str:
        """The place after it, as an address carries it."""
        return f"{self.score}~{cursor_of(self.moment, self.key)}"


def place_in(cursor: str) -> Ranked:
    """Return the place that an address names. Raises BadCursor."""
    score, tilde, place = cursor.partition("~")
    if not tilde or not score.isascii() or not score.isdecimal() or len(score) > 3:
        raise BadCursor
    return Ranked(int(score), *parse_cursor(place))


def ranked(entries: Sequence[Entry], terms: Terms, moment: str) -> list[tuple[Ranked, Entry]]:
    """Return found entries with their places, what fits best first; ``moment`` is the field their view goes by.

    It reads subjects and titles, never messages, and so says the same whichever way they were found. Two queries.
    """
    keys = [entry.pk for entry in entries]
    read = {one.pk: one for one in with_titles(Entry.objects.filter(pk__in=keys))}
    preload([entry.thread_id for entry in read.values()])
    placed = [
        (Ranked(_score(read[one.pk], terms), getattr(one, moment) or one.last_message_at, one.pk), one)
        for one in entries
        if one.pk in read
    ]
    return sorted(placed, key=lambda pair: pair[0], reverse=True)


def _score(entry: Entry, terms: Terms) -> int:
    """Return the points of a thread; ``entry`` was read by ``with_titles``."""
    subject = words.read(subject_texts(entry.thread))
    matter = words.read(head_texts(entry.thread, titles_known(entry)))
    return sum(IN_SUBJECT if term.is_in(subject) else IN_MATTER if term.is_in(matter) else 0 for term in terms.wanted)
