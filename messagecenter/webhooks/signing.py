"""What is posted to an endpoint, and its signature, as Standard Webhooks 1.0 defines them. Pure functions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32  # the standard asks for 24 to 64
#: All that is ever told about a thing: ids and numbers. A kind that says more tells it in vain.
KEYS = ("mailbox", "thread", "message", "order_number", "case", "decision", "report", "due_at")
MOST_VALUE = 100


def new_secret() -> str:
    """Return a random secret in the standard's notation."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def payload(*, notice_id: uuid.UUID, type: str, created_at: datetime, data: Mapping[str, str]) -> bytes:
    """Return the body: which event, of which type, when, and the ids and numbers of what it is about."""
    told = {key: str(data[key])[:MOST_VALUE] for key in KEYS if key in data}
    event = {"id": str(notice_id), "type": type, "created_at": created_at.isoformat(), "data": told}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def headers(*, notice_id: uuid.UUID, at: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of a body sent at ``at`` (Unix seconds), signed with each of the secrets."""
    return {
        "Content-Type": "application/json",
        "webhook-id": str(notice_id),
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(_signature(one, str(notice_id), at, body) for one in secrets),
    }


def _signature(secret: str, event: str, at: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{event}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()
