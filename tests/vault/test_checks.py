"""A missing root key is named at start and to the health page."""

from __future__ import annotations

import pytest
from django.core import checks
from django.db import connection
from django.db.models import F

from messagecenter.ids import new_id
from messagecenter.vault import keyring
from messagecenter.vault.actions import destroy_keys
from messagecenter.vault.checks import health, root_keys_configured
from messagecenter.vault.models import DataKey
from messagecenter.vault.router import VaultRouter

pytestmark = pytest.mark.django_db


@pytest.fixture
def _keys_of_versions_3_and_4(settings) -> None:
    for version in (3, 4):
        settings.MESSAGE_KEYS, settings.MESSAGE_KEY_CURRENT = {version: bytes(32)}, version
        keyring.ring_for_writing("thread", new_id())
    settings.MESSAGE_KEYS, settings.MESSAGE_KEY_CURRENT = {1: bytes(32)}, 1


def test_all_is_well_without_keys():
    assert (root_keys_configured(databases=["default"]), health()) == ([], "")


@pytest.mark.usefixtures("_keys_of_versions_3_and_4")
def test_missing_root_keys_are_named(settings):
    [error] = root_keys_configured(databases=["default"])
    assert (error.id, error.msg) == (
        "vault.E001",
        "MESSAGE_KEYS lacks root key version 3, 4, which stored keys need.",
    )
    assert health() == "root key version 3, 4 is missing"
    settings.MESSAGE_KEYS = {version: bytes(32) for version in (1, 3, 4)}
    assert (root_keys_configured(databases=["default"]), health()) == ([], "")


@pytest.mark.usefixtures("_keys_of_versions_3_and_4")
def test_destroyed_keys_need_no_root_key():
    for owner_id in DataKey.objects.values_list("owner_id", flat=True):
        destroy_keys(owner_id=owner_id, by="a test")
    assert health() == ""


def test_missing_current_root_key_is_named(settings):
    settings.MESSAGE_KEYS = {}
    assert health() == f"root key version {settings.MESSAGE_KEY_CURRENT} is missing"


@pytest.mark.usefixtures("_keys_of_versions_3_and_4")
def test_check_runs_only_when_the_database_is_checked():
    assert root_keys_configured(databases=None) == []
    assert root_keys_configured(databases=["other"]) == []
    found = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    assert [message.id for message in found] == ["vault.E001"]


def test_check_is_silent_before_the_first_migration():
    table = connection.ops.quote_name(DataKey._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
        assert root_keys_configured(databases=["default"]) == []
        cursor.execute(f"ALTER TABLE away RENAME TO {table}")


def test_database_refuses_a_destroyed_key_that_still_holds_one():
    from django.db import IntegrityError, transaction

    keyring.ring_for_writing("thread", new_id())
    with pytest.raises(IntegrityError), transaction.atomic():
        DataKey.objects.update(destroyed_at=F("created_at"))


def test_router_keeps_the_vault_apart(settings):
    from django.contrib.contenttypes.models import ContentType

    router = VaultRouter()
    settings.VAULT_DATABASE = "vault"
    assert (router.db_for_read(DataKey), router.db_for_write(DataKey)) == ("vault", "vault")
    assert (router.db_for_read(ContentType), router.db_for_write(ContentType)) == (None, None)
    assert router.allow_relation(DataKey(), ContentType()) is False
    assert router.allow_relation(DataKey(), DataKey()) is None
    assert (router.allow_migrate("vault", "vault"), router.allow_migrate("default", "vault")) == (True, False)
    assert (router.allow_migrate("vault", "accounts"), router.allow_migrate("default", "accounts")) == (False, None)
    settings.VAULT_DATABASE = "default"
    assert (router.allow_migrate("default", "vault"), router.allow_migrate("default", "accounts")) == (True, None)
