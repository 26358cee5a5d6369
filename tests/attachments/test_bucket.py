"""The store in a bucket of a real S3 server: an upload or a download that fails is never taken for a whole one."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.storage import storages
from pytest_django import Settings

from messagecenter.attachments import store
from messagecenter.attachments.store import StoreDown
from tests.attachments.faulty_proxy import FaultyProxy
from tests.attachments.s3_server import BUCKET, S3Server
from tests.attachments.stores import MIB, check_told_plainly, everything, keep_in_bucket, names
from tests.sink import wait_for


def uses() -> list[Any]:
    """Return each use of a store whose object is there."""
    name = store.new_name()
    store.write(name, [b"x" * MIB])
    return [
        lambda: store.write(store.new_name(), [b"y" * MIB]),
        lambda: everything(name),
        lambda: store.delete(name),
        names,
        store.check,
    ]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("error", "the store failed"),
        ("forbidden", "the store refuses our keys"),
        ("silent", "the store does not answer"),
        ("refuse", "the store does not answer"),
    ],
)
def test_troubled_store_is_told_soon_and_plainly_at_every_use(
    impatient_s3_store: FaultyProxy, mode: Any, reason: str
) -> None:
    for use in uses():
        impatient_s3_store.behave(mode)
        began = time.monotonic()
        with pytest.raises(StoreDown) as caught:
            use()
        # Two tries of a second each, and the pause between.
        assert time.monotonic() - began < 5
        check_told_plainly(caught.value)
        assert str(caught.value) == reason
        impatient_s3_store.behave("pass")
    store.check()


def test_store_that_is_not_there_is_down(s3_store: FaultyProxy, settings: Settings, s3_server: S3Server) -> None:
    options = s3_server.options(endpoint_url="http://127.0.0.1:1", connect_seconds=1.0)
    keep_in_bucket(settings, options)
    for use in (store.check, names, lambda: everything(store.new_name())):
        with pytest.raises(StoreDown, match=r"^the store does not answer$"):
            use()


def test_one_failure_is_tried_again(s3_store: FaultyProxy) -> None:
    name = store.new_name()
    for mode in ("error", "refuse"):
        s3_store.behave(mode, times=1)
        store.write(name, [b"x" * MIB])
        assert s3_store.faults == 1
        s3_store.behave(mode, times=1)
        assert (len(everything(name)), s3_store.faults) == (MIB, 1)


@pytest.mark.parametrize("after", [100, 300_000, 1_900_000])
def test_cut_upload_is_never_taken_for_a_whole_one(s3_store: FaultyProxy, s3_server: S3Server, after: int) -> None:
    s3_store.behave("cut_up", after)
    with pytest.raises(StoreDown, match=r"^the store does not answer$"):
        store.write(store.new_name(), [b"x" * 2 * MIB])
    assert s3_store.faults == 2
    s3_store.behave("pass")
    assert (names(), s3_server.unfinished()) == ([], 0)


def test_lost_answer_to_an_upload_leaves_a_whole_object_that_is_found(s3_store: FaultyProxy) -> None:
    """We cannot know whether it came; the caller has no row, so that its sweep removes it."""
    s3_store.behave("cut_down", 60)  # beyond "100 Continue", said once or twice, and within the answer's first lines
    name = store.new_name()
    with pytest.raises(StoreDown):
        store.write(name, [b"x" * 1000])
    s3_store.behave("pass")
    assert (names(), everything(name)) == ([name], b"x" * 1000)


@pytest.mark.parametrize("after", [2000, 200_000, 1_000_000])
def test_cut_download_is_no_short_read(s3_store: FaultyProxy, after: int) -> None:
    name, content = store.new_name(), os.urandom(2 * MIB)
    store.write(name, [content])
    s3_store.behave("cut_down", after)
    got: list[bytes] = []
    with pytest.raises(StoreDown) as caught:
        got.extend(store.read(name))
    check_told_plainly(caught.value, name)
    assert content.startswith(b"".join(got))
    assert len(b"".join(got)) < len(content)
    s3_store.behave("pass")
    assert everything(name) == content


def test_download_that_stands_still_is_given_up(impatient_s3_store: FaultyProxy, s3_server: S3Server) -> None:
    name = store.new_name()
    store.write(name, [b"x" * 30 * MIB])
    blocks = store.read(name)
    next(blocks)
    s3_server.process.pause()
    try:
        began = time.monotonic()
        with pytest.raises(StoreDown, match=r"^the store does not answer$"):
            list(blocks)
        assert time.monotonic() - began < 5
    finally:
        s3_server.process.resume()


def test_connection_ends_when_the_reader_stops_early(s3_store: FaultyProxy) -> None:
    name = store.new_name()
    store.write(name, [b"x" * 8 * MIB])
    before = s3_store.connections
    for _ in range(40):  # more than the pool of connections has
        blocks = store.read(name)
        next(blocks)
        blocks.close()
    assert s3_store.connections - before <= 41
    wait_for(lambda: len(s3_store._live) <= 1, "connections stay open")
    assert len(everything(name)) == 8 * MIB


def test_missing_bucket_is_a_store_that_is_down(s3_store: FaultyProxy, s3_server: S3Server) -> None:
    used = uses()
    s3_server.empty()
    s3_server.client.delete_bucket(Bucket=BUCKET)
    try:
        for use in used:
            with pytest.raises(StoreDown, match=r"^the bucket is not there$"):
                use()
    finally:
        s3_server.make_bucket()


def test_more_objects_than_a_page_are_listed(s3_store: FaultyProxy, s3_server: S3Server) -> None:
    every = [store.new_name() for _ in range(1005)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: s3_server.client.put_object(Bucket=BUCKET, Key=name, Body=b"x"), every))
    assert names() == sorted(every)


def test_prefix_keeps_stores_in_one_bucket_apart(
    s3_store: FaultyProxy, settings: Settings, s3_server: S3Server
) -> None:
    store.write(store.new_name(), [b"outside"])
    options = s3_server.options(prefix="shop/files")
    keep_in_bucket(settings, options)
    name = store.new_name()
    store.write(name, [b"inside"])
    s3_server.client.put_object(Bucket=BUCKET, Key=f"shop/filesystem/{name}", Body=b"x")
    assert (names(), everything(name)) == ([name], b"inside")
    assert s3_server.objects()[f"shop/files/{name}"] == b"inside"
    store.delete(name)
    assert (names(), len(s3_server.objects())) == ([], 2)


def test_bucket_is_asked_by_host_name_or_by_path(s3_server: S3Server, settings: Settings) -> None:
    addresses = []
    for path_style in (True, False):
        options = s3_server.options(endpoint_url="https://s3.shop.example", path_style=path_style)
        keep_in_bucket(settings, options)
        client = storages["attachments"]._client
        url = client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "k"})
        addresses.append(url.partition("?")[0])
    assert addresses == [f"https://s3.shop.example/{BUCKET}/k", f"https://{BUCKET}.s3.shop.example/k"]


def test_objects_carry_no_readable_type_or_note(s3_store: FaultyProxy, s3_server: S3Server) -> None:
    name = store.new_name()
    store.write(name, [b"x"])
    head = s3_server.client.head_object(Bucket=BUCKET, Key=name)
    assert (head["ContentType"], head["Metadata"]) == ("application/octet-stream", {})
    grants = s3_server.client.get_object_acl(Bucket=BUCKET, Key=name)["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]
