"""The local outbox: shows the mails of the embedded default, to a browser on the same machine only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import wraps

from csp.constants import NONE, SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from messagecenter.mail.outbox import names, path_of

BACKEND = "messagecenter.mail.outbox.OutboxBackend"
LINK = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")
SHOWN = 100
# The mail's own page: styles written in it and nothing else; links open in the page around it.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": [SELF],
    "form-action": [NONE],
    "base-uri": [NONE],
    "sandbox": ["allow-top-navigation-by-user-activation", "allow-popups", "allow-popups-to-escape-sandbox"],
}
View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Mail:
    """One mail as the outbox shows it."""

    name: str
    to: str
    subject: str
    written_at: datetime | None
    text: str
    html: str


def _local_only(view: View) -> View:
    """Answer 404 in production, without the outbox backend, and to other machines (also behind a proxy)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
        if not settings.EMBEDDED or settings.EMAIL_BACKEND != BACKEND or forwarded or not _is_loopback(request):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _is_loopback(request: HttpRequest) -> bool:
    """Return whether the request came from this machine."""
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@login_not_required
@require_GET
@never_cache
@_local_only
def mail_list(request: HttpRequest) -> HttpResponse:
    """List the newest mails."""
    mails = [mail for name in names()[:SHOWN] if (mail := _read(name)) is not None]
    return render(request, "outbox/list.html", {"mails": mails, "shown": SHOWN})


@login_not_required
@require_GET
@never_cache
@csp_update({"frame-src": [SELF]})
@_local_only
def mail_detail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one mail: its text with links to follow, and its HTML in a frame."""
    mail = _mail_or_404(name)
    return render(request, "outbox/detail.html", {"mail": mail, "text": _with_links(mail.text)})


@login_not_required
@require_GET
@never_cache
@xframe_options_sameorigin
@csp_replace(MAIL_POLICY)
@_local_only
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """Give the HTML part of one mail for the frame; its policy lets no script, form or foreign picture through."""
    return HttpResponse(_mail_or_404(name).html)


def _mail_or_404(name: str) -> Mail:
    mail = _read(name)
    if mail is None:
        raise Http404
    return mail


def _read(name: str) -> Mail | None:
    """Return the mail of this name, or None when there is none or it has just been removed."""
    try:
        content = path_of(name).read_bytes()
    except (ValueError, FileNotFoundError):
        return None
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(content)
    date = message["Date"]
    return Mail(
        name=name,
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        written_at=date.datetime if date is not None else None,
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    """Return the text of the mail's plain or HTML part."""
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""


def _with_links(text: str) -> SafeString:
    """Return the text, escaped, with its web addresses as links."""
    pieces = ((piece, bool(LINK.fullmatch(piece))) for piece in LINK.split(text))
    return format_html_join(
        "",
        "{}",
        ((format_html('<a href="{}">{}</a>', piece, piece) if is_link else piece,) for piece, is_link in pieces),
    )
