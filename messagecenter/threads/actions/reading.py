"""What a mailbox does with the messages of a thread beside writing: read them, or leave them for later."""

from __future__ import annotations

import uuid

from django.db import transaction

from messagecenter.accounts.models import Membership, User
from messagecenter.live.actions import announce

from ..models import Entry, Message
from .tallies import change, locked, save


@transaction.atomic
def mark_read(*, by: User, entry: Entry, up_to: uuid.UUID) -> None:
    """Mark a thread as read for a mailbox, up to and with the last message that was shown.

    What came after stays unread. A viewer's reading changes nothing: the team has not dealt with it.
    """
    membership = Membership.objects.filter(user=by, mailbox=entry.mailbox_id).first()
    if membership is None or not membership.may_write:
        return
    now = next(iter(locked([entry])), None)
    if now is None or not now.unread:
        return
    later = Message.objects.filter(thread=now.thread_id, state=Message.State.DELIVERED, pk__gt=up_to)
    unread = min(now.unread, later.exclude(sender=now.mailbox_id).count())
    if unread == now.unread:
        return
    read_up_to = max(up_to, now.read_up_to) if now.read_up_to else up_to
    save([change(now, unread=unread, read_up_to=read_up_to)])
    announce(kind="read", mailbox_ids=[entry.mailbox_id], thread_id=entry.thread_id)
    if now.mailbox.sends_receipts:
        announce(kind="seen", mailbox_ids=[entry.other_id], thread_id=entry.thread_id)
