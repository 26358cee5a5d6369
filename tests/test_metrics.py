"""What monitoring is told, and who may ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from messagecenter.ids import new_id
from messagecenter.inbound.models import RawMail
from messagecenter.notices.models import Notice
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_figures_say_how_far_behind_it_is(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "s3cret"
    user = UserFactory()
    fresh = {"kind": "new_message", "recipient": user, "target_id": user.pk}
    now = timezone.now()
    Notice.objects.create(subject_id=new_id(), next_at=now - timedelta(seconds=300), **fresh)
    Notice.objects.create(subject_id=new_id(), next_at=now + timedelta(hours=8), **fresh)
    for _ in range(3):
        Notice.objects.create(subject_id=new_id(), state="failed", **fresh)
    RawMail.objects.create(dedupe_key=b"q" * 32, size_bytes=1, state="quarantined")
    answer = client.get("/metrics", headers={"Authorization": "Bearer s3cret"})
    lines = [line.split(" ") for line in answer.content.decode().splitlines() if not line.startswith("#")]
    told = {name: float(value) for name, value in lines}
    assert 299 <= told.pop("messagecenter_notices_oldest_due_seconds") <= 330
    assert {name.removeprefix("messagecenter_"): value for name, value in told.items()} == {
        "notices_due": 1,
        "notices_later": 1,
        "notices_failed": 3,
        "inbound_received": 0,
        "inbound_quarantined": 1,
    }
    assert "@" not in answer.content.decode()


@pytest.mark.parametrize(("token", "shown"), [("", ""), ("", "Bearer "), ("s3cret", "Bearer wrong"), ("s3cret", "")])
def test_who_cannot_show_the_token_finds_no_page(client: Client, settings: Settings, token: str, shown: str) -> None:
    settings.METRICS_TOKEN = token
    answer = client.get("/metrics", headers={"Authorization": shown})
    assert (answer.status_code, b"messagecenter_" in answer.content) == (404, False)
