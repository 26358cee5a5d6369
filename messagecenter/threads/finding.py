"""Finds threads by words and operators, in whatever view, filter and order the list has.

Mailboxes with an index are asked through it, smaller ones are read newest first. Either way a thread is found when
``search.terms.matches`` says so of what this side can read; the index only saves asking.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import F, Q, Subquery

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import Folder
from messagecenter.search import index, marks
from messagecenter.search.models import IndexedMailbox
from messagecenter.search.query import Query, parse
from messagecenter.search.terms import Terms, matches
from messagecenter.vault.errors import Unreadable

from .boxes import BOXES
from .filters import Wanted, few_picked, from_other, labelled, midnight, narrowed, with_number
from .listing import Page, Row, as_rows, bare_rows, with_bare_row_data
from .models import Entry, EntryQuerySet, Message, Place
from .picking import NOTHING_KNOWN, Few
from .relevance import MOST_RANKED, place_in, ranked
from .scanning import Written, read_words, with_words
from .searchable import message_texts, messages_of

SLICES = (200, 600, 1200)  # threads asked of the index at once, in the list's order
READ_AT_ONCE = 60  # threads read and decrypted at once
# Threads of a mailbox without an index read at once, the first time and later: most have no more than these two.
READ_FIRST, READ_LATER = 150, 600
FIRST_DAY = datetime(1970, 1, 2, tzinfo=UTC)  # stands for a day that no clock of the reader's knows
Messages = Iterable[tuple[uuid.UUID, Sequence[str]]]
MOST_READ = 3000  # threads of a mailbox without an index that one search reads


@dataclass(frozen=True)
class Found:
    """One page of what was found, and what was left out.

    ``is_partial``: some of the mailbox was not looked at; ``is_cut``: some of the words; ``best_of``: only so many of
    the newest were put in order, 0 for all.
    """

    page: Page
    is_partial: bool = False
    is_cut: bool = False
    best_of: int = 0


def find_words(
    entries: EntryQuerySet,
    wanted: Wanted,
    *,
    mailbox: Mailbox,
    reader: User,
    after: str = "",
    is_indexed: bool | None = None,
) -> Found:
    """Return one page of the threads that hold what ``wanted.q`` asks for. Raises BadCursor.

    ``entries`` are those the reader may see. ``is_indexed`` says whether the mailbox has an index, None that it is not
    known yet.
    """
    query = parse(wanted.q)
    few = few_picked(_viewed(wanted, query), mailbox=mailbox)
    chosen = meant_beside_words(entries, wanted, query, mailbox=mailbox, reader=reader, few=few)
    moment, sort = wanted.view.moment, wanted.sorting
    ordered = sort.apply(chosen, moment)
    if is_indexed is None and query.terms:
        is_indexed = IndexedMailbox.objects.ready().filter(pk=mailbox.pk).exists()
    is_ranked = wanted.is_ranked and bool(query.terms.wanted)
    search = _Search(ordered, wanted, mailbox, query.terms, "" if is_ranked else after, is_indexed=bool(is_indexed))
    best_of = 0
    if is_ranked:
        shown, more, best_of = _best(search, moment, after)
    else:
        found = list(islice(search.found(), settings.PAGE_THREADS + 1))
        shown = found[: settings.PAGE_THREADS]
        more = sort.cursor(shown[-1], moment) if len(found) > len(shown) else ""
    rows = as_rows(_with_row_data(shown, mailbox), moment)
    if query.terms:
        rows = _highlighted(rows, shown, search)
    return Found(Page(rows, more), search.is_partial, query.is_cut, best_of)


def _best(search: _Search, moment: str, after: str) -> tuple[list[Entry], str, int]:
    """Return a page of what fits best, the cursor of the next, and among how many of more. Raises BadCursor."""
    place = place_in(after) if after else None
    found = list(islice(search.found(), MOST_RANKED + 1))
    in_order = ranked(found[:MOST_RANKED], search.terms, moment)
    left = [pair for pair in in_order if place is None or pair[0] < place]
    page = left[: settings.PAGE_THREADS]
    more = page[-1][0].cursor if len(left) > len(page) else ""
    return [entry for _, entry in page], more, MOST_RANKED if len(found) > MOST_RANKED else 0


def meant_beside_words(
    entries: EntryQuerySet,
    wanted: Wanted,
    query: Query,
    *,
    mailbox: Mailbox,
    reader: User,
    few: Few = NOTHING_KNOWN,
) -> EntryQuerySet:
    """Return the entries of one mailbox that fit filter and operators; ``query`` is ``wanted.q`` parsed.

    ``few`` as in ``filters.narrowed``.
    """
    chosen = narrowed(entries, _viewed(wanted, query), mailbox=mailbox, reader=reader, few=few)
    return _operated(chosen, query, mailbox)


def holding_words(entries: Sequence[Entry], terms: Terms, *, mailbox: Mailbox, is_indexed: bool) -> set[uuid.UUID]:
    """Return the keys of those entries of one mailbox that hold the words, as a list of it would show them."""
    search = _Search(Entry.objects.none(), Wanted(), mailbox, terms, "", is_indexed=is_indexed)
    return search.holding(entries)


def _with_row_data(entries: Sequence[Entry], mailbox: Mailbox) -> list[Entry]:
    """Return these entries with all that a row shows, in their order; no query for those that were read with it."""
    bare = [entry.pk for entry in entries if not hasattr(entry, "chips")]
    full = {one.pk: one for one in bare_rows(bare)}
    known = (full.get(entry.pk) if entry.pk in bare else entry for entry in entries)
    found = [entry for entry in known if entry is not None]
    for entry in found:
        entry.mailbox = mailbox
    return found


def _viewed(wanted: Wanted, query: Query) -> Wanted:
    """Return what is wanted with the view that ``in:`` names, if it names one."""
    for name in query.boxes:
        if name.casefold() in BOXES:
            return replace(wanted, box=name.casefold(), folder="")
    return wanted


def _operated(chosen: EntryQuerySet, query: Query, mailbox: Mailbox) -> EntryQuerySet:
    """Return the entries that fit the operators."""
    for operator, value, is_wanted in _operators(query):
        condition = _condition(operator, value, mailbox)
        chosen = chosen.filter(condition) if is_wanted else chosen.exclude(condition)
    if query.has_file is not None:
        chosen = chosen.filter(has_files=query.has_file)
    if query.before:
        chosen = chosen.filter(last_message_at__lt=(midnight(query.before) or FIRST_DAY))
    if query.after:
        chosen = chosen.filter(last_message_at__gte=(midnight(query.after) or FIRST_DAY))
    return chosen


def _operators(query: Query) -> Iterator[tuple[str, str, bool]]:
    for operator, values in (("from", query.senders), ("order", query.orders), ("label", query.labels)):
        yield from ((operator, value, True) for value in values)
    yield from (("in", value, True) for value in query.boxes if value.casefold() not in BOXES)
    yield from ((operator, value, False) for operator, value in query.excluded)


def _condition(operator: str, value: str, mailbox: Mailbox) -> Q:
    """Return the condition of one operator."""
    if operator == "from":
        return from_other(value)
    if operator == "order":
        return with_number(value, mailbox)
    if operator == "label":
        return Q(pk__in=labelled(mailbox).filter(label__name__iexact=value).values("entry"))
    if value.casefold() in BOXES:
        return Q(pk__in=BOXES[value.casefold()].entries(Entry.objects.of_mailbox(mailbox)).values("pk"))
    return Q(folder__in=Folder.objects.filter(mailbox=mailbox, name__iexact=value), place=Place.INBOX)


class _Search:
    """Goes through a list in its order and yields what holds the words."""

    def __init__(
        self, ordered: EntryQuerySet, wanted: Wanted, mailbox: Mailbox, terms: Terms, after: str, *, is_indexed: bool
    ) -> None:
        self.ordered, self.wanted, self.mailbox, self.terms, self.after = ordered, wanted, mailbox, terms, after
        self.is_indexed = bool(terms) and is_indexed
        self.is_partial = False
        self.at_once = (MOST_RANKED if wanted.is_ranked else settings.PAGE_THREADS) + 1
        # The ids and texts of found threads' messages that were read on the way, by thread.
        self.messages: dict[uuid.UUID, Messages] = {}

    def found(self) -> Iterator[Entry]:
        """Yield the entries in order."""
        if not self.terms:
            for part in self._slices(self.ordered, settings.PAGE_THREADS + 1):
                yield from part
        elif not self.is_indexed:
            yield from self._read()
        else:
            try:
                yield from self._asked()
            except Unreadable:  # without its key the index says nothing
                self.is_indexed = False
                yield from self._read()

    def holding(self, entries: Sequence[Entry]) -> set[uuid.UUID]:
        """Return the keys of those among these entries that hold the words."""
        if self.is_indexed:
            try:
                among = index.among(self.mailbox.pk, [entry.thread_id for entry in entries], self.terms)
            except Unreadable:
                self.is_indexed = False
            else:
                return {one.pk for one in self._verified([one for one in entries if one.thread_id in among], among)}
        held: set[uuid.UUID] = set()
        for begin in range(0, len(entries), READ_AT_ONCE):
            held |= self._holding(entries[begin : begin + READ_AT_ONCE])
        return held

    def _asked(self) -> Iterator[Entry]:
        """Yield what the index finds: rare words at once, common ones among the first threads, then the rest."""
        few = index.few(self.mailbox.pk, self.terms)
        if few is not None:
            yield from self._certain(self.ordered.filter(thread__in=list(few)), few)
            return
        said, moment = index.Holds(F("thread_id"), self.mailbox.pk, self.terms), self.wanted.view.moment
        ordered, begin = self._from(self.ordered, self.after), 0
        for size in SLICES:
            # The keys first: of these threads only those that hold the words are read with all their rows show.
            keys, begin = ordered.values("pk")[begin : begin + size], begin + size
            last = ordered.values("pk")[begin - 1 : begin]
            held = Entry.objects.filter(pk__in=keys).annotate(said=said).filter(said__isnull=False)
            shown = with_bare_row_data(self.wanted.sorting.apply(held, moment), "cleared_up_to")
            ends = None  # not known where nothing was found
            for entry in self._in_slice(shown.annotate(last_of_slice=Subquery(last))):
                ends = entry.last_of_slice is None  # type: ignore[attr-defined]
                yield entry
            if ends or (ends is None and not last.exists()):
                return
        end = list(ordered[begin - 1 : begin])
        if not end:
            return
        passed = self.wanted.sorting.cursor(end[0], moment)
        rest = index.everywhere(self.mailbox.pk, self.terms)
        self.is_partial = len(rest) >= index.MOST_FOUND
        yield from self._certain(self.ordered.filter(thread__in=list(rest)), rest, passed)

    def _in_slice(self, held: EntryQuerySet) -> Iterator[Entry]:
        """Yield what holds the words of those that the index found in a slice of the list, a page at a time."""
        place = ""
        while True:
            part: list[Any] = list(self._from(held, place)[: self.at_once])
            yield from self._verified(part, {entry.thread_id: entry.said == index.CERTAIN for entry in part})
            if len(part) < self.at_once:
                return
            place = self.wanted.sorting.cursor(part[-1], self.wanted.view.moment)

    def _certain(
        self, ordered: EntryQuerySet, known: Mapping[uuid.UUID, bool], passed: str | None = None
    ) -> Iterator[Entry]:
        for part in self._slices(ordered, READ_AT_ONCE, passed):
            yield from self._verified(part, known)

    def _verified(self, entries: Sequence[Entry], known: Mapping[uuid.UUID, bool]) -> Iterator[Entry]:
        """Yield the entries that hold the words; where tokens cannot tell, the texts are asked."""
        doubtful = [entry for entry in entries if not known[entry.thread_id]]
        held: set[uuid.UUID] = set()
        for begin in range(0, len(doubtful), READ_AT_ONCE):
            part = doubtful[begin : begin + READ_AT_ONCE]
            held |= self._holding(part)
        yield from (entry for entry in entries if known[entry.thread_id] or entry.pk in held)

    def _read(self) -> Iterator[Entry]:
        """Yield what holds the words by reading thread after thread."""
        done, place, size = 0, self.after, READ_FIRST
        while done < MOST_READ:
            part = read_words(self._from(with_words(self.ordered), place)[:size])
            yield from filter(self._holds, part)
            if len(part) < size:
                return
            done, place, size = done + size, self.wanted.sorting.cursor(part[-1], self.wanted.view.moment), READ_LATER
        self.is_partial = True

    def _holding(self, entries: Sequence[Entry]) -> set[uuid.UUID]:
        """Return the keys of the entries whose texts hold the words; decrypts them."""
        keys = [entry.pk for entry in entries]
        return {entry.pk for entry in read_words(with_words(Entry.objects.filter(pk__in=keys))) if self._holds(entry)}

    def _holds(self, entry: Entry) -> bool:
        """Return whether the texts of an entry, which was read with them, hold the words."""
        written = Written(entry, self.mailbox.pk)
        if not matches(written.documents(), self.terms):
            return False
        self.messages[entry.thread_id] = written.messages()
        return True

    def _slices(self, ordered: EntryQuerySet, size: int, passed: str | None = None) -> Iterator[list[Entry]]:
        """Yield the entries of a list in order, so many at once; the first ones with all that their rows show."""
        place = self.after if passed is None else passed
        told = with_bare_row_data(ordered, "cleared_up_to")
        while True:
            part = list(self._from(told, place)[:size])
            if part:
                yield part
            if len(part) < size:
                return
            place, told = self.wanted.sorting.cursor(part[-1], self.wanted.view.moment), ordered

    def _from(self, ordered: EntryQuerySet, place: str) -> EntryQuerySet:
        if not place:
            return ordered
        return ordered.filter(self.wanted.sorting.after(place, self.wanted.view.moment))


def _highlighted(rows: Sequence[Row], entries: Sequence[Entry], search: _Search) -> list[Row]:
    """Return the rows with what was found marked in subject and snippet, and a link to the message that has it."""
    mailbox, terms, by_thread = search.mailbox, search.terms, search.messages
    unread = [entry for entry in entries if entry.thread_id not in by_thread]
    if unread:
        threads = [entry.thread_id for entry in unread]
        only = index.newest_with(mailbox.pk, threads, terms) if terms.clauses else None
        read = messages_of(unread, only)
        by_thread = by_thread | {key: _with_texts(messages, mailbox) for key, messages in read.items()}
    return [_marked(row, by_thread.get(row.id, ()), terms) for row in rows]


def _with_texts(messages: Sequence[Message], mailbox: Mailbox) -> Messages:
    return ((one.pk, message_texts(one, mailbox.pk, getattr(one, "files", ()))) for one in messages)


def _marked(row: Row, messages: Messages, terms: Terms) -> Row:
    subject = marks.pieces(row.subject, terms)
    for key, texts in messages:
        for text in texts:
            found = marks.snippet(text, terms)
            if found.has_hit:
                url = f"{row.url}?message={key}#message-{key}"
                return replace(row, subject_pieces=subject, snippet_pieces=found.pieces, url=url)
    return replace(row, subject_pieces=subject)
