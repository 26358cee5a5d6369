"""The heart's rows: a thread between two mailboxes, its messages, and each mailbox's own entry for it."""

from .draft import Draft, DraftQuerySet
from .entry import Entry, EntryLabel, EntryQuerySet, Place, Priority, Tally
from .filing_run import FiledEntry, FilingRun, FilingRunQuerySet
from .message import Enclosure, EnclosureQuerySet, Message, MessageQuerySet
from .note import Note, NoteQuerySet
from .presence import Presence, PresenceQuerySet
from .reply_address import ReplyAddress
from .reply_clock import ReplyClock
from .thread import Disclosure, Thread, ThreadQuerySet
from .wait import Wait, WaitQuerySet

__all__ = [
    "Disclosure",
    "Draft",
    "DraftQuerySet",
    "Enclosure",
    "EnclosureQuerySet",
    "Entry",
    "EntryLabel",
    "EntryQuerySet",
    "FiledEntry",
    "FilingRun",
    "FilingRunQuerySet",
    "Message",
    "MessageQuerySet",
    "Note",
    "NoteQuerySet",
    "Place",
    "Presence",
    "PresenceQuerySet",
    "Priority",
    "ReplyAddress",
    "ReplyClock",
    "Tally",
    "Thread",
    "ThreadQuerySet",
    "Wait",
    "WaitQuerySet",
]
