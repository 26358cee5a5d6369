"""Redis as the message broker: kombu's transport, whose closed channels say that there is no connection any more."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as NoConnection


class Channel(redis.Channel):
    """A channel that may be asked for a connection after it was closed.

    While Redis is away Celery puts back and acknowledges over channels that are closed already. kombu then looks into a
    connection that is None, and the AttributeError ends the worker; the error it means the worker survives.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None:
            raise NoConnection("The channel is closed.")
        parameters: dict[str, Any] = super()._connparams(asynchronous)
        return parameters


class Transport(redis.Transport):
    """The transport made of such channels."""

    Channel = Channel
