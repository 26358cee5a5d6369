"""What a thread's page shows: its messages around a place, decrypted, with days, names and links."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from messagecenter.accounts.models import Mailbox, User
from messagecenter.policy.models import Decision
from messagecenter.prepared import planned
from messagecenter.vault.errors import Unreadable

from .clock import told_day, told_fully, told_time
from .enclosures import files_of, gathered_files, give_files, waiting_sentence, zip_url_of
from .links import as_html
from .models import Enclosure, Message, MessageQuerySet, Thread
from .notifications import mail_stuck
from .screening import HIDDEN
from .words import read_body, read_shown_body

PAGE_MESSAGES = 50


@dataclass(frozen=True)
class Shown:
    """One message, ready to be printed."""

    id: uuid.UUID
    text: str  # as this reader may read it
    html: SafeString
    unreadable: str
    mine: bool
    sender_name: str
    author_name: str
    when_text: str
    when_full: str
    when_iso: str
    day: str
    is_target: bool
    files: list[dict[str, Any]]
    files_waiting: str
    zip_url: str
    is_empty: bool
    state: str
    state_text: str
    statement_url: str
    delivered_late: str
    hidden_text: str
    report_url: str
    receipt: str  # what the sender is told of a delivered message: that it was delivered, or read
    is_read: bool
    is_automatic: bool
    is_note: ClassVar[bool] = False  # internal notes stand between messages: see ``noted``


@dataclass(frozen=True)
class Stretch:
    """Some consecutive messages of a thread; the ids to go on from, where there is more on either side."""

    messages: list[Shown]
    earlier_than: uuid.UUID | None
    later_than: uuid.UUID | None


def find_stretch(
    thread: Thread,
    *,
    reader: User,
    mailbox: Mailbox,
    before: uuid.UUID | None = None,
    at: uuid.UUID | None = None,
    seen_up_to: uuid.UUID | None = None,
) -> Stretch:
    """Return up to 50 messages: the newest, those ``before`` one, or those from ``at`` one on.

    ``seen_up_to`` is the newest message that the other side is known to have read.
    """
    newest = _read(thread, reader, order="-pk") if before is None else []
    if before is not None:
        found = _read(thread, reader, order="-pk", lt=before)
        kept = found[:PAGE_MESSAGES][::-1]
        more_earlier, more_later = len(found) > len(kept), True
    elif at is None or any(message.pk == at for message in newest[:PAGE_MESSAGES]) or not newest or at > newest[0].pk:
        kept = newest[:PAGE_MESSAGES][::-1]
        more_earlier, more_later = len(newest) > len(kept), False
    else:
        found = _read(thread, reader, order="pk", gte=at)
        kept = found[:PAGE_MESSAGES]
        more_earlier, more_later = True, len(found) > len(kept)
    return Stretch(
        show(thread, kept, mailbox=mailbox, target=at, seen_up_to=seen_up_to),
        earlier_than=kept[0].pk if kept and more_earlier else None,
        later_than=kept[-1].pk if kept and more_later else None,
    )


def find_later(
    thread: Thread, *, reader: User, mailbox: Mailbox, after: uuid.UUID | None, seen_up_to: uuid.UUID | None = None
) -> list[Shown]:
    """Return up to 50 messages that came after one the reader has: for live arrival and for catching up."""
    previous = Message.objects.filter(thread=thread, pk=after).first() if after else None
    found = _read(thread, reader, order="pk", **({"gt": after} if after else {}))[:PAGE_MESSAGES]
    last_day = timezone.localtime(previous.sent_at).date() if previous else None
    return show(thread, found, mailbox=mailbox, last_day=last_day, seen_up_to=seen_up_to)


def _read(thread: Thread, reader: User, *, order: str, **place: uuid.UUID) -> list[Message]:
    """Return the first of a thread's messages in an order, one more than a page has, beyond a place if one is given."""
    found = _messages(reader.pk, thread.pk, *place.values(), order=order, way=next(iter(place), ""))
    for message in found:
        message.thread = thread
    return found


@planned
def _messages(reader_id: uuid.UUID, thread_id: uuid.UUID, *place: uuid.UUID, order: str, way: str) -> MessageQuerySet:
    """Return what a person may see of a thread, with all that is shown of it."""
    visible = Message.objects.filter(thread=thread_id).visible_to(User(pk=reader_id))
    beyond = visible.filter(**{f"pk__{way}": place[0]}) if way else visible
    return with_all_shown(beyond).order_by(order)[: PAGE_MESSAGES + 1]


def with_all_shown(messages: MessageQuerySet) -> MessageQuerySet:
    """Return messages with all that is shown of each, in the same statement: names, files, statement of reasons."""
    decisions = Decision.objects.filter(message_id=OuterRef("pk")).order_by("-pk").values("pk")
    return messages.select_related("sender", "author").annotate(
        decision_id=Subquery(decisions[:1]), gathered_files=gathered_files(), is_mail_stuck=mail_stuck()
    )


def _statement_url(message: Message, mailbox: Mailbox) -> str:
    """Return the address of the statement of reasons on one of the mailbox's own messages, where there is one."""
    decision_id: uuid.UUID | None = message.decision_id  # type: ignore[attr-defined]
    if message.sender_id != mailbox.pk or decision_id is None:
        return ""
    has_reasons = (
        message.state != Message.State.DELIVERED
        or message.redacted_ciphertext
        or message.delivered_at
        or any(one.is_withheld for one in getattr(message, "files", []))
    )
    return reverse("moderation:decision", args=[decision_id]) if has_reasons else ""


def _state_text(message: Message) -> str:
    """Return what the sender is told about a message that was not simply delivered."""
    if message.state == Message.State.HELD:
        return _("Being checked by a person before it is delivered.")
    if message.state == Message.State.BLOCKED:
        return _("Not delivered.")
    return ""


def _hidden_text(message: Message, *, mine: bool) -> str:
    """Return what is said about words hidden from the reader."""
    if not message.redacted_ciphertext:
        return ""
    if mine:
        return _("Some words of this message were hidden from the reader.")
    return _("Some words of this message were hidden because they break the rules.")


def _hide(html: SafeString) -> SafeString:
    """Return the message with the hidden places marked up for eyes and screen readers."""
    mark = format_html(
        '<span class="hidden-words"><span class="hidden">{}</span><span aria-hidden="true">{}</span></span>',
        _("[words hidden]"),
        HIDDEN,
    )
    return mark_safe(html.replace(HIDDEN, mark))  # noqa: S308 (both are escaped)


def show(
    thread: Thread,
    messages: Sequence[Message],
    *,
    mailbox: Mailbox,
    target: uuid.UUID | None = None,
    last_day: date | None = None,
    seen_up_to: uuid.UUID | None = None,
) -> list[Shown]:
    """Return messages, read by ``with_all_shown``, ready to be printed.

    Who wrote for a team is shown only to that team.
    """
    give_files(messages)
    report_base = reverse("threads:detail", args=[thread.pk]) + "report/"
    today = timezone.localdate()
    is_team = mailbox.kind != Mailbox.Kind.BUYER
    delivered, read = pgettext("receipt", "Delivered"), pgettext("receipt", "Read")
    stuck = _("In the inbox; the e-mail about it could not be delivered")
    shown = []
    for message in messages:
        mine = message.sender_id == mailbox.pk
        try:
            body = read_body(message) if mine else read_shown_body(message)
            html, unreadable = as_html(body), ""
            if message.redacted_ciphertext and not mine:
                html = _hide(html)
        except Unreadable as error:
            body, html, unreadable = "", SafeString(""), str(error.sentence)
        day = timezone.localtime(message.sent_at).date()
        is_read = mine and seen_up_to is not None and message.pk <= seen_up_to
        has_receipt = mine and message.state == Message.State.DELIVERED
        receipt = read if is_read else stuck if getattr(message, "is_mail_stuck", False) else delivered
        enclosures: list[Enclosure] = getattr(message, "files", [])
        files = files_of(enclosures, mailbox=mailbox)
        shown.append(
            Shown(
                id=message.pk,
                text=body,
                html=html,
                unreadable=unreadable,
                mine=mine,
                sender_name=message.sender.shown_name,
                author_name=message.author.get_full_name() if mine and is_team and message.author else "",
                when_text=told_time(message.sent_at),
                when_full=told_fully(message.sent_at),
                when_iso=message.sent_at.isoformat(timespec="seconds"),
                day=told_day(day, today) if day != last_day else "",
                is_target=message.pk == target,
                files=files,
                files_waiting=waiting_sentence(enclosures, mailbox=mailbox),
                zip_url=zip_url_of(message, files),
                is_empty=not body and not unreadable,
                state=message.state,
                state_text=_state_text(message),
                statement_url=_statement_url(message, mailbox),
                delivered_late=_("Delivered on %(when)s") % {"when": told_fully(message.delivered_at)}
                if message.delivered_at
                else "",
                hidden_text=_hidden_text(message, mine=mine),
                report_url="" if mine else f"{report_base}{message.pk}/",
                receipt=receipt if has_receipt else "",
                is_read=is_read and has_receipt,
                is_automatic=message.is_automatic,
            )
        )
        last_day = day
    return shown
