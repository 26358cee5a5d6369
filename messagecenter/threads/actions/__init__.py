"""Every write to threads, one module a noun; each action is one transaction."""

from .attending import attend, colleagues_at, forget_presence, leave
from .closing import (
    close_thread,
    expect_nothing,
    mark_needs_reply,
    mark_no_response_needed,
    reopen_thread,
    rest_case,
)
from .contacting import contact_support
from .disclosing import disclose_thread
from .drafting import DraftChanged, DraftFor, discard_draft, forget_old_drafts, save_draft
from .emptying import (
    clear_assignments,
    clear_removed,
    delete_folder,
    delete_label,
    forget_removed,
    take_from_member,
)
from .filing import empty_trash
from .handing_over import hand_over
from .indexing import build_index
from .noting import may_remove, remove_note, write_internal_note
from .posting import BeforeWriting, open_thread, post_message
from .reading import mark_read
from .recording import NeedsConfirmation, Posted
from .recounting import look_at_counts, note_looks, recount_filters, watched_mailboxes
from .releasing import announce_settled, reject_message, release_message, screen_late
from .runs import Meant, advance, file_threads, forget_old_runs, query_of, start_run, undo_run
from .saving import delete_filter, pin_filter, save_filter
from .tallies import repair_tally

__all__ = [
    "BeforeWriting",
    "DraftChanged",
    "DraftFor",
    "Meant",
    "NeedsConfirmation",
    "Posted",
    "advance",
    "announce_settled",
    "attend",
    "build_index",
    "clear_assignments",
    "clear_removed",
    "close_thread",
    "colleagues_at",
    "contact_support",
    "delete_filter",
    "delete_folder",
    "delete_label",
    "discard_draft",
    "disclose_thread",
    "empty_trash",
    "expect_nothing",
    "file_threads",
    "forget_old_drafts",
    "forget_old_runs",
    "forget_presence",
    "forget_removed",
    "hand_over",
    "leave",
    "look_at_counts",
    "mark_needs_reply",
    "mark_no_response_needed",
    "mark_read",
    "may_remove",
    "note_looks",
    "open_thread",
    "pin_filter",
    "post_message",
    "query_of",
    "recount_filters",
    "reject_message",
    "release_message",
    "remove_note",
    "reopen_thread",
    "repair_tally",
    "rest_case",
    "save_draft",
    "save_filter",
    "screen_late",
    "start_run",
    "take_from_member",
    "undo_run",
    "watched_mailboxes",
    "write_internal_note",
]
