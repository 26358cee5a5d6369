"""What the part "This browser" of the notification settings shows: ``templates/push/_devices.html``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from messagecenter.accounts.acting import person_of
from messagecenter.push.cookie import device_id_of
from messagecenter.push.encryption import public_key
from messagecenter.push.models import MOST_DEVICES, Device


def devices_context(request: HttpRequest) -> dict[str, Any]:
    """Return ``push_key`` ("" while the operator has set none up) and ``push_devices``, with one query."""
    this = device_id_of(request)
    devices = [
        {
            "pk": device.pk,
            "label": device.label,
            "hash": bytes(device.endpoint_hash).hex(),
            "is_this": device.pk == this,
            "created_at": device.created_at,
            "last_used_at": device.last_used_at,
        }
        for device in Device.objects.visible_to(person_of(request))[:MOST_DEVICES]
    ]
    return {"push_key": public_key(), "push_devices": devices}
