"""What changed, as ids only, kept for a day so that a browser that was away can catch up."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import models
from django.utils import timezone


class EventQuerySet(models.QuerySet["Event"]):
    """Events, starting from the mailboxes a reader acts for."""

    def for_mailboxes(self, mailbox_ids: Collection[uuid.UUID]) -> EventQuerySet:
        """Return the events of these mailboxes."""
        return self.filter(mailbox_id__in=mailbox_ids)


class Event(models.Model):
    """Something changed in a thread, as seen from one mailbox. Never holds words."""

    id = models.BigAutoField(primary_key=True)
    mailbox_id = models.UUIDField()
    kind = models.CharField(max_length=24)
    thread_id = models.UUIDField()
    message_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["mailbox_id", "id"], name="event_mailbox"),
            models.Index(fields=["created_at"], name="event_created"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"
