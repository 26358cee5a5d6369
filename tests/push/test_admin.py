"""Staff see whose browsers are told, and take one off for a stated reason; never where it is reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from messagecenter.accounts.models import User
from messagecenter.push.models import Device
from tests.push.conftest import Browser

SignIn = Callable[[User], Client]
URL = "/admin/push/device/"


def removing(device: Device, reason: str) -> dict[str, object]:
    return {"action": "remove", "_selected_action": [str(device.pk)], "reason": reason}


def test_staff_see_whose_it_is_and_never_where_it_is_reached(
    device: Device, firefox: Browser, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    for path in (URL, f"{URL}?q=anna@buyer.example", f"{URL}{device.pk}/change/"):
        page = client.get(path).content.decode()
        assert "Firefox · Linux" in page
        for secret in (*firefox.fields.values(), bytes(device.endpoint_hash).hex(), "ciphertext"):
            assert secret not in page
    assert "Firefox" not in client.get(f"{URL}?q=otto@buyer.example").content.decode()


def test_a_browser_is_removed_for_a_reason_that_is_kept(device: Device, admin: User, signed_in: SignIn) -> None:
    page = signed_in(admin).post(URL, removing(device, " Lost phone, case 12 "), follow=True)
    assert "1 browser is told no more." in page.content.decode()
    assert not Device.objects.exists()
    entry = LogEntry.objects.get(object_id=str(device.pk))
    assert (entry.user, entry.change_message) == (admin, "remove: Lost phone, case 12")


def test_without_a_reason_nothing_is_done(device: Device, admin: User, signed_in: SignIn) -> None:
    page = signed_in(admin).post(URL, removing(device, "  "), follow=True)
    assert "please state a reason" in page.content.decode()
    assert (Device.objects.count(), LogEntry.objects.count()) == (1, 0)


@pytest.mark.parametrize("who", ["supporter", "buyer"])
def test_others_can_neither_look_nor_remove(
    who: str, device: Device, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.get(URL).status_code == 403
    client.post(URL, removing(device, "because"))
    assert Device.objects.exists()
