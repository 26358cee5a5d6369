"""Files of a case, for those of support who read it: always downloads; each one is written down."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from messagecenter.attachments import content
from messagecenter.attachments.files_host import signed_file_url
from messagecenter.attachments.models import Attachment
from messagecenter.threads.files import serve_file
from support.actions import note_download

from .conversation import enclosures_in
from .door import Work, work_or_404

PARTS = {"small": content.SMALL, "large": content.LARGE}


@require_safe
def case_file(request: HttpRequest, number: str, attachment_id: uuid.UUID) -> HttpResponseBase:
    """Download a file of a case; where there is a host for files, the queue's people get it from there."""
    work = work_or_404(request, number)
    if not work.may_read:
        return redirect(work.url)
    row = _file_or_404(work, attachment_id)
    if request.method == "GET":
        note_download(by=work.person, case=work.case, attachment_id=row.pk)
    if settings.FILES_URL and work.membership is not None:
        url = signed_file_url(user_id=work.person.pk, attachment_id=row.pk, part=content.CONTENT)
        return HttpResponseRedirect(url, headers={"Cache-Control": "private, no-store"})
    return serve_file(request, row)


@require_safe
def case_preview(request: HttpRequest, number: str, attachment_id: uuid.UUID, part: str) -> HttpResponseBase:
    """Show a small or large preview, a picture of our own making."""
    work = work_or_404(request, number)
    if part not in PARTS or not work.may_read:
        raise Http404
    return serve_file(request, _file_or_404(work, attachment_id), PARTS[part])


def _file_or_404(work: Work, attachment_id: uuid.UUID) -> Attachment:
    """Return a file of the case. Foreign, missing and refused ones raise the same Http404."""
    one = enclosures_in(work.case).filter(attachment=attachment_id).select_related("attachment").first()
    if one is None:
        raise Http404
    return one.attachment
