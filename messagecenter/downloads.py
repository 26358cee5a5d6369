"""Sends files from the event loop: a slow reader must not occupy one of the threads that make pages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import close_old_connections

logger = logging.getLogger(__name__)

# What is given to the server at once, and how long a reader may take for it: 2 KiB a second at least.
PIECE_BYTES = 128 * 1024
MOST_WAIT_SECONDS = 60

# They wait for the store only, never for a reader.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="files")


class FileStream(Iterator[bytes]):
    """The content of an answer. It can be iterated as usual, or taken by who sends it without a thread."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Take what produces the content; a generator is closed at the end."""
        self._chunks = chunks

    def __next__(self) -> bytes:
        return next(self._chunks)

    def take(self) -> FileStream:
        """Return the content as a stream of its own and leave nothing here: closing this one no longer ends it."""
        taken, self._chunks = FileStream(self._chunks), iter(())
        return taken

    def close(self) -> None:
        """End what produces the content."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


async def send_stream(stream: FileStream, receive: Any, send: Any) -> None:
    """Send the content of ``stream`` to its end and close it; the answer's start was sent before.

    When the store fails, or a reader takes nothing for a minute, the answer stays incomplete: both servers then close
    the connection, so that nobody takes a short file for a whole one.
    """
    leaving = asyncio.ensure_future(_left(receive))
    step: Future[bytes | None] = Future()
    step.set_result(None)
    try:
        while True:
            step = _threads.submit(_next, stream)
            waiting = asyncio.wrap_future(step)
            waits: set[asyncio.Future[Any]] = {waiting, leaving}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                return
            chunk = waiting.result()
            if chunk is None:
                await send({"type": "http.response.body", "body": b""})
                return
            for start in range(0, len(chunk), PIECE_BYTES):
                if not await _taken(send, chunk[start : start + PIECE_BYTES], leaving):
                    return
    except Exception as error:
        # Whatever it is, the reader must see that the file is not whole.
        logger.error("A file could not be sent to its end.", exc_info=error)
    finally:
        leaving.cancel()
        step.add_done_callback(lambda _done: _threads.submit(_close, stream))


async def _taken(send: Any, piece: bytes, leaving: asyncio.Future[None]) -> bool:
    """Send one piece; return whether the reader is still there and takes anything."""
    sending = asyncio.ensure_future(send({"type": "http.response.body", "body": piece, "more_body": True}))
    await asyncio.wait({sending, leaving}, timeout=MOST_WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if sending.done():
        sending.result()
        return not leaving.done()
    sending.cancel()
    if not leaving.done():
        logger.info("A reader took nothing of a file for %s seconds.", MOST_WAIT_SECONDS)
    return False


def _next(stream: FileStream) -> bytes | None:
    """Return the next chunk, or None at the end. A zip asks the database for each file's key."""
    close_old_connections()
    try:
        return next(stream, None)
    finally:
        close_old_connections()


def _close(stream: FileStream) -> None:
    with contextlib.suppress(Exception):
        stream.close()


async def _left(receive: Any) -> None:
    """Return when the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
