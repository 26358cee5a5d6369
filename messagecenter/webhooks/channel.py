"""The channel "webhook": tells a shop's own programs. Who is owed what there stands in ``targets``."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.conf import settings

from messagecenter import egress
from messagecenter.mail.errors import Refused
from messagecenter.notices import kinds
from messagecenter.notices.channels import Target
from messagecenter.notices.kinds import Brief
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic
from messagecenter.webhooks.actions import deliver_event
from messagecenter.webhooks.models import Endpoint

REMOVED, PAUSED, NOT_WANTED = "the webhook was removed", "the webhook is off", "the webhook is not told of these"


def targets(people: Collection[uuid.UUID], mailboxes: Collection[uuid.UUID], topic: Topic) -> list[Target]:
    """Return every endpoint of these shops that is on and wants to be told of a topic, with at most one query."""
    if not mailboxes:
        return []
    rows = Endpoint.objects.listening(mailboxes).values_list("pk", "topics")
    return [Target(Notice.Channel.WEBHOOK, endpoint_id) for endpoint_id, topics in rows if topic in topics]


def why_not(notice: Notice) -> str:
    """Return "" while the endpoint is there, on, and wants it, else why it is not told."""
    endpoint = Endpoint.objects.filter(pk=notice.target_id).only("is_active", "topics").first()
    if endpoint is None:
        return REMOVED
    if not endpoint.is_active:
        return PAUSED
    return "" if kinds.named(notice.kind).topic in endpoint.topics else NOT_WANTED


def deliver(notice: Notice, brief: Brief) -> None:
    """Tell one endpoint: ids and numbers, no title, no words. Raises TryAgain or Refused."""
    endpoint = Endpoint.objects.filter(pk=notice.target_id).first()
    if endpoint is None:
        raise Refused(REMOVED)
    deliver_event(
        endpoint=endpoint,
        notice_id=notice.pk,
        type=brief.type,
        created_at=notice.created_at,
        data=brief.data,
        attempt=notice.attempts,
        seconds=min(egress.SECONDS, settings.NOTICE_LEASE_SECONDS / 2),
    )
