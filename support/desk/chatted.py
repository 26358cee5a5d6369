"""Live chats as the desk shows them: who waits, which ones are one's own, and how the one of a case stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case as Choice
from django.db.models import Exists, OuterRef, Q, Value, When
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
from support.actions import MOST_CHATS, may_take_over
from support.catalogue import label_of
from support.chatted import SAID_FOR
from support.lifecycle import Actor
from support.models import Case, Chat
from support.waiting import SEEN, is_away, still_writes

from .door import OVERSEE, Work

MOST_WAITING, MOST_NAMED, MOST_OTHERS = 20, 5, 20


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
    holder: str = ""  # who of support is in it, where that is somebody else; the key is what a form sends along
    holder_key: str = ""
    holder_is_away: bool = False


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
    may_take_over: bool = False
    may_end: bool = False
    holder_key: str = ""

    @property
    def news(self) -> str:
        """What a screen reader is told: not each time somebody types or pauses."""
        return f"{self.text} {_('The seller is here.') if self.is_writing else self.presence}".strip()

    @property
    def is_live(self) -> bool:
        """Whether both sides are at it."""
        return self.state == Chat.State.LIVE


def open_chats(request: HttpRequest, *, but: str = "") -> dict[str, Any]:
    """Return the chats that wait in one's queues, the oldest first, one's own, and colleagues' that one may take over.

    One query, nothing counted. With ``but``, a case's number, that case's own chat is left out, those that wait are
    told in one line, and colleagues' not at all.
    """
    person, now = person_of(request), timezone.now()
    writing = [one for one in memberships_of(request) if one.may_write]
    writes_in = {one.mailbox_id for one in writing}
    leads_in = writes_in if person.has_perm(OVERSEE) else {one.mailbox_id for one in writing if one.may_manage}
    others = Q() if but else _others(writes_in, leads_in, now)  # an empty one adds nothing
    found = _before(person, but, others)
    live = [chat for chat in found if chat.state == Chat.State.LIVE]
    own = [_line(chat, writes_in, now) for chat in live if chat.taken_by_id == person.pk]
    colleagues = [_line(chat, writes_in, now, is_own=False) for chat in live if chat.taken_by_id != person.pk]
    waiting = [_line(chat, writes_in, now) for chat in found if chat.state == Chat.State.WAITING]
    named = _sentence(waiting)
    return {
        "waiting": waiting[:MOST_WAITING],
        "has_more": len(waiting) > MOST_WAITING,
        "waiting_sentence": named,
        "own": own,
        "colleagues": colleagues[:MOST_OTHERS],
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
        return Bar(
            chat.state,
            text=_("%(name)s chats with %(shop)s.") % {"name": _holder(chat), "shop": shop},
            presence=_("Your colleague’s page is closed or without a connection.")
            if is_away(chat.staff_seen_at, now)
            else "",
            span=told_wait(chat.taken_at or chat.asked_at, now),
            may_take_over=work.may_write and may_take_over(chat, work.actor, now),
            may_end=work.actor == Actor.LEAD,  # whoever has it may be gone and have left a page open
            holder_key=str(chat.taken_by_id or ""),
        )
    return Bar(
        chat.state,
        text=_("You chat with %(shop)s.") % {"shop": shop},
        presence=_presence(chat, now),
        is_writing=_is_there(chat, now) and _is_writing(chat, now),
        is_mine=True,
        may_end=work.actor is not None,
    )


def _holder(chat: Chat) -> str:
    return chat.taken_by.get_full_name() if chat.taken_by else _("somebody who left")


def _presence(chat: Chat, now: datetime) -> str:
    if not _is_there(chat, now):
        return _("The seller is away: the page is closed or without a connection.")
    return _("The seller is writing …") if _is_writing(chat, now) else _("The seller is here.")


def _is_there(chat: Chat, now: datetime) -> bool:
    return not is_away(chat.seller_seen_at, now)


def _is_writing(chat: Chat, now: datetime) -> bool:
    return still_writes(chat.seller_writing_until, now)


def _others(writes_in: Collection[UUID], leads_in: Collection[UUID], now: datetime) -> Q:
    """Return which chats of colleagues somebody may take over: as a lead all, else where the colleague is away."""
    is_left = Q(staff_seen_at=None) | Q(staff_seen_at__lt=now - SEEN)
    live = Q(state=Chat.State.LIVE)
    return live & (Q(case__queue__in=sorted(leads_in)) | Q(case__queue__in=sorted(writes_in)) & is_left)


def _before(person: User, but: str, others: Q) -> list[Chat]:
    """Return one's own live chats, those that wait where one works, and ``others``; of each the oldest first."""
    news = Entry.objects.filter(thread=OuterRef("case_id"), mailbox=OuterRef("case__queue_id"), unread__gt=0)
    found = Chat.objects.worked_by(person).open().annotate(has_news=Exists(news))
    found = found.filter(Q(state=Chat.State.WAITING) | Q(taken_by=person) | others)
    if but:
        found = found.exclude(case__number=but)
    place = Choice(
        When(taken_by=person, then=Value(0)), When(state=Chat.State.WAITING, then=Value(1)), default=Value(2)
    )
    found = found.select_related("case__shop", "case__queue__mailbox", "taken_by").order_by(place, "asked_at", "pk")
    return list(found[: MOST_CHATS + MOST_WAITING + MOST_OTHERS + 1])


def _line(chat: Any, writes_in: Collection[UUID], now: datetime, *, is_own: bool = True) -> Line:
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
        has_news=not is_waiting and is_own and chat.has_news,
        may_take=is_waiting and case.queue_id in writes_in,
        holder="" if is_own else _holder(chat),
        holder_key="" if is_own else str(chat.taken_by_id or ""),
        holder_is_away=not is_own and is_away(chat.staff_seen_at, now),
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
