"""What a thread's page shows: its messages around a place, decrypted, with days, names and links."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.policy.models import Decision
from messagecenter.vault.errors import Unreadable

from .clock import told_day, told_fully, told_time
from .enclosures import files_of, waiting_sentence, zip_url_of
from .links import as_html
from .models import Enclosure, Message, Thread
from .screening import HIDDEN
from .words import read_body, read_shown_body

PAGE_MESSAGES = 50


@dataclass(frozen=True)
class Shown:
    """One message, ready to be printed."""

    id: uuid.UUID
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


@dataclass(frozen=True)
class Stretch:
    """Some consecutive messages of a thread; the ids to go on from, where there is more on either side."""

    messages: list[Shown]
    earlier_than: uuid.UUID | None
    later_than: uuid.UUID | None


def find_stretch(
    thread: Thread, *, reader: User, mailbox: Mailbox, before: uuid.UUID | None = None, at: uuid.UUID | None = None
) -> Stretch:
    """Return up to 50 messages: the newest, those ``before`` one, or those from ``at`` one on."""
    visible = thread.messages.visible_to(reader).select_related("sender", "author")
    newest = list(visible.order_by("-pk")[: PAGE_MESSAGES + 1]) if before is None else []
    if before is not None:
        found = list(visible.filter(pk__lt=before).order_by("-pk")[: PAGE_MESSAGES + 1])
        kept = found[:PAGE_MESSAGES][::-1]
        more_earlier, more_later = len(found) > len(kept), True
    elif at is None or any(message.pk == at for message in newest[:PAGE_MESSAGES]) or not newest or at > newest[0].pk:
        kept = newest[:PAGE_MESSAGES][::-1]
        more_earlier, more_later = len(newest) > len(kept), False
    else:
        found = list(visible.filter(pk__gte=at).order_by("pk")[: PAGE_MESSAGES + 1])
        kept = found[:PAGE_MESSAGES]
        more_earlier, more_later = True, len(found) > len(kept)
    return Stretch(
        show(thread, kept, mailbox=mailbox, target=at),
        earlier_than=kept[0].pk if kept and more_earlier else None,
        later_than=kept[-1].pk if kept and more_later else None,
    )


def find_later(thread: Thread, *, reader: User, mailbox: Mailbox, after: uuid.UUID | None) -> list[Shown]:
    """Return up to 50 messages that came after one the reader has: for live arrival and for catching up."""
    messages = thread.messages.visible_to(reader).select_related("sender", "author").order_by("pk")
    previous = Message.objects.filter(thread=thread, pk=after).first() if after else None
    found = list(messages.filter(pk__gt=after)[:PAGE_MESSAGES] if after else messages[:PAGE_MESSAGES])
    return show(
        thread, found, mailbox=mailbox, last_day=timezone.localtime(previous.sent_at).date() if previous else None
    )


def _add_files(thread: Thread, messages: Sequence[Message]) -> None:
    """Read the messages' files, in one query; a thread without files is spared it.

    The thread counts delivered files only: a held message has its own, which its sender sees.
    """
    if thread.files or any(message.state == Message.State.HELD for message in messages):
        enclosed = Enclosure.objects.select_related("attachment").order_by("pk")
        prefetch_related_objects(list(messages), Prefetch("enclosures", enclosed, to_attr="files"))


def _statements(messages: Sequence[Message], mailbox: Mailbox) -> dict[uuid.UUID, str]:
    """Return the addresses of the statements of reasons on the mailbox's own messages; no query when there is none."""
    asked = [
        message.pk
        for message in messages
        if message.sender_id == mailbox.pk
        and (
            message.state != Message.State.DELIVERED
            or message.redacted_ciphertext
            or message.delivered_at
            or any(one.is_withheld for one in getattr(message, "files", []))
        )
    ]
    if not asked:
        return {}
    decisions = Decision.objects.filter(message_id__in=asked).order_by("pk").values_list("message_id", "pk")
    return {message_id: reverse("moderation:decision", args=[pk]) for message_id, pk in decisions}


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
) -> list[Shown]:
    """Return messages ready to be printed. Who wrote for a team is shown only to that team."""
    _add_files(thread, messages)
    statements = _statements(messages, mailbox)
    report_base = reverse("threads:detail", args=[thread.pk]) + "report/"
    today = timezone.localdate()
    is_team = mailbox.kind != Mailbox.Kind.BUYER
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
        enclosures: list[Enclosure] = getattr(message, "files", [])
        files = files_of(enclosures, mailbox=mailbox)
        shown.append(
            Shown(
                id=message.pk,
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
                statement_url=statements.get(message.pk, ""),
                delivered_late=_("Delivered on %(when)s") % {"when": told_fully(message.delivered_at)}
                if message.delivered_at
                else "",
                hidden_text=_hidden_text(message, mine=mine),
                report_url="" if mine else f"{report_base}{message.pk}/",
            )
        )
        last_day = day
    return shown
