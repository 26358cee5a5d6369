"""A team writes internal notes on a thread and removes them."""

from __future__ import annotations

import uuid

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from . import actions
from .access import standing_or_404
from .fragments import is_fragment_for
from .models import Note
from .navigation import frame


@require_POST
@never_cache
def note_new(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Keep a note and go back to the thread; a script hears 204. A text that cannot be kept is given back."""
    standing = standing_or_404(request, thread_id)
    if not standing.has_colleagues:
        raise PermissionDenied(_("Internal notes are for mailboxes with more than one member."))
    is_fragment = is_fragment_for(request, "messages")
    typed = request.POST.get("note", "")
    try:
        note = actions.write_internal_note(
            by=standing.person, mailbox=standing.mailbox, thread=standing.entry.thread, body=typed
        )
    except ValidationError as error:
        if is_fragment:
            return HttpResponse(" ".join(error.messages), status=422, content_type="text/plain; charset=utf-8")
        context = {
            "thread_id": thread_id,
            "note_error": " ".join(error.messages),
            "note_text": typed,
            "note_most": Note.MOST_CHARACTERS,
            "may_note": True,
            "back_url": reverse("threads:detail", args=[thread_id]),
        }
        return render(request, "threads/note.html", context | frame(standing.membership, ""), status=422)
    if is_fragment:
        return HttpResponse(status=204)
    return redirect(f"{reverse('threads:detail', args=[thread_id])}#note-{note.pk}")


@require_POST
@never_cache
def note_remove(request: HttpRequest, thread_id: uuid.UUID, note_id: uuid.UUID) -> HttpResponse:
    """Remove a note of one's own, or as an owner anybody's."""
    standing = standing_or_404(request, thread_id)
    mine = Note.objects.visible_to(standing.person).filter(mailbox=standing.mailbox, thread=thread_id)
    note = mine.filter(pk=note_id).first()
    if note is None:
        raise Http404
    actions.remove_note(by=standing.person, note=note)
    if is_fragment_for(request, "messages"):
        return HttpResponse(status=204)
    flash.success(request, _("The note is removed."))
    return redirect("threads:detail", thread_id)
