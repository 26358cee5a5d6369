"""What an inbox shows: four boxes, one page of rows by keyset, nothing counted, everything formatted once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy

from messagecenter.vault.cipher import preload
from messagecenter.vault.errors import Unreadable
from orders.models import OrderItem
from orders.pictures import shown_picture

from .clock import reply_chip, told_briefly
from .models import Entry, EntryQuerySet, Message
from .topics import LABELS
from .words import read_snippet, read_subject


@dataclass(frozen=True)
class Box:
    """One of the boxes: its key in the address, its name, its entries, and the moment it is sorted by."""

    key: str
    label: Promise
    empty: Promise
    entries: Callable[[EntryQuerySet], EntryQuerySet]
    moment: str = "last_message_at"


BOXES = {
    box.key: box
    for box in (
        Box("inbox", pgettext_lazy("box", "Inbox"), pgettext_lazy("box", "No messages yet."), EntryQuerySet.inbox),
        Box(
            "unread",
            pgettext_lazy("box", "Unread"),
            pgettext_lazy("box", "Everything has been read."),
            EntryQuerySet.unread,
        ),
        Box(
            "needs_reply",
            pgettext_lazy("box", "Needs reply"),
            pgettext_lazy("box", "Nobody is waiting for an answer."),
            EntryQuerySet.needs_reply,
        ),
        Box(
            "sent",
            pgettext_lazy("box", "Sent"),
            pgettext_lazy("box", "You have not written a message yet."),
            EntryQuerySet.sent,
            moment="last_sent_at",
        ),
    )
}


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


@dataclass(frozen=True)
class Page:
    """One page of rows and the cursor of the next, empty on the last."""

    rows: list[Row]
    next_cursor: str


class BadCursor(ValueError):
    """The address names no place in a list."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cursor_of(moment: datetime, key: uuid.UUID) -> str:
    """Return the place after a row: its moment in microseconds since 1970 (UTC) and its key."""
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}-{key.hex}"


def parse_cursor(cursor: str) -> tuple[datetime, uuid.UUID]:
    """Return the moment and key of a cursor. Raises BadCursor."""
    micros, _, key = cursor.partition("-")
    try:
        if not micros.isascii() or not micros.isdecimal() or len(key) != 32:
            raise BadCursor
        return _EPOCH + timedelta(microseconds=int(micros)), uuid.UUID(key)
    except (ValueError, OverflowError):
        raise BadCursor from None


def find_page(entries: EntryQuerySet, box: Box, *, order_number: str = "", after: str = "") -> Page:
    """Return one page of a box of ``entries``, newest first, after a cursor. Raises BadCursor."""
    chosen = box.entries(entries)
    if order_number:
        chosen = chosen.filter(order_number=order_number)
    if after:
        moment, key = parse_cursor(after)
        earlier = Q(**{f"{box.moment}__lt": moment}) | Q(pk__lt=key)
        chosen = chosen.filter(earlier, **{f"{box.moment}__lte": moment})
    found = list(with_row_data(chosen)[: settings.PAGE_THREADS + 1])
    page = found[: settings.PAGE_THREADS]
    more = len(found) > len(page)
    return Page(as_rows(page, box), cursor_of(getattr(page[-1], box.moment), page[-1].pk) if more else "")


def with_row_data(entries: EntryQuerySet) -> EntryQuerySet:
    """Return the entries with all that a row shows, in the same query."""
    first_picture = OrderItem.objects.filter(order=OuterRef("thread__order")).order_by("line").values("picture_url")
    held = Message.objects.filter(thread=OuterRef("thread"), sender=OuterRef("mailbox"), state=Message.State.HELD)
    return entries.select_related("thread__product", "other", "mailbox").annotate(
        picture=Subquery(first_picture[:1]), holds=Exists(held)
    )


def as_rows(entries: Sequence[Entry], box: Box, current: uuid.UUID | None = None) -> list[Row]:
    """Return the lines of a list; the keys of all threads are read at once."""
    preload([entry.thread_id for entry in entries])
    now = timezone.now()
    today = timezone.localtime(now).date()
    pattern = reverse("threads:detail", args=[uuid.UUID(int=0)])
    without_text = gettext("Files, without text")
    being_checked = gettext("Being checked")
    labels = {key: str(label) for key, label in LABELS.items()}
    rows = []
    for entry in entries:
        thread = entry.thread
        try:
            subject, snippet = read_subject(thread), read_snippet(thread)
        except Unreadable as error:
            subject, snippet = str(error.sentence), ""
        reply_text, reply_late = reply_chip(entry.mailbox, entry.needs_reply_since, now)
        moment = getattr(entry, box.moment) or entry.last_message_at
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
                state=Message.State.HELD if getattr(entry, "holds", False) else "",
                state_text=being_checked if getattr(entry, "holds", False) else "",
                is_current=thread.pk == current,
            )
        )
    return rows
