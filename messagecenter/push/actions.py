"""Every change to devices: added, told, removed."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import User
from messagecenter.push.models import MOST_DEVICES, Device
from messagecenter.push.subscriptions import Subscription, hash_of, write

logger = logging.getLogger(__name__)
# How exactly it is known when a browser was last told; more often it would only be written.
NOTED_EVERY = timedelta(hours=1)


class TooMany(Exception):
    """The person has as many devices as they may; ``sentence`` tells them."""

    sentence = _("Notifications are on in 20 browsers, and no more are possible. Please remove one first.")


@transaction.atomic
def add_device(*, by: User, subscription: Subscription, label: str) -> Device:
    """Tell ``by`` in this browser from now on; one that told somebody else tells them no more. Raises TooMany."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    known = Device.objects.select_for_update().filter(endpoint_hash=hash_of(subscription.endpoint)).first()
    if known is not None and known.person_id != by.pk:
        known.delete()
        known = None
    if known is None and len(Device.objects.visible_to(by)[:MOST_DEVICES]) >= MOST_DEVICES:
        raise TooMany
    device = known or Device(person=by)
    device.label = label
    write(device, subscription)
    device.save()
    return device


def remove_device(*, by: User, device: Device) -> None:
    """Tell ``by`` no more in one of their browsers; somebody else's stays as it is."""
    Device.objects.visible_to(by).filter(pk=device.pk).delete()


def remove_devices(*, devices: Collection[uuid.UUID], by: User) -> int:
    """Remove people's browsers, as staff ``by`` decided, and return how many there were."""
    removed = Device.objects.filter(pk__in=devices).delete()[0]
    logger.info("Staff member %s removed %d devices.", by.pk, removed)
    return removed


def forget_device(*, device_id: uuid.UUID, by: User) -> None:
    """Drop the device of a browser in which ``by`` signs out; one that is gone, or somebody else's, is no error."""
    Device.objects.visible_to(by).filter(pk=device_id).delete()


def forget_others(*, by: User, but: uuid.UUID | None) -> int:
    """Drop all of a person's devices except one, and return how many: a new password signs them out there."""
    others = Device.objects.visible_to(by).order_by()
    return (others.exclude(pk=but) if but else others).delete()[0]


def drop_unsubscribed(*, device: Device) -> None:
    """Delete a device whose browser has unsubscribed, as its push service says."""
    Device.objects.filter(pk=device.pk, endpoint_hash=device.endpoint_hash).delete()


def note_told(*, device: Device) -> None:
    """Keep, to the hour, when a browser was last told something."""
    long_ago = Q(last_used_at=None) | Q(last_used_at__lt=Now() - NOTED_EVERY)
    Device.objects.filter(long_ago, pk=device.pk).update(last_used_at=Now())
