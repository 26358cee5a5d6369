"""Which version is in force, and how the first one comes about."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messagecenter.policy import versions
from messagecenter.policy.models import PolicyVersion
from messagecenter.policy.rules import Rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator_content() -> dict[str, Any]:
    content = copy.deepcopy(versions.SHIPPED_CONTENT)
    content["hold_hours"] = 12
    return content


def test_first_use_makes_version_one_of_what_is_shipped():
    assert not PolicyVersion.objects.exists()
    version, rules = versions.current()
    assert (version.number, version.published_by, version.content) == (1, None, versions.SHIPPED_CONTENT)
    assert rules == versions.SHIPPED
    assert versions.current()[0] == version
    assert PolicyVersion.objects.count() == 1


def test_asking_again_is_one_small_query():
    versions.current()
    with CaptureQueriesContext(connection) as queries:
        _version, rules = versions.current()
    assert len(queries) == 1
    assert '"content"' not in queries[0]["sql"]
    assert versions.current()[1] is rules


def test_newest_version_is_in_force_at_once(admin, operator_content):
    versions.current()
    made = PolicyVersion.objects.create(number=2, content=operator_content, published_by=admin)
    version, rules = versions.current()
    assert (version, rules.hold_hours) == (made, 12)
    assert versions.of(PolicyVersion.objects.get(number=1)).hold_hours == 4


def test_later_release_follows_while_nobody_has_published(monkeypatch, operator_content):
    versions.current()
    monkeypatch.setattr(versions, "_read", {})  # another process
    operator_content["release"] = versions.SHIPPED.release + 1
    monkeypatch.setattr(versions, "SHIPPED_CONTENT", operator_content)
    monkeypatch.setattr(versions, "SHIPPED", Rules.from_content(operator_content))
    version, rules = versions.current()
    assert (version.number, version.published_by, rules.hold_hours) == (2, None, 12)
    assert versions.current()[0].number == 2


def test_later_release_leaves_an_operators_version_alone(monkeypatch, admin, operator_content):
    PolicyVersion.objects.create(number=1, content=operator_content, published_by=admin)
    newer = copy.deepcopy(versions.SHIPPED_CONTENT) | {"release": versions.SHIPPED.release + 1}
    monkeypatch.setattr(versions, "_read", {})
    monkeypatch.setattr(versions, "SHIPPED_CONTENT", newer)
    monkeypatch.setattr(versions, "SHIPPED", Rules.from_content(newer))
    version, rules = versions.current()
    assert (version.number, rules.hold_hours) == (1, 12)
    assert PolicyVersion.objects.count() == 1


def test_earlier_release_beside_a_later_one_does_not_go_back(monkeypatch, operator_content):
    """During an update both run at once."""
    operator_content["release"] = versions.SHIPPED.release + 1
    PolicyVersion.objects.create(number=1, content=operator_content)
    monkeypatch.setattr(versions, "_read", {})
    assert versions.current()[1].hold_hours == 12
    assert PolicyVersion.objects.count() == 1


def test_only_a_few_versions_are_kept_in_memory(admin, operator_content, monkeypatch):
    monkeypatch.setattr(versions, "_read", {})
    for number in range(1, versions.MOST_KEPT + 5):
        versions.of(PolicyVersion.objects.create(number=number, content=operator_content, published_by=admin))
    assert len(versions._read) == versions.MOST_KEPT


def test_who_comes_second_gets_the_same_first_version():
    assert versions._follow_shipped(None) == versions._follow_shipped(None)
    assert PolicyVersion.objects.count() == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite in memory has no writers at once")
@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_first_version():
    start = threading.Barrier(6)
    got: list[int] = []

    def ask() -> None:
        try:
            start.wait()
            got.append(versions.current()[0].number)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [1] * 6
    assert PolicyVersion.objects.count() == 1
