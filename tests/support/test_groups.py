"""The groups of staff that the migration makes: they exist, fit the models, and can be made and taken away again."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from messagecenter.accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
migration = import_module("support.migrations.0003_groups")


def member_of(name: str) -> User:
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=name))
    return User.objects.get(pk=user.pk)


@pytest.fixture(autouse=True)
def _groups(db: None) -> None:
    """A test that emptied the tables may have come before."""
    migration.make_groups(apps, None)


def test_each_group_has_what_it_says_and_nothing_else() -> None:
    for name, wanted in migration.GROUPS.items():
        held = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
        assert {f"{app}.{codename}" for app, codename in held} == set(wanted)


def test_every_permission_is_one_of_a_model() -> None:
    for group in Group.objects.filter(name__in=migration.GROUPS):
        for permission in group.permissions.select_related("content_type"):
            model = permission.content_type.model_class()
            assert model is not None, permission
            stock = {f"{what}_{model._meta.model_name}" for what in model._meta.default_permissions}
            own = {codename: str(name) for codename, name in model._meta.permissions}
            assert permission.codename in stock | set(own), permission
            if permission.codename in own:
                assert permission.name == own[permission.codename]


def test_permissions_that_are_not_there_yet_are_made() -> None:
    """A new database has none when the migration runs."""
    migration.remove_groups(apps, None)
    Permission.objects.all().delete()
    ContentType.objects.all().delete()
    ContentType.objects.clear_cache()
    migration.make_groups(apps, None)
    assert member_of("Support lead").has_perm("support.oversee_cases")
    ContentType.objects.clear_cache()


def test_made_twice_nothing_changes_and_removed_they_are_gone() -> None:
    before = set(Group.objects.values_list("name", "permissions"))
    migration.make_groups(apps, None)
    assert set(Group.objects.values_list("name", "permissions")) == before
    migration.remove_groups(apps, None)
    assert not Group.objects.filter(name__in=migration.GROUPS).exists()


@pytest.mark.parametrize(
    ("name", "may", "may_not"),
    [
        ("Support agent", "support.view_queue", "support.oversee_cases"),
        ("Support lead", "support.oversee_cases", "policy.moderate"),
        ("Moderator", "policy.moderate", "support.oversee_cases"),
        ("Auditor", "support.view_reading", "threads.disclose_thread"),
        ("Administrator", "support.add_queue", "attachments.disclose_attachment"),
    ],
)
def test_groups_keep_to_their_work(name: str, may: str, may_not: str) -> None:
    person = member_of(name)
    assert person.has_perm(may)
    assert not person.has_perm(may_not)
