"""Bar codes in the pictures of a document, within a bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from io import BytesIO

from PIL import Image

from . import barcodes

MOST_PICTURES = 5
MOST_SECONDS = 0.6  # of processor time, looked at before each picture; one takes up to 0.8 s
MOST_PIXELS = 12_000_000  # unfolded at once; a JPEG is read at a smaller size
SIDE = 1000  # pixels a JPEG keeps at least


def read_codes(pictures: Iterable[bytes]) -> list[str]:
    """Return what bar codes in the first pictures say. Pictures that cannot be read are passed over."""
    found: list[str] = []
    started = time.process_time()
    for at, picture in enumerate(pictures):
        if at >= MOST_PICTURES or time.process_time() - started > MOST_SECONDS:
            break
        found += _codes_of(picture)
    return found


def _codes_of(picture: bytes) -> list[str]:
    try:
        with Image.open(BytesIO(picture), formats=("JPEG", "PNG", "GIF", "BMP")) as image:
            image.draft("L", (SIDE, SIDE))
            return barcodes.read_codes(image) if image.width * image.height <= MOST_PIXELS else []
    except Exception:  # noqa: BLE001  # a picture no one can show does no harm; Pillow raises many kinds
        return []
