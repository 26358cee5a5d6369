"""Folders: made, renamed, moved and marked as deleted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User

from ..models import Folder
from ..refused import IntoItself, TooDeep, TooManyFolders
from .owning import clean_name, hold

Tree = Mapping[uuid.UUID, Folder]


@transaction.atomic
def create_folder(*, by: User, mailbox: Mailbox, name: str, parent: Folder | None = None) -> Folder:
    """Make a folder, in another one or at the top.

    Raises PermissionDenied, Folder.DoesNotExist for a parent that is gone or foreign, and what ``refused`` names: a
    wrong name, TooDeep, TooManyFolders.
    """
    hold(mailbox, by)
    tree = _tree(mailbox)
    if len(tree) >= Folder.MOST_IN_A_MAILBOX:
        raise TooManyFolders(Folder.MOST_IN_A_MAILBOX)
    inside = _known(tree, parent) if parent else None
    name = clean_name(name, most=Folder.LONGEST_NAME, others=_names_in(tree, inside))
    if inside is not None and _level(tree, inside) >= Folder.MOST_LEVELS:
        raise TooDeep(name, Folder.MOST_LEVELS)
    return Folder.objects.create(mailbox=mailbox, parent=inside, name=name)


@transaction.atomic
def rename_folder(*, by: User, folder: Folder, name: str) -> Folder:
    """Give a folder another name. Raises PermissionDenied, Folder.DoesNotExist, and what ``refused`` says of names."""
    hold(folder.mailbox, by)
    tree = _tree(folder.mailbox)
    now = _known(tree, folder)
    parent = tree.get(now.parent_id) if now.parent_id else None
    others = [other for key, other in _names_by_key(tree, parent).items() if key != now.pk]
    now.name = clean_name(name, most=Folder.LONGEST_NAME, others=others)
    now.save(update_fields=["name"])
    return now


@transaction.atomic
def move_folder(*, by: User, folder: Folder, parent: Folder | None) -> Folder:
    """Put a folder, with all that lies in it, into another one or at the top.

    Raises PermissionDenied, Folder.DoesNotExist for one that is gone or foreign, IntoItself, TooDeep, NameTaken.
    """
    hold(folder.mailbox, by)
    tree = _tree(folder.mailbox)
    now, inside = _known(tree, folder), _known(tree, parent) if parent else None
    if inside is not None and inside.pk in subtree(tree, now):
        raise IntoItself(now.name)
    depth = max(_level(tree, tree[key]) for key in subtree(tree, now)) - _level(tree, now) + 1
    if depth + (_level(tree, inside) if inside else 0) > Folder.MOST_LEVELS:
        raise TooDeep(now.name, Folder.MOST_LEVELS)
    others = [other for key, other in _names_by_key(tree, inside).items() if key != now.pk]
    clean_name(now.name, most=Folder.LONGEST_NAME, others=others)
    now.parent = inside
    now.save(update_fields=["parent"])
    return now


@transaction.atomic
def remove_folder(*, by: User, folder: Folder, goes_to: str) -> list[Folder]:
    """Mark a folder and all in it as deleted, and say where their threads go; return them.

    ``goes_to`` is "inbox", "archive", "trash" or the id of another folder. Whoever calls this moves the threads. Raises
    PermissionDenied, Folder.DoesNotExist for one that is gone or foreign, and IntoItself.
    """
    hold(folder.mailbox, by)
    tree = _tree(folder.mailbox)
    now = _known(tree, folder)
    gone = subtree(tree, now)
    if goes_to not in ("inbox", "archive", "trash"):
        heir = _known(tree, Folder(pk=_id_in(goes_to)))
        if heir.pk in gone:
            raise IntoItself(now.name)
        goes_to = str(heir.pk)
    Folder.objects.filter(pk__in=gone).update(removed_at=timezone.now(), goes_to=goes_to)
    return [tree[key] for key in gone]


def subtree(tree: Tree, folder: Folder) -> list[uuid.UUID]:
    """Return a folder's id and those of all folders in it, from the top down."""
    found = [folder.pk]
    for key in found:
        found += [one.pk for one in tree.values() if one.parent_id == key]
    return found


def _tree(mailbox: Mailbox) -> dict[uuid.UUID, Folder]:
    return {folder.pk: folder for folder in Folder.objects.of_mailbox(mailbox)}


def _known(tree: Tree, folder: Folder) -> Folder:
    """Return the folder as it is now. Raises Folder.DoesNotExist for one that is gone or another mailbox's."""
    if folder.pk not in tree:
        raise Folder.DoesNotExist
    return tree[folder.pk]


def _level(tree: Tree, folder: Folder) -> int:
    """Return 1 for a folder at the top."""
    level, parent = 1, folder.parent_id
    while parent is not None:
        level, parent = level + 1, tree[parent].parent_id
    return level


def _names_in(tree: Tree, parent: Folder | None) -> list[str]:
    return list(_names_by_key(tree, parent).values())


def _names_by_key(tree: Tree, parent: Folder | None) -> dict[uuid.UUID, str]:
    wanted = parent.pk if parent else None
    return {key: folder.name for key, folder in tree.items() if folder.parent_id == wanted}


def _id_in(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Folder.DoesNotExist from None
