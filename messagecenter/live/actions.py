"""Tells open pages that something changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from messagecenter.live.models import Event
from messagecenter.live.realtime import wake


@transaction.atomic(savepoint=False)
def announce(
    *, kind: str, mailbox_ids: Iterable[uuid.UUID], thread_id: uuid.UUID, message_id: uuid.UUID | None = None
) -> None:
    """Record a change for each mailbox and wake their open pages after commit, which may fail without harm.

    ``kind`` is a short word for the page's script, for example ``message``; at most 24 characters.
    """
    events = [
        Event(mailbox_id=mailbox_id, kind=kind, thread_id=thread_id, message_id=message_id, created_at=Now())
        for mailbox_id in sorted(set(mailbox_ids))
    ]
    if events:
        Event.objects.bulk_create(events)
        wake()
