"""Saved filters: saved, renamed, ordered, pinned and deleted. Who calls this keeps the counters of pinned ones."""

from __future__ import annotations

from django.db import transaction

from messagecenter.accounts.models import Mailbox, User

from ..models import SavedFilter
from ..refused import TooManyFilters
from .owning import clean_name, hold, shifted


@transaction.atomic
def save_filter(*, by: User, mailbox: Mailbox, name: str, query: str, is_pinned: bool = False) -> SavedFilter:
    """Save a filter under a name; it stands last. Raises PermissionDenied, TooManyFilters and what names raise."""
    hold(mailbox, by)
    saved = list(SavedFilter.objects.of_mailbox(mailbox))
    if len(saved) >= SavedFilter.MOST_IN_A_MAILBOX:
        raise TooManyFilters(SavedFilter.MOST_IN_A_MAILBOX)
    name = clean_name(name, most=SavedFilter.LONGEST_NAME, others=[one.name for one in saved])
    position = saved[-1].position + 1 if saved else 0
    return SavedFilter.objects.create(mailbox=mailbox, name=name, query=query, is_pinned=is_pinned, position=position)


@transaction.atomic
def rename_filter(*, by: User, saved: SavedFilter, name: str) -> None:
    """Give a saved filter another name. Raises PermissionDenied and what names raise."""
    hold(saved.mailbox, by)
    others = SavedFilter.objects.of_mailbox(saved.mailbox).exclude(pk=saved.pk)
    name = clean_name(name, most=SavedFilter.LONGEST_NAME, others=[one.name for one in others])
    SavedFilter.objects.filter(pk=saved.pk).update(name=name)


@transaction.atomic
def set_pinned(*, by: User, saved: SavedFilter, is_pinned: bool) -> None:
    """Put a saved filter into the menu, or take it out. Raises PermissionDenied."""
    hold(saved.mailbox, by)
    SavedFilter.objects.filter(pk=saved.pk).update(is_pinned=is_pinned)


@transaction.atomic
def move_filter(*, by: User, saved: SavedFilter, up: bool) -> None:
    """Put a saved filter before its neighbour above, or after the one below. At the end nothing changes."""
    hold(saved.mailbox, by)
    shifted(SavedFilter.objects.of_mailbox(saved.mailbox), saved, up=up)


@transaction.atomic
def delete_filter(*, by: User, saved: SavedFilter) -> None:
    """Delete a saved filter. Raises PermissionDenied."""
    hold(saved.mailbox, by)
    SavedFilter.objects.filter(pk=saved.pk).delete()
