"""The address and the secrets of an endpoint, to and from the vault: under a key of the shop, bound to their row."""

from __future__ import annotations

from django.utils import timezone

from messagecenter.vault.cipher import Place, decrypt, encrypt
from messagecenter.webhooks.models import Endpoint

PURPOSE = "webhooks"  # of the shop's key


def write_url(endpoint: Endpoint, url: str) -> None:
    """Set an endpoint's address, as ciphertext. The row is not saved."""
    endpoint.url_ciphertext = encrypt(url, _place(endpoint, "url"), purpose=PURPOSE)


def read_url(endpoint: Endpoint) -> str:
    """Return an endpoint's address. Raises Unreadable."""
    return decrypt(bytes(endpoint.url_ciphertext), _place(endpoint, "url"), purpose=PURPOSE)


def write_secret(endpoint: Endpoint, secret: str) -> None:
    """Set an endpoint's secret, as ciphertext. The row is not saved."""
    endpoint.secret_ciphertext = encrypt(secret, _place(endpoint, "secret"), purpose=PURPOSE)


def read_secrets(endpoint: Endpoint) -> list[str]:
    """Return the secrets that sign now: the current one, and the one before for its 24 hours. Raises Unreadable."""
    blobs = [endpoint.secret_ciphertext]
    if endpoint.former_ciphertext and endpoint.former_until and endpoint.former_until > timezone.now():
        blobs.append(endpoint.former_ciphertext)
    return [decrypt(bytes(blob), _place(endpoint, "secret"), purpose=PURPOSE) for blob in blobs]


def _place(endpoint: Endpoint, field: str) -> Place:
    return Place(thread_id=endpoint.mailbox_id, record_id=endpoint.pk, field=f"webhook_{field}", sender_id=None)
