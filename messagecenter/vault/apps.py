"""Registers the vault room with Django."""

from django.apps import AppConfig
from django.core import checks
from django.core.signals import request_finished
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    """The vault room."""

    name = "messagecenter.vault"
    label = "vault"
    verbose_name = _("Vault")

    def ready(self) -> None:
        """Register the check of the root keys, and write left-over alarms when a request ends."""
        from messagecenter.vault.alarms import save_unsaved
        from messagecenter.vault.checks import root_keys_configured

        checks.register(root_keys_configured, checks.Tags.database)
        request_finished.connect(save_unsaved, dispatch_uid="vault alarms")
