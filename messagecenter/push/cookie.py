"""Which device this browser is: a cookie that outlives the session, so that signing out later still finds it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from messagecenter.accounts.models import User
from messagecenter.push.actions import forget_device, forget_others
from messagecenter.push.models import Device

KEPT_SECONDS = 400 * 24 * 3600  # as long as browsers keep any


def _name() -> str:
    return "__Host-device" if settings.SECURE else "device"


def device_id_of(request: HttpRequest) -> uuid.UUID | None:
    """Return the id of the device this browser once became; it may be gone, or somebody else's."""
    try:
        return uuid.UUID(request.COOKIES.get(_name(), ""))
    except ValueError:
        return None


def mark(response: HttpResponse, device: Device) -> None:
    """Let the browser know which device it is."""
    response.set_cookie(
        _name(), str(device.pk), max_age=KEPT_SECONDS, path="/", secure=settings.SECURE, httponly=True, samesite="Lax"
    )


def unmark(response: HttpResponse) -> None:
    """Let the browser forget which device it was."""
    response.delete_cookie(_name(), path="/", samesite="Lax")


def forget_this_browser(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Drop the device of the browser in which somebody signs out; connected to Django's ``user_logged_out``."""
    device_id = device_id_of(request) if request is not None else None
    if device_id is not None and isinstance(user, User):
        forget_device(device_id=device_id, by=user)


def forget_other_browsers(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Drop a person's devices in all other browsers; connected to allauth's signals of a new password."""
    forget_others(by=user, but=device_id_of(request))
