"""Every write of the support room, one module a noun; each action is one transaction."""

from .answering import answer_case, follow_message
from .attending import MOST_CHATS, attend_desk, stay_at_desk
from .calling import MOST_NOTES, book_call, cancel_call, settle_call
from .chatting import ask_for_chat, attend_chat, end_chat, leave_chat, may_take_over, take_chat
from .handing import (
    LEVEL_OF_OVERSEERS,
    assign_case,
    escalate_case,
    link_cases,
    merge_case,
    set_follow_up,
    set_severity,
    transfer_case,
    watch_case,
)
from .leaving import take_cases
from .likeness import similar_cases
from .moving import MOST_HOLD_DAYS, hold_case, may_reopen, reopen_case, resolve_case, set_status, staff_actor
from .opening import Opened, open_case
from .rating import MOST_COMMENT, rate_case
from .reading import has_read, needs_reason, note_download, read_case
from .taking import note_transcript
from .tending import tend_cases

__all__ = [
    "LEVEL_OF_OVERSEERS",
    "MOST_CHATS",
    "MOST_COMMENT",
    "MOST_HOLD_DAYS",
    "MOST_NOTES",
    "Opened",
    "answer_case",
    "ask_for_chat",
    "assign_case",
    "attend_chat",
    "attend_desk",
    "book_call",
    "cancel_call",
    "end_chat",
    "escalate_case",
    "follow_message",
    "has_read",
    "hold_case",
    "leave_chat",
    "link_cases",
    "may_reopen",
    "may_take_over",
    "merge_case",
    "needs_reason",
    "note_download",
    "note_transcript",
    "open_case",
    "rate_case",
    "read_case",
    "reopen_case",
    "resolve_case",
    "set_follow_up",
    "set_severity",
    "set_status",
    "settle_call",
    "similar_cases",
    "staff_actor",
    "stay_at_desk",
    "take_cases",
    "take_chat",
    "tend_cases",
    "transfer_case",
    "watch_case",
]
