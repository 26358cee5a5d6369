"""Live chats at the desk: open pages hear who waits and how a case's chat stands, and say what one does there."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from support.chatting import heard
from support.numbers import NotACaseNumber, read

from .chatted import bar_of, open_chats
from .door import work_or_404


@require_safe
def chats(request: HttpRequest) -> HttpResponse:
    """Show who waits in a live chat and one's own chats, as part of a page; beside a case (``but``) in a line."""
    try:
        but = read(request.GET["but"]) if "but" in request.GET else ""
    except NotACaseNumber:
        raise Http404 from None
    return TemplateResponse(request, "admin/support/_chats.html", {"chats": open_chats(request, but=but)})


@require_http_methods(["GET", "HEAD", "POST"])
def case_chat(request: HttpRequest, number: str) -> HttpResponse:
    """Show how a case's chat stands; a POST says what one does at its page (``doing``).

    Only who has the chat is heard by the seller; anybody else's page just looks.
    """
    work = work_or_404(request, number)
    if not work.may_read:
        raise Http404
    if (answer := heard(request, work.case)) is not None:
        return answer
    context = {"case": work.case, "chat": bar_of(work)}
    return TemplateResponse(request, "admin/support/_chat.html", context)
