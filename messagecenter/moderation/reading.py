"""What the desk reads once a reason is logged: the words with what was found in them, and the messages around them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.actions import disclose
from messagecenter.attachments.content import UNREADABLE_NOW
from messagecenter.attachments.models import Attachment, AttachmentDisclosure
from messagecenter.policy.models import Decision
from messagecenter.policy.rulebook import entry
from messagecenter.threads.actions import disclose_thread
from messagecenter.threads.models import Disclosure, Message, Thread
from messagecenter.threads.words import read_body, read_subject
from messagecenter.vault.errors import Unreadable

from .models import Report
from .statements import file_of_part, place_of, text_of_part
from .words import read_report

READING_MINUTES = 30  # how long one stated reason shows one thread's words to who stated it
BEFORE, AFTER = 10, 5
LINE_WIDTH = 80
EXCERPT = 400  # characters around what was found in a file
MOST_SHOWN = 50  # findings in a table, and excerpts from files; a long file can hold many of one kind
DISCLOSE_FILES = "attachments.disclose_attachment"


@dataclass(frozen=True)
class Piece:
    """A stretch of text; ``rules`` names what was found in it, empty for the rest."""

    text: str
    rules: str = ""


@dataclass(frozen=True)
class TextLine:
    """One line of a text and the number of its first character."""

    start: int
    pieces: list[Piece]


@dataclass(frozen=True)
class Said:
    """One message as the desk reads it."""

    sender: str
    kind: str
    sent_at: datetime | None
    text: str
    is_it: bool = False
    state: str = ""
    files: list[uuid.UUID] = field(default_factory=list)


@dataclass(frozen=True)
class Words:
    """What is shown after the reason was logged."""

    subject: list[TextLine]
    body: list[TextLine]
    files: list[tuple[str, list[TextLine]]]
    before: list[Said]
    after: list[Said]
    trouble: str | Promise = ""
    typed: str = ""
    shown: str = ""
    more_files: int = 0


@transaction.atomic
def disclose_words(*, by: User, thread: Thread, files: Iterable[Attachment], reason: str) -> Disclosure:
    """Log that ``by`` reads a thread, and those of its files in which something was found if they may open files.

    Raises PermissionDenied and ValueError as the two disclosures do.
    """
    made = disclose_thread(by=by, thread=thread, reason=reason)
    if by.has_perm(DISCLOSE_FILES):
        for one in files:
            disclose(by=by, attachment=one, reason=reason)
    return made


def open_disclosure(*, by: User, thread_id: uuid.UUID, disclosure_id: uuid.UUID | None) -> Disclosure | None:
    """Return the logged reading that an address names, if it is this person's, of this thread and still fresh."""
    if disclosure_id is None or not by.has_perm("threads.disclose_thread"):
        return None
    since = timezone.now() - timedelta(minutes=READING_MINUTES)
    return Disclosure.objects.filter(pk=disclosure_id, thread=thread_id, staff=by, read_at__gt=since).first()


def files_found(decision: Decision, message: Message | None) -> list[Attachment]:
    """Return the files of a message in which, or in whose names, something was found."""
    if message is None:
        return []
    keys = dict.fromkeys(one["part"] for one in decision.findings if one["part"].startswith("file"))
    found = (file_of_part(key, message) for key in keys)
    return list({one.pk: one for one in found if one is not None}.values())


def files_of_message(message: Message) -> list[Attachment]:
    """Return every file of a message, also those a blocked one did not send."""
    kept = [uuid.UUID(one) for one in message.unsent_files]
    sent = Attachment.objects.filter(enclosure__message=message)
    return [*sent.order_by("pk"), *Attachment.objects.filter(pk__in=kept, enclosure=None).order_by("pk")]


def words_about(decision: Decision, message: Message, by: User) -> Words:
    """Return what a decision is about, with the messages around it. Call it with a logged reading only."""
    try:
        typed = read_body(message)
        subject = read_subject(message.thread)
    except Unreadable as trouble:
        return Words([], [], [], [], [], trouble=trouble.sentence)
    found = [one for one in decision.findings if one["rule"] and one["action"] != "allow"]
    files, more_files = _files(found, message, by)
    return Words(
        subject=numbered(subject, [one for one in found if one["part"] == "subject"]),
        body=numbered(typed, [one for one in found if one["part"] == "body"]),
        files=files,
        before=_around(message, before=True),
        after=_around(message, before=False),
        typed=typed,
        more_files=more_files,
    )


def evidence_of(report: Report) -> tuple[Words, dict[str, Any]]:
    """Return the words frozen in a report, and the frozen facts. Call it with a logged reading only."""
    try:
        kept = json.loads(read_report(report, "evidence"))
    except Unreadable as trouble:
        return Words([], [], [], [], [], trouble=trouble.sentence), {}
    message = kept["message"]
    found = [one for decision in kept["decisions"] for one in decision["findings"]]
    found = [one for one in found if one["rule"] and one["action"] != "allow"]
    for decision in kept["decisions"]:
        decision["more"] = len(decision["findings"][MOST_SHOWN:])
        decision["findings"] = decision["findings"][:MOST_SHOWN]
    words = Words(
        subject=numbered(kept["subject"], [one for one in found if one["part"] == "subject"]),
        body=numbered(message["typed"], [one for one in found if one["part"] == "body"]),
        files=[],
        before=[_kept(one) for one in kept["before"]],
        after=[],
        typed=message["typed"],
        shown=message["shown"] if message["shown"] != message["typed"] else "",
    )
    return words, kept


def numbered(text: str, findings: Sequence[dict[str, Any]]) -> list[TextLine]:
    """Return a text in lines of at most 80 characters, each with its number, and with what was found marked.

    Lines end behind a word where there is one.
    """
    lines: list[TextLine] = []
    at = 0
    for written in text.split("\n") if text else []:
        start = 0
        while True:
            end = start + LINE_WIDTH
            end = (written.rfind(" ", start, end) + 1 or end) if end < len(written) else len(written)
            lines.append(TextLine(at + start, _pieces(text, at + start, at + end, findings)))
            if end == len(written):
                break
            start = end
        at += len(written) + 1
    return lines


def _pieces(text: str, start: int, end: int, findings: Sequence[dict[str, Any]]) -> list[Piece]:
    """Cut a stretch of text where something found begins or ends."""
    near = [one for one in findings if one["start"] < end and one["end"] > start]
    cuts = {start, end}
    for one in near:
        cuts |= {min(max(edge, start), end) for edge in (one["start"], one["end"])}
    ordered = sorted(cuts)
    pieces = []
    for left, right in pairwise(ordered):
        titles = [str(entry(one["rule"]).title) for one in near if one["start"] <= left and right <= one["end"]]
        pieces.append(Piece(text[left:right], ", ".join(dict.fromkeys(titles))))
    return pieces


def _files(found: list[dict[str, Any]], message: Message, by: User) -> tuple[list[tuple[str, list[TextLine]]], int]:
    """Return what was found in files this person has just opened with a reason: where, and the words around it.

    At most ``MOST_SHOWN`` of them, and how many there are beside these.
    """
    by_part: dict[str, set[tuple[int, int, str]]] = {}
    for one in found:
        if one["part"].startswith("file"):
            by_part.setdefault(one["part"], set()).add((one["start"], one["end"], one["rule"]))
    shown: list[tuple[str, list[TextLine]]] = []
    more = 0
    for part, spans in by_part.items():
        text = _file_text(part, message, by)
        if text is None:
            continue
        ordered = sorted(spans)
        room = MOST_SHOWN - len(shown)
        more += len(ordered[room:])
        for start, end, rule in ordered[:room]:
            first = max(start - EXCERPT // 2, 0)
            moved = {"start": start - first, "end": end - first, "rule": rule}
            shown.append((place_of(part), numbered(text[first : end + EXCERPT // 2], [moved])))
    return shown, more


def _file_text(part: str, message: Message, by: User) -> str | None:
    """Return the text of a file's part, or None: the file is gone or broken, or this person has not opened it."""
    attachment = file_of_part(part, message)
    if attachment is None or not by.has_perm(DISCLOSE_FILES):
        return None
    since = timezone.now() - timedelta(minutes=READING_MINUTES)
    if not AttachmentDisclosure.objects.filter(attachment=attachment, staff=by, read_at__gt=since).exists():
        return None
    try:
        return text_of_part(part, message)
    except (Unreadable, LookupError, *UNREADABLE_NOW):
        return None


def _around(message: Message, *, before: bool) -> list[Said]:
    """Return the messages before or after one in its thread, oldest first, whatever became of them."""
    others = Message.objects.filter(thread=message.thread_id).select_related("sender").prefetch_related("enclosures")
    if before:
        rows = list(others.filter(pk__lt=message.pk).order_by("-pk")[:BEFORE])[::-1]
    else:
        rows = list(others.filter(pk__gt=message.pk).order_by("pk")[:AFTER])
    return [_said(row) for row in rows]


def _said(message: Message) -> Said:
    try:
        text = read_body(message)
    except Unreadable as trouble:
        text = str(trouble.sentence)
    return Said(
        sender=message.sender.shown_name,
        kind=message.sender.get_kind_display(),
        sent_at=message.sent_at,
        text=text,
        state="" if message.state == Message.State.DELIVERED else message.get_state_display(),
        files=[one.attachment_id for one in message.enclosures.all()],
    )


def _kept(told: dict[str, Any]) -> Said:
    sender = Mailbox(kind=told["sender_kind"], name=told["sender_name"])
    return Said(
        sender=sender.shown_name,
        kind=sender.get_kind_display(),
        sent_at=parse_datetime(told["sent_at"]),
        text=told["typed"],
    )
