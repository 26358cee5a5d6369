"""How files are told to people: name, kind, size, previews, state."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messagecenter.accounts.models import Mailbox, User
from messagecenter.vault.errors import Unreadable

from . import content
from .models import Attachment
from .posted import refused_sentence

NOTES = {
    "metadata_kept_signed": gettext_lazy("The document is signed, so its metadata (such as author) stays in it."),
    "metadata_kept": gettext_lazy("Metadata of the document (such as author) could not be removed."),
}


def shown_file(row: Attachment) -> dict[str, Any]:
    """Return what is shown of a file whoever sees it: id, name, kind, size, state, measures and the notes on it.

    A file whose details cannot be opened is shown without a name.
    """
    try:
        details = row.details
    except Unreadable as error:
        return {"id": row.pk, "name": str(error.sentence), "kind": "", "size": row.size_bytes, "state": "refused"}
    return {
        "id": row.pk,
        "name": details.name,
        "kind": details.kind,
        "size": row.size_bytes,
        "size_text": filesizeformat(row.size_bytes),
        "state": "refused" if row.state == Attachment.State.EXPIRED else row.state,
        "width": details.width,
        "height": details.height,
        "pages": details.pages,
        "pages_text": ngettext("%(count)s page", "%(count)s pages", details.pages) % {"count": details.pages},
        "note": " ".join(str(NOTES[note]) for note in details.notes if note in NOTES),
        "reason": refused_sentence(row) if row.reason else "",
        "has_preview": content.SMALL in details.parts,
        "alt": _("Picture: %(name)s") % {"name": details.name},
    }


def shown_upload(row: Attachment) -> dict[str, Any]:
    """Return what its uploader is shown of an upload that was not sent yet."""
    shown = shown_file(row)
    has_preview = shown.get("has_preview")
    return shown | {"small_url": reverse("attachments:small", args=[row.pk]) if has_preview else ""}


def kept_uploads(person: User, mailbox: Mailbox, ids: list[UUID]) -> list[dict[str, Any]]:
    """Return what a form shows of uploads that can still be sent, in the order of ``ids``."""
    found = Attachment.objects.visible_to(person).filter(mailbox=mailbox, pk__in=ids).sendable()
    rows = {row.pk: row for row in found}
    return [shown_upload(rows[key]) for key in ids if key in rows]
