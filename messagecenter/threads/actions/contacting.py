"""Contacting support: a shop opens a thread with one of the marketplace's queues."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.accounts.writing import require_writer
from messagecenter.vault import cipher
from orders.models import Order

from ..models import Thread
from ..screening import About
from ..topics import CASE
from ..validators import clean_body, clean_subject
from ..words import write_subject
from .posting import opened_before
from .recording import Posted, Written, record, screen_words


def contact_support(
    *,
    by: User,
    mailbox: Mailbox,
    support: Mailbox,
    subject: str,
    body: str,
    client_id: uuid.UUID,
    order: Order | None = None,
    attachment_ids: Sequence[uuid.UUID] = (),
    confirmed: str = "",
    then: Callable[[Posted], object],
) -> Posted:
    """Open a thread between ``mailbox`` and the queue ``support`` with its first message. Safe to call twice.

    ``then`` is called in the same transaction, unless it is a repeat; screening comes before and locks nothing. Who may
    contact which queue about what is the caller's to decide; nobody is kept from support by blocks, restrictions or
    quotas. Raises PermissionDenied when ``by`` may not write for ``mailbox``, ValidationError for the texts, Refusal
    for the files, NeedsConfirmation unless ``confirmed`` is the mark of the same words, and AlreadySent when the client
    id was used for other words or files.
    """
    subject, body = clean_subject(subject), clean_body(body, may_be_empty=bool(attachment_ids))
    require_writer(by, mailbox)
    about = {"kind": Thread.Kind.CASE, "order": order}
    before = Thread.objects.filter(opened_by=mailbox, client_id=client_id).first()
    if before is not None:
        return opened_before(before, about, subject, body, by, attachment_ids)
    matter = About(mailbox, support, order, topic=CASE)
    screened = screen_words(matter, by, body, attachment_ids, confirmed, subject=subject)
    now = timezone.now()
    thread = Thread(
        **about,
        topic=CASE,
        support=support,
        opened_by=mailbox,
        client_id=client_id,
        created_at=now,
        last_message_at=now,
    )
    written = Written(by, mailbox, support, body, client_id, attachment_ids, screened)
    try:
        with transaction.atomic():
            cipher.begin(thread.pk)
            write_subject(thread, subject)
            posted = record(thread, [], written)
            then(posted)
            return posted
    except IntegrityError:
        first = Thread.objects.get(opened_by=mailbox, client_id=client_id)
        return opened_before(first, about, subject, body, by, attachment_ids)
