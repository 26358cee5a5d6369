"""A browser's push subscription: read from what it sent, and to and from the vault, under a key of the person."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from dataclasses import asdict, dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

from messagecenter.egress import target_of
from messagecenter.mail.errors import Refused
from messagecenter.push.models import Device
from messagecenter.vault.cipher import Place, decrypt, encrypt

PURPOSE = "push"  # of the person's key
POINT_BYTES, AUTH_BYTES = 65, 16


class NotASubscription(Exception):
    """What was sent cannot be a browser's subscription."""


@dataclass(frozen=True)
class Subscription:
    """Where a browser is reached, its public key (P-256, uncompressed) and its secret, both base64url (RFC 8291)."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    @property
    def point(self) -> bytes:
        """The browser's public key, 65 bytes."""
        return _bytes(self.p256dh)

    @property
    def secret(self) -> bytes:
        """The browser's authentication secret, 16 bytes."""
        return _bytes(self.auth)


def checked(*, endpoint: str, p256dh: str, auth: str) -> Subscription:
    """Return a subscription that can be used. Raises NotASubscription."""
    subscription = Subscription(endpoint, p256dh.rstrip("="), auth.rstrip("="))
    try:
        target_of(endpoint)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), subscription.point)
        if len(subscription.point) != POINT_BYTES or len(subscription.secret) != AUTH_BYTES:
            raise NotASubscription
    except (Refused, ValueError):
        raise NotASubscription from None
    return subscription


def hash_of(endpoint: str) -> bytes:
    """Return what a browser is known by: the SHA-256 of its endpoint."""
    return hashlib.sha256(endpoint.encode()).digest()


def write(device: Device, subscription: Subscription) -> None:
    """Set a device's subscription, as ciphertext. The row is not saved."""
    device.endpoint_hash = hash_of(subscription.endpoint)
    device.subscription_ciphertext = encrypt(json.dumps(asdict(subscription)), _place(device), purpose=PURPOSE)


def read(device: Device) -> Subscription:
    """Return a device's subscription. Raises Unreadable."""
    opened = decrypt(bytes(device.subscription_ciphertext), _place(device), purpose=PURPOSE)
    return Subscription(**json.loads(opened))


def _place(device: Device) -> Place:
    owner: uuid.UUID = device.person_id
    return Place(thread_id=owner, record_id=device.pk, field="subscription", sender_id=None)


def _bytes(text: str) -> bytes:
    """Return base64url without padding as bytes. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
