"""Registers the accounts room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The accounts room."""

    name = "messagecenter.accounts"
    label = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Listen to allauth: a password set by a mailed link proves the address."""
        from allauth.account.signals import password_reset  # models are loaded only now

        from messagecenter.accounts.adapter import prove_by_reset

        password_reset.connect(prove_by_reset, dispatch_uid="accounts.prove_by_reset")
