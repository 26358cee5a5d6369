"""Internal notes: a team writes beside a thread for itself. Nothing of it goes to the other side, not even the fact."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.accounts.writing import require_writer
from messagecenter.live.actions import announce

from ..models import Entry, Note, Thread
from ..validators import clean_body
from ..words import write_note


@transaction.atomic
def write_internal_note(*, by: User, mailbox: Mailbox, thread: Thread, body: str) -> Note:
    """Keep a note for the mailbox's team.

    Raises PermissionDenied when ``by`` may not write for ``mailbox``, ``mailbox`` has no entry in the thread or is no
    team, and ValidationError for the text.
    """
    require_writer(by, mailbox)
    # What support writes to itself stays with a case, whoever has it later and however few work there now.
    is_team = (
        mailbox.kind == Mailbox.Kind.SUPPORT or Membership.objects.filter(mailbox=mailbox).exclude(user=by).exists()
    )
    if not is_team or not Entry.objects.filter(thread=thread, mailbox=mailbox).exists():
        raise PermissionDenied
    body = clean_body(body)
    if len(body) > Note.MOST_CHARACTERS:
        raise ValidationError(
            _("The note has %(length)d characters. At most %(limit)d are possible: please shorten it."),
            code="too_long",
            params={"length": len(body), "limit": Note.MOST_CHARACTERS},
        )
    note = Note(thread=thread, mailbox=mailbox, author=by)
    write_note(note, body)
    note.save(force_insert=True)
    announce(kind="note", mailbox_ids=[mailbox.pk], thread_id=thread.pk)
    return note


@transaction.atomic
def remove_note(*, by: User, note: Note) -> None:
    """Remove a note with its text; done twice it changes nothing. Raises PermissionDenied: see ``may_remove``."""
    membership = Membership.objects.filter(user=by, mailbox=note.mailbox_id).first()
    if membership is None or not may_remove(membership, note):
        raise PermissionDenied
    if Note.objects.filter(pk=note.pk, removed_at=None).update(removed_at=timezone.now(), body_ciphertext=b""):
        announce(kind="note", mailbox_ids=[note.mailbox_id], thread_id=note.thread_id)


def may_remove(membership: Membership, note: Note) -> bool:
    """Return whether a member may remove a note: its author while allowed to write, and every owner."""
    return membership.may_manage or (membership.may_write and note.author_id == membership.user_id)
