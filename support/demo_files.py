"""What the demo's people send each other: photos and papers drawn on the spot, so that the project ships none."""

from __future__ import annotations

import random
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WALL, SHADE, LIGHT, CRACK, WOOD = "#c9c2b6", "#efe3c8", "#fff7dd", "#5b5348", "#a9794a"


def demo_file(name: str) -> bytes:
    """Return the content of one of the demo's files by its name: a photo (.jpg), a paper (.pdf) or a note (.txt)."""
    if name.endswith(".jpg"):
        return _photo(name)
    if name.endswith(".pdf"):
        return _paper(name)
    return "Pflege: nur trocken abwischen.\nLeuchtmittel: E27, höchstens 9 W.\n".encode()


def _photo(name: str) -> bytes:
    """Draw a lamp on a table, its shade cracked; each name gives another crack."""
    chance = random.Random(name)  # noqa: S311 (a drawing)
    width, height = 1600, 1200
    image = Image.new("RGB", (width, height), WALL)
    draw = ImageDraw.Draw(image)
    for row in range(height):  # evening light from the left
        shade = int(30 * row / height)
        draw.line([(0, row), (width, row)], fill=(201 - shade, 194 - shade, 182 - shade))
    draw.rectangle((0, 960, width, height), fill=WOOD)
    draw.rectangle((770, 620, 830, 980), fill="#3d3a36")
    draw.ellipse((640, 930, 960, 1010), fill="#3d3a36")
    draw.polygon([(560, 240), (1040, 240), (1180, 660), (420, 660)], fill=SHADE)
    draw.ellipse((560, 330, 1040, 700), fill=LIGHT)
    image = image.filter(ImageFilter.GaussianBlur(6))
    draw = ImageDraw.Draw(image)
    for _ in range(3):
        x, y = chance.randint(640, 960), 250
        path = [(x, y)]
        while y < 640:
            x, y = x + chance.randint(-45, 45), y + chance.randint(25, 60)
            path.append((x, y))
        draw.line(path, fill=CRACK, width=4, joint="curve")
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _paper(name: str) -> bytes:
    """Draw a page of A4 at 100 dots an inch with a heading and a few lines."""
    image = Image.new("RGB", (827, 1169), "white")
    draw = ImageDraw.Draw(image)
    heading = name.removesuffix(".pdf").replace("-", " ").title()
    draw.text((90, 110), "Nordlicht Lampen", font=ImageFont.load_default(22), fill="#666666")
    draw.text((90, 190), heading, font=ImageFont.load_default(40), fill="black")
    lines = ("1 × Schreibtischlampe, Eiche", "Lampenschirm ersetzt auf Kulanz", "", "Vielen Dank für Ihren Einkauf!")
    for number, line in enumerate(lines):
        draw.text((90, 300 + 44 * number), line, font=ImageFont.load_default(24), fill="black")
    draw.line([(90, 270), (737, 270)], fill="#999999", width=2)
    out = BytesIO()
    image.save(out, "PDF", resolution=100)
    return out.getvalue()
