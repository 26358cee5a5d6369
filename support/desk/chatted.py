"""Live chats as the desk shows them: who waits, which ones are one's own, and how the one of a case stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messagecenter.accounts.acting import memberships_of, person_of
from messagecenter.accounts.models import User
from messagecenter.moderation.queues import told_age
from messagecenter.replies.languages import name_of
from messagecenter.threads.models import Entry
from support.actions import MOST_CHATS
from support.catalogue import label_of
from support.chatted import SAID_FOR
from support.lifecycle import Actor
from support.models import Case, Chat
from support.waiting import is_away, still_writes

from .door import Work

MOST_WAITING, MOST_NAMED = 20, 5


@dataclass(frozen=True)
class Line:
    """One open chat in a list: of which shop, about what, since when; never a word of it."""

    id: UUID
    number: str
    url: str
    do_url: str
    shop: str
    topic: str
    language: str
    queue: str
    since: datetime
    span: str
    is_away: bool
    is_writing: bool
    has_news: bool
    may_take: bool


@dataclass(frozen=True)
class Bar:
    """What a case's page says of its chat; ``state`` is that of the chat, or "" for nothing to be said.

    How long it has lasted stands apart: a screen reader need not hear it each minute.
    """

    state: str
    text: str = ""
    presence: str = ""
    span: str = ""
    is_writing: bool = False
    is_mine: bool = False
    may_take: bool = False
    may_end: bool = False

    @property
    def news(self) -> str:
        """What a screen reader is told: not each time somebody types or pauses."""
        return f"{self.text} {_('The seller is here.') if self.is_writing else self.presence}".strip()

    @property
    def is_live(self) -> bool:
        """Whether both sides are at it."""
        return self.state == Chat.State.LIVE


def open_chats(request: HttpRequest, *, but: str = "") -> dict[str, Any]:
    """Return the chats that wait in one's queues, the oldest first, and one's own: one query, nothing counted.

    With ``but``, a case's number, that case's own chat is left out, and the others are told in one line.
    """
    person, now = person_of(request), timezone.now()
    writes_in = {one.mailbox_id for one in memberships_of(request) if one.may_write}
    found = _before(person, but)
    own = [_line(chat, writes_in, now) for chat in found if chat.state == Chat.State.LIVE]
    waiting = [_line(chat, writes_in, now) for chat in found if chat.state == Chat.State.WAITING]
    named = _sentence(waiting)
    return {
        "waiting": waiting[:MOST_WAITING],
        "has_more": len(waiting) > MOST_WAITING,
        "waiting_sentence": named,
        "own": own,
        "calls": bool(waiting) or any(one.has_news for one in own),
        "is_brief": bool(but),
        "chats_url": reverse("admin:support_desk_chats") + (f"?but={but}" if but else ""),
    }


def bar_of(work: Work) -> Bar:
    """Return what is said of a case's newest chat to who is at its page: one query."""
    now = timezone.now()
    newest = Chat.objects.filter(case=work.case).select_related("taken_by").order_by("-pk").first()
    if newest is None:
        return Bar("")
    shop = work.case.shop.shown_name
    if newest.state == Chat.State.WAITING:
        return _waiting(newest, work, shop, now)
    if newest.state == Chat.State.LIVE:
        return _live(newest, work, shop, now)
    if newest.ended_at is None or newest.ended_at < now - SAID_FOR:
        return Bar("")
    return Bar(newest.state, text=_("The live chat is over: %(how)s.") % {"how": newest.get_ending_display()})


def told_wait(since: datetime, now: datetime) -> str:
    """Return how long somebody has waited, in words."""
    return told_age(since, now) if now - since >= timedelta(minutes=1) else _("less than a minute")


def _waiting(chat: Chat, work: Work, shop: str, now: datetime) -> Bar:
    sentence = (
        _("%(shop)s waits in a live chat again: a colleague was cut off. Language: %(language)s.")
        if chat.taken_at
        else _("%(shop)s waits in a live chat. Language: %(language)s.")
    )
    return Bar(
        chat.state,
        text=sentence % {"shop": shop, "language": name_of(chat.language)},
        presence="" if _is_there(chat, now) else _presence(chat, now),
        span=told_wait(chat.waits_since, now),
        may_take=work.may_write,
    )


def _live(chat: Chat, work: Work, shop: str, now: datetime) -> Bar:
    if chat.taken_by_id != work.person.pk:
        name = chat.taken_by.get_full_name() if chat.taken_by else _("somebody who left")
        text = _("%(name)s chats with %(shop)s.") % {"name": name, "shop": shop}
        may_end = work.actor == Actor.LEAD  # whoever has it may be gone and have left a page open
        return Bar(chat.state, text=text, span=told_wait(chat.taken_at or chat.asked_at, now), may_end=may_end)
    return Bar(
        chat.state,
        text=_("You chat with %(shop)s.") % {"shop": shop},
        presence=_presence(chat, now),
        is_writing=_is_there(chat, now) and _is_writing(chat, now),
        is_mine=True,
        may_end=work.actor is not None,
    )


def _presence(chat: Chat, now: datetime) -> str:
    if not _is_there(chat, now):
        return _("The seller is away: the page is closed or without a connection.")
    return _("The seller is writing …") if _is_writing(chat, now) else _("The seller is here.")


def _is_there(chat: Chat, now: datetime) -> bool:
    return not is_away(chat.seller_seen_at, now)


def _is_writing(chat: Chat, now: datetime) -> bool:
    return still_writes(chat.seller_writing_until, now)


def _before(person: User, but: str) -> list[Chat]:
    """Return one's own live chats and those that wait where one works, in that order, each the oldest first."""
    news = Entry.objects.filter(thread=OuterRef("case_id"), mailbox=OuterRef("case__queue_id"), unread__gt=0)
    found = Chat.objects.worked_by(person).open().annotate(has_news=Exists(news))
    found = found.filter(Q(state=Chat.State.WAITING) | Q(taken_by=person))
    if but:
        found = found.exclude(case__number=but)
    found = found.select_related("case__shop", "case__queue__mailbox").order_by("state", "asked_at", "pk")
    return list(found[: MOST_CHATS + MOST_WAITING + 1])


def _line(chat: Any, writes_in: Collection[UUID], now: datetime) -> Line:
    case: Case = chat.case
    is_waiting = chat.state == Chat.State.WAITING
    since = chat.waits_since if is_waiting else chat.taken_at
    return Line(
        id=case.pk,
        number=case.shown_number,
        url=reverse("admin:support_desk_case", args=[case.number]),
        do_url=reverse("admin:support_desk_do", args=[case.number]),
        shop=case.shop.shown_name,
        topic=label_of(case.topic),
        language=name_of(chat.language),
        queue=case.queue.mailbox.shown_name,
        since=since,
        span=told_wait(since, now),
        is_away=not _is_there(chat, now),
        is_writing=_is_there(chat, now) and _is_writing(chat, now),
        has_news=not is_waiting and chat.has_news,
        may_take=is_waiting and case.queue_id in writes_in,
    )


def _sentence(waiting: Sequence[Line]) -> str:
    """Return who waits, in a line; "" when nobody does."""
    if not waiting:
        return ""
    if len(waiting) > MOST_NAMED:
        return _("More than %(count)d sellers wait in a live chat.") % {"count": MOST_NAMED}
    values = {"names": get_text_list([one.shop for one in waiting], _("and")), "count": len(waiting)}
    return (
        ngettext(
            "A seller waits in a live chat: %(names)s.",
            "%(count)d sellers wait in a live chat: %(names)s.",
            len(waiting),
        )
        % values
    )
