"""Handing a case's thread from one of the marketplace's queues to another, with all that was said in it."""

from __future__ import annotations

from django.db import transaction

from messagecenter.accounts.models import Mailbox
from messagecenter.live.actions import announce

from ..models import Entry, Note, Place, Thread
from ..words import read_note, write_note
from .indexing import index_thread
from .tallies import add_entries, change, locked_entries, save

# What of the giving queue's view is true for the taking one; folder, labels and the like are each queue's own.
KEPT = ("unread", "needs_reply_since", "awaiting_since", "last_sent_at", "last_received_at", "thanked_at", "priority")


@transaction.atomic
def hand_over(*, thread: Thread, to: Mailbox) -> None:
    """Let the queue ``to`` have a case's thread; the one that had it has no part in it any more.

    The whole conversation and the internal notes go along. Who may do this is the caller's to decide; handing it to who
    has it already changes nothing.
    """
    entries = locked_entries(thread)
    thread.refresh_from_db(fields=["support"])
    giving = thread.support
    if giving is None or giving.pk == to.pk:
        return
    old = next((entry for entry in entries if entry.mailbox_id == giving.pk), None)
    Thread.objects.filter(pk=thread.pk).update(support=to)
    thread.support = to
    for entry in entries:
        if entry.mailbox_id == thread.opened_by_id:
            save([change(entry, other=to)])
    if old is not None:  # there is none yet while the first message is being checked
        values = {name: getattr(old, name) for name in KEPT} | {"has_files": old.has_files}
        save([change(old, place=Place.GONE, needs_reply_since=None)])  # it counts nowhere any more
        Entry.objects.filter(pk=old.pk).delete()
        [taken] = add_entries(thread, to, thread.opened_by, [to], old.last_message_at)
        taken.thread = thread
        save([change(taken, **values)])
        index_thread(to, taken, left=giving)
    for note in Note.objects.of_mailbox(giving).filter(thread=thread):
        words = read_note(note)
        note.mailbox = to
        write_note(note, words)
        note.save(update_fields=["mailbox", "body_ciphertext"])
    announce(kind="thread", mailbox_ids=[giving.pk, to.pk, thread.opened_by_id], thread_id=thread.pk)
