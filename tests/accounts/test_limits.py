"""Tries are counted per account and per address of the network, and the page says so."""

from __future__ import annotations

import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.test import Client, RequestFactory

from messagecenter.accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def guess(browser: Client, email: str, password: str = "wrong", **headers: str) -> int:
    """Try to sign in and return the status: 302 is in."""
    return browser.post("/accounts/login/", {"login": email, "password": password}, headers=headers).status_code


def test_many_requests_meet_the_429_page(client: Client, db: None) -> None:
    """One connection that resets passwords in bulk is stopped with our own page."""
    statuses = [
        client.post("/accounts/password/reset/", {"email": f"a{n}@else.example"}).status_code for n in range(20)
    ]
    response = client.post("/accounts/password/reset/", {"email": "b@else.example"})
    assert (set(statuses), response.status_code) == ({302}, 429)
    assert "Too many tries" in response.content.decode()


def test_guessing_at_one_account_is_stopped(buyer: User, other_buyer: User, settings: object) -> None:
    """After five wrong guesses from anywhere the right password does not help for a while; others are not touched."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(5):
        guess(Client(), buyer.email, **{"x-forwarded-for": f"203.0.113.{number}"})
    statuses = [
        guess(Client(), one.email, PASSWORD, **{"x-forwarded-for": "203.0.113.99"}) for one in (buyer, other_buyer)
    ]
    assert statuses == [200, 302]


def test_guessing_with_changing_host_header_is_stopped(buyer: User) -> None:
    """The port of the Host header gives no fresh five tries."""
    for number in range(5):
        guess(Client(), buyer.email, host=f"localhost:{9000 + number}")
    assert guess(Client(), buyer.email, PASSWORD, host="localhost:9999") == 200


def test_forged_forwarding_header_is_not_believed(client: Client, settings: object) -> None:
    """Without trusted proxies the header counts for nothing; with one, only what that proxy added."""
    request = RequestFactory().get("/", headers={"x-forwarded-for": "198.51.100.7, 203.0.113.5"})
    seen = []
    for count in (0, 1, 2, 3):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = count
        with context.request_context(request):
            seen.append(get_adapter().get_client_ip(request))
    assert seen == ["127.0.0.1", "203.0.113.5", "198.51.100.7", "127.0.0.1"]
