"""What was written in a case, for support: messages and internal notes between them, files at the desk's addresses."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from messagecenter.threads.actions import may_remove
from messagecenter.threads.clock import told_day
from messagecenter.threads.conversation import PAGE_MESSAGES, Shown, show, with_all_shown
from messagecenter.threads.enclosures import files_of
from messagecenter.threads.models import Enclosure, EnclosureQuerySet, Entry, Message, MessageQuerySet, Note
from messagecenter.threads.noted import MOST_SHOWN, ShownNote, show_text_of
from support.models import Case

from .door import Work

Item = Shown | ShownNote
MOST_FILES = 50


@dataclass(frozen=True)
class Stretch:
    """Up to 50 messages in a row with the notes between them; the ids to go on from, where there is more."""

    items: list[Item]
    earlier_than: uuid.UUID | None
    newest: uuid.UUID | None


def messages_in(case: Case) -> MessageQuerySet:
    """Return what support may read of a case: all that was delivered, and what its queue wrote in any state."""
    seen = Q(state=Message.State.DELIVERED) | Q(sender=case.queue_id)
    return Message.objects.filter(thread=case.pk).filter(seen)


def enclosures_in(case: Case) -> EnclosureQuerySet:
    """Return the files of those messages that support may open: the seller's once checked, its own always."""
    checked = Q(attachment__state="ready", is_withheld=False, is_screened=True)
    mine = Q(attachment__mailbox=case.queue_id)
    found = Enclosure.objects.filter(thread=case.pk, message__in=messages_in(case).values("pk"))
    return found.filter(checked | mine).openable()


def files_in(work: Work) -> list[dict[str, Any]]:
    """Return the newest files of a case that may be opened, on whichever page of the conversation: one query."""
    case = work.case
    found = enclosures_in(case).select_related("attachment").order_by("-pk")[:MOST_FILES]
    return _at_the_desk(case, files_of(found, mailbox=case.queue.mailbox))


def find_stretch(work: Work, *, before: uuid.UUID | None = None) -> Stretch:
    """Return the newest messages of a case, or those before one. Three queries."""
    case = work.case
    case.thread.support = case.queue.mailbox
    place = messages_in(case).filter(pk__lt=before) if before else messages_in(case)
    found = list(with_all_shown(place).order_by("-pk")[: PAGE_MESSAGES + 1])
    kept = found[:PAGE_MESSAGES][::-1]
    for message in kept:
        message.thread = case.thread
    has_earlier = len(found) > len(kept)
    read_up_to = (
        Entry.objects.filter(thread=case.pk, mailbox=case.shop_id, mailbox__sends_receipts=True)
        .values_list("read_up_to", flat=True)
        .first()
    )
    shown = show(case.thread, kept, mailbox=case.queue.mailbox, seen_up_to=read_up_to)
    messages = [
        replace(one, files=_at_the_desk(case, one.files), **_of_support(case, message))
        for one, message in zip(shown, kept, strict=True)
    ]
    notes = _notes(work, after=kept[0].pk if kept and has_earlier else None, before=before)
    return Stretch(
        _woven(messages, notes),
        earlier_than=kept[0].pk if kept and has_earlier else None,
        newest=kept[-1].pk if kept else None,
    )


def _of_support(case: Case, message: Message) -> dict[str, Any]:
    """Return that a message is support's own and who wrote it, also where another queue had the case then."""
    if message.sender_id == case.shop_id:
        return {}
    return {"mine": True, "author_name": message.author.get_full_name() if message.author else ""}


def _at_the_desk(case: Case, files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return files with the addresses under which staff open them."""
    moved = []
    for one in files:
        urls = {"url": "", "small_url": "", "large_url": ""}
        if one["url"]:
            urls["url"] = reverse("admin:support_desk_file", args=[case.number, one["id"]])
        for part in ("small", "large"):
            if one[f"{part}_url"]:
                urls[f"{part}_url"] = reverse("admin:support_desk_preview", args=[case.number, one["id"], part])
        moved.append(one | urls)
    return moved


def _notes(work: Work, *, after: uuid.UUID | None, before: uuid.UUID | None) -> list[ShownNote]:
    notes = Note.objects.of_mailbox(work.case.queue.mailbox).filter(thread=work.case.pk).select_related("author")
    if after:
        notes = notes.filter(pk__gt=after)
    if before:
        notes = notes.filter(pk__lt=before)
    found = sorted(notes.order_by("-pk")[:MOST_SHOWN], key=lambda note: note.pk)
    mine = work.membership
    return [show_text_of(note, remove_url=work.url if mine and may_remove(mine, note) else "") for note in found]


def _woven(messages: Sequence[Shown], notes: Sequence[ShownNote]) -> list[Item]:
    """Return messages and notes in the order they were written, each day named once: ids grow with time."""
    items: list[Item] = sorted([*messages, *notes], key=lambda one: one.id)
    today, last, woven = timezone.localdate(), None, []
    for item in items:
        day = timezone.localtime(datetime.fromisoformat(item.when_iso)).date()
        woven.append(replace(item, day=told_day(day, today) if day != last else ""))
        last = day
    return woven
