"""Every write to threads, one module a noun; each action is one transaction."""

from .disclosing import disclose_thread
from .filing import close_thread, mark_no_response_needed, mark_read, reopen_thread
from .posting import NeedsConfirmation, Posted, open_thread, post_message
from .releasing import announce_settled, reject_message, release_message, screen_late
from .tallies import repair_tally

__all__ = [
    "NeedsConfirmation",
    "Posted",
    "announce_settled",
    "close_thread",
    "disclose_thread",
    "mark_no_response_needed",
    "mark_read",
    "open_thread",
    "post_message",
    "reject_message",
    "release_message",
    "reopen_thread",
    "repair_tally",
    "screen_late",
]
