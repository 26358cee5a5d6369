"""A case to keep: its transcript as PDF and as plain text."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from messagecenter.accounts.acting import person_of
from messagecenter.attachments.serving import as_download
from messagecenter.threads.paper import Block, write_paper

from . import actions
from .access import case_or_404
from .lifecycle import Actor
from .transcript import Transcript, transcript_of

ENDINGS = {"pdf": "application/pdf", "txt": "text/plain; charset=utf-8"}


@require_GET
@never_cache
def case_transcript(request: HttpRequest, number: str, ending: str) -> HttpResponse:
    """Download a case of the person's shop; it is written down with the transcript's hash."""
    if ending not in ENDINGS:
        raise Http404
    case = case_or_404(request, number)
    made = transcript_of(case, reader=person_of(request), mailbox=case.shop)
    actions.note_transcript(by=person_of(request), case=case, actor=Actor.SELLER, sha256=made.sha256)
    return as_file(made, f"{case.shown_number}.{ending}", ending)


def as_file(made: Transcript, name: str, ending: str) -> HttpResponse:
    """Return a transcript as a download that no cache keeps."""
    content = paper_of(made, name.rpartition(".")[0]) if ending == "pdf" else made.text.encode()
    return as_download(HttpResponse(content, content_type=ENDINGS[ending]), name)


def paper_of(made: Transcript, name: str) -> bytes:
    """Return a transcript as a PDF that has its own plain text enclosed: by that its hash can be checked."""
    file = f"{name}.txt"
    said = _("The words it was made of are enclosed in this PDF as %(file)s: they can be checked there.")
    return write_paper(
        [*made.blocks, Block(said % {"file": file}, size=8, is_grey=True, space=4)],
        enclosed={file: made.text.encode()},
        title=made.title,
        language=translation.get_language() or "en",
        page_label=_("Page %(number)s"),
        note=_("Some characters cannot be printed as they should be. The plain text has all of them."),
    )
