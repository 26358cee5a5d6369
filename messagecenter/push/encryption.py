"""A push as it goes over the wire: encrypted for one browser (RFC 8291) and signed as coming from us (RFC 8292)."""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from py_vapid import Vapid02

TTL_SECONDS = 24 * 3600  # how long a push service keeps it for a browser that is switched off
TOKEN_SECONDS = 12 * 3600  # at most 24 hours (RFC 8292, 2)
MOST_TITLE = 120
MOST_BODY = 400  # with the title, path and ids well below the 4,096 bytes a push service must take (RFC 8030, 7.2)


@dataclass(frozen=True)
class Push:
    """What to post to a browser's push service."""

    body: bytes
    headers: dict[str, str]


def public_key() -> str:
    """Return the site's public key as browsers want it (base64url), or "" when the operator has set none up."""
    return _public_key(settings.PUSH_KEY) if settings.PUSH_KEY else ""


def push_for(
    *, point: bytes, secret: bytes, origin: str, title: str, body: str, path: str, notice_id: uuid.UUID
) -> Push:
    """Return a notice encrypted for the browser with this key and secret, at the push service of this origin.

    A push that was not delivered yet is replaced by one with the same notice id, and so is one that is shown.
    Raises ValueError when the browser's key is none.
    """
    shown = {"title": title[:MOST_TITLE], "body": body[:MOST_BODY], "path": path, "tag": str(notice_id)}
    sealed: bytes = http_ece.encrypt(
        json.dumps(shown, ensure_ascii=False).encode(),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=point,
        auth_secret=secret,
        version="aes128gcm",
    )
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(TTL_SECONDS),
        "Urgency": "normal",
        "Topic": base64.urlsafe_b64encode(notice_id.bytes).decode().rstrip("="),
        "Authorization": _authorization(origin),
    }
    return Push(sealed, headers)


def _authorization(origin: str) -> str:
    """Return the header that says, for one push service and some hours, that we are the one the browser expects."""
    claims = {
        "aud": origin,
        "exp": int(time.time()) + TOKEN_SECONDS,
        "sub": f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}",
    }
    return str(_signer(settings.PUSH_KEY).sign(claims)["Authorization"])


@lru_cache(maxsize=2)
def _signer(key: str) -> Vapid02:
    signer = Vapid02.from_raw(key.encode())
    signer.conf = {"no-strict": True}  # a sender at a host without a dot is the operator's own business
    return signer


@lru_cache(maxsize=2)
def _public_key(key: str) -> str:
    point = _signer(key).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")
