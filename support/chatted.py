"""What a case's page says of its live chat: the bar above the composer, and whether one can be asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messagecenter.accounts.models import Membership
from messagecenter.threads.clock import told_fully

from .models import Case, Chat
from .offers import chat_offer
from .waiting import is_away, standing_of, still_writes

#: How long the page says how a chat ended.
SAID_FOR = timedelta(minutes=10)


def newest_chat(case: Case) -> Chat | None:
    """Return a case's newest chat with the case as it is now, also when the chat is over: one query."""
    return Chat.objects.filter(case=case).select_related("queue", "case").order_by("-pk").first()


def chat_of(case: Case, chat: Chat | None, membership: Membership, now: datetime) -> dict[str, Any]:
    """Return what the bar shows of a case's newest chat; an empty ``state`` where there is nothing to be said.

    Four queries for a chat that waits, else none.
    """
    state, tone, text = _said(chat, now)
    is_open = chat is not None and state in (Chat.State.WAITING, Chat.State.LIVE)
    return {
        "url": reverse("support:chat", args=[case.number]),
        "of": case.pk,
        "state": state,
        "tone": tone,
        "text": text,
        "news": _("Support is here.") if tone == "writing" else text,
        "beats": is_open and membership.may_write,
        "end_url": reverse("support:chat_end", args=[case.number]) if is_open and membership.may_write else "",
        "end_text": _("Rather in writing") if state == Chat.State.WAITING else _("End the chat"),
    }


def chat_offer_of(case: Case, chat: Chat | None, membership: Membership, now: datetime) -> dict[str, Any] | None:
    """Return whether and how a chat about a case can be asked for, None where it cannot: four queries at most."""
    is_open = chat is not None and chat.state != Chat.State.ENDED
    if is_open or case.is_checked or not membership.may_write or not case.is_active:
        return None
    offer = chat_offer(case.queue, severity=case.severity, language=case.language, now=now)
    if offer is None:
        return None
    url = reverse("support:chat_ask", args=[case.number]) if offer.is_open else ""
    return {"text": offer.text, "is_open": offer.is_open, "ask_url": url}


def _said(chat: Chat | None, now: datetime) -> tuple[str, str, str]:
    """Return the state that is shown of a chat, what it looks like, and its sentence."""
    if chat is None:
        return "", "", ""
    if chat.state == Chat.State.WAITING:
        return chat.state, "wait", _place(chat, now)
    if chat.state == Chat.State.LIVE:
        return (chat.state, *_presence(chat, now))
    if chat.ended_at is None or chat.ended_at < now - SAID_FOR or not chat.case.is_active:
        return "", "", ""
    due_at = chat.case.due_at
    due = _("Expected answer: %(when)s") % {"when": told_fully(due_at)} if due_at else ""
    return chat.state, "rest", f"{_ended(chat)} {due}".rstrip()


def _place(chat: Chat, now: datetime) -> str:
    """Return where a chat stands that waits, and for about how long."""
    standing = standing_of(chat, now)
    sentences = [_("Support was cut off from the chat.")] if chat.taken_at else []
    if standing.position == 1:
        sentences.append(_("You are next."))
    else:
        sentences.append(_("You are number %(position)d.") % {"position": standing.position})
    wait = ngettext(
        "Somebody is there in about %(count)d minute.",
        "Somebody is there in about %(count)d minutes.",
        standing.minutes,
    )
    sentences += [wait % {"count": standing.minutes}, _("You can write already: nothing is lost.")]
    return " ".join(sentences)


def _presence(chat: Chat, now: datetime) -> tuple[str, str]:
    """Return what support does in a live chat, as a look and as a sentence."""
    if is_away(chat.staff_seen_at, now):
        return "away", _("Support’s connection is interrupted; you keep your place.")
    if still_writes(chat.staff_writing_until, now):
        return "writing", _("Support is writing …")
    return "here", _("Support is here.")


def _ended(chat: Chat) -> str:
    """Return how a chat went out."""
    if chat.ending == Chat.Ending.WRITTEN:
        return _("Nobody was free. Your case goes on in writing.")
    if chat.ending == Chat.Ending.LEFT:
        return _("The chat ended because you were away. Nothing is lost: your case goes on in writing.")
    if chat.ending == Chat.Ending.MOVED:
        return _("Another team has your case now. It goes on in writing; what was said stays here.")
    if chat.ending == Chat.Ending.STAFF:
        return _("Support has ended the chat. What was said stays here; simply write to go on.")
    if chat.taken_at is None:
        return _("Your case goes on in writing.")
    return _("The chat is over. What was said stays here; simply write to go on.")
