"""The files of messages, ready to be shown: to the side that sent them in any state, to the other side once checked."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import OuterRef
from django.urls import reverse
from django.utils.translation import ngettext

from messagecenter.accounts.models import Mailbox
from messagecenter.attachments.models import Attachment
from messagecenter.attachments.shown import shown_file

from .gathered import Gathered, columns_of, revived, rows_in
from .models import Enclosure, Message

READY, REFUSED, EXPIRED = Attachment.State.READY, Attachment.State.REFUSED, Attachment.State.EXPIRED
_ENCLOSED, _ATTACHED = columns_of(Enclosure), columns_of(Attachment)


def gathered_files() -> Gathered:
    """Return what to annotate messages with as ``gathered_files``: their files, read in the messages' own statement."""
    enclosed = Enclosure.objects.filter(message=OuterRef("pk")).order_by("pk")
    return Gathered(enclosed, *_ENCLOSED, *columns_of(Attachment, "attachment__"))


def give_files(messages: Sequence[Message]) -> None:
    """Let messages that were annotated with ``gathered_files`` have them as ``files``."""
    for message in messages:
        message.files = [_enclosed(values) for values in rows_in(message.gathered_files)]  # type: ignore[attr-defined]


def _enclosed(values: Sequence[Any]) -> Enclosure:
    enclosure = revived(Enclosure, _ENCLOSED, values[: len(_ENCLOSED)])
    enclosure.attachment = revived(Attachment, _ATTACHED, values[len(_ENCLOSED) :])
    return enclosure


def files_of(enclosures: Iterable[Enclosure], *, mailbox: Mailbox) -> list[dict[str, Any]]:
    """Return the files that ``mailbox`` may see, with the addresses of what it may open."""
    return [
        _shown(one)
        for one in enclosures
        if one.attachment.mailbox_id == mailbox.pk
        or (one.attachment.state == READY and one.is_screened and not one.is_withheld)
    ]


def waiting_sentence(enclosures: Iterable[Enclosure], *, mailbox: Mailbox) -> str:
    """Return what the other side is told of files it may not see: how many, never their names."""
    theirs = [one for one in enclosures if one.attachment.mailbox_id != mailbox.pk]
    waiting = sum(
        one.attachment.state == Attachment.State.CHECKING or (one.attachment.state == READY and not one.is_screened)
        for one in theirs
    )
    refused = sum(one.attachment.state in (REFUSED, EXPIRED) or one.is_withheld for one in theirs)
    sentences = []
    if waiting:
        sentences.append(
            ngettext(
                "%(count)s file is still being checked and will appear here.",
                "%(count)s files are still being checked and will appear here.",
                waiting,
            )
            % {"count": waiting}
        )
    if refused:
        sentences.append(
            ngettext(
                "%(count)s file was not delivered: it did not pass the check.",
                "%(count)s files were not delivered: they did not pass the check.",
                refused,
            )
            % {"count": refused}
        )
    return " ".join(sentences)


def zip_url_of(message: Message, files: list[dict[str, Any]]) -> str:
    """Return the address of all files of a message as one zip, where there are two or more to open."""
    if sum(bool(file["url"]) for file in files) < 2:
        return ""
    return f"{reverse('threads:files_zip', args=[message.thread_id])}?message={message.pk}"


def file_url(thread_id: uuid.UUID, attachment_id: uuid.UUID, part: str = "") -> str:
    """Return the address of a file of a thread, or of its ``small`` or ``large`` preview."""
    return reverse(f"threads:file_{part}" if part else "threads:file", args=[thread_id, attachment_id])


def _shown(one: Enclosure) -> dict[str, Any]:
    shown = shown_file(one.attachment)
    can_open = shown["state"] != REFUSED
    has_preview = can_open and shown.get("has_preview")
    return shown | {
        "url": file_url(one.thread_id, one.attachment_id) if can_open else "",
        "small_url": file_url(one.thread_id, one.attachment_id, "small") if has_preview else "",
        "large_url": file_url(one.thread_id, one.attachment_id, "large") if has_preview else "",
        "is_withheld": one.is_withheld,
    }
