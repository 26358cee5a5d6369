"""The entries that a kept filter means: of a background run, and of a saved filter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.search import index
from messagecenter.search.models import IndexedMailbox
from messagecenter.search.query import Query, parse
from messagecenter.search.terms import Terms
from messagecenter.vault.errors import Unreadable

from .actions import Meant, query_of
from .counting import is_countable
from .filters import Wanted, narrowed, read
from .finding import READ_AT_ONCE, holding_words, meant_beside_words
from .models import Entry, EntryQuerySet, FilingRun
from .refused import CannotBeMeant, NothingToFileWith

MOST_COUNTED = 3000  # unread threads of a mailbox that one count of words looks at, the newest


def wanted_in(query: Mapping[str, str]) -> Wanted:
    """Return the filter that is meant by all that match.

    Raises CannotBeMeant when a part of it means nothing: left out, it would mean far more.
    """
    wanted = read(query)
    if wanted.problems:
        raise CannotBeMeant(" ".join(wanted.problems))
    return wanted


def meant(mailbox: Mailbox, wanted: Wanted, reader: User) -> Meant:
    """Return the entries of a mailbox that a filter shows, words included, in no order. At most three queries."""
    if not wanted.q:
        return Meant(matching(mailbox, wanted, reader))
    query = parse(wanted.q)
    entries = meant_beside_words(Entry.objects.all(), wanted, query, mailbox=mailbox, reader=reader)
    entries = wanted.sorting.apply(entries, wanted.view.moment).order_by()
    return _with_words(entries, query, mailbox) if query.terms else Meant(entries)


def _with_words(entries: EntryQuerySet, query: Query, mailbox: Mailbox) -> Meant:
    """Return the entries of which the words are still to be looked for; rare ones are known to the index at once."""
    terms: Terms = query.terms
    is_indexed = IndexedMailbox.objects.ready().filter(pk=mailbox.pk).exists()
    if is_indexed:
        try:
            few = index.few(mailbox.pk, terms)
        except Unreadable:  # without its key the index says nothing
            is_indexed, few = False, None
        if few is not None:
            entries = entries.filter(thread__in=list(few))

    def holding(part: Sequence[Entry]) -> Collection[UUID]:
        return holding_words(part, terms, mailbox=mailbox, is_indexed=is_indexed)

    return Meant(entries, holding, READ_AT_ONCE)


def matching(mailbox: Mailbox, wanted: Wanted, reader: User) -> EntryQuerySet:
    """Return the entries of a mailbox that a filter without words shows, in no order."""
    entries = narrowed(Entry.objects.all(), wanted, mailbox=mailbox, reader=reader)
    return wanted.sorting.apply(entries, wanted.view.moment).order_by()


def matching_run(run: FilingRun) -> Meant:
    """Return the entries that a run is about, nothing for one whose person is gone.

    Raises NothingToFileWith when its words cannot be read any more.
    """
    if run.by is None:
        return Meant(Entry.objects.none())
    try:
        query = query_of(run)
    except Unreadable as reason:
        raise NothingToFileWith from reason
    return meant(run.mailbox, wanted_in(query), run.by)


def matching_saved(mailbox: Mailbox, query: Mapping[str, str]) -> EntryQuerySet:
    """Return the entries that a saved filter shows to everybody alike: one that can be counted."""
    return matching(mailbox, read(query), User())


def is_counted_later(query: Mapping[str, str]) -> bool:
    """Return whether a saved filter has a counter that a worker counts: it shows the same to everybody."""
    if is_countable(query):
        return False
    wanted = read(query)
    named = {name.casefold() for name in parse(wanted.q).boxes} if wanted.q else set()
    return not wanted.problems and wanted.box != "mine" and "mine" not in named


def count_unread(mailbox: Mailbox, query: Mapping[str, str], most: int) -> int | None:
    """Return how many unread threads of a mailbox a saved filter shows, up to ``most``; words are looked for.

    None for a filter that is counted elsewhere or cannot be. Days begin as in the site's own time zone.
    """
    if not is_counted_later(query):
        return None
    with timezone.override(settings.DEFAULT_TIME_ZONE):
        chosen = meant(mailbox, read(query), User())
    entries = chosen.entries.filter(unread__gt=0)
    if chosen.holding is None:
        return len(entries.values_list("pk", flat=True)[:most])
    newest = list(entries.order_by("-last_message_at", "-pk").only("pk", "thread", "cleared_up_to")[:MOST_COUNTED])
    found = 0
    for begin in range(0, len(newest), chosen.at_once):
        found += len(chosen.holding(newest[begin : begin + chosen.at_once]))
        if found >= most:
            return most
    return found
