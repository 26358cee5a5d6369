"""A thread on paper and to take along: a page for the printer, JSON and PDF, each as its reader may read it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from messagecenter.attachments.serving import as_download

from .access import Standing, standing_or_404, uuid_or_none
from .clock import told_fully
from .conversation import Shown
from .paper import Block, write_paper
from .transcript import MOST_ON_PAPER, Head, Part, as_data, head_of, message_as_data, part_on_paper, said_in


@require_GET
@never_cache
def thread_print(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Show a thread without anything around it, for the browser to print: 5,000 messages, the newest or ``before``."""
    standing = standing_or_404(request, thread_id)
    before = uuid_or_none(request.GET.get("before", ""))
    said = list(said_in(standing, most=MOST_ON_PAPER, before=before))
    part = part_on_paper(standing, before) if before or len(said) == MOST_ON_PAPER else None
    context = {
        "thread_id": thread_id,
        "head": head_of(standing),
        "messages_list": said,
        "part": None if part is None or part.is_all else part,
        "part_text": "" if part is None or part.is_all else _part_text(part),
        "printed": _printed(standing),
    }
    return render(request, "threads/print.html", context)


@require_GET
def thread_json(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponseBase:
    """Download a thread as JSON, all its messages, read while it is sent."""
    standing = standing_or_404(request, thread_id)
    head = head_of(standing)
    said = _in_the_readers_words(_lines(standing, head))
    response = StreamingHttpResponse(said, content_type="application/json; charset=utf-8")
    return _as_file(response, head, "json")


@require_GET
def thread_pdf(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponseBase:
    """Download a thread as PDF: its newest 5,000 messages, or those ``before`` one, in the reader's words and clock."""
    standing = standing_or_404(request, thread_id)
    head = head_of(standing)
    content = write_paper(
        _blocks(standing, head, uuid_or_none(request.GET.get("before", ""))),
        title=head.subject,
        language=translation.get_language() or "en",
        page_label=_("Page %(number)s"),
        note=_("Some characters cannot be printed as they should be. The export as JSON has all of them."),
    )
    return _as_file(HttpResponse(content, content_type="application/pdf"), head, "pdf")


def _as_file(response: HttpResponseBase, head: Head, ending: str) -> HttpResponseBase:
    """Make an answer a download that no cache keeps, named for the order."""
    name = _("Conversation %(about)s") % {"about": head.about}
    return as_download(response, f"{name.strip()}.{ending}")


def _printed(standing: Standing) -> str:
    """Return the line that says when this was made, for whom, in which clock's time."""
    words = {"when": told_fully(timezone.now()), "name": standing.mailbox.shown_name}
    zone = timezone.get_current_timezone_name()
    return _("As %(name)s read it on %(when)s (%(zone)s).") % {**words, "zone": zone}


def _lines(standing: Standing, head: Head) -> Iterator[str]:
    """Yield the JSON: one object, its messages a line each."""
    above = json.dumps(as_data(standing, head), ensure_ascii=False, indent=1)
    yield f'{above.removesuffix("}").rstrip()},\n "messages": ['
    between = "\n"
    for message in said_in(standing):
        yield f"{between}  {json.dumps(message_as_data(message), ensure_ascii=False)}"
        between = ",\n"
    yield "\n ]\n}\n"


def _in_the_readers_words(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines made in the language and time zone of now: the request's own are over when an answer is sent."""
    language, zone = translation.get_language() or "en", ZoneInfo(timezone.get_current_timezone_name())
    return _speaking(lines, language, zone)


def _speaking(lines: Iterable[str], language: str, zone: ZoneInfo) -> Iterator[str]:
    waiting = iter(lines)
    while True:
        kept = []
        # Switched for some lines at a time: between them the thread may belong to somebody else.
        with translation.override(language), timezone.override(zone):
            for line in waiting:
                kept.append(line)
                if len(kept) == 100:
                    break
        if not kept:
            return
        yield "".join(kept)


def _part_text(part: Part) -> str:
    """Return which messages these are."""
    words = {"first": part.first, "last": part.last, "total": part.total}
    return _("Messages %(first)s to %(last)s of %(total)s.") % {
        name: number_format(number, use_l10n=True, force_grouping=True) for name, number in words.items()
    }


def _blocks(standing: Standing, head: Head, before: uuid.UUID | None) -> Iterator[Block]:
    """Yield what is set on paper."""
    yield Block(head.subject, tag="H1", size=16, is_bold=True)
    people = _("%(own)s with %(other)s") % {"own": head.own_name, "other": head.other_name}
    yield Block(f"{people} · {head.topic}", space=4)
    for label, value in head.facts:
        yield Block(f"{label}: {value}", size=9)
    yield Block(_printed(standing), size=9, is_grey=True, space=4)
    part = part_on_paper(standing, before)
    if not part.is_all:
        yield Block(_part_text(part), size=9, is_bold=True, space=4)
    if part.has_earlier:
        yield Block(_("Earlier ones can be had from the page for printing, and all of them as JSON."), size=9)
    for message in said_in(standing, most=MOST_ON_PAPER, before=before):
        yield from _message_blocks(message)


def _message_blocks(message: Shown) -> Iterator[Block]:
    author = f" ({message.author_name})" if message.author_name else ""
    automatic = f" · {_('Automatic reply')}" if message.is_automatic else ""
    head = f"{message.sender_name}{author} · {message.when_full}{automatic}"
    yield Block(head, tag="H2", size=9, is_bold=True, space=14)
    if message.unreadable:
        yield Block(message.unreadable, is_grey=True, space=2)
    elif not message.is_empty:
        yield Block(message.text, space=2)
    if message.files:
        names = ", ".join(one["name"] for one in message.files)
        yield Block(_("Files: %(names)s") % {"names": names}, size=9, is_grey=True, space=2)
    notes = [message.files_waiting, message.state_text, message.delivered_late, message.hidden_text]
    for note in notes:
        if note:
            yield Block(note, size=9, is_grey=True, space=2)
