"""Folders and labels that are deleted: their threads go where somebody chose, in batches, before the rows go."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.filing.actions import remove_folder, remove_label
from messagecenter.filing.models import Folder, Label

from ..models import Entry, EntryLabel, Place
from .filing import MOST_AT_ONCE, announce_filed, relabel, write
from .runs import ring
from .tallies import locked

# A transaction that files into a folder may have begun before the folder was deleted, but not that long ago.
ROWS_KEPT = timedelta(days=1)


@transaction.atomic
def delete_folder(*, by: User, folder: Folder, goes_to: str) -> None:
    """Delete a folder with those in it; its threads go to "inbox", "archive", "trash" or the folder with this id.

    What was archived or thrown away out of it stays where it is. Up to 500 threads go at once, the rest in the
    background. Raises PermissionDenied, Folder.DoesNotExist for one that is gone or foreign, and IntoItself.
    """
    left = MOST_AT_ONCE
    for gone in remove_folder(by=by, folder=folder, goes_to=goes_to):
        gone.goes_to = goes_to
        left -= _empty_folder(gone, left) if left else 0
    ring()


@transaction.atomic
def delete_label(*, by: User, label: Label) -> None:
    """Delete a label: it comes off up to 500 threads at once, off the rest in the background.

    Raises PermissionDenied, and Label.DoesNotExist for one that is gone or foreign.
    """
    remove_label(by=by, label=label)
    _take_off(label)
    ring()


def clear_removed(*, most: int) -> int:
    """Go on with what was deleted, in batches of 500, until about ``most`` threads changed; return how many did.

    Safe to repeat and to run many times at once.
    """
    done = 0
    for folder in Folder.objects.removed().select_related("mailbox"):
        while done < most and (moved := _empty_folder(folder, MOST_AT_ONCE)):
            done += moved
    for label in Label.objects.removed().select_related("mailbox"):
        while done < most and (moved := _take_off(label)):
            done += moved
    return done


def forget_removed() -> int:
    """Delete the rows of folders and labels that were deleted a day ago and hold nothing; return how many."""
    before = timezone.now() - ROWS_KEPT
    labels = Label.objects.removed().filter(removed_at__lt=before)
    on_threads = EntryLabel.objects.filter(label=OuterRef("pk"))
    forgotten = labels.exclude(Exists(on_threads)).delete()[0]
    holding, inside = Entry.objects.filter(folder=OuterRef("pk")), Folder.objects.filter(parent=OuterRef("pk"))
    folders = Folder.objects.removed().filter(removed_at__lt=before).exclude(Exists(holding)).exclude(Exists(inside))
    while keys := list(folders.values_list("pk", flat=True)[:MOST_AT_ONCE]):  # the innermost first
        forgotten += Folder.objects.filter(pk__in=keys).delete()[0]
    return forgotten


def clear_assignments() -> int:
    """Take threads off people who are no members of their mailbox any more; return how many.

    The net below ``take_from_member``: for who was assigned a thread just as they left, or left in another way.
    """
    member = Membership.objects.filter(user=OuterRef("assignee"), mailbox=OuterRef("mailbox"))
    left = Entry.objects.filter(assignee__isnull=False).exclude(Exists(member))
    cleared = 0
    while keys := list(left.values_list("pk", flat=True)[:MOST_AT_ONCE]):
        with transaction.atomic():
            entries = locked(Entry(pk=key) for key in keys)
            cleared += len(write(entries, {entry.pk: {"assignee_id": None} for entry in entries}, None))
    return cleared


@transaction.atomic
def take_from_member(mailbox_id: uuid.UUID, user_id: uuid.UUID) -> int:
    """Take all threads of a mailbox off a member who leaves it, in the same transaction; return how many."""
    mine = Entry.objects.filter(mailbox=mailbox_id, assignee=user_id)
    taken: list[uuid.UUID] = []
    while keys := list(mine.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]):
        entries = [entry for entry in locked(Entry(pk=key) for key in keys) if entry.assignee_id == user_id]
        write(entries, {entry.pk: {"assignee_id": None} for entry in entries}, None)
        taken += [entry.thread_id for entry in entries]
    if taken:
        announce_filed(Mailbox(pk=mailbox_id), taken)
    return len(taken)


@transaction.atomic
def _empty_folder(folder: Folder, most: int) -> int:
    """Move up to ``most`` threads out of a deleted folder; return how many."""
    entries = locked(Entry.objects.filter(folder=folder).order_by("-last_message_at", "-pk")[:most])
    entries = [entry for entry in entries if entry.folder_id == folder.pk]
    if not entries:
        return 0
    heir = _heir(folder)
    write(entries, {entry.pk: _moved(entry, folder.goes_to, heir) for entry in entries}, None)
    announce_filed(folder.mailbox, [entry.thread_id for entry in entries])
    return len(entries)


def _heir(folder: Folder) -> uuid.UUID | None:
    """Return the folder that gets the threads of a deleted one; None when that is none, or gone as well."""
    if folder.goes_to in ("", "inbox", "archive", "trash"):
        return None
    heirs = Folder.objects.of_mailbox(folder.mailbox).filter(pk=folder.goes_to)
    return heirs.values_list("pk", flat=True).first()


def _moved(entry: Entry, goes_to: str, heir: uuid.UUID | None) -> dict[str, Any]:
    if entry.place == Place.INBOX and goes_to == "archive":
        return {"folder_id": None, "place": Place.ARCHIVE}
    if entry.place == Place.INBOX and goes_to == "trash":
        return {"folder_id": None, "place": Place.TRASH, "trashed_at": timezone.now()}
    return {"folder_id": heir}


@transaction.atomic
def _take_off(label: Label) -> int:
    """Take a deleted label off up to 500 threads; return how many."""
    rows = EntryLabel.objects.filter(label=label).order_by("pk")[:MOST_AT_ONCE]
    entries = locked(Entry(pk=key) for key in rows.values_list("entry", flat=True))
    done = relabel({entry: (set(), {label.pk}) for entry in entries})
    announce_filed(label.mailbox, [entry.thread_id for entry in entries])
    return len(done)
