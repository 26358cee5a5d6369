"""Turning notifications on and off: whose browser it is, what is no browser, and what is dropped on signing out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpRequest
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.push.actions import add_device
from messagecenter.push.labels import label_of
from messagecenter.push.models import MOST_DEVICES, Device
from messagecenter.push.subscriptions import checked, read
from tests.factories import PASSWORD
from tests.push.conftest import Browser, base64url

SignIn = Callable[[User], Client]
ADD = "/notifications/devices/"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def removing(device: Device) -> str:
    return f"{ADD}{device.pk}/remove/"


def test_a_browser_is_turned_on_and_off(signed_in: SignIn, buyer: User, firefox: Browser) -> None:
    client = signed_in(buyer)
    answer = client.post(ADD, firefox.fields, headers={"User-Agent": AGENT})
    assert answer.status_code == 201
    device = Device.objects.get()
    assert answer.json() == {"id": str(device.pk)}
    assert (device.person, device.label) == (buyer, "Firefox · Linux")
    assert read(device) == checked(**firefox.fields)
    cookie = client.cookies["device"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == (str(device.pk), True, "Lax")
    answer = client.post(removing(device), {"next": "/notifications/"})
    assert (answer.status_code, answer.url) == (302, "/notifications/")
    assert not Device.objects.exists()
    assert client.cookies["device"].value == ""


def test_turned_on_twice_it_is_one_device(signed_in: SignIn, buyer: User, firefox: Browser) -> None:
    client = signed_in(buyer)
    ids = {client.post(ADD, firefox.fields).json()["id"] for _ in range(2)}
    assert ids == {str(Device.objects.get().pk)}


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": ""},
        {"endpoint": "http://push.example.org/x"},
        {"endpoint": "https://127.0.0.1/x"},
        {"endpoint": "https://169.254.169.254/latest/"},
        {"endpoint": "https://redis:6379/"},
        {"endpoint": "javascript:alert(1)"},
        {"p256dh": ""},
        {"p256dh": "ÄÖ"},
        {"p256dh": base64url(b"\x04" + b"\x01" * 64)},
        {"p256dh": base64url(b"\x02" + b"\x01" * 32)},
        {"auth": base64url(b"short")},
        {"auth": "!"},
    ],
)
def test_what_is_no_subscription_is_not_kept(
    signed_in: SignIn, buyer: User, firefox: Browser, changes: dict[str, str]
) -> None:
    answer = signed_in(buyer).post(ADD, firefox.fields | changes)
    assert answer.status_code == 422
    assert answer.json()["sentence"] == "This browser cannot be told anything."
    assert not Device.objects.exists()


def test_a_person_has_at_most_twenty(signed_in: SignIn, buyer: User, other_buyer: User) -> None:
    def another(person: User) -> int:
        return signed_in(person).post(ADD, Browser(f"https://push.example.org/{new_id()}").fields).status_code

    assert {another(buyer) for _ in range(MOST_DEVICES)} == {201}
    assert another(buyer) == 422
    assert another(other_buyer) == 201
    assert Device.objects.filter(person=buyer).count() == MOST_DEVICES


def test_nobody_removes_somebody_elses(signed_in: SignIn, device: Device, other_buyer: User) -> None:
    """And a stranger cannot tell a foreign device from none."""
    client = signed_in(other_buyer)
    foreign = client.post(removing(device))
    missing = client.post(f"{ADD}{new_id()}/remove/")
    assert (foreign.status_code, missing.status_code) == (404, 404)
    # What differs is the form's own token and the address itself.
    assert len({re.sub(rb"[A-Za-z0-9]{64}|[0-9a-f-]{36}", b"", one.content) for one in (foreign, missing)}) == 1
    assert Device.objects.get() == device


def test_after_removing_it_leads_to_a_page_of_ours(signed_in: SignIn, device: Device, buyer: User) -> None:
    answer = signed_in(buyer).post(removing(device), {"next": "https://evil.example.org/"})
    assert answer.url == "/accounts/"


def test_a_stranger_is_asked_to_sign_in(db: None, firefox: Browser) -> None:
    assert Client().post(ADD, firefox.fields).url.startswith("/accounts/login/")
    assert not Device.objects.exists()


def test_signing_out_drops_this_browser_and_no_other(signed_in: SignIn, buyer: User, firefox: Browser) -> None:
    elsewhere = add_device(by=buyer, subscription=checked(**Browser("https://push.example.org/b").fields), label="")
    client = signed_in(buyer)
    client.post(ADD, firefox.fields)
    assert Device.objects.count() == 2
    client.post("/accounts/logout/")
    assert Device.objects.get() == elsewhere


def test_signing_out_drops_nobody_elses(signed_in: SignIn, device: Device, other_buyer: User) -> None:
    """Otto has written Anna's id into his cookie."""
    client = signed_in(other_buyer)
    client.cookies["device"] = str(device.pk)
    client.post("/accounts/logout/")
    assert Device.objects.get() == device


def test_a_new_password_drops_all_other_browsers(signed_in: SignIn, buyer: User, device: Device) -> None:
    client = signed_in(buyer)
    this = client.post(ADD, Browser("https://push.example.org/b").fields).json()["id"]
    new = "another horse, another battery"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/accounts/password/change/", fields).status_code == 302
    assert str(Device.objects.get().pk) == this


def test_closing_an_account_takes_its_devices_along(device: Device, buyer: User) -> None:
    buyer.delete()
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (AGENT, "Firefox · Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605.1.15", "Safari · macOS"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari · iPhone"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_called_by_its_name(agent: str, label: str) -> None:
    assert label_of(agent) == label


# --- The part of the page --------------------------------------------------------------------------------------------


def part(person: User, device_cookie: str = "") -> str:
    request: HttpRequest = RequestFactory().get("/notifications/")
    request.user = person
    request.COOKIES["device"] = device_cookie
    return Template("{% load push %}{% devices %}").render(RequestContext(request))


def test_the_part_lists_ones_own_browsers_only(
    device: Device, buyer: User, other_buyer: User, firefox: Browser
) -> None:
    page = part(buyer, str(device.pk))
    assert "Firefox · Linux (this browser)" in page
    assert f'data-device="{bytes(device.endpoint_hash).hex()}"' in page
    assert removing(device) in page
    for secret in firefox.fields.values():
        assert secret not in page
    assert "(this browser)" not in part(buyer)
    assert str(device.pk) not in part(other_buyer, str(device.pk))


def test_the_part_says_when_push_is_not_set_up(buyer: User, settings: Settings) -> None:
    assert "data-turn-on" in part(buyer)
    settings.PUSH_KEY = ""
    page = part(buyer)
    assert "data-turn-on" not in page
    assert "push.js" not in page
    assert "not set up" in page


def test_the_part_asks_once_for_one_device_and_for_many(device: Device, buyer: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            part(buyer)
        return len(captured)

    one = asked()
    for number in range(8):
        fields = Browser(f"https://push.example.org/{number}").fields
        add_device(by=buyer, subscription=checked(**fields), label="Firefox")
    assert asked() == one == 1


def test_the_service_worker_shows_pushes_and_is_asked_for_each_time(client: Client) -> None:
    answer = client.get("/sw.js")
    assert answer["Content-Type"] == "text/javascript"
    assert "no-cache" in answer["Cache-Control"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    script = answer.content.decode()
    assert re.findall(r'addEventListener\("(\w+)"', script) == [
        "install",
        "activate",
        "fetch",
        "push",
        "notificationclick",
    ]
