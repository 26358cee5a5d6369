"""Fixtures and helpers to try a store: on a disk, and in a bucket of a real S3 server behind a faulty line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from messagecenter.attachments import store
from messagecenter.attachments.store import StoreDown
from tests.attachments.faulty_proxy import FaultyProxy
from tests.attachments.s3_server import BUCKET, KEY, KEY_ID, S3Server
from tests.processes import Process, environment_of

MIB = 1024 * 1024
HOUR = timedelta(hours=1)


class Kept:
    """What a thief of the disk or the bucket has, and how to harm it."""

    def __init__(self, folder: Path, server: S3Server | None = None) -> None:
        self.folder, self.server = folder, server

    def everything(self) -> dict[str, bytes]:
        if self.server:
            return self.server.objects()
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def put(self, name: str, content: bytes) -> None:
        if self.server:
            self.server.client.put_object(Bucket=BUCKET, Key=name, Body=content)
        else:
            path = self.folder / name[:2] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process that uses the same store."""
        return self.server.environment if self.server else {"ATTACHMENTS_DIR": str(self.folder)}

    def worker(self, folder: Path, *words: str) -> Process:
        """Start ``store_worker`` on this store, with its files in ``folder``."""
        environment = environment_of(folder, DJANGO_SETTINGS_MODULE="messagecenter.settings", **self.environment)
        command = [sys.executable, "-m", "tests.attachments.store_worker", *words]
        return Process("worker", command, environment, folder / "worker.log")


def everything(name: str, start: int = 0, stop: int | None = None) -> bytes:
    """Return an object's bytes."""
    return b"".join(store.read(name, start, stop))


def names() -> list[str]:
    """Return all there is, old or new."""
    return sorted(store.listed(timezone.now() + HOUR))


def blocks_of(content: bytes, size: int = 65536) -> Iterator[bytes]:
    for begin in range(0, len(content), size):
        yield content[begin : begin + size]


def check_told_plainly(trouble: StoreDown, *secrets: str) -> None:
    """Check that an error holds a sentence of ours and nothing of what it came from."""
    assert str(trouble)
    assert trouble.__cause__ is None
    assert trouble.__suppress_context__ or trouble.__context__ is None
    for secret in (BUCKET, KEY, KEY_ID, "127.0.0.1", "/", *secrets):
        assert secret not in str(trouble)


def keep_in_bucket(settings: Settings, options: dict[str, object]) -> None:
    """Use a bucket from now on."""
    backend = {"BACKEND": "messagecenter.attachments.bucket.Bucket", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "attachments": backend}


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The one S3 server of a test run."""
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3_store(settings: Settings, s3_server: S3Server) -> Iterator[FaultyProxy]:
    """A store in an empty bucket, behind a line that may misbehave."""
    s3_server.empty()
    with FaultyProxy(s3_server.port) as proxy:
        keep_in_bucket(settings, s3_server.options(endpoint_url=proxy.url))
        yield proxy


@pytest.fixture
def impatient_s3_store(settings: Settings, s3_server: S3Server, s3_store: FaultyProxy) -> FaultyProxy:
    """The same, with little time for an answer."""
    options = s3_server.options(endpoint_url=s3_store.url, connect_seconds=1.0, read_seconds=1.0)
    keep_in_bucket(settings, options)
    return s3_store


@pytest.fixture
def local_store(settings: Settings, tmp_path: Path) -> Path:
    """A store in a folder that is not there yet."""
    folder = tmp_path / "kept"
    backend = {"BACKEND": "messagecenter.attachments.disk.Disk", "OPTIONS": {"location": folder}}
    settings.STORAGES = {**settings.STORAGES, "attachments": backend}
    return folder


@pytest.fixture(params=["local_store", "s3_store"])
def kept(request: pytest.FixtureRequest) -> Kept:
    """Either store, in use."""
    made = request.getfixturevalue(request.param)
    return Kept(made) if request.param == "local_store" else Kept(Path(), request.getfixturevalue("s3_server"))
