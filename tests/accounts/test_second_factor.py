"""The secret of an authenticator app cannot be read from the database."""

from __future__ import annotations

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from messagecenter.accounts.models import User
from messagecenter.vault.actions import destroy_keys
from messagecenter.vault.errors import Unreadable
from messagecenter.vault.models import DataKey

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_totp_secret_is_stored_as_ciphertext_that_reads_back(buyer: User) -> None:
    TOTP.activate(buyer, SECRET)
    stored = Authenticator.objects.get(user=buyer).data["secret"]
    assert SECRET not in str(stored)
    assert get_adapter().decrypt(stored) == SECRET


def test_totp_secret_is_unreadable_without_its_key(buyer: User) -> None:
    TOTP.activate(buyer, SECRET)
    stored = Authenticator.objects.get(user=buyer).data["secret"]
    key = DataKey.objects.get(purpose="second_factor")
    destroy_keys(purpose="second_factor", owner_id=key.owner_id, by="test")
    with pytest.raises(Unreadable):
        get_adapter().decrypt(stored)
