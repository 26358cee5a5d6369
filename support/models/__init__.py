"""Queues, cases and what happened to them, one module a noun."""

from .attendance import GONE_AFTER, Attendance
from .call import Call, CallQuerySet
from .case import Case, CaseQuerySet
from .chat import Chat, ChatQuerySet
from .heading import Heading
from .queue import Queue, QueueQuerySet, Route
from .reading import Reading
from .step import Step
from .turn import Turn
from .watcher import Watcher

__all__ = [
    "GONE_AFTER",
    "Attendance",
    "Call",
    "CallQuerySet",
    "Case",
    "CaseQuerySet",
    "Chat",
    "ChatQuerySet",
    "Heading",
    "Queue",
    "QueueQuerySet",
    "Reading",
    "Route",
    "Step",
    "Turn",
    "Watcher",
]
