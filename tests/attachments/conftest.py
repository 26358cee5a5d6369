"""A store of its own for each test, and a few files worth sending."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pytest_django import Settings

from tests.attachments.stores import impatient_s3_store, kept, local_store, s3_server, s3_store

__all__ = ["impatient_s3_store", "kept", "local_store", "s3_server", "s3_store"]


@pytest.fixture(autouse=True)
def store_folder(settings: Settings, tmp_path: Path) -> Path:
    """The folder this test's files lie in."""
    folder = tmp_path / "attachments"
    folder.mkdir(mode=0o700)
    backend = {"BACKEND": "messagecenter.attachments.disk.Disk", "OPTIONS": {"location": folder}}
    settings.STORAGES = {**settings.STORAGES, "attachments": backend}
    return folder


def photo(side: int = 64, colour: str = "tomato", place: bool = True) -> bytes:
    """A JPEG as a phone takes it: with its place and maker in EXIF."""
    image = Image.new("RGB", (side, side // 2), colour)
    exif = Image.Exif()
    exif[0x010F] = "Kamerawerk Jena"
    if place:
        exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()
