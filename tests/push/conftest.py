"""A browser that subscribed, its push service, and a notice for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_django import Settings

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices.kinds import Brief
from messagecenter.notices.models import Notice
from messagecenter.push.actions import add_device
from messagecenter.push.models import Device
from messagecenter.push.subscriptions import checked
from tests.receiver import Receiver

BRIEF = Brief("New message", "Order 302-1, Zoë’s shop 🛒", "/messages/1/#message-2", "message.created", {"thread": "1"})


def base64url(data: bytes) -> str:
    """Return bytes as browsers write them."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Browser:
    """What a browser keeps of its subscription, and can read with it."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = b"sixteen bytes!!!"

    @property
    def fields(self) -> dict[str, str]:
        """What it sends to the site."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "p256dh": base64url(point), "auth": base64url(self.secret)}

    def read(self, body: bytes) -> dict[str, Any]:
        """Return what a push says."""
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        return dict(json.loads(plain))


@pytest.fixture
def service(settings: Settings) -> Iterator[Receiver]:
    """A push service."""
    with Receiver(status=201) as server:
        settings.EGRESS_ALLOW = [server.host_and_port]
        yield server


@pytest.fixture
def firefox(service: Receiver) -> Browser:
    """Anna's browser."""
    return Browser(f"http://{service.host_and_port}/send/Zimtstern-token")


@pytest.fixture
def device(buyer: User, firefox: Browser) -> Device:
    """The same, as the site knows it."""
    return add_device(by=buyer, subscription=checked(**firefox.fields), label="Firefox · Linux")


@pytest.fixture
def notice(buyer: User, device: Device) -> Notice:
    """Something to tell Anna there."""
    return Notice.objects.create(
        kind="test", channel=Notice.Channel.PUSH, recipient=buyer, target_id=device.pk, subject_id=new_id(), attempts=1
    )
