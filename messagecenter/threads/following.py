"""Rooms above follow the threads of their kind: each registers what it does when a message was delivered in one.

A support case is kept by the support room, and its thread by this one, which knows nothing of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .models import Entry, Message, Thread

Follower = Callable[[Message, Sequence[Entry]], None]

_followers: dict[str, Follower] = {}


def follow(kind: Thread.Kind, follower: Follower) -> None:
    """Have ``follower`` called with each message delivered in threads of a kind and both sides' entries.

    It is called inside the delivery's transaction, the entries locked, and owes the news of it: for these threads
    nobody else does. Raises ValueError when there is another already.
    """
    if _followers.setdefault(kind, follower) != follower:
        raise ValueError(f"Threads of the kind {kind!r} are followed already.")


def follower_of(thread: Thread) -> Follower | None:
    """Return who follows a thread, or None where this room tells the news itself."""
    return _followers.get(thread.kind)
