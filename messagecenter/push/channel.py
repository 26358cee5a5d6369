"""The channel "push": tells a browser through its push service, and takes browsers that have gone off the list."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.conf import settings

from messagecenter import egress
from messagecenter.mail.errors import Refused, TryAgain
from messagecenter.notices.channels import Target
from messagecenter.notices.kinds import Brief
from messagecenter.notices.models import Notice
from messagecenter.notices.timing import wanting
from messagecenter.notices.topics import Topic
from messagecenter.push import actions, subscriptions
from messagecenter.push.encryption import push_for
from messagecenter.push.models import Device
from messagecenter.vault.errors import Erased, Unreadable

GONE = frozenset({404, 410})  # RFC 8030, 7.3: the subscription is over
LATER = frozenset({408, 425, 429})


def targets(people: Collection[uuid.UUID], mailboxes: Collection[uuid.UUID], topic: Topic) -> list[Target]:
    """Return every browser in which these people want to hear of a topic; none while push is not set up.

    One query, and another one where there are browsers.
    """
    if not settings.PUSH_KEY:
        return []
    rows = list(Device.objects.reaching(people).values_list("pk", "person_id"))
    told = wanting({person for _, person in rows}, topic, Notice.Channel.PUSH) if rows else set()
    return [Target(Notice.Channel.PUSH, device, person) for device, person in rows if person in told]


def why_not(notice: Notice) -> str:
    """Return "" while the browser is there and still the person's, else why it is not told."""
    if not settings.PUSH_KEY:
        return "push is not set up"
    device = Device.objects.filter(pk=notice.target_id).only("person_id").first()
    if device is None:
        return "the browser was removed"
    return "" if device.person_id == notice.recipient_id else "the browser is somebody else's now"


def deliver(notice: Notice, brief: Brief) -> None:
    """Tell one browser. Raises Refused, TryAgain or Uncertain."""
    device = Device.objects.filter(pk=notice.target_id, person_id=notice.recipient_id).first()
    if device is None:
        raise Refused("the browser was removed")
    try:
        subscription = subscriptions.read(device)
    except Erased:
        raise Refused("the subscription was erased") from None
    except Unreadable as error:
        raise TryAgain(f"the subscription cannot be opened ({error.reason})") from None
    push = push_for(
        point=subscription.point,
        secret=subscription.secret,
        origin=egress.target_of(subscription.endpoint).origin,
        title=brief.title,
        body=brief.body,
        path=brief.path,
        notice_id=notice.pk,
    )
    seconds = min(egress.SECONDS, settings.NOTICE_LEASE_SECONDS / 2)
    status = egress.post(subscription.endpoint, push.body, push.headers, seconds=seconds).status
    if status in GONE:
        actions.drop_unsubscribed(device=device)
        raise Refused("the browser has unsubscribed")
    if status in LATER or status >= 500:
        raise TryAgain(f"the push service answered {status}")
    if not 200 <= status < 300:
        raise Refused(f"the push service answered {status}")
    actions.note_told(device=device)
