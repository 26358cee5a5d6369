"""A whole case as one reader may read it: messages, what happened to it, calls and files, for paper or as text.

Both end with the SHA-256 of the plain text above, so that a copy can be checked with any program for it; what was
handed out is written down with that hash (``Step.Kind.DOWNLOADED``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.threads.clock import told_fully
from messagecenter.threads.conversation import Shown, show, with_all_shown
from messagecenter.threads.models import Message
from messagecenter.threads.paper import Block
from messagecenter.vault.errors import Unreadable

from .answers import ALONG, answers_of
from .catalogue import label_of, topic_label_of
from .listing import subject_of
from .models import Call, Case, Step
from .models.case import STATUS_LABELS
from .status_words import CHAT_STEPS
from .words import read_reason

AT_ONCE = 500  # messages read and decrypted together
MOST = 5_000  # messages in one transcript: the newest


@dataclass(frozen=True)
class Transcript:
    """What is handed out: its blocks for paper, its plain text, and the hash of that text's words."""

    title: str
    blocks: Sequence[Block]
    text: str
    sha256: str


def transcript_of(case: Case, *, reader: User, mailbox: Mailbox) -> Transcript:
    """Return a case as ``reader`` may read it for ``mailbox`` (the shop's, or the queue's), in the language of now.

    Of support's own steps and of internal notes there is nothing in it, whoever reads it: it may be passed on.
    """
    title = _("Case %(number)s") % {"number": case.shown_number}
    blocks = [*_head(case, title), *_events(case, reader, mailbox)]
    words = _as_text(blocks)
    sha256 = hashlib.sha256(words.encode()).hexdigest()
    end = _("SHA-256 of everything above this line (UTF-8): %(hash)s") % {"hash": sha256}
    whole = [*blocks, Block(end, size=8, is_grey=True, space=16)]
    return Transcript(title, whole, f"{words}{end}\n", sha256)


def _as_text(blocks: Sequence[Block]) -> str:
    """Return blocks as lines; headings have a line of their own and one above."""
    lines: list[str] = []
    for block in blocks:
        if block.tag != "P" and lines:
            lines.append("")
        lines.append(block.text)
    return "\n".join(lines) + "\n\n"


def _head(case: Case, title: str) -> Iterator[Block]:
    yield Block(f"{title}: {subject_of(case)}", tag="H1", size=16, is_bold=True)
    facts = [
        (_("Shop"), case.shop.shown_name),
        (_("Support"), case.queue.mailbox.shown_name),
        (_("Topic"), f"{topic_label_of(case.topic)}: {label_of(case.topic)}"),
        (_("Severity"), case.get_severity_display()),
        (_("Status"), capfirst(str(case.get_status_display()))),
        (_("Opened"), told_fully(case.opened_at)),
    ]
    if case.thread.order is not None:
        facts.append((_("Order"), case.thread.order.number))
    facts += _answers(case)
    for label, value in facts:
        yield Block(f"{label}: {value}", size=9)
    zone = timezone.get_current_timezone_name()
    made = _("Made on %(when)s; times are those of %(zone)s.") % {"when": told_fully(timezone.now()), "zone": zone}
    yield Block(made, size=9, is_grey=True, space=4)


def _answers(case: Case) -> list[tuple[str, str]]:
    """Return what the form asked, by the names of its fields."""
    return [(one.label, one.value) for one in answers_of(case) if one.key and one.key != ALONG and one.value]


def _events(case: Case, reader: User, mailbox: Mailbox) -> Iterator[Block]:
    """Yield messages, steps and calls in the order in which they happened."""
    happened: list[tuple[datetime, list[Block]]] = []
    for message, moment in _messages(case, reader, mailbox):
        happened.append((moment, list(_message(message))))
    for step in case.steps.filter(kind__in=sorted(Step.SHOWN)).order_by("pk"):
        happened.append((step.at, [_step(step)]))
    for call in case.calls.order_by("pk"):
        happened.append((call.booked_at, [_call(call)]))
    happened.sort(key=lambda one: one[0])
    for _moment, blocks in happened:
        yield from blocks


def _messages(case: Case, reader: User, mailbox: Mailbox) -> Iterator[tuple[Shown, datetime]]:
    """Yield the newest messages, oldest first, as the reader may read them, with their moments."""
    visible = with_all_shown(Message.objects.filter(thread=case.pk).visible_to(reader))
    newest = list(visible.order_by("-pk").values_list("pk", flat=True)[:MOST])[::-1]
    for begin in range(0, len(newest), AT_ONCE):
        found = list(visible.filter(pk__in=newest[begin : begin + AT_ONCE]).order_by("pk"))
        for message in found:
            message.thread = case.thread
        shown = show(case.thread, found, mailbox=mailbox)
        yield from zip(shown, (message.sent_at for message in found), strict=True)


def _message(message: Shown) -> Iterator[Block]:
    yield Block(f"{message.sender_name} · {message.when_full}", tag="H2", size=9, is_bold=True, space=14)
    if message.unreadable:
        yield Block(message.unreadable, is_grey=True, space=2)
    elif not message.is_empty:
        yield Block(message.text, space=2)
    for one in message.files:
        values = {"name": one["name"], "size": filesizeformat(one["size"])}
        yield Block(_("File: %(name)s (%(size)s)") % values, size=9, is_grey=True)
    for remark in (message.files_waiting, message.state_text, message.delivered_late, message.hidden_text):
        if remark:
            yield Block(remark, size=9, is_grey=True, space=2)


def _step(step: Step) -> Block:
    said = str(step.get_kind_display())
    if step.kind == Step.Kind.MOVED:
        said = f"{said}: {STATUS_LABELS.get(step.after, step.after)}"  # type: ignore[call-overload]
    elif step.kind == Step.Kind.CHAT:
        said = str(CHAT_STEPS.get(step.after, step.after))
    elif step.kind == Step.Kind.RATED:
        said = f"{said}: {step.after}/5"
    try:
        reason = read_reason(step)
    except Unreadable as error:
        reason = str(error.sentence)
    return Block(f"— {told_fully(step.at)} · {said}{f' ({reason})' if reason else ''}", size=9, is_grey=True, space=8)


def _call(call: Call) -> Block:
    when = told_fully(call.starts_at)
    state = _("it did not take place") if call.is_forgotten else call.get_state_display()
    said = _("Call-back on %(when)s: %(state)s") % {"when": when, "state": state}
    return Block(f"— {told_fully(call.booked_at)} · {said}", size=9, is_grey=True, space=8)
