"""Sends the vault's tables to their own database when there is one, and nothing else there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Model


class VaultRouter:
    """Keys in ``settings.VAULT_DATABASE``, everything else elsewhere, no relation between the two."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """Return the vault's database for its models."""
        return settings.VAULT_DATABASE if model._meta.app_label == "vault" else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """Return the vault's database for its models."""
        return self.db_for_read(model)

    def allow_relation(self, left: Model, right: Model, **hints: Any) -> bool | None:
        """Refuse a relation into or out of the vault: its rows are named by plain ids."""
        sides = {left._meta.app_label == "vault", right._meta.app_label == "vault"}
        return False if sides == {True, False} else None

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        """Allow the vault's tables only in its database, and no other tables there."""
        if app_label == "vault":
            return bool(db == settings.VAULT_DATABASE)
        return False if db == settings.VAULT_DATABASE != "default" else None
