"""What a list shows: one page of rows by keyset, nothing counted, everything formatted once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from messagecenter.accounts.models import Mailbox, User
from messagecenter.prepared import prepared
from messagecenter.search.marks import Piece
from messagecenter.vault.cipher import preload
from messagecenter.vault.errors import Unreadable
from orders.models import OrderItem
from orders.pictures import shown_picture

from .clock import reply_chip, told_briefly
from .cursors import cursor_of, parse_cursor
from .filters import Wanted, few_picked, narrowed, picks_by_others
from .gathered import Gathered, rows_in
from .models import Entry, EntryLabel, EntryQuerySet, Message, Priority
from .topics import LABELS
from .words import read_snippet, read_subject

# What a list can be narrowed to without its SQL being written anew, and which of that are ids.
READY = frozenset({"box", "folder", "label", "priority", "topic", "files", "status", "sort"})
IDS = ("folder", "label")
# What a row and the cursor behind it are made of. Who shows more of an entry names it here, or each row is a query.
ROW_COLUMNS = (
    *("thread_id", "mailbox_id", "order_number", "unread", "needs_reply_since", "reply_due_at", "holds", "priority"),
    *("last_message_at", "last_sent_at", "last_received_at", "is_starred", "is_muted", "other__kind", "other__name"),
    *("assignee__name", "assignee__email", "thread__topic", "thread__state", "thread__files", "thread__opened_by_id"),
    *("thread__subject_ciphertext", "thread__snippet_ciphertext", "thread__snippet_message_id"),
    *("thread__product__title", "thread__product__picture_url"),
)
# The normal one shows nothing.
PRIORITY_KEYS = {int(one): one.name.lower() for one in Priority if one != Priority.NORMAL}


@dataclass(frozen=True)
class Chip:
    """A label on a row."""

    name: str
    color: str


@dataclass(frozen=True)
class Row:
    """One line of the list, ready to be printed."""

    id: uuid.UUID
    url: str
    other_name: str
    order_number: str
    product_title: str
    picture_url: str
    topic: str
    subject: str
    snippet: str
    when_text: str
    when_iso: str
    unread: int
    files: int
    reply_text: str
    reply_late: bool
    closed: bool
    state: str = ""
    state_text: str = ""
    is_current: bool = False
    labels: Sequence[Chip] = ()
    priority: str = ""
    priority_text: str = ""
    starred: bool = False
    muted: bool = False
    assignee: str = ""
    subject_pieces: Sequence[Piece] = ()  # with what was searched for marked
    snippet_pieces: Sequence[Piece] = ()


@dataclass(frozen=True)
class Page:
    """One page of rows and the cursor of the next, empty on the last."""

    rows: list[Row]
    next_cursor: str


def find_list(wanted: Wanted, *, mailbox: Mailbox, reader: User, after: str = "") -> Page:
    """Return one page of a mailbox's list as ``reader`` wants it, after a cursor; words are not looked for here.

    Lists narrowed by nothing but ids and short choices have their SQL ready. Raises BadCursor.
    """
    moment = wanted.view.moment
    if after:
        wanted.sorting.after(after, moment)  # raises BadCursor
    few = few_picked(wanted, mailbox=mailbox)
    if few or not READY.issuperset(wanted.as_data()) or wanted.sort == "order":
        entries = narrowed(Entry.objects.visible_to(reader), wanted, mailbox=mailbox, reader=reader, few=few)
        return find_page(entries, wanted, after=after)
    group, _, place = after.rpartition("~")
    named = [uuid.UUID(getattr(wanted, name)) for name in IDS if getattr(wanted, name)]
    found = _list(
        reader.pk,
        mailbox.pk,
        *named,
        *(parse_cursor(place) if after else ()),
        wanted=replace(wanted, problems=(), **{name: name if getattr(wanted, name) else "" for name in IDS}),
        group=group,
        most=settings.PAGE_THREADS + 1,
        is_after=bool(after),
    )
    for entry in found:
        entry.mailbox = mailbox
    return _page(found, wanted)


@prepared
def _list(
    reader_id: uuid.UUID, mailbox_id: uuid.UUID, *more: Any, wanted: Wanted, group: str, most: int, is_after: bool
) -> EntryQuerySet:
    """Return the entries of a list with what a row shows of them; ``more`` are the ids it asks for and its cursor."""
    values = iter(more)
    ids: dict[str, Any] = {name: str(next(values)) for name in IDS if getattr(wanted, name)}
    wanted = replace(wanted, **ids)
    moment, reader = wanted.view.moment, User(pk=reader_id)
    entries = narrowed(Entry.objects.visible_to(reader), wanted, mailbox=Mailbox(pk=mailbox_id), reader=reader)
    chosen = wanted.sorting.apply(entries, moment)
    if is_after:
        place = cursor_of(next(values), next(values))
        chosen = chosen.filter(wanted.sorting.after(f"{group}~{place}" if group else place, moment))
    return with_bare_row_data(_first(chosen, wanted, most))


def find_page(entries: EntryQuerySet, wanted: Wanted, *, after: str = "") -> Page:
    """Return one page of the entries that are asked for, in the order asked for, after a cursor. Raises BadCursor."""
    moment = wanted.view.moment
    chosen = wanted.sorting.apply(entries, moment)
    if after:
        chosen = chosen.filter(wanted.sorting.after(after, moment))
    return _page(list(with_row_data(_first(chosen, wanted, settings.PAGE_THREADS + 1))), wanted)


def _first(chosen: EntryQuerySet, wanted: Wanted, most: int) -> EntryQuerySet:
    """Return the first of a list. Where it asks other tables, by their keys, which the database finds first.

    Planned together with all that rows show, such a filter has it read what no row of the page needs.
    """
    if not (wanted.order or picks_by_others(wanted)):
        return chosen[:most]
    return wanted.sorting.apply(Entry.objects.filter(pk__in=chosen.values("pk")[:most]), wanted.view.moment)


def _page(found: Sequence[Entry], wanted: Wanted) -> Page:
    """Return the page of what was read: one entry more than it has tells that there are more."""
    page, moment = found[: settings.PAGE_THREADS], wanted.view.moment
    more = len(found) > len(page)
    return Page(as_rows(page, moment), wanted.sorting.cursor(page[-1], moment) if more else "")


def with_row_data(entries: EntryQuerySet) -> EntryQuerySet:
    """Return the entries with all that a row shows, in the same query."""
    first_picture = OrderItem.objects.filter(order=OuterRef("thread__order")).order_by("line").values("picture_url")
    labels = EntryLabel.objects.filter(entry=OuterRef("pk"), label__removed_at=None).order_by("label__name")
    return entries.select_related("thread__product", "other", "mailbox", "assignee").annotate(
        picture=Subquery(first_picture[:1]), chips=Gathered(labels, "label__name", "label__color")
    )


def with_bare_row_data(entries: EntryQuerySet, *more: str) -> EntryQuerySet:
    """Return one mailbox's entries with no column but what a row shows, and ``more``; who asks gives the mailbox."""
    shown = with_row_data(entries).select_related(None).select_related("thread__product", "other", "assignee")
    return shown.only(*ROW_COLUMNS, *more)


def bare_rows(keys: Sequence[uuid.UUID]) -> list[Entry]:
    """Return some entries of one mailbox, a page at most, with what a row shows, in no order; without the mailbox."""
    if not keys:
        return []
    # Always as many values, so that the SQL is the same.
    return _bare_rows(*keys, *[keys[-1]] * (settings.PAGE_THREADS - len(keys)))


@prepared
def _bare_rows(*keys: uuid.UUID) -> EntryQuerySet:
    return with_bare_row_data(Entry.objects.filter(pk__in=keys))


def as_rows(entries: Sequence[Entry], moment_field: str, current: uuid.UUID | None = None) -> list[Row]:
    """Return the lines of a list; the keys of all threads are read at once."""
    preload([entry.thread_id for entry in entries])
    now = timezone.now()
    today = timezone.localtime(now).date()
    pattern = reverse("threads:detail", args=[uuid.UUID(int=0)])
    without_text = gettext("Files, without text")
    being_checked = gettext("Being checked")
    labels = {key: str(label) for key, label in LABELS.items()}
    priorities = {int(one): str(one.label) for one in Priority}
    rows = []
    for entry in entries:
        thread = entry.thread
        try:
            subject, snippet = read_subject(thread), read_snippet(thread)
        except Unreadable as error:
            subject, snippet = str(error.sentence), ""
        reply_text, reply_late = reply_chip(entry.mailbox, entry.needs_reply_since, entry.reply_due_at, now)
        moment = getattr(entry, moment_field) or entry.last_message_at
        rows.append(
            Row(
                id=thread.pk,
                url=pattern.replace(str(uuid.UUID(int=0)), str(thread.pk)),
                other_name=entry.other.shown_name,
                order_number=entry.order_number,
                product_title=thread.product.title if thread.product else "",
                picture_url=shown_picture(
                    thread.product.picture_url if thread.product else getattr(entry, "picture", "") or ""
                ),
                topic=labels.get(thread.topic, thread.topic),
                subject=subject,
                snippet=snippet or (without_text if thread.files else ""),
                when_text=told_briefly(moment, today),
                when_iso=moment.isoformat(timespec="seconds"),
                unread=entry.unread,
                files=thread.files,
                reply_text=reply_text,
                reply_late=reply_late,
                closed=thread.is_closed,
                state=Message.State.HELD if entry.holds else "",
                state_text=being_checked if entry.holds else "",
                labels=[Chip(name, color) for name, color in rows_in(getattr(entry, "chips", None))],
                priority=PRIORITY_KEYS.get(entry.priority, ""),
                priority_text=priorities[entry.priority],
                starred=entry.is_starred,
                muted=entry.is_muted,
                assignee=entry.assignee.get_short_name() if entry.assignee else "",
                is_current=thread.pk == current,
            )
        )
    return rows
