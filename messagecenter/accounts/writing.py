"""Who may write for a mailbox, and change how it keeps order."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from .models import Mailbox, Membership, User

NOT_A_WRITER = _("You can read here but not write. Ask an owner of the mailbox for the role of agent.")


def require_writer(user: User, mailbox: Mailbox) -> None:
    """Raise PermissionDenied unless ``user`` may write for ``mailbox``: one query."""
    require_writing(Membership.objects.filter(user=user, mailbox=mailbox).first())


def require_writing(membership: Membership | None) -> None:
    """Raise PermissionDenied, with a sentence, unless a membership is one that may write."""
    if membership is None or not membership.may_write:
        raise PermissionDenied(NOT_A_WRITER)
