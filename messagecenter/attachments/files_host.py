"""The separate host for files: addresses of five minutes, without cookies, and nothing else answered there."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseNotFound
from django.http.response import HttpResponseBase

PATH = "/files/"  # followed by the token and a slash
SECONDS = 300
SALT = "messagecenter.attachments.files_host"


def signed_file_url(*, user_id: UUID, attachment_id: UUID, part: str) -> str:
    """Return an address on the file host that shows one part of a file to one person, for five minutes.

    It only says who asked for what: the view behind it checks again whether that person may.
    """
    token = signing.dumps([str(user_id), str(attachment_id), part], salt=SALT)
    return f"{settings.FILES_URL}{PATH}{token}/"


def open_signed(token: str) -> tuple[UUID, UUID, str]:
    """Return (user id, attachment id, part) of a token. Raises signing.BadSignature when it is forged or too old."""
    user_id, attachment_id, part = signing.loads(token, salt=SALT, max_age=SECONDS)
    return UUID(user_id), UUID(attachment_id), part


def on_files_host(request: HttpRequest) -> bool:
    """Return whether a request came to the file host, and there is one."""
    host = urlsplit(settings.FILES_URL).netloc
    return bool(host) and request.get_host().lower() == host.lower()


def files_host_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Keep the two hosts apart: no page on the one, no file by address on the other, and no cookie on the former.

    It stands before whatever reads or sets cookies.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        here = on_files_host(request)
        if here != request.path_info.startswith(PATH):
            return HttpResponseNotFound("Not found.\n", content_type="text/plain; charset=utf-8")
        if not here:
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        request.COOKIES = {}
        response = get_response(request)
        response.cookies.clear()
        return response

    return answer
