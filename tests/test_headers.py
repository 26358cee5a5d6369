"""The headers every answer carries, asked of a production site in real processes: pages, files, refusals, stream."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.processes import Stack

pytestmark = pytest.mark.services

HOST = "messages.shop.example"
PASSWORD = "correct horse battery staple"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
}


class Site:
    """A production site behind a proxy that ends TLS, and the cookies of one who signed in there."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.cookies: SimpleCookie = SimpleCookie()
        stack.add_person("anna@buyer.example", PASSWORD)
        page = self.ask("/accounts/login/", as_user=False)
        self.cookies.load(page.headers["Set-Cookie"])
        fields = {
            "login": "anna@buyer.example",
            "password": PASSWORD,
            "csrfmiddlewaretoken": self.cookies["__Host-csrf"].value,
        }
        self.entered = self.ask("/accounts/login/", method="POST", body=urlencode(fields))
        for cookie in self.entered.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)

    def ask(
        self, path: str, *, as_user: bool = True, method: str = "GET", body: str | None = None, charset: str = "utf-8"
    ) -> HTTPResponse:
        """Return the answer; the stream's is not read to its end."""
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Referer": f"https://{HOST}/"}
        if body is not None:
            headers["Content-Type"] = f"application/x-www-form-urlencoded; charset={charset}"
        if as_user:
            headers["Cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
        connection = HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        connection.close()
        return response


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Gunicorn with the settings of production."""
    environment = {
        "SITE_URL": f"https://{HOST}",
        "SECRET_KEY": "s3cr3t-" * 9,
        "MESSAGE_KEYS": "1:" + base64.b64encode(bytes(range(32))).decode(),
        "ALLOWED_HOSTS": "localhost",
        "TRUSTED_PROXIES": "1",
        "WEB_WORKERS": "1",
    }
    folder = tmp_path_factory.mktemp("headers")
    with Stack("sqlite", folder, start=("web",), server="gunicorn", environment=environment) as stack:
        yield Site(stack)


@pytest.mark.parametrize(
    ("path", "as_user", "status"),
    [
        ("/messages/", True, 200),
        ("/accounts/login/", False, 200),
        ("/static/css/app.css", False, 200),
        ("/static/icons/icon.svg", False, 200),
        ("/", True, 302),
        ("/messages/", False, 302),
        ("/messages", True, 301),
        ("/nowhere/", True, 404),
        ("/manifest.webmanifest", False, 200),
        ("/sw.js", False, 200),
        ("/live/changes/", True, 200),
        ("/live/changes/", False, 401),
        ("/live/stream/", True, 200),
        ("/live/stream/", False, 401),
        ("/healthz", False, 200),
    ],
)
def test_every_answer_says_who_may_use_it_and_how(site: Site, path: str, as_user: bool, status: int) -> None:
    answer = site.ask(path, as_user=as_user)
    assert answer.status == status
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-" not in policy


def test_a_refused_charset_is_answered_with_all_headers(site: Site) -> None:
    answer = site.ask("/messages/", method="POST", body="a=b", charset="utf-7")
    assert answer.status == 400
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE


def test_a_request_without_tls_is_only_sent_on(site: Site) -> None:
    connection = HTTPConnection("127.0.0.1", site.stack.port, timeout=20)
    connection.request("GET", "/messages/", headers={"Host": HOST})
    answer = connection.getresponse()
    connection.close()
    expected = {name: None if name == "Strict-Transport-Security" else value for name, value in EVERYWHERE.items()}
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/messages/")
    assert {name: answer.headers.get(name) for name in expected} == expected


def test_cookies_stay_on_this_host_and_off_scripts(site: Site) -> None:
    flags = {
        name: (bool(morsel["secure"]), bool(morsel["httponly"]), morsel["samesite"], morsel["path"], morsel["domain"])
        for name, morsel in site.cookies.items()
        if name.startswith("__Host-")
    }
    assert flags == dict.fromkeys(["__Host-csrf", "__Host-session"], (True, True, "Lax", "/", ""))


@pytest.mark.parametrize(
    "path", ["/accounts/profile/", "/accounts/", "/accounts/email/", "/messages/", "/nowhere/", "/live/changes/"]
)
def test_what_a_signed_in_person_sees_is_never_kept(site: Site, path: str) -> None:
    assert "no-store" in site.ask(path).headers["Cache-Control"]


def test_the_answer_that_signs_in_is_never_kept(site: Site) -> None:
    assert site.entered.status == 302
    assert "no-store" in site.entered.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/static/css/app.css", "max-age=60, public"),
        ("/manifest.webmanifest", "public, max-age=3600"),
        ("/sw.js", "no-cache"),
    ],
)
def test_what_is_the_same_for_all_may_be_kept(site: Site, path: str, kept: str) -> None:
    assert site.ask(path).headers["Cache-Control"] == kept


def test_the_site_of_one_machine_promises_no_tls(tmp_path: Path) -> None:
    with Stack("sqlite", tmp_path, start=("web",)) as stack:
        for path in ("/accounts/login/", "/live/stream/"):
            connection = HTTPConnection("localhost", stack.port, timeout=20)
            connection.request("GET", path)
            answer = connection.getresponse()
            connection.close()
            assert answer.headers["Strict-Transport-Security"] is None
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
