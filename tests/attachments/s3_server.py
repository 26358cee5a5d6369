"""A real server that speaks S3, in a process of its own, with one empty bucket; and a look into that bucket."""

from __future__ import annotations

import contextlib
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.processes import Process, environment_of
from tests.sink import free_port, wait_for

BUCKET = "messagecenter-files"
KEY_ID, KEY, REGION = "AKIDEXAMPLE", "wJalr-an-example", "eu-central-1"


class S3Server:
    """``with S3Server(folder) as server:``, then ``server.url``, ``server.environment`` and ``server.client``."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder

    def __enter__(self) -> S3Server:
        command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = Process("s3", command, environment_of(self._folder), self._folder / "s3.log")
        try:
            wait_for(lambda: not self.process.runs or _answers(self.url), "the S3 server does not answer", 40)
            self.client = boto3.session.Session(KEY_ID, KEY, region_name=REGION).client(
                "s3", endpoint_url=self.url, config=Config(s3={"addressing_style": "path"})
            )
            self.make_bucket()
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.process.kill()

    def make_bucket(self) -> None:
        """Make the bucket (again)."""
        self.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a site that keeps its files here."""
        return {
            "ATTACHMENTS_STORAGE": "s3",
            "S3_ENDPOINT_URL": self.url,
            "S3_BUCKET": BUCKET,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY_ID": KEY_ID,
            "S3_SECRET_ACCESS_KEY": KEY,
        }

    def options(self, **more: Any) -> dict[str, Any]:
        """Return the OPTIONS of the storage that the variables of ``environment`` make, or others in ``more``."""
        return {
            "endpoint_url": self.url,
            "bucket_name": BUCKET,
            "region_name": REGION,
            "access_key": KEY_ID,
            "secret_key": KEY,
            "path_style": True,
        } | more

    def keys(self) -> list[str]:
        """Return the keys of everything in the bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def objects(self) -> dict[str, bytes]:
        """Return everything in the bucket by key."""
        return {key: self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in self.keys()}

    def unfinished(self) -> int:
        """Return the number of half uploads that no list of objects shows."""
        return len(self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))

    def empty(self) -> None:
        """Remove everything from the bucket."""
        while keys := self.keys()[:1000]:
            self.client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
        return True
    return False


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Give a running server; for a fixture."""
    with S3Server(folder) as server:
        yield server
