"""Says when stored keys need a root key that is not configured: at start, and to /readyz."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import connections

from messagecenter.vault.keyring import stored_root_versions
from messagecenter.vault.models import DataKey


def missing_root_versions() -> list[int]:
    """Return the root key versions that stored keys need and MESSAGE_KEYS does not have."""
    return [version for version in stored_root_versions() if version not in settings.MESSAGE_KEYS]


def health() -> str:
    """Return "" or why messages cannot be opened or written now, in a few words without any key."""
    if settings.MESSAGE_KEY_CURRENT not in settings.MESSAGE_KEYS:
        return f"root key version {settings.MESSAGE_KEY_CURRENT} is missing"
    missing = missing_root_versions()
    return f"root key version {', '.join(map(str, missing))} is missing" if missing else ""


def root_keys_configured(
    *, app_configs: Sequence[AppConfig] | None = None, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse to start when stored keys need root keys that MESSAGE_KEYS does not have.

    A database check: ``manage.py check --database default`` (or ``vault``) and ``migrate`` run it.
    """
    alias = settings.VAULT_DATABASE
    if alias not in (databases or ()):
        return []
    if DataKey._meta.db_table not in connections[alias].introspection.table_names():
        return []
    missing = missing_root_versions()
    if not missing:
        return []
    return [
        Error(
            f"MESSAGE_KEYS lacks root key version {', '.join(map(str, missing))}, which stored keys need.",
            hint="Add it back as version:base64, after the current one. Without it those messages cannot be opened.",
            id="vault.E001",
        )
    ]
