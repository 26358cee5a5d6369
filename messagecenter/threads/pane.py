"""What the pane of one thread shows, on the page of messages and wherever else a thread is read."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from messagecenter.accounts.acting import act_for, membership_of
from messagecenter.accounts.models import Mailbox
from messagecenter.vault.errors import Unreadable
from orders.pictures import shown_picture

from . import actions
from .access import Standing, uuid_or_none
from .clock import reply_chip
from .composing import beside_the_text, first_words
from .context import case_page, help_page
from .conversation import Shown, find_stretch
from .drafted import draft_context, opening_words, own_draft
from .forms import ReplyForm
from .models import Note
from .navigation import upload_context
from .noted import with_notes
from .offering import writing_in
from .topics import LABELS
from .words import read_subject


def open_pane(request: HttpRequest, standing: Standing, *, is_fragment: bool) -> dict[str, Any]:
    """Return a thread at its end or at the message the address names, and mark it as read."""
    before = uuid_or_none(request.GET.get("before", ""))
    stretch = find_stretch(
        standing.entry.thread,
        reader=standing.person,
        mailbox=standing.mailbox,
        before=before,
        at=uuid_or_none(request.GET.get("message", "")),
        seen_up_to=standing.seen_up_to,
    )
    # A browser that fetches ahead has shown nobody anything yet, nor has a page that only looks for a changed state.
    if "prefetch" not in request.headers.get("Sec-Purpose", "") and "peek" not in request.GET:
        if standing.entry.unread and stretch.messages:
            actions.mark_read(by=standing.person, entry=standing.entry, up_to=stretch.messages[-1].id)
        if not is_fragment and standing.membership != membership_of(request):
            # Whoever follows a link into another of their mailboxes acts for that mailbox from then on.
            act_for(request, standing.membership)
    chosen, draft = uuid_or_none(request.GET.get("reply", "")), own_draft(standing)
    words = opening_words(draft, first_words(standing, chosen), has_chosen=chosen is not None)
    return thread_context(standing) | {
        "first_unread_id": "" if stretch.later_than else _first_unread(stretch.messages, standing.entry.unread),
        "messages_list": with_notes(standing, stretch, before=before),
        "earlier_url": f"?before={stretch.earlier_than}" if stretch.earlier_than else "",
        "later_url": f"?message={stretch.later_than}#message-{stretch.later_than}" if stretch.later_than else "",
        "last_message_id": stretch.messages[-1].id if stretch.messages else "",
        "form": ReplyForm(initial=words),
        **draft_context(draft, person=standing.person, mailbox=standing.mailbox),
    }


def thread_context(standing: Standing) -> dict[str, Any]:
    """Return what a thread's page shows around its messages."""
    entry, thread, product = standing.entry, standing.entry.thread, standing.entry.thread.product
    try:
        subject = read_subject(thread)
    except Unreadable as error:
        subject = str(error.sentence)
    may_write = standing.membership.may_write
    reply_text, reply_late = reply_chip(entry.mailbox, entry.needs_reply_since, entry.reply_due_at, timezone.now())
    return {
        "thread_id": thread.pk,
        "subject": subject,
        "other_name": entry.other.shown_name,
        "own_name": entry.mailbox.shown_name,
        "topic": LABELS.get(thread.topic, thread.topic),
        "entry": entry,
        "closed": thread.is_closed,
        "case_url": case_page(thread),
        "help_url": help_page(thread) if entry.mailbox.kind == Mailbox.Kind.SHOP and may_write else "",
        "order": thread.order,
        "product": product,
        "product_picture": shown_picture(product.picture_url) if product else "",
        "may_write": may_write,
        "needs_reply": entry.needs_reply_since is not None,
        "thanked": entry.thanked_at is not None and not thread.is_closed,
        "reply_text": reply_text,
        "reply_late": reply_late,
        "back_url": reverse("threads:inbox"),
        "files_url": reverse("threads:files", args=[thread.pk]) if thread.files else "",
        **beside_the_text(standing),
        **_beside_the_thread(standing),
        **writing_in(standing),
    } | upload_context(entry.mailbox)


def _beside_the_thread(standing: Standing) -> dict[str, Any]:
    """Return where a draft is kept, and for a team where its notes go and who else is here: no query."""
    thread_id, may_write = standing.entry.thread_id, standing.membership.may_write
    return {
        "draft_url": reverse("threads:draft", args=[thread_id]) if may_write else "",
        "note_url": reverse("threads:note_new", args=[thread_id]) if may_write and standing.has_colleagues else "",
        "here_url": reverse("threads:here", args=[thread_id]) if standing.has_colleagues else "",
        "note_most": Note.MOST_CHARACTERS,
    }


def _first_unread(messages: list[Shown], unread: int) -> uuid.UUID | str:
    """Return the first of the other side's messages that nobody here has read, if it is on the page."""
    theirs = [message.id for message in messages if not message.mine]
    return theirs[-unread] if 0 < unread <= len(theirs) else ""
