"""The wake-up call after commit: to this process's hub directly, to the others through Redis. It carries nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import redis
from django.conf import settings

from messagecenter.doorbell import Doorbell

CHANNEL = "messagecenter:live"

_listeners: set[Callable[[], None]] = set()
_lock = threading.Lock()
_clients: dict[str, redis.Redis] = {}


def listen(wake: Callable[[], None]) -> None:
    """Have ``wake`` called, from any thread, whenever this process has committed events."""
    with _lock:
        _listeners.add(wake)


def stop_listening(wake: Callable[[], None]) -> None:
    """Undo ``listen``."""
    with _lock:
        _listeners.discard(wake)


def _wake() -> None:
    """Wake the hubs. Raises what Redis' client raises; hubs that do not hear it look by themselves a little later."""
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener()
    if settings.REDIS_URL:
        client = _clients.get(settings.REDIS_URL)
        if client is None:
            client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
            _clients[settings.REDIS_URL] = client
        client.publish(CHANNEL, b"")


_bell = Doorbell("live updates", _wake)


def wake() -> None:
    """Wake every hub after commit. Never raises and never waits."""
    _bell.press_after_commit()
