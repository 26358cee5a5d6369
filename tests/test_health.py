"""What a load balancer hears: the process lives, or why it cannot work; never an address or an error's words."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from messagecenter import health
from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices.models import Notice
from messagecenter.vault.models import DataKey
from tests.factories import UserFactory

SECONDS = health.SECONDS  # the product's own limit
NAMES = ["broker", "database", "moderation", "notices", "scanner", "storage", "vault"]


def keep_files_in(settings: Any, folder: Path) -> None:
    """Keep attachments in this folder."""
    backend = {"BACKEND": "messagecenter.attachments.disk.Disk", "OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"attachments": backend}


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give every test folders of its own and, beside other work on the machine, time; leave no question under way."""
    keep_files_in(settings, tmp_path / "files")
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path)}
    monkeypatch.setattr(health, "SECONDS", 20.0)
    yield
    # A store that did not answer in time may still be waited for; the next test's store is another one.
    with health._store_asked:
        pass


def ask(client: Client) -> tuple[int, dict[str, Any]]:
    """Return /readyz' status and its checks without their durations."""
    response = client.get("/readyz", headers={"host": "localhost"})
    answer = json.loads(response.content)
    assert answer["ready"] is (response.status_code == 200)
    for check in answer["checks"].values():
        check.pop("milliseconds", None)
    return response.status_code, answer["checks"]


def due_notice(user: User, seconds: int) -> Notice:
    """Return a notice that has been due for so long."""
    since = timezone.now() - timedelta(seconds=seconds)
    return Notice.objects.create(
        kind="new_message", recipient=user, target_id=user.pk, subject_id=new_id(), next_at=since
    )


def test_healthz_answers_without_database_session_or_login(client: Client) -> None:
    response = client.get("/healthz", headers={"host": "localhost"})
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response.cookies == {}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_pages_refuse_a_foreign_host_and_writing(client: Client, path: str) -> None:
    assert client.get(path, headers={"host": "evil.example"}).status_code == 400
    assert client.post(path, headers={"host": "localhost"}).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_readyz_names_every_check_and_sets_no_cookie(client: Client) -> None:
    response = client.get("/readyz", headers={"host": "localhost"})
    checks = json.loads(response.content)["checks"]
    assert (response.status_code, sorted(checks)) == (200, NAMES)
    assert [check["ok"] for check in checks.values()] == [True] * len(NAMES)
    assert {type(check["milliseconds"]) for check in checks.values()} == {int}
    assert response.cookies == {}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_readyz_fails_when_a_notice_is_late(client: Client) -> None:
    user = UserFactory()
    due_notice(user, 60)
    assert ask(client)[0] == 200
    due_notice(user, 200)
    status, checks = ask(client)
    waited = checks["notices"].pop("oldest_due_seconds")
    assert status == 503
    assert checks["notices"] == {"ok": False, "reason": "the oldest due notice has waited more than 120 seconds"}
    assert 200 <= waited <= 230


@pytest.mark.django_db(transaction=True)
def test_readyz_fails_when_a_root_key_is_missing(client: Client) -> None:
    DataKey.objects.create(
        purpose="thread", owner_id=new_id(), wrapped=b"w", commitment=b"c", root_version=4711, destroyed_at=None
    )
    status, checks = ask(client)
    assert (status, checks["vault"]) == (503, {"ok": False, "reason": "root key version 4711 is missing"})


@pytest.mark.django_db(transaction=True)
def test_readyz_fails_when_the_folder_of_files_is_none(client: Client, settings: Any, tmp_path: Path) -> None:
    taken = tmp_path / "secret-name"
    taken.write_text("a file, no folder")
    keep_files_in(settings, taken)
    response = client.get("/readyz", headers={"host": "localhost"})
    check = json.loads(response.content)["checks"]["storage"]
    assert (response.status_code, check["ok"], check["reason"]) == (503, False, "the folder of files cannot be used")
    assert b"secret-name" not in response.content


@pytest.mark.django_db(transaction=True)
def test_readyz_fails_when_the_bucket_does_not_answer_and_tells_no_address(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "SECONDS", SECONDS)
    options: dict[str, object] = {"endpoint_url": "http://127.0.0.1:1", "bucket_name": "hunter-files"}
    options |= {"region_name": "us-east-1", "access_key": "hunter1", "secret_key": "hunter2", "path_style": True}
    backend = {"BACKEND": "messagecenter.attachments.bucket.Bucket", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"attachments": backend}
    response = client.get("/readyz", headers={"host": "localhost"})
    check = json.loads(response.content)["checks"]["storage"]
    # Whichever limit is met first on a busy machine: the bucket's own, or that of all checks.
    assert (response.status_code, check["ok"]) == (503, False)
    assert check["reason"] in ("the store does not answer", "no answer within 2 seconds")
    assert b"hunter" not in response.content
    assert b"127.0.0.1" not in response.content


@pytest.mark.django_db(transaction=True)
def test_store_is_asked_every_few_seconds_only(
    client: Client, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(client)[0] == 200
    (tmp_path / "files").rmdir()
    (tmp_path / "files").write_text("a file, no folder")
    assert ask(client)[0] == 200
    monkeypatch.setattr(health, "STORE_SECONDS", 0.0)
    assert ask(client)[0] == 503
    monkeypatch.undo()
    (tmp_path / "files").unlink()
    assert ask(client)[0] == 503


@pytest.mark.django_db(transaction=True)
def test_readyz_says_that_the_scanner_is_away_and_stays_ready(client: Client, settings: Any) -> None:
    settings.CLAMAV_SOCKET, settings.CLAMAV_ADDRESS = "", ("127.0.0.1", 1)
    status, checks = ask(client)
    assert (status, checks["scanner"]["ok"], sorted(checks["scanner"])) == (200, True, ["degraded", "ok"])
    assert "127.0.0.1" not in checks["scanner"]["degraded"]


@pytest.mark.django_db(transaction=True)
def test_readyz_leaves_nothing_behind_in_the_folders(client: Client, settings: Any, tmp_path: Path) -> None:
    assert ask(client)[0] == 200
    left = [path.name for path in tmp_path.rglob("*")]
    assert left == ["files"]
    assert stat.S_ISDIR((tmp_path / "files").stat().st_mode)


@pytest.mark.django_db(transaction=True)
def test_readyz_fails_without_redis_and_tells_no_address(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    response = client.get("/readyz", headers={"host": "localhost"})
    check = json.loads(response.content)["checks"]["broker"]
    assert (response.status_code, check["ok"], check["reason"]) == (503, False, "failed with ConnectionError")
    assert b"hunter2" not in response.content
    assert b"127.0.0.1" not in response.content


@pytest.mark.django_db(transaction=True)
def test_check_that_never_answers_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang() -> dict[str, object]:
        release.wait(20)
        return {}

    monkeypatch.setitem(health.CHECKS, "broker", hang)
    try:
        checks = health.run_checks(seconds=0.5)
    finally:
        release.set()
    assert checks["broker"] == {"ok": False, "reason": "no answer within 0.5 seconds"}
    assert checks["storage"]["ok"] is True


@pytest.mark.django_db(transaction=True)
def test_error_words_stay_out_of_the_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> dict[str, object]:
        raise OSError("hunter2 at db.internal")

    monkeypatch.setitem(health.CHECKS, "database", fail)
    status, checks = ask(client)
    assert (status, checks["database"]) == (503, {"ok": False, "reason": "failed with OSError"})
