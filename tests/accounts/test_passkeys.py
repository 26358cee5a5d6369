"""Passkeys in a real Chromium under our Content-Security-Policy: enrolling, signing in, second factor, a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from messagecenter.accounts.models import User
from tests.factories import PASSWORD, UserFactory

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="no Chromium: passkeys were not tried"),
]


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A browser of our own; its event loop must not keep Django from the database."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def enter(page: Page, url: str, **values: str) -> None:
    """Open a page, fill its form and send it."""
    page.goto(url)
    for name, value in values.items():
        page.fill(f"[name={name}]", value)
    page.click("main form.form button[type=submit]")


def sign_out(page: Page, site: str) -> None:
    """Leave, so that the sign-in page is next."""
    page.goto(f"{site}/accounts/logout/")
    page.click("main button[type=submit]")
    page.wait_for_url(f"{site}/accounts/login/")


def test_passkey_is_enrolled_and_signs_in(chromium: Browser, live_server: LiveServer) -> None:
    """The whole life of a passkey; the browser complains about nothing on any of these pages."""
    user: User = UserFactory.create(email="anna@buyer.example")
    site, page = live_server.url, chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    phone = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device = devices.send("WebAuthn.addVirtualAuthenticator", {"options": phone})["authenticatorId"]

    enter(page, f"{site}/accounts/login/?next=/accounts/", login=user.email, password=PASSWORD)
    page.wait_for_url(f"{site}/accounts/")
    enter(page, f"{site}/accounts/2fa/webauthn/add/", password=PASSWORD)
    page.wait_for_url(f"{site}/accounts/2fa/webauthn/add/")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(f"{site}/accounts/2fa/recovery-codes/")
    assert sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True)) == [
        "recovery_codes",
        "webauthn",
    ]
    for path in ("", "webauthn/", "totp/activate/"):
        page.goto(f"{site}/accounts/2fa/{path}")
    assert page.eval_on_selector("img.qr", "image => image.naturalWidth > 0") is True

    sign_out(page, site)
    page.goto(f"{site}/accounts/login/?next=/accounts/profile/")
    page.click("#passkey_login")
    page.wait_for_url(f"{site}/accounts/profile/")

    sign_out(page, site)
    enter(page, f"{site}/accounts/login/?next=/accounts/profile/", login=user.email, password=PASSWORD)
    page.wait_for_url(f"{site}/accounts/2fa/authenticate/")
    page.click("#mfa_webauthn_authenticate")
    page.wait_for_url(f"{site}/accounts/profile/")

    sign_out(page, site)
    devices.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.click("#passkey_login")
    page.wait_for_selector("#passkey-problem:not([hidden])")
    assert page.inner_text("#passkey-problem").startswith("The passkey was not used")
    assert complaints == []
