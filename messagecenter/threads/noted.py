"""A team's internal notes among a thread's messages: for the pages of that team, and for no other paper or page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from messagecenter.vault.errors import Unreadable

from .access import Standing
from .actions import may_remove
from .clock import told_day, told_fully, told_time
from .conversation import Shown, Stretch
from .links import as_html
from .models import Note
from .words import read_note

MOST_SHOWN = 200  # between the messages of one page


@dataclass(frozen=True)
class ShownNote:
    """One internal note, ready to be printed."""

    id: uuid.UUID
    html: SafeString
    unreadable: str
    author_name: str
    when_text: str
    when_full: str
    when_iso: str
    day: str
    remove_url: str
    is_note: ClassVar[bool] = True


Item = Shown | ShownNote


def with_notes(standing: Standing, stretch: Stretch, *, before: uuid.UUID | None = None) -> list[Item]:
    """Return a page's messages with the notes written between them; no query when the mailbox has none here.

    ``before`` is the message that the page ends before, when it is not the newest page.
    """
    shown = stretch.messages
    until = before or stretch.later_than
    return _woven(standing, shown, after=stretch.earlier_than, until=until, last_day=None)


def later_with_notes(standing: Standing, messages: list[Shown], *, after: uuid.UUID | None) -> list[Item]:
    """Return what came after the message ``after``, messages and notes."""
    last_day = None
    if after is not None and standing.has_notes:
        known = standing.entry.thread.messages.filter(pk=after).values_list("sent_at", flat=True).first()
        last_day = timezone.localtime(known).date() if known else None
    return _woven(standing, messages, after=after, until=None, last_day=last_day)


def show_note(standing: Standing, note: Note, *, day: str = "") -> ShownNote:
    """Return one note ready to be printed."""
    removes = may_remove(standing.membership, note)
    url = reverse("threads:note_remove", args=[note.thread_id, note.pk]) if removes else ""
    return show_text_of(note, remove_url=url, day=day)


def show_text_of(note: Note, *, remove_url: str, day: str = "") -> ShownNote:
    """Return one note ready to be printed; at ``remove_url`` its reader removes it, "" for who may not."""
    try:
        html, unreadable = as_html(read_note(note)), ""
    except Unreadable as error:
        html, unreadable = SafeString(""), str(error.sentence)
    return ShownNote(
        id=note.pk,
        html=html,
        unreadable=unreadable,
        author_name=note.author.get_full_name() if note.author else _("Somebody who left"),
        when_text=told_time(note.created_at),
        when_full=told_fully(note.created_at),
        when_iso=note.created_at.isoformat(timespec="seconds"),
        day=day,
        remove_url=remove_url,
    )


def _woven(
    standing: Standing,
    messages: Sequence[Shown],
    *,
    after: uuid.UUID | None,
    until: uuid.UUID | None,
    last_day: date | None,
) -> list[Item]:
    """Return messages and notes in the order they were written: ids grow with time."""
    if not standing.has_notes:
        return list(messages)
    notes = Note.objects.of_mailbox(standing.mailbox).filter(thread=standing.entry.thread_id).select_related("author")
    floors = [one for one in (after, standing.entry.cleared_up_to) if one]
    if floors:
        notes = notes.filter(pk__gt=max(floors))
    if until:
        notes = notes.filter(pk__lt=until)
    found = sorted(notes.order_by("-pk")[:MOST_SHOWN], key=lambda note: note.pk)
    if not found:
        return list(messages)
    items: list[Item] = sorted([*messages, *(show_note(standing, note) for note in found)], key=lambda one: one.id)
    today, woven = timezone.localdate(), []
    for item in items:
        day = timezone.localtime(datetime.fromisoformat(item.when_iso)).date()
        woven.append(replace(item, day=told_day(day, today) if day != last_day else ""))
        last_day = day
    return woven
