"""Pages of a thread's files: one, its preview, the gallery, all as a zip; each request asks anew who may."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from messagecenter.accounts.models import User
from messagecenter.attachments import content, store
from messagecenter.attachments.files_host import open_signed, signed_file_url
from messagecenter.attachments.inspection.limits import CONTENT_TYPES
from messagecenter.attachments.models import Attachment
from messagecenter.attachments.serving import Read, serve, serve_zip
from messagecenter.vault.errors import Unreadable

from .access import standing_or_404, uuid_or_none
from .clock import told_fully
from .enclosures import files_of
from .models import Enclosure
from .navigation import frame
from .words import read_subject

PAGE_FILES = 60
MOST_IN_ZIP = 500


@require_safe
def thread_file(request: HttpRequest, thread_id: uuid.UUID, attachment_id: uuid.UUID) -> HttpResponseBase:
    """Download a file of a thread; where there is a host for files, from there."""
    standing = standing_or_404(request, thread_id)
    row = _file_or_404(standing.person, attachment_id, thread_id)
    if settings.FILES_URL:
        url = signed_file_url(user_id=standing.person.pk, attachment_id=row.pk, part=content.CONTENT)
        return HttpResponseRedirect(url, headers={"Cache-Control": "private, no-store"})
    return serve_file(request, row)


@require_safe
def thread_preview(request: HttpRequest, thread_id: uuid.UUID, attachment_id: uuid.UUID, part: str) -> HttpResponseBase:
    """Show a small or large preview, a picture of our own making."""
    standing = standing_or_404(request, thread_id)
    row = _file_or_404(standing.person, attachment_id, thread_id)
    return serve_file(request, row, part)


@require_safe
@login_not_required
def file_on_its_host(request: HttpRequest, token: str) -> HttpResponseBase:
    """Download a file from the host for files: the address says who asked, and whether they may is asked again."""
    try:
        user_id, attachment_id, part = open_signed(token)
    except signing.BadSignature:
        raise Http404 from None
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None or part != content.CONTENT:
        raise Http404
    return serve_file(request, _file_or_404(person, attachment_id))


@require_safe
def thread_zip(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponseBase:
    """Download as one zip every file of a thread, or of one message of it, that the person may open, newest first."""
    standing = standing_or_404(request, thread_id)
    found = Enclosure.objects.visible_to(standing.person).openable().filter(thread=thread_id)
    if "message" in request.GET:
        found = found.filter(message=uuid_or_none(request.GET["message"]))
    found = found.select_related("attachment").order_by("-pk")[:MOST_IN_ZIP]
    files: list[tuple[str, int, Read]] = []
    missing: list[str] = []
    rows = [one.attachment for one in found]
    try:
        with ThreadPoolExecutor(8) as asking:
            there = list(asking.map(store.exists, [row.object_name for row in rows]))
        for row, is_there in zip(rows, there, strict=True):
            try:
                name, size, read = row.details.name, content.size_of(row), _reader(row)
            except (Unreadable, KeyError):
                continue  # erased
            if is_there:
                files.append((name, size, read))
            else:
                missing.append(name)
        if not files and not missing:
            raise Http404
        if missing or len(rows) == MOST_IN_ZIP:
            files.append(_left_out(missing, is_full=len(rows) == MOST_IN_ZIP))
        return serve_zip(request, name=_("Files.zip"), files=files)
    except content.UNREADABLE_NOW:
        return _cannot_be_read(request)


def _left_out(missing: list[str], *, is_full: bool) -> tuple[str, int, Read]:
    """Return a note for the zip about what is not in it."""
    lines = [_("These files cannot be read just now: %(names)s") % {"names": ", ".join(missing)}] if missing else []
    if is_full:
        lines.append(_("Only the newest %(count)s files are in here.") % {"count": MOST_IN_ZIP})
    words = "\n".join([*lines, ""]).encode()
    return _("Not included.txt"), len(words), lambda start, stop: iter([words[start:stop]])


@require_GET
@never_cache
def thread_gallery(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Show all files of a thread, the newest first."""
    standing = standing_or_404(request, thread_id)
    found = Enclosure.objects.visible_to(standing.person).filter(thread=thread_id)
    after = uuid_or_none(request.GET.get("after", ""))
    if after:
        found = found.filter(pk__lt=after)
    page = list(found.select_related("attachment", "message__sender").order_by("-pk")[: PAGE_FILES + 1])
    more = len(page) > PAGE_FILES
    page = page[:PAGE_FILES]
    files = []
    for one in page:
        for shown in files_of([one], mailbox=standing.mailbox):
            files.append(
                shown
                | {"sender_name": one.message.sender.shown_name, "when_text": told_fully(one.message.sent_at)}
                | {"message_url": f"{_thread_url(thread_id)}?message={one.message_id}#message-{one.message_id}"}
            )
    try:
        subject = read_subject(standing.entry.thread)
    except Unreadable as error:
        subject = str(error.sentence)
    context = {
        "thread_id": thread_id,
        "subject": subject,
        "other_name": standing.entry.other.shown_name,
        "back_url": _thread_url(thread_id),
        "files": files,
        "zip_url": reverse("threads:files_zip", args=[thread_id]) if len(files) > 1 else "",
        "next_url": f"?after={page[-1].pk}" if more else "",
    }
    return render(request, "threads/gallery.html", context | frame(standing.membership, ""))


def _thread_url(thread_id: uuid.UUID) -> str:
    return reverse("threads:detail", args=[thread_id])


def _file_or_404(person: User, attachment_id: uuid.UUID, thread_id: uuid.UUID | None = None) -> Attachment:
    """Return a file the person may open now. Foreign, missing and refused ones raise the same Http404."""
    found = Enclosure.objects.visible_to(person).openable().filter(attachment=attachment_id)
    if thread_id is not None:
        found = found.filter(thread=thread_id)
    one = found.select_related("attachment").first()
    if one is None:
        raise Http404
    return one.attachment


def _reader(row: Attachment, part: str = content.CONTENT) -> Read:
    """Return what reads a part later, when the request's database connection is gone: its details are open by then."""
    row.details  # noqa: B018 (opened now)
    return lambda start, stop: content.read(row, part, start, stop)


def serve_file(request: HttpRequest, row: Attachment, part: str = content.CONTENT) -> HttpResponseBase:
    """Answer with a file, always as a download, or a preview; who may have it is the caller's to ask."""
    try:
        if not content.has(row, part):
            raise Http404
        return serve(
            request,
            size=content.size_of(row, part),
            read=_reader(row, part),
            name=row.details.name if part == content.CONTENT else f"{part}.webp",
            content_type=CONTENT_TYPES[row.details.kind] if part == content.CONTENT else "image/webp",
            etag=f"{row.object_name}-{part}",
            inline=part != content.CONTENT,
        )
    except Unreadable:
        raise Http404 from None
    except content.UNREADABLE_NOW:
        return _cannot_be_read(request)


def _cannot_be_read(request: HttpRequest) -> HttpResponse:
    """Say that a file cannot be read now, on a page with a status a browser does not save as the file."""
    sentence = _("The file cannot be read just now. Please try again in a few minutes.")
    return render(request, "503.html", {"sentence": sentence}, status=503)
