"""Objects in a bucket of any store that speaks S3, through django-storages' settings and boto3."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from .store import BLOCK_BYTES, NAME, ObjectMissing, StoreDown

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TRIES = 2
# For the question of /readyz, which waits 2 seconds for all its checks.
CHECK_SECONDS = 1.0
CONNECTIONS = 32
HELD_BYTES = 1024 * 1024
REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "401", "403"}


class Bucket(S3Storage):
    """A bucket, or what lies in it below a prefix. Nothing is public and no address of an object is ever given out.

    An object is put in one request, never in several: it is there whole or not at all, and no half upload that no list
    shows can remain. Sizes are those of messages (some 10 MB), so that one request does.
    """

    def __init__(
        self,
        *,
        endpoint_url: str,
        bucket_name: str,
        region_name: str,
        access_key: str,
        secret_key: str,
        path_style: bool,
        prefix: str = "",
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        super().__init__(
            endpoint_url=endpoint_url,
            bucket_name=bucket_name,
            region_name=region_name,
            access_key=access_key,
            secret_key=secret_key,
            # Otherwise django-storages looks for these in the environment, where they may be meant for another store.
            security_token=None,
            session_profile=None,
            location=prefix,
            default_acl=None,
            client_config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if path_style else "virtual"},
                connect_timeout=connect_seconds,
                read_timeout=read_seconds,
                retries={"mode": "standard", "total_max_attempts": TRIES},
                max_pool_connections=CONNECTIONS,
                # Not every self-hosted store knows the newer checksums; what goes up is signed with its SHA-256, and
                # what comes down is checked when it is opened.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def write(self, name: str, blocks: Iterable[bytes]) -> None:
        """Keep an object; see ``store.write``."""
        with _whole(blocks) as body, _told():
            self._client.put_object(
                Bucket=self.bucket_name, Key=self._key(name), Body=body, ContentType="application/octet-stream"
            )

    def read(self, name: str, start: int, stop: int | None) -> Iterator[bytes]:
        """Yield an object's bytes; see ``store.read``."""
        wanted = f"bytes={start}-" if stop is None else f"bytes={start}-{stop - 1}"
        answer: dict[str, Any] = {}
        code = ""
        with _told():
            try:
                answer = self._client.get_object(Bucket=self.bucket_name, Key=self._key(name), Range=wanted)
            except ClientError as error:
                code = _code(error)
                if code not in ("NoSuchKey", "InvalidRange", "416"):
                    raise
        if not answer:
            if code == "NoSuchKey":
                raise ObjectMissing
            return  # the object ends before the range begins
        body = answer["Body"]
        try:
            if not str(answer.get("ContentRange", "")).startswith(f"bytes {start}-"):
                raise StoreDown("the store gave another range than it was asked for")
            left = int(answer["ContentLength"])
            while left:
                with _told():
                    block = body.read(min(BLOCK_BYTES, left))
                if not block:
                    raise StoreDown("the store ended an object too early")
                left -= len(block)
                yield block
        finally:
            body.close()

    def exists(self, name: str) -> bool:
        """Return whether there is an object; see ``store.exists``."""
        with _told():
            try:
                self._client.head_object(Bucket=self.bucket_name, Key=self._key(name))
            except ClientError as error:
                if _code(error) in ("404", "NoSuchKey", "NotFound"):
                    return False
                raise
        return True

    def delete(self, name: str) -> None:
        """Remove an object; see ``store.delete``."""
        with _told():
            self._client.delete_object(Bucket=self.bucket_name, Key=self._key(name))

    def listed(self, older_than: datetime) -> Iterator[str]:
        """Yield names; see ``store.listed``."""
        prefix = self._key("")
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix))
        while True:
            with _told():
                page = next(pages, None)
            if page is None:
                return
            for entry in page.get("Contents", []):
                name = entry["Key"].removeprefix(prefix)
                if NAME.fullmatch(name) and entry["LastModified"] < older_than:
                    yield name

    def check(self) -> None:
        """Ask for the bucket itself; see ``store.check``."""
        with _told():
            self._hasty_client.head_bucket(Bucket=self.bucket_name)

    def _key(self, name: str) -> str:
        return f"{self.location}/{name}" if self.location else name

    @cached_property
    def _client(self) -> Any:
        """One client for all threads, which it is made for; django-storages' resources are not."""
        return self._new_client(self.client_config)

    @cached_property
    def _hasty_client(self) -> Any:
        """The client of ``check``."""
        hasty = Config(connect_timeout=CHECK_SECONDS, read_timeout=CHECK_SECONDS, retries={"total_max_attempts": 1})
        return self._new_client(self.client_config.merge(hasty))

    def _new_client(self, config: Config) -> Any:
        session = self._create_session()
        return session.client("s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=config)


@contextlib.contextmanager
def _whole(blocks: Iterable[bytes]) -> Iterator[Any]:
    """Give all the blocks as one file whose length is known: in memory up to HELD_BYTES, beyond on the disk."""
    with contextlib.ExitStack() as cleanup:
        with _told():
            body = cleanup.enter_context(tempfile.SpooledTemporaryFile(HELD_BYTES))
        for block in blocks:
            with _told():
                body.write(block)
        with _told():
            body.seek(0)
        yield body


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the store's troubles into StoreDown, without the addresses and names that their errors name."""
    try:
        yield
    except ClientError as error:
        code = _code(error)
        if code in REFUSED:
            reason = "the store refuses our keys"
        elif code in ("NoSuchBucket", "404"):
            reason = "the bucket is not there"
        else:
            reason = "the store failed"
        raise StoreDown(reason) from None
    except (BotoCoreError, HTTPError):
        raise StoreDown("the store does not answer") from None
    except OSError:
        raise StoreDown("the store cannot be used") from None
