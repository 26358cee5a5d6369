"""Uploaded files stay in memory, are counted and never become readable temporary files.

The door is tested in tests/test_asgi.py; here Django stands alone, as under its test client.
"""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import RequestFactory

from messagecenter.attachments.inspection.limits import MOST_BYTES
from messagecenter.attachments.receiving import CUT, cut_size


def request(text: str, *contents: bytes, **more: Any):
    files = [SimpleUploadedFile(f"{number}.pdf", content) for number, content in enumerate(contents)]
    return RequestFactory().post("/", {"text": text, "file": files}, **more)


def test_files_arrive_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))  # a temporary file would fail
    got = request("Zimtstern", b"x" * (5 * 1024 * 1024), b"y")
    assert cut_size(got) is None
    large, small = got.FILES.getlist("file")
    assert isinstance(large, InMemoryUploadedFile)
    assert (large.size, small.size) == (5 * 1024 * 1024, 1)
    assert large.read() == b"x" * (5 * 1024 * 1024)
    assert (small.name, small.content_type, small.read()) == ("1.pdf", "text/plain", b"y")
    assert got.POST["text"] == "Zimtstern"


def test_an_empty_file_is_a_file() -> None:
    assert request("Zimtstern", b"").FILES["file"].size == 0


def test_exactly_the_most_bytes_fit() -> None:
    got = request("Zimtstern", b"x" * (MOST_BYTES - 3), b"abc")
    assert cut_size(got) is None
    assert [file.size for file in got.FILES.getlist("file")] == [MOST_BYTES - 3, 3]


def test_a_byte_more_is_counted_and_not_kept() -> None:
    got = request("Zimtstern", b"x" * (MOST_BYTES - 3), b"abcd", b"e")
    assert cut_size(got) == MOST_BYTES + 2
    assert [file.size for file in got.FILES.getlist("file")] == [MOST_BYTES - 3]
    assert got.POST["text"] == "Zimtstern"


def test_what_the_door_declared_larger_stays() -> None:
    assert cut_size(request("Zimtstern", b"x", **{CUT: 5_000_000_000})) == 5_000_000_000


def test_a_sender_cannot_say_it_by_a_header() -> None:
    got = request("Zimtstern", b"x", headers={CUT: "5", "messagecenter.body-cut": "5", "messagecenter-body-cut": "5"})
    assert cut_size(got) is None


def test_a_request_without_a_form_is_not_cut() -> None:
    assert cut_size(RequestFactory().get("/")) is None
