"""Labels: made, renamed, recoloured and marked as deleted."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User

from ..models import Label
from ..refused import NoSuchColor, TooManyLabels
from .owning import clean_name, hold


@transaction.atomic
def create_label(*, by: User, mailbox: Mailbox, name: str, color: str = Label.Color.GRAY) -> Label:
    """Make a label. Raises PermissionDenied, and what ``refused`` names: a wrong name, NoSuchColor, TooManyLabels."""
    hold(mailbox, by)
    names = [label.name for label in Label.objects.of_mailbox(mailbox)]
    if len(names) >= Label.MOST_IN_A_MAILBOX:
        raise TooManyLabels(Label.MOST_IN_A_MAILBOX)
    name = clean_name(name, most=Label.LONGEST_NAME, others=names)
    return Label.objects.create(mailbox=mailbox, name=name, color=_known(color))


@transaction.atomic
def change_label(*, by: User, label: Label, name: str, color: str) -> Label:
    """Give a label another name and colour. Raises PermissionDenied, Label.DoesNotExist, and what ``refused`` names."""
    hold(label.mailbox, by)
    labels = {one.pk: one for one in Label.objects.of_mailbox(label.mailbox)}
    if label.pk not in labels:
        raise Label.DoesNotExist
    now = labels.pop(label.pk)
    now.name = clean_name(name, most=Label.LONGEST_NAME, others=[one.name for one in labels.values()])
    now.color = _known(color)
    now.save(update_fields=["name", "color"])
    return now


@transaction.atomic
def remove_label(*, by: User, label: Label) -> None:
    """Mark a label as deleted; whoever calls this takes it off the threads. Raises PermissionDenied, DoesNotExist."""
    hold(label.mailbox, by)
    if not Label.objects.of_mailbox(label.mailbox).filter(pk=label.pk).update(removed_at=timezone.now()):
        raise Label.DoesNotExist


def _known(color: str) -> str:
    if color not in Label.Color.values:
        raise NoSuchColor
    return color
