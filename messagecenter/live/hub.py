"""One hub a process: follows the event table for all open streams together, woken by Redis or by this process.

The table is the truth and a wake-up only a hint: without Redis, or while it is dead, the hub looks once a second, and
only while somebody listens. Whatever a dead Redis kept silent is found by the next look.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings
from django.db import close_old_connections
from redis.exceptions import RedisError

from messagecenter.live.access import Reader, readers
from messagecenter.live.models import Event
from messagecenter.live.realtime import CHANNEL, listen, stop_listening
from messagecenter.live.tail import Tail, position

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

LOOK_SECONDS = 1.0
LOOK_SECONDS_WITH_REDIS = 3.0
GATHER_SECONDS = 0.02
RECHECK_SECONDS = 10.0
QUEUE_EVENTS = 200
STREAMS_A_PERSON = 6
RECONNECT_SECONDS = (0.5, 10.0)

# Two threads, and so two database connections, serve all streams of a process.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="live")


async def in_thread(work: Callable[[], Result]) -> Result:
    """Run database ``work`` on one of this room's threads and return its result."""

    def run() -> Result:
        close_old_connections()
        try:
            return work()
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, run)


class Listener:
    """One open stream: what waits to be sent to it, and whether it has to end."""

    def __init__(self, session_key: str, reader: Reader) -> None:
        self.session_key = session_key
        self.reader = reader
        self.crowded_out = False
        self._queue: asyncio.Queue[tuple[Event, int] | None] = asyncio.Queue(QUEUE_EVENTS)
        self._ended = False

    async def next(self) -> tuple[Event, int] | None:
        """Wait for the next event and the cursor to go on from after it; None means that the stream ends."""
        return None if self._ended else await self._queue.get()

    def offer(self, event: Event, cursor: int) -> None:
        """Queue an event. A browser too slow for 200 of them is cut off and comes back with its last cursor."""
        try:
            self._queue.put_nowait((event, cursor))
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """End the stream at once, even while it waits."""
        self._ended = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)


class Hub:
    """Follows the event table while there are listeners and hands each event to those who may hear it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[Listener, None] = {}  # in the order they came
        self._by_mailbox: dict[uuid.UUID, set[Listener]] = defaultdict(set)
        self._woken = asyncio.Event()
        self._following: asyncio.Event = asyncio.Event()
        self._look_seconds = LOOK_SECONDS
        self._tasks: list[asyncio.Task[None]] = []
        self._tail = Tail(0, [], 0.0)

    async def join(self, listener: Listener) -> None:
        """Add a listener; return once every later event will reach it. A person's oldest streams make room."""
        own = [one for one in self._listeners if one.reader.user_id == listener.reader.user_id]
        for oldest in own[: max(0, len(own) + 1 - STREAMS_A_PERSON)]:
            oldest.crowded_out = True
            self.leave(oldest)
            oldest.end()
        self._listeners[listener] = None
        for mailbox_id in listener.reader.mailbox_ids:
            self._by_mailbox[mailbox_id].add(listener)
        if not self._tasks:
            self._start()
        await self._following.wait()

    def leave(self, listener: Listener) -> None:
        """Remove a listener; when it was the last one, stop following."""
        self._listeners.pop(listener, None)
        self._forget_mailboxes(listener)
        if not self._listeners:
            self._stop()

    def _forget_mailboxes(self, listener: Listener) -> None:
        """Hand this listener no more events of the mailboxes it was listening to."""
        for mailbox_id in listener.reader.mailbox_ids:
            self._by_mailbox[mailbox_id].discard(listener)
            if not self._by_mailbox[mailbox_id]:
                del self._by_mailbox[mailbox_id]

    def _start(self) -> None:
        """Begin to follow the table, woken by this process and, where there is one, by Redis."""
        self._following = asyncio.Event()
        self._look_seconds = LOOK_SECONDS
        listen(self._wake)
        self._tasks = [self._loop.create_task(self._follow())]
        if settings.REDIS_URL:
            self._tasks.append(self._loop.create_task(self._subscribe()))

    def _stop(self) -> None:
        """Stop following and being woken."""
        stop_listening(self._wake)
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()

    def _wake(self) -> None:
        """Look at the table soon. Called from any thread."""
        with contextlib.suppress(RuntimeError):  # the server is shutting down and its loop is closed
            self._loop.call_soon_threadsafe(self._woken.set)

    async def _follow(self) -> None:
        """Look at the table again and again, and at the listeners' rights; survive a database that goes away."""
        following, next_check, started = self._following, time.monotonic() + RECHECK_SECONDS, False
        while True:
            try:
                if not started:
                    newest, missing = await in_thread(position)
                    self._tail = Tail(newest, missing, time.monotonic())
                    started = True
                    following.set()
                await self._look()
                if time.monotonic() >= next_check:
                    await self._recheck()
                    next_check = time.monotonic() + RECHECK_SECONDS
            except Exception as error:  # noqa: BLE001 (a hub that ends would silence every stream of the process)
                logger.warning("The live hub could not read the database (%s).", type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)
            await self._rest()

    async def _rest(self) -> None:
        """Wait for a wake-up or for the next look; then a moment more, so that one look serves many writers."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self._look_seconds)
            await asyncio.sleep(GATHER_SECONDS)
        self._woken.clear()

    async def _look(self) -> None:
        """Hand new events to the listeners: one query for all of them."""
        tail = self._tail
        events = await in_thread(lambda: list(tail.unread()))
        for event in tail.take(events, time.monotonic()):
            for listener in list(self._by_mailbox.get(event.mailbox_id, ())):
                listener.offer(event, tail.cursor)

    async def _recheck(self) -> None:
        """Read all listeners' sessions and memberships again; end the streams of those who lost theirs."""
        keys = {listener.session_key for listener in self._listeners}
        present = await in_thread(lambda: readers(keys))
        for listener in list(self._listeners):
            reader = present.get(listener.session_key)
            if reader is None and listener.session_key in keys:
                listener.end()
            elif reader is not None and reader != listener.reader:
                self._forget_mailboxes(listener)
                listener.reader = reader
                for mailbox_id in reader.mailbox_ids:
                    self._by_mailbox[mailbox_id].add(listener)

    async def _subscribe(self) -> None:
        """Be woken through Redis; when it dies, look more often and come back to it with growing pauses."""
        pause = RECONNECT_SECONDS[0]
        while True:
            try:
                client = redis.asyncio.Redis.from_url(
                    settings.REDIS_URL, socket_connect_timeout=2, socket_keepalive=True, health_check_interval=10
                )
                async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
                    await asyncio.wait_for(channel.subscribe(CHANNEL), 5)
                    self._look_seconds, pause = LOOK_SECONDS_WITH_REDIS, RECONNECT_SECONDS[0]
                    self._woken.set()  # whatever was published before the subscription stood
                    while True:
                        if await channel.get_message(timeout=5) is not None:
                            self._woken.set()
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("Redis does not wake the live hub (%s); looking every second.", type(error).__name__)
            self._look_seconds = LOOK_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, RECONNECT_SECONDS[1])


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the running event loop's hub."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
