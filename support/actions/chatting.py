"""Live chats: asked for, taken, ended, and what time does to them. Nothing is lost: the words are the case's."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.accounts.writing import require_writer
from messagecenter.threads.models import Message
from support.lifecycle import Actor, Status, may_move
from support.models import GONE_AFTER, Case, Chat, Step
from support.offers import chat_offer
from support.refused import ChatBegan, ChatTaken, NoChat, NoChatNow
from support.waiting import MOST_WAIT, is_away, present_staff, still_writes

from .moving import close_chat, locked_case, move, note, staff_actor, tell_chat, tell_pages

#: Who wrote a moment ago writes still: the page says it again before this is over.
WRITING = timedelta(seconds=20)
#: A seller not heard of for so long has left; a phone that changes networks or pages has not.
LEFT_AFTER = timedelta(minutes=5)


@transaction.atomic
def ask_for_chat(*, by: User, case: Case) -> Chat:
    """Ask, for the shop, to chat about a case; the same again gives the chat that is open.

    Raises PermissionDenied, and NoChatNow saying when chat opens.
    """
    require_writer(by, case.shop)
    case = locked_case(case)
    now = timezone.now()
    if (chat := _open_chat(case)) is not None:
        return chat
    offer = chat_offer(case.queue, severity=case.severity, language=case.language, now=now) if _is_told(case) else None
    if offer is None or not offer.is_open:
        raise NoChatNow(offer.text if offer else "")
    chat = Chat.objects.create(
        case=case,
        queue=case.queue,
        language=case.language,
        asked_by=by,
        asked_at=now,
        waits_since=now,
        seller_seen_at=now,
    )
    note(case, Step.Kind.CHAT, actor=Actor.SELLER, by=by, after="asked")
    tell_chat(case, chat)
    tell_pages(case)
    return chat


@transaction.atomic
def take_chat(*, by: User, case: Case, over: uuid.UUID | None = None) -> Chat:
    """Go into a seller's chat, and have the case. Who is in it already gets the same again.

    ``over`` is the key of the colleague from whom it is taken over: by a lead at any time, by others of the queue while
    that colleague is away. Raises PermissionDenied, NoChat when there is none any more, and ChatTaken when somebody
    else was faster, or is there.
    """
    case = locked_case(case)
    actor = staff_actor(by, case)
    require_writer(by, case.queue.mailbox)  # who only oversees support could not write a word in it
    chat = _open_chat(case)
    if chat is None:
        raise NoChat
    now, is_live = timezone.now(), chat.state == Chat.State.LIVE
    if is_live and chat.taken_by_id == by.pk:
        return chat
    if is_live and (chat.taken_by_id != over or not may_take_over(chat, actor, now)):
        raise ChatTaken
    former = str(chat.taken_by_id or "") if is_live else ""
    chat.state, chat.taken_by, chat.taken_at = Chat.State.LIVE, by, chat.taken_at or now
    chat.staff_seen_at, chat.staff_writing_until = now, None
    chat.save(update_fields=["state", "taken_by", "taken_at", "staff_seen_at", "staff_writing_until"])
    if case.assignee_id != by.pk:
        before, case.assignee = str(case.assignee_id or ""), by
        case.save(update_fields=["assignee"])
        note(case, Step.Kind.ASSIGNED, actor=actor, by=by, before=before, after=str(by.pk))
    note(case, Step.Kind.CHAT, actor=actor, by=by, before=former, after="taken_over" if is_live else "taken")
    if case.state != Status.OPEN and not is_live:  # one that goes on changes hands, and nothing else
        move(case, Status.OPEN, actor=actor, by=by)
    tell_chat(case, chat)
    tell_pages(case)
    return chat


def may_take_over(chat: Chat, actor: Actor | None, now: datetime) -> bool:
    """Return whether ``actor``, who writes for its queue, may take a live chat over from who is in it."""
    return actor == Actor.LEAD or (actor == Actor.AGENT and is_away(chat.staff_seen_at, now))


@transaction.atomic
def end_chat(*, by: User, case: Case, only_waiting: bool = False) -> Chat | None:
    """End a case's chat, for the shop or for support, and go on in writing; None when there is none.

    Raises PermissionDenied, and ChatBegan for who wanted to end ``only_waiting`` when support has just come in.
    """
    case = locked_case(case)
    try:
        require_writer(by, case.shop)
        actor, ending = Actor.SELLER, Chat.Ending.SELLER
    except PermissionDenied:
        actor, ending = staff_actor(by, case), Chat.Ending.STAFF
    chat = _open_chat(case)
    if chat is not None and only_waiting and chat.state == Chat.State.LIVE:
        raise ChatBegan
    if chat is not None:
        _end(case, chat, ending, actor=actor, by=by)
    return chat


def attend_chat(*, by: User, case: Case, is_writing: bool | None = None) -> Chat | None:
    """Note that one side's page of a chat is open, and whether it writes; return the chat, None when it is over.

    ``is_writing`` is None for a page that says nothing of it: a colleague's, or another tab, may be writing.

    The other side hears of it when that changes. Who is in neither side changes nothing. Time is let do its work on
    the chat, so that nobody waits for the clock of the whole site.
    """
    now = timezone.now()
    chat = Chat.objects.open().filter(case=case.pk).select_related("queue__mailbox").first()
    if chat is None:
        return None
    side = _side_of(by, chat, case)
    if side:
        seen_at, until = getattr(chat, f"{side}_seen_at"), getattr(chat, f"{side}_writing_until")
        wrote, was_away = still_writes(until, now), is_away(seen_at, now)
        values: dict[str, datetime | None] = {f"{side}_seen_at": now}
        if is_writing is not None:
            values[f"{side}_writing_until"] = now + WRITING if is_writing else None
        with transaction.atomic():
            Chat.objects.open().filter(pk=chat.pk).update(**values)
            if was_away or is_writing not in (None, wrote):
                tell_chat(case, chat)
        for name, value in values.items():
            setattr(chat, name, value)
    return None if tend_chat(chat=chat, now=now) else chat


def leave_chat(*, by: User, case: Case) -> None:
    """Note that one side's page of a chat was closed: it writes no more. Whether it comes back, time will tell."""
    chat = Chat.objects.open().filter(case=case.pk).select_related("queue__mailbox").first()
    if chat is None or not (side := _side_of(by, chat, case)):
        return
    with transaction.atomic():
        Chat.objects.open().filter(pk=chat.pk).update(**{f"{side}_writing_until": None})
        tell_chat(case, chat)


def tend_chat(*, chat: Chat, now: datetime) -> bool:
    """Do to one chat what is due; return whether it is over."""
    if not _due(chat, now):
        return False
    with transaction.atomic():
        case = locked_case(chat.case)
        found = _open_chat(case)
        if found is None or found.pk != chat.pk:
            return True
        due = _due(found, now)
        if due == "back":
            _give_back(case, found)
        elif due:
            _end(case, found, Chat.Ending(due), actor=Actor.CLOCK, by=None)
        chat.refresh_from_db()
        return found.state == Chat.State.ENDED


def tend_chats(now: datetime) -> int:
    """Do to all open chats what is due; return how many are over now."""
    found = list(Chat.objects.open().select_related("queue__mailbox", "case").order_by("pk"))
    return sum(tend_chat(chat=chat, now=now) for chat in found)


def give_back_chats(mailbox_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Let the chats wait again that somebody is in who does not work in the queue any more; in their transaction."""
    for found in Chat.objects.live().filter(queue=mailbox_id, taken_by=user_id).select_related("case").order_by("case"):
        case = locked_case(found.case)
        chat = _open_chat(case)
        if chat is not None and chat.taken_by_id == user_id:
            _give_back(case, chat)


def is_chatting(case: Case) -> bool:
    """Return whether somebody of support is in a chat about a case."""
    return Chat.objects.live().filter(case=case.pk).exists()


def _due(chat: Chat, now: datetime) -> str:
    """Return what time does to a chat: an ending, "back" when support went away, or ""."""
    if chat.seller_seen_at < now - LEFT_AFTER:
        return Chat.Ending.LEFT
    if chat.state == Chat.State.LIVE:
        return "back" if chat.staff_seen_at is None or chat.staff_seen_at < now - GONE_AFTER else ""
    if chat.waits_since < now - MOST_WAIT:
        return Chat.Ending.WRITTEN
    if not chat.queue.hours.is_open(now) or not present_staff(chat.queue, chat.language, now=now):
        return Chat.Ending.WRITTEN
    return ""


def _give_back(case: Case, chat: Chat) -> None:
    """Let a chat wait again because who was in it is gone: it keeps its place, which is before all later ones."""
    chat.state, chat.taken_by, chat.waits_since = Chat.State.WAITING, None, timezone.now()
    chat.staff_writing_until = None
    chat.save(update_fields=["state", "taken_by", "waits_since", "staff_writing_until"])
    note(case, Step.Kind.CHAT, actor=Actor.CLOCK, after="back")
    tell_chat(case, chat)
    tell_pages(case)


def _end(case: Case, chat: Chat, ending: Chat.Ending, *, actor: Actor, by: User | None) -> None:
    """End an open chat of a locked case; where support had the last word, the case is answered."""
    close_chat(case, chat, ending, actor=actor, by=by)
    # Also of one that waited again at its end: whoever was in it had said something.
    if chat.taken_at is not None and _support_spoke_last(case) and may_move(Actor.AGENT, case.state, Status.ANSWERED):
        move(case, Status.ANSWERED, actor=Actor.AGENT, by=chat.taken_by or case.assignee, tells=False)
    tell_pages(case)


def _support_spoke_last(case: Case) -> bool:
    last = Message.objects.filter(thread=case.pk, state=Message.State.DELIVERED).order_by("-pk").first()
    return case.state == Status.OPEN and last is not None and last.sender_id == case.queue_id


def _is_told(case: Case) -> bool:
    """Return whether a case goes on and support can read it."""
    return case.is_active and Message.objects.filter(thread=case.pk, state=Message.State.DELIVERED).exists()


def _open_chat(case: Case) -> Chat | None:
    found = Chat.objects.select_for_update(of=("self",)).open().filter(case=case.pk)
    return found.select_related("queue__mailbox", "taken_by", "case").first()


def _side_of(by: User, chat: Chat, case: Case) -> str:
    """Return which side of a chat somebody is on: "staff", "seller", or "" for who only looks on."""
    is_in_it = chat.taken_by_id == by.pk and chat.state == Chat.State.LIVE
    try:
        require_writer(by, chat.queue.mailbox if is_in_it else case.shop)
    except PermissionDenied:
        return ""
    return "staff" if is_in_it else "seller"
