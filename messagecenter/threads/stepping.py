"""To the conversation before or after one without scripts: in the list it lies in, newest first."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from .access import standing_or_404
from .boxes import SORTS
from .filters import Wanted, narrowed
from .models import Entry, Place

BOXES_OF_PLACES = {Place.ARCHIVE: "archive", Place.TRASH: "trash"}


@require_GET
@never_cache
def thread_next(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Go to the conversation below this one; after the last, back to the list."""
    return _step(request, thread_id, "newest")


@require_GET
@never_cache
def thread_previous(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Go to the conversation above this one; before the first, back to the list."""
    return _step(request, thread_id, "oldest")


def _step(request: HttpRequest, thread_id: uuid.UUID, order: str) -> HttpResponse:
    standing = standing_or_404(request, thread_id)
    entry, sort = standing.entry, SORTS[order]
    box = BOXES_OF_PLACES.get(Place(entry.place), "inbox")
    folder = str(entry.folder_id) if entry.folder_id and box == "inbox" else ""
    wanted = Wanted(box=box, folder=folder)
    moment = wanted.view.moment
    mine = Entry.objects.visible_to(standing.person)
    beside = sort.apply(narrowed(mine, wanted, mailbox=standing.mailbox, reader=standing.person), moment)
    beyond = beside.filter(sort.after(sort.cursor(entry, moment), moment)).values_list("thread", flat=True)
    found = beyond.first()
    if found is not None:
        return redirect("threads:detail", found)
    query = wanted.as_query()
    return redirect(f"{reverse('threads:inbox')}?{query}" if query else reverse("threads:inbox"))
