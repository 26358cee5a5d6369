"""Staff see which shop's webhooks fail, and switch one off for a stated reason; never its address or secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import translation

from messagecenter.accounts.models import User
from messagecenter.webhooks.actions import change_endpoint
from messagecenter.webhooks.models import Endpoint
from messagecenter.webhooks.reasons import REASONS, shown
from tests.receiver import Receiver

SignIn = Callable[[User], Client]
URL = "/admin/webhooks/endpoint/"


def switching_off(endpoint: Endpoint, reason: str) -> dict[str, object]:
    return {"action": "switch_off", "_selected_action": [str(endpoint.pk)], "reason": reason}


def test_staff_see_its_state_and_never_its_address_or_secret(
    endpoint: Endpoint, secret: str, receiver: Receiver, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    for path in (URL, f"{URL}?q=Nordlicht Lampen", f"{URL}{endpoint.pk}/change/"):
        page = client.get(path).content.decode()
        assert "Nordlicht Lampen" in page
        for hidden in (secret, receiver.host_and_port, "from=shop", "ciphertext"):
            assert hidden not in page
    assert "New messages, Answers that are due soon" in page


def test_it_is_switched_off_for_a_reason_and_its_owner_sees_by_whom(
    endpoint: Endpoint, receiver: Receiver, admin: User, seller: User, signed_in: SignIn
) -> None:
    page = signed_in(admin).post(URL, switching_off(endpoint, "It floods a third party"), follow=True)
    assert "1 webhook is off." in page.content.decode()
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.paused_reason) == (False, "staff")
    entry = LogEntry.objects.get(object_id=str(endpoint.pk))
    assert (entry.user, entry.change_message) == (admin, "switch_off: It floods a third party")
    assert "the marketplace’s staff switched it off" in signed_in(seller).get("/settings/webhooks/").content.decode()

    # Twice is once, and its owner can have it told again.
    signed_in(admin).post(URL, switching_off(endpoint, "Again"))
    assert LogEntry.objects.count() == 1
    change_endpoint(by=seller, endpoint=endpoint, url=receiver.url, topics=["message"], is_active=True)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.paused_reason) == (True, "")


def test_without_a_reason_nothing_is_done(endpoint: Endpoint, admin: User, signed_in: SignIn) -> None:
    page = signed_in(admin).post(URL, switching_off(endpoint, ""), follow=True)
    assert "please state a reason" in page.content.decode()
    endpoint.refresh_from_db()
    assert (endpoint.is_active, LogEntry.objects.count()) == (True, 0)


@pytest.mark.parametrize("who", ["supporter", "seller"])
def test_others_can_neither_look_nor_switch_off(
    who: str, endpoint: Endpoint, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.get(URL).status_code == 403
    client.post(URL, switching_off(endpoint, "because"))
    endpoint.refresh_from_db()
    assert endpoint.is_active


@pytest.mark.parametrize(
    ("reason", "german"),
    [
        ("it answered 503", "die Antwort war 503"),
        ("it answered 410: gone for good", "die Antwort war 410: für immer weg"),
        ("no connection (ConnectionRefusedError)", "keine Verbindung (ConnectionRefusedError)"),
        ("no answer within 10 s", "keine Antwort innerhalb von 10 s"),
        ("the address is not public", "die Adresse ist nicht öffentlich"),
        ("something new", "something new"),
        ("", ""),
    ],
)
def test_the_log_says_why_in_the_readers_language(reason: str, german: str) -> None:
    with translation.override("en"):
        assert shown(reason) == reason
    with translation.override("de"):
        assert shown(reason) == german


def test_every_reason_has_german_words() -> None:
    with translation.override("de"):
        assert [one for one in REASONS if shown(one) == one] == []
