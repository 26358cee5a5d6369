"""Open pages of a team say who looks at a thread and who writes in it, and hear of the colleagues."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from . import actions
from .access import standing_or_404
from .models import Presence

MOST_NAMED = 3


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required  # answers 401 itself: a script cannot use a redirect to the sign-in page
def here(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Take what the person does here (``doing``: viewing, writing, left) and say what colleagues do; by GET only that.

    A mailbox of one person hears 204.
    """
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    standing = standing_or_404(request, thread_id)
    if not standing.has_colleagues:
        return HttpResponse(status=204)
    person, mailbox, thread = standing.person, standing.mailbox, standing.entry.thread
    if request.method == "GET":
        return _told(actions.colleagues_at(by=person, mailbox=mailbox, thread=thread))
    doing = request.POST.get("doing", "")
    if doing == "left":
        actions.leave(by=person, mailbox=mailbox, thread=thread)
        return HttpResponse(status=204)
    if doing not in Presence.Doing.values:
        return JsonResponse({}, status=400)
    return _told(actions.attend(by=person, mailbox=mailbox, thread=thread, doing=doing))


def _told(others: list[Presence]) -> JsonResponse:
    """Return what colleagues do, in words."""
    return JsonResponse(
        {
            "viewing": _sentence([one for one in others if one.doing == Presence.Doing.VIEWING], is_writing=False),
            "writing": _sentence([one for one in others if one.doing == Presence.Doing.WRITING], is_writing=True),
        }
    )


def _sentence(present: list[Presence], *, is_writing: bool) -> str:
    """Return who of the team does this, in words; "" for nobody."""
    if not present:
        return ""
    names = [one.user.get_full_name() for one in present]
    if len(names) > MOST_NAMED:
        more = len(names) - MOST_NAMED + 1
        names = [*names[: MOST_NAMED - 1], ngettext("%(count)d more", "%(count)d more", more) % {"count": more}]
    told = {"names": get_text_list(names, _("and"))}
    if is_writing:
        return ngettext("%(names)s is writing an answer.", "%(names)s are writing an answer.", len(present)) % told
    return ngettext("%(names)s is here, too.", "%(names)s are here, too.", len(present)) % told
