"""Saved filters and their counters: a pinned one is counted once, then kept in every transaction that moves it.

One that asks for words, dates, products, names or states of orders is counted by a worker (``recounting``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db import transaction

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing import actions as filing
from messagecenter.filing.models import FilterCount, SavedFilter

from ..counting import is_countable
from ..models import EntryQuerySet
from .recounting import look_at_counts
from .tallies import count_pinned

# Gives the entries of a mailbox that a filter shows.
Matching = Callable[[Mailbox, Mapping[str, str]], EntryQuerySet]


@transaction.atomic
def save_filter(
    *, by: User, mailbox: Mailbox, name: str, query: str, is_pinned: bool, matching: Matching
) -> SavedFilter:
    """Save a filter under a name. Raises PermissionDenied, TooManyFilters and what is wrong with names."""
    saved = filing.save_filter(by=by, mailbox=mailbox, name=name, query=query, is_pinned=is_pinned)
    _count(mailbox, matching)
    return saved


@transaction.atomic
def pin_filter(*, by: User, saved: SavedFilter, is_pinned: bool, matching: Matching) -> None:
    """Put a saved filter into the menu, with its numbers if it has some, or take it out. Raises PermissionDenied."""
    filing.set_pinned(by=by, saved=saved, is_pinned=is_pinned)
    _count(saved.mailbox, matching)


@transaction.atomic
def delete_filter(*, by: User, saved: SavedFilter, matching: Matching) -> None:
    """Delete a saved filter and its numbers. Raises PermissionDenied."""
    filing.delete_filter(by=by, saved=saved)
    _count(saved.mailbox, matching)


def _count(mailbox: Mailbox, matching: Matching) -> None:
    pinned = list(SavedFilter.objects.of_mailbox(mailbox).pinned())
    wanted = {one.counter: matching(mailbox, one.as_data()) for one in pinned if is_countable(one.as_data())}
    count_pinned(mailbox.pk, wanted)
    FilterCount.objects.filter(saved__mailbox=mailbox, saved__is_pinned=False).delete()
    if len(wanted) < len(pinned):
        look_at_counts(mailbox.pk, at_once=True)
