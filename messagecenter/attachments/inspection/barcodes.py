"""QR and bar codes in a picture: what they say, for the policy screen."""

from __future__ import annotations

import zxingcpp
from PIL import Image

MOST_PIXELS = 2_000_000  # finds what a phone would find; a picture of noise takes 0.8 s
MOST_CODES = 20
LONGEST = 4000  # characters; the largest QR code holds 4,296


def read_codes(image: Image.Image) -> list[str]:
    """Return what the codes in a picture say, at most MOST_CODES. A large picture is made smaller first."""
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        scale = (MOST_PIXELS / pixels) ** 0.5
        image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    gray = _on_white(image)
    return [code.text[:LONGEST] for code in zxingcpp.read_barcodes(gray)[:MOST_CODES] if code.text]


def _on_white(image: Image.Image) -> Image.Image:
    """Return the picture in gray, on white where it shows through: else a code drawn on nothing stays unseen."""
    if image.mode in ("RGBA", "LA", "PA"):
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    return image.convert("L")
