"""Which ways to support are open now beside writing, which is always: live chat and call-backs, and when they open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messagecenter.replies.languages import name_of
from messagecenter.threads.clock import told_fully

from .models import Queue
from .slots import next_free
from .waiting import MOST_WAIT, minutes_for_next, present_staff, speakers_of


@dataclass(frozen=True)
class Offer:
    """One way to support: whether it is open now, and in a sentence since or until when."""

    is_open: bool
    text: str


def chat_offer(queue: Queue, *, severity: int, language: str, now: datetime) -> Offer | None:
    """Return whether a queue chats now about a case this severe, in a language; None where it never does."""
    if not queue.chats_about(severity):
        return None
    if not queue.hours.is_open(now):
        opens_at = queue.hours.next_opening(now)
        if opens_at is None:
            return None
        return Offer(is_open=False, text=_("Closed. It opens on %(when)s.") % {"when": told_fully(opens_at)})
    there = present_staff(queue, now=now)
    if not there:
        return Offer(is_open=False, text=_("Nobody is free for a chat just now."))
    speakers = speakers_of(queue, language, there)
    if not speakers:
        sentence = _("Nobody who speaks %(language)s is free for a chat just now.")
        return Offer(is_open=False, text=sentence % {"language": name_of(language)})
    minutes = minutes_for_next(queue, speakers)
    if minutes * 60 > MOST_WAIT.total_seconds():
        return Offer(is_open=False, text=_("Too many are waiting for a chat just now. Writing is faster."))
    told = ngettext(
        "Open now. Somebody is there in about %(count)d minute.",
        "Open now. Somebody is there in about %(count)d minutes.",
        minutes,
    )
    return Offer(is_open=True, text=told % {"count": minutes})


def call_offer(queue: Queue, *, severity: int, now: datetime) -> Offer | None:
    """Return whether a queue has an appointment for a call about a case this severe; None where it never calls."""
    if not queue.calls_about(severity):
        return None
    first = next_free(queue, now, now)
    if first is None:
        return Offer(is_open=False, text=_("No appointment is free in the next two weeks."))
    return Offer(is_open=True, text=_("The first free appointment: %(when)s") % {"when": told_fully(first)})
