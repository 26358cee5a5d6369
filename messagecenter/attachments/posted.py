"""What a form brought along: ids of uploads made before and, from a page without JavaScript, the files themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from messagecenter.accounts.models import Mailbox, User

from .actions import upload
from .checking import check_total, size_facts
from .inspection.limits import MOST_BYTES
from .inspection.refusal import Refusal
from .models import Attachment
from .reasons import sentence, sentence_of
from .receiving import cut_size
from .store import StoreDown

FIELD = "attachments"
DROP = "drop"


@dataclass
class Brought:
    """The uploads a form names, its own files among them, and a sentence for each file that was not accepted."""

    ids: list[UUID] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    is_cut: bool = False


def names_files(request: HttpRequest) -> bool:
    """Whether a form brought any file or upload along, accepted or not."""
    return bool(request.POST.getlist(FIELD) or request.FILES.getlist(FIELD))


def bring(request: HttpRequest, *, by: User, mailbox: Mailbox) -> Brought:
    """Take in what a form brought along for ``mailbox``: each file is checked and kept, so that none is sent up twice.

    One bad file spoils neither the others nor the text. What the whole message may hold is checked when it is sent.
    """
    dropped = request.POST.getlist(DROP)
    brought = Brought(ids=[key for key in uuids_in(request.POST.getlist(FIELD)) if str(key) not in dropped])
    size = cut_size(request)
    if size is not None:
        brought.is_cut = True
        brought.errors.append(sentence("total_too_large", **size_facts(size, MOST_BYTES)))
        return brought
    files = [file for file in request.FILES.getlist(FIELD) if file.name or file.size]
    body = request.POST.get("body", "").replace("\r\n", "\n").replace("\r", "\n").strip()  # as it will be sent
    try:
        check_total(len(body.encode(errors="replace")), [0] * len(brought.ids) + [file.size or 0 for file in files])
    except Refusal as refusal:
        brought.errors.append(sentence_of(refusal, ""))
        return brought
    for file in files:
        try:
            row = upload(by=by, mailbox=mailbox, name=file.name or "", plain=file.read())
        except Refusal as refusal:
            brought.errors.append(sentence_of(refusal, ""))
        except StoreDown:
            brought.errors.append(_("A file could not be kept just now. Please choose it again in a moment."))
        else:
            if row.state == Attachment.State.REFUSED:
                brought.errors.append(refused_sentence(row))
            else:
                brought.ids.append(row.pk)
    return brought


def refused_sentence(row: Attachment) -> str:
    """Return why a file was refused, for the one who sent it. Raises Unreadable."""
    return sentence(row.reason, name=row.details.name, **row.details.facts)


def uuids_in(values: list[str]) -> list[UUID]:
    """Return the ids a browser sent, each once, in their order."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue  # what is no id names no upload; an empty file field without JavaScript sends one such
    return list(dict.fromkeys(found))
