"""What gives a mailbox its index and takes it away. The room above pushes the documents in, batch by batch.

To build one: ``begin_index``; then, in batches and each in one transaction in which the batch's threads are locked
against new messages, ``index.forget_threads`` and ``index.add`` and ``advance_index``; then once more the threads
that changed since ``started_at``, and ``finish_index``. From the moment it has begun every new message is added as it
is posted (``models.taking_documents``); only a ready index is asked.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import transaction
from django.db.models import F, Model
from django.utils import timezone

from messagecenter.search import index
from messagecenter.search.models import WORDS_VERSION, IndexedMailbox
from messagecenter.vault import keyring
from messagecenter.vault.actions import destroy_keys

logger = logging.getLogger("messagecenter.search")


@transaction.atomic
def begin_index(*, mailbox_id: UUID, total: int, by: Model | str) -> IndexedMailbox:
    """Begin a mailbox's index, or return the one being built so that it goes on where it stopped.

    ``total`` is how many messages there are, for the progress bar. One that was ready, or was cut into words in
    another way, begins from the start and cannot be asked until it is finished.
    """
    made = {"version": WORDS_VERSION, "total": total}
    row, is_new = IndexedMailbox.objects.select_for_update().get_or_create(mailbox_id=mailbox_id, defaults=made)
    if is_new or (row.state == IndexedMailbox.State.BUILDING and row.version == WORDS_VERSION):
        return row
    # Rows cut in another way would be found by nothing; those of a ready one are replaced thread by thread.
    if row.version != WORDS_VERSION:
        index.forget_mailbox(mailbox_id)
    row.state, row.version, row.position, row.done, row.total = (
        IndexedMailbox.State.BUILDING,
        WORDS_VERSION,
        "",
        0,
        total,
    )
    row.started_at, row.ready_at = timezone.now(), None
    row.save()
    logger.info("Index of mailbox %s begun anew, by %s.", mailbox_id, getattr(by, "pk", by))
    return row


def advance_index(*, mailbox_id: UUID, position: str, done: int) -> None:
    """Remember where building has got to: ``position`` is the caller's own mark, ``done`` messages came with it.

    In the transaction that added their documents, so that a stop loses nothing and repeats nothing.
    """
    IndexedMailbox.objects.filter(pk=mailbox_id, state=IndexedMailbox.State.BUILDING).update(
        position=position, done=F("done") + done, advanced_at=timezone.now()
    )


def finish_index(*, mailbox_id: UUID, by: Model | str) -> None:
    """Have a mailbox's index asked from now on. Safe to call twice."""
    now = timezone.now()
    building = IndexedMailbox.objects.filter(pk=mailbox_id, state=IndexedMailbox.State.BUILDING)
    if building.update(state=IndexedMailbox.State.READY, ready_at=now, advanced_at=now):
        logger.info("Index of mailbox %s finished, by %s.", mailbox_id, getattr(by, "pk", by))


@transaction.atomic
def drop_index(*, mailbox_id: UUID, by: Model | str) -> int:
    """Take a mailbox's index away, so that it is read newest first again; return how many messages were in it."""
    IndexedMailbox.objects.filter(pk=mailbox_id).delete()
    count = index.forget_mailbox(mailbox_id)
    logger.info("Index of mailbox %s dropped, by %s.", mailbox_id, getattr(by, "pk", by))
    return count


def erase_index(*, mailbox_id: UUID, by: Model | str) -> int:
    """Take a mailbox's index away for good: with its key destroyed its tokens mean nothing in any backup either.

    The mailbox can never have another one.
    """
    destroy_keys(purpose=keyring.INDEX, owner_id=mailbox_id, by=by)
    return drop_index(mailbox_id=mailbox_id, by=by)
