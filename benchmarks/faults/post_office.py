"""The mail server of a run: it records everything, and can be made to behave as mail servers do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.faults.scene import GONE
from tests.sink import Mail, Sink

Trap = Callable[[int], None]


class Office:
    """Sets the sink's answers. ``mood`` is one of "", "421", "451", "cut", "slow", "drip"; ``trap`` springs once.

    A trap is a stage ("before", "during" or "after" DATA) and what is done to the process that is sending. ``copies``
    are the mails that were accepted, also those whose answer the sender never heard.
    """

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.mood = ""
        self.trap: tuple[str, Trap] | None = None
        self.holds: set[str] = set()  # addresses whose mail is put off for now
        self.held: set[str] = set()  # those for whom that has happened
        self.refused: list[float] = []
        self.cuts = 0
        self.gone = 0
        sink.on_rcpt, sink.on_data = self._on_rcpt, self._on_data

    @property
    def copies(self) -> list[Mail]:
        """All mails that were accepted, in the order they came."""
        return list(self.sink.mails)

    async def _on_rcpt(self, server: Any, address: str) -> str:
        if address == GONE:
            self.gone += 1
            return "550 5.1.1 no such user"
        if self.mood == "421":
            self.refused.append(time.monotonic())
            return "421 4.3.2 going down"
        if address in self.holds:
            self.held.add(address)
        if self.mood == "451" or address in self.holds:
            self.refused.append(time.monotonic())
            return "451 4.7.1 greylisted"
        if self.mood == "drip":
            return await self._drip(server)
        self._spring("before", server)
        return "250 OK"

    async def _on_data(self, server: Any, mail: Mail) -> str:
        if self.mood == "slow":
            await asyncio.sleep(1.0)
        self._spring("during", server)
        if self.mood == "cut":
            self.cuts += 1
            server.transport.abort()
        elif self.trap and self.trap[0] == "after":
            asyncio.get_running_loop().call_later(0.005, self._spring, "after", server)
        return "250 OK"

    async def _drip(self, server: Any) -> str:
        """Answer one byte a second: each read succeeds, the answer never ends."""
        self.refused.append(time.monotonic())
        while self.mood == "drip" and not server.transport.is_closing():
            server.transport.write(b"4")
            await asyncio.sleep(1)
        return "451 4.3.0 enough"

    def _spring(self, stage: str, server: Any) -> None:
        """Let the trap do its work on whoever is at the other end."""
        if self.trap is None or self.trap[0] != stage:
            return
        pid = owner_of(int(server.transport.get_extra_info("peername")[1]))
        if pid:
            (_, act), self.trap = self.trap, None
            act(pid)


def owner_of(port: int) -> int:
    """Return the process that holds the loopback connection from ``port``, or 0 when it has gone."""
    wanted = f":{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(wanted):
            return _holder(f"socket:[{words[9]}]")
    return 0


def _holder(name: str) -> int:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                if any(os.readlink(entry) == name for entry in (folder / "fd").iterdir()):
                    return int(folder.name)
    return 0


def told_of(mail: Mail) -> str:
    """Return the id of the message a mail leads to, or "" for another kind of mail."""
    found = re.search(r"message=([0-9a-f-]{36})", mail.text)
    return found[1] if found else ""
