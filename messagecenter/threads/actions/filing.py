"""What a mailbox does with a thread beside writing: read it, close and reopen it, let it rest."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.live.actions import announce

from ..models import Entry, Message, Thread
from .sides import require_writer
from .tallies import change, locked_entries, save


@transaction.atomic
def mark_read(*, by: User, entry: Entry, up_to: uuid.UUID) -> None:
    """Mark a thread as read for a mailbox, up to and with the last message that was shown.

    What came after stays unread. A viewer's reading changes nothing: the team has not dealt with it.
    """
    membership = Membership.objects.filter(user=by, mailbox=entry.mailbox_id).first()
    if membership is None or not membership.may_write:
        return
    locked = Entry.objects.select_for_update().get(pk=entry.pk)
    if not locked.unread:
        return
    later = Message.objects.filter(thread=locked.thread_id, state=Message.State.DELIVERED, pk__gt=up_to)
    unread = min(locked.unread, later.exclude(sender=locked.mailbox_id).count())
    if unread == locked.unread:
        return
    save([change(locked, unread=unread)])
    announce(kind="read", mailbox_ids=[entry.mailbox_id], thread_id=entry.thread_id)


@transaction.atomic
def mark_no_response_needed(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Stop waiting for this mailbox's answer. The other side sees nothing of it."""
    require_writer(by, mailbox)
    entry = Entry.objects.select_for_update().filter(thread=thread, mailbox=mailbox).first()
    if entry is None:
        raise PermissionDenied
    if entry.needs_reply_since is None:
        return
    save([change(entry, needs_reply_since=None)])
    announce(kind="thread", mailbox_ids=[mailbox.pk], thread_id=thread.pk)


@transaction.atomic
def close_thread(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Close a thread for both sides; nobody waits for an answer any more. Closing twice changes nothing."""
    _set_state(by=by, mailbox=mailbox, thread=thread, state=Thread.State.CLOSED)


@transaction.atomic
def reopen_thread(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Let both sides write again. Reopening twice changes nothing."""
    _set_state(by=by, mailbox=mailbox, thread=thread, state=Thread.State.OPEN)


def _set_state(*, by: User, mailbox: Mailbox, thread: Thread, state: Thread.State) -> None:
    """Close or reopen a thread for both sides. Raises PermissionDenied when ``by`` may not write in it."""
    require_writer(by, mailbox)
    entries = locked_entries(thread)
    if mailbox.pk not in {entry.mailbox_id for entry in entries}:
        raise PermissionDenied
    if entries[0].thread.state == state:
        return
    Thread.objects.filter(pk=thread.pk).update(state=state)
    if state == Thread.State.CLOSED:
        save([change(entry, needs_reply_since=None) for entry in entries])
    announce(kind="thread", mailbox_ids=[entry.mailbox_id for entry in entries], thread_id=thread.pk)
