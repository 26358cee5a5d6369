"""A stream's content, as server-sent events: what was missed, then each event as it comes, and signs of life."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from messagecenter.live.access import readers
from messagecenter.live.hub import Listener, hub, in_thread
from messagecenter.live.reading import Missed, as_data, missed

CONTENT_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 2000


async def feed(session_key: str, after: int | None) -> AsyncIterator[bytes] | None:
    """Return the content of a stream that stays open, or None when nobody is signed in with this session."""
    reader = (await in_thread(lambda: readers([session_key]))).get(session_key) if session_key else None
    return _stay(Listener(session_key, reader), after) if reader else None


async def _stay(listener: Listener, after: int | None) -> AsyncIterator[bytes]:
    """Give what was missed, then each event as it comes and a sign of life every 15 seconds."""
    own = hub()
    try:
        await own.join(listener)
        behind = await in_thread(lambda: missed(listener.reader.mailbox_ids, after))
        told = {event.pk for event in behind.events}
        yield opening(behind)
        while True:
            try:
                item = await asyncio.wait_for(listener.next(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b":\n\n"
                continue
            if item is None:
                break
            event, cursor = item
            if event.pk not in told:
                yield _event(cursor, as_data(event))
        if listener.crowded_out:
            yield b'data: {"kind":"crowded_out"}\n\n'
    finally:
        own.leave(listener)


def opening(behind: Missed) -> bytes:
    """Return the start of a stream: what was missed, then ``hello`` with the cursor to go on from."""
    told = b"".join(_event(behind.cursor, data) for data in behind.as_data())
    hello = _event(behind.cursor, {"id": behind.cursor, "kind": "hello"})
    return f"retry: {RETRY_MILLISECONDS}\n\n".encode() + told + hello


def _event(cursor: int, data: dict[str, Any]) -> bytes:
    """Return one server-sent event; the browser sends ``cursor`` back when it reconnects."""
    return f"id: {cursor}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
