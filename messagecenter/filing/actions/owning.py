"""Whose order it is: who may change it, one change at a time, and how things are named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from messagecenter.accounts.models import Mailbox, User
from messagecenter.accounts.writing import require_writer

from ..refused import NameMissing, NameTaken, NameTooLong


def hold(mailbox: Mailbox, by: User) -> None:
    """Let nobody else change how this mailbox keeps order until the transaction ends: limits and names are exact.

    Raises PermissionDenied unless ``by`` may write for the mailbox.
    """
    require_writer(by, mailbox)
    Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)


def shifted(rows: Iterable[Any], row: Any, *, up: bool) -> None:
    """Let a row change places with its neighbour above, or below; at the end nothing changes. All are numbered anew.

    ``rows`` are the mailbox's, in their order. Raises the model's DoesNotExist for a row that is not among them.
    """
    model, order = type(row), list(rows)
    at = next((place for place, one in enumerate(order) if one.pk == row.pk), None)
    if at is None:
        raise model.DoesNotExist
    to = at - 1 if up else at + 1
    if 0 <= to < len(order):
        order[at], order[to] = order[to], order[at]
    for place, one in enumerate(order):
        one.position = place
    model.objects.bulk_update(order, ["position"])


def clean_name(name: str, *, most: int, others: Iterable[str]) -> str:
    """Return a name as it will be stored. Raises NameMissing, NameTooLong, and NameTaken when one of ``others`` has it.

    What cannot be printed is a blank: PostgreSQL takes no NUL.
    """
    clean = " ".join("".join(one if one.isprintable() else " " for one in name).split())
    if not clean:
        raise NameMissing
    if len(clean) > most:
        raise NameTooLong(clean, most)
    if clean.casefold() in {other.casefold() for other in others}:
        raise NameTaken(clean)
    return clean
