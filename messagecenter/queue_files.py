"""The embedded default's message broker: kombu's folder of files, with each file put into place whole."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem, virtual
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """A channel whose readers never see half a message: kombu's own would end a worker that reads one."""

    def _put(self, queue: Any, message: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu names it two ways
        """Write a message under a name no reader looks for, then give it its own."""
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        draft = Path(self.data_folder_out, f"{name}.draft")
        draft.write_bytes(str_to_bytes(dumps(message)))
        os.replace(draft, Path(self.data_folder_out, name))


class Transport(filesystem.Transport):
    """The transport made of such channels."""

    Channel = Channel
    # kombu keeps what all its file transports share on the class; ours shares it among its own channels.
    global_state = virtual.BrokerState()
