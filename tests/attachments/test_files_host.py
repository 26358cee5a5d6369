"""The separate host for files answers with files only, and the site's host with none by address."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from messagecenter.attachments.files_host import files_host_middleware, open_signed, signed_file_url

SITE, FILES = "messages.shop.example", "files.shop-content.example"


@pytest.fixture(autouse=True)
def _two_hosts(settings: Any) -> None:
    settings.ALLOWED_HOSTS = [SITE, FILES]
    settings.FILES_URL = f"https://{FILES}"


def ask(host: str, path: str) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(repr((request.COOKIES, request.META.get("HTTP_COOKIE"))))
        response.set_cookie("session", "secret")
        return response

    request = RequestFactory().get(path, headers={"host": host, "cookie": "session=abc"})
    return files_host_middleware(view)(request)


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        (FILES, "/files/token/", 200),
        (FILES.upper(), "/files/token/", 200),
        (FILES, "/messages/", 404),
        (FILES, "/accounts/login/", 404),
        (FILES, "/admin/", 404),
        (FILES, "/", 404),
        (SITE, "/messages/", 200),
        (SITE, "/files/token/", 404),
        (f"{SITE}:443", "/files/token/", 404),
    ],
)
def test_each_host_has_its_own(host: str, path: str, status: int) -> None:
    assert ask(host, path).status_code == status


def test_without_a_file_host_there_is_no_such_address(settings: Any) -> None:
    settings.FILES_URL = ""
    assert ask(SITE, "/files/token/").status_code == 404
    assert ask(SITE, "/messages/").status_code == 200


def test_no_cookie_reaches_or_leaves_the_file_host() -> None:
    answer = ask(FILES, "/files/token/")
    assert answer.content == b"({}, None)"
    assert not answer.cookies
    assert ask(SITE, "/messages/").cookies["session"].value == "secret"


def test_an_address_holds_for_five_minutes_and_for_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    user, attachment = uuid4(), uuid4()
    url = signed_file_url(user_id=user, attachment_id=attachment, part="content")
    assert url.startswith(f"https://{FILES}/files/")
    token = url.removesuffix("/").rpartition("/")[2]
    assert open_signed(token) == (user, attachment, "content")
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + 299)
    assert open_signed(token) == (user, attachment, "content")
    monkeypatch.setattr(signing.time, "time", lambda: now + 301)
    with pytest.raises(signing.SignatureExpired):
        open_signed(token)


def test_a_changed_or_foreign_address_is_none() -> None:
    token = signed_file_url(user_id=uuid4(), attachment_id=uuid4(), part="content").removesuffix("/").rpartition("/")[2]
    changed = token[:10] + ("A" if token[10] != "A" else "B") + token[11:]
    for wrong in (changed, token[:-1], "", signing.dumps(["a", "b", "c"], salt="another")):
        with pytest.raises(signing.BadSignature):
            open_signed(wrong)
