"""How the secrets of second factors lie in the database: encrypted, like everything that opens something."""

from __future__ import annotations

import base64
import uuid

from allauth.mfa.adapter import DefaultMFAAdapter

from messagecenter.vault.cipher import Place, decrypt, encrypt

PURPOSE = "second_factor"
# allauth's hooks see the secret alone, not whose it is, so all of them share one owner and its key.
_EVERYBODY = uuid.UUID(int=0)
_PLACE = Place(thread_id=_EVERYBODY, record_id=_EVERYBODY, field="secret", sender_id=None)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Encrypts the secrets of authenticator apps and the seeds of recovery codes."""

    def encrypt(self, text: str) -> str:
        """Return the secret as base64 of its ciphertext."""
        return base64.b64encode(encrypt(text, _PLACE, purpose=PURPOSE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret. Raises Unreadable when its key is missing or it was changed."""
        return decrypt(base64.b64decode(encrypted_text), _PLACE, purpose=PURPOSE)
