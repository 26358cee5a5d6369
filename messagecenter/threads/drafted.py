"""What is shown of drafts: the text a composer opens with, two texts that compete, and the list of all drafts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.posted import uuids_in
from messagecenter.attachments.shown import kept_uploads
from messagecenter.vault.cipher import preload
from messagecenter.vault.errors import Unreadable

from .access import Standing
from .clock import told_briefly, told_fully, told_time
from .cursors import cursor_of, parse_cursor
from .models import Draft, Entry
from .words import read_draft, read_draft_subject, read_subject

MOST_LISTED = 50  # on a page
SNIPPET_LENGTH = 140
MOST_DIGITS = 16


@dataclass(frozen=True)
class Listed:
    """One line of the list of drafts."""

    url: str
    other_name: str
    about: str
    subject: str
    snippet: str
    files: int
    when_text: str
    when_full: str
    discard_url: str
    version: int


def own_draft(standing: Standing) -> Draft | None:
    """Return what the person has written in a thread and not sent, while they may write there."""
    return standing.draft if standing.membership.may_write else None


def opening_words(draft: Draft | None, initial: dict[str, Any], *, has_chosen: bool) -> dict[str, Any]:
    """Return what a composer opens with: a draft instead of ``initial``, with a chosen reply below it."""
    if draft is None:
        return initial
    try:
        text = read_draft(draft)
    except Unreadable:
        return initial
    if has_chosen and (chosen := str(initial.get("body", "")).strip()):
        text = f"{text.rstrip()}\n\n{chosen}".lstrip()
    return initial | {"body": text, "client_id": draft.client_id, "draft_version": draft.version}


def draft_context(draft: Draft | None, *, person: User, mailbox: Mailbox) -> dict[str, Any]:
    """Return what a form says about the draft it opens with: when it was saved, and its files (one query for them)."""
    if draft is None:
        return {"draft_saved": "", "draft_saved_at": ""}
    return {
        "draft_saved": saved_sentence(draft.updated_at),
        "draft_saved_at": draft.updated_at.isoformat(),
        "uploads": kept_uploads(person, mailbox, uuids_in(draft.uploads)) if draft.uploads else [],
    }


def first_words_of(draft: Draft | None) -> dict[str, Any]:
    """Return what the form of a first message opens with."""
    if draft is None:
        return {}
    try:
        subject, body = read_draft_subject(draft), read_draft(draft)
    except Unreadable:
        return {}
    return {
        "topic": draft.topic,
        "subject": subject,
        "body": body,
        "client_id": draft.client_id,
        "draft_version": draft.version,
    }


def saved_sentence(moment: datetime) -> str:
    """Return what the writer is told of the last saving."""
    local, today = timezone.localtime(moment), timezone.localdate()
    if local.date() == today:
        return _("Draft saved at %(time)s") % {"time": told_time(moment)}
    return _("Draft saved on %(day)s") % {"day": told_fully(moment)}


def as_data(draft: Draft | None) -> dict[str, Any]:
    """Return a draft for its writer's page; version 0 says that there is none. Raises Unreadable."""
    if draft is None:
        return {"version": 0, "saved_at": "", "told": "", "body": "", "subject": "", "attachments": []}
    return {
        "version": draft.version,
        "saved_at": draft.updated_at.isoformat(),
        "told": saved_sentence(draft.updated_at),
        "client_id": str(draft.client_id),
        "body": read_draft(draft),
        "subject": read_draft_subject(draft),
        "attachments": draft.uploads,
    }


def conflict_of(draft: Draft, *, mine: str, take_url: str) -> dict[str, Any]:
    """Return two texts that compete: what stands here, and what was saved elsewhere since. Raises Unreadable."""
    return {
        "version": draft.version,
        "mine": mine,
        "other": read_draft(draft),
        "other_subject": read_draft_subject(draft),
        "when": told_fully(draft.updated_at),
        "take_url": take_url,
    }


def version_in(text: str) -> int:
    """Return the version a browser sent, 0 when it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0


def page_of(draft: Draft) -> str:
    """Return the address of the page on which a draft is gone on with."""
    if draft.thread_id:
        return f"{reverse('threads:detail', args=[draft.thread_id])}#composer"
    if draft.order is not None:
        about = {"order": draft.order.number, "shop": str(draft.order.shop_id)}
    else:
        about = {"product": str(draft.product_id)}
    return f"{reverse('threads:new')}?{urlencode(about)}"


def list_drafts(person: User, mailbox: Mailbox, *, after: str = "") -> tuple[list[Listed], str]:
    """Return a page of a person's drafts for a mailbox, the newest first, and the cursor of the next, "" on the last.

    Three or four queries. Raises BadCursor.
    """
    mine = Draft.objects.visible_to(person).filter(mailbox=mailbox)
    if after:
        moment, key = parse_cursor(after)
        mine = mine.filter(updated_at__lte=moment).filter(Q(updated_at__lt=moment) | Q(pk__lt=key))
    page = list(
        mine.select_related("thread", "order__shop", "order__buyer", "product__shop").order_by("-updated_at", "-pk")[
            : MOST_LISTED + 1
        ]
    )
    found = page[:MOST_LISTED]
    more = cursor_of(found[-1].updated_at, found[-1].pk) if len(page) > len(found) else ""
    threads = [draft.thread_id for draft in found if draft.thread_id]
    preload([one for one in threads if one])
    entries = Entry.objects.of_mailbox(mailbox).filter(thread__in=threads).select_related("other") if threads else []
    others = {entry.thread_id: entry.other.shown_name for entry in entries}
    today = timezone.localdate()
    return [_listed(draft, others, today) for draft in found], more


def _listed(draft: Draft, others: dict[uuid.UUID, str], today: date) -> Listed:
    try:
        body = read_draft(draft)
        subject = read_subject(draft.thread) if draft.thread else read_draft_subject(draft)
    except Unreadable as error:
        body, subject = "", str(error.sentence)
    return Listed(
        url=page_of(draft),
        other_name=others.get(draft.thread_id, "") if draft.thread_id else _first_reader(draft),
        about=draft.order.number if draft.order else draft.product.title if draft.product else "",
        subject=subject or _("New message"),
        snippet=" ".join(body[: 2 * SNIPPET_LENGTH].split())[:SNIPPET_LENGTH],
        files=len(draft.uploads),
        when_text=told_briefly(draft.updated_at, today),
        when_full=told_fully(draft.updated_at),
        discard_url=reverse("threads:draft_discard", args=[draft.pk]),
        version=draft.version,
    )


def _first_reader(draft: Draft) -> str:
    """Return who a first message would be for."""
    if draft.product is not None:
        return draft.product.shop.shown_name
    order = draft.order
    if order is None or order.buyer is None:
        return ""
    return order.shop.shown_name if draft.mailbox_id == order.buyer_id else order.buyer.shown_name
