"""Pictures and texts as people have them on their phones and disks, made by code: all of them must pass."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO

import zxingcpp
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

PLACE = "SECRETPLACE"
CAMERA = "Kameramaker 3000"


@cache
def photo(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Return a picture with large shapes, soft changes and some noise, top left another colour than the rest."""
    noise = Image.effect_noise((max(1, width // 8), max(1, height // 8)), 60).resize((width, height))
    slope = Image.linear_gradient("L").resize((width, height))
    light = Image.radial_gradient("L").resize((width, height))
    bands = [noise, slope, light, slope.rotate(180)]
    if mode in ("L", "LA"):
        return Image.merge("LA", [slope, light]) if mode == "LA" else slope
    image = Image.merge("CMYK" if mode == "CMYK" else "RGBA", bands)
    if mode in ("P", "1", "RGB"):
        image = image.convert("RGB").convert(mode)
    return image


def marked(width: int = 600, height: int = 400) -> Image.Image:
    """Return a picture whose top left quarter is red, so that one sees how it lies."""
    image = Image.new("RGB", (width, height), "blue")
    ImageDraw.Draw(image).rectangle([0, 0, width // 2 - 1, height // 2 - 1], fill="red")
    return image


def saved(image: Image.Image, kind: str, **settings: object) -> bytes:
    """Return a picture as a file."""
    out = BytesIO()
    image.save(out, kind, **settings)
    return out.getvalue()


def exif(orientation: int = 1) -> bytes:
    """Return EXIF notes as a phone writes them: its maker, where it was, what somebody typed."""
    notes = Image.Exif()
    notes[0x0112], notes[0x010F], notes[0x010E] = orientation, CAMERA, "my broken cup"
    notes[0x9C9C] = "anna@example.org".encode("utf-16-le")
    notes.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.5), 3: "E", 4: (13.0, 24.0, 18.0), 29: PLACE})
    notes.get_ifd(0x8769).update({0x9003: "2026:05:01 12:00:00", 0x9286: b"UNICODE\0" + "ruf an".encode("utf-16-le")})
    return notes.tobytes()


def xmp() -> bytes:
    """Return XMP notes."""
    return (
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>'
        b"<dc:creator>XMPWRITER</dc:creator></rdf:RDF></x:xmpmeta>"
    )


@cache
def profile() -> bytes:
    """Return a colour profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def jpeg_with_notes(orientation: int = 1, **settings: object) -> bytes:
    """Return a photo with everything a phone adds to it."""
    return saved(
        marked(), "JPEG", exif=exif(orientation), xmp=xmp(), comment=b"SECRETCOMMENT", icc_profile=profile(), **settings
    )


def many_pictures() -> bytes:
    """Return a JPEG with a second one behind it, as stereo cameras and phones write (MPO)."""
    return saved(photo(), "MPO", save_all=True, append_images=[photo(320, 240)])


def motion_photo() -> bytes:
    """Return a JPEG with a film behind it."""
    film = struct.pack(">I4s4sI", 24, b"ftyp", b"mp42", 0) + b"isommp42" + struct.pack(">I4s", 60_008, b"mdat")
    return jpeg_with_notes() + film + zlib.compress(photo().tobytes())[:60_000]


def phone_trailer() -> bytes:
    """Return a JPEG with its maker's notes behind it."""
    return jpeg_with_notes() + b"\0\0\1\x0aImage_UTC_Data1700000000000SEFHk\0\0\0\1\0\0\0" + bytes(40) + b"SEFT"


def animation(frames: int = 8, **settings: object) -> bytes:
    """Return a GIF of a square that wanders."""
    pictures = []
    for number in range(frames):
        picture = Image.new("RGB", (120, 90), (20, 40, 200))
        ImageDraw.Draw(picture).rectangle([number * 10, 20, number * 10 + 20, 40], fill=(250, number * 20, 0))
        pictures.append(picture)
    settings = {"duration": [100 + 10 * n for n in range(frames)], "loop": 3, "comment": b"SECRETCOMMENT"} | settings
    return saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], **settings)


def clear_animation() -> bytes:
    """Return a GIF whose frames show through and clear away what was before them."""
    pictures = []
    for number in range(6):
        picture = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
        ImageDraw.Draw(picture).ellipse([number * 8, 10, number * 8 + 30, 40], fill=(0, 160, 90, 255))
        pictures.append(picture)
    return saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=80, loop=0, disposal=2)


def animated_png(mode: str = "RGBA") -> bytes:
    """Return an animated PNG."""
    pictures = []
    for number in range(5):
        picture = Image.new("RGBA", (64, 64), (number * 40, 0, 0, 255))
        ImageDraw.Draw(picture).ellipse([number * 6, 10, number * 6 + 20, 30], fill=(0, 200, 90, 128))
        pictures.append(picture.convert(mode))
    return saved(pictures[0], "PNG", save_all=True, append_images=pictures[1:], duration=[50, 60, 70, 80, 90], loop=2)


def chunk(name: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, interlace: int = 0, more: bytes = b"") -> bytes:
    """Return a PNG written by hand: Pillow writes neither 16 bits of colour nor interlaced ones."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def sixteen_bits(colour: int, bands: int, more: bytes = b"") -> bytes:
    """Return a PNG of 16 bits a band."""
    row = b"\0" + b"".join(struct.pack(">H", (x * 700) % 65536) * bands for x in range(100))
    return png(100, 60, 16, colour, row * 60, more=more)


def few_bits(depth: int, colour: int = 0, more: bytes = b"") -> bytes:
    """Return a PNG of less than eight bits a pixel."""
    return png(61, 40, depth, colour, (b"\0" + bytes(range(-(-61 * depth // 8)))) * 40, more=more)


def interlaced() -> bytes:
    """Return a PNG that is sent in seven passes (Adam7)."""
    rows = b""
    for left, top, across, down in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        for y in range(top, 48, down):
            rows += b"\0" + b"".join(bytes([x * 4, y * 5, 99]) for x in range(left, 64, across))
    return png(64, 48, 8, 2, rows, interlace=1)


def png_with_notes() -> bytes:
    """Return a PNG with text chunks of all three kinds, EXIF and a colour profile."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "SECRETCOMMENT")
    info.add_text("Author", "SECRETAUTHOR", zip=True)
    info.add_itxt("Title", "SECRETTITLE straße", zip=True)
    info.add_itxt("XML:com.adobe.xmp", xmp().decode())
    return saved(marked(), "PNG", pnginfo=info, exif=exif(6), icc_profile=profile(), dpi=(300, 300))


def qr_code(words: str) -> Image.Image:
    """Return a picture with a QR code somewhere in it."""
    code = zxingcpp.create_barcode(words, zxingcpp.BarcodeFormat.QRCode).to_image(scale=4)
    height, width = code.shape  # a buffer, as its type does not tell
    picture = Image.new("RGB", (900, 700), "white")
    picture.paste(Image.frombytes("L", (width, height), memoryview(code).tobytes()).convert("RGB"), (300, 200))
    return picture


LOG = (
    "2026-05-01 12:00:01 INFO GET /orders/1\n"
    "2026-05-01 12:00:02 WARN answered <html><body><script>alert(1)</script><?php echo 1 ?></body></html>\n"
) * 20
LETTER = "Sehr geehrte Damen und Herren,\n\ndie Tasse für 12,50 € kam zerbrochen an. Schöne Grüße\nJörg Müßig\n"

PICTURES: dict[str, Callable[[], bytes]] = {
    "photo.jpg": lambda: saved(photo(), "JPEG", quality=85),
    "notes.jpeg": jpeg_with_notes,
    "upright phone.jpg": lambda: jpeg_with_notes(6),
    "on its head.JPG": lambda: jpeg_with_notes(3),
    "progressive.jpg": lambda: saved(photo(), "JPEG", progressive=True),
    "print.jpg": lambda: saved(photo(mode="CMYK"), "JPEG"),
    "print progressive.jpg": lambda: saved(photo(mode="CMYK"), "JPEG", progressive=True, icc_profile=profile()),
    "gray.jpg": lambda: saved(photo(mode="L"), "JPEG"),
    "full colour.jpg": lambda: saved(photo(), "JPEG", quality=95, subsampling=0),
    "half colour.jpg": lambda: saved(photo(), "JPEG", subsampling=1),
    "rgb.jpg": lambda: saved(photo(), "JPEG", keep_rgb=True),
    "one pixel.jpg": lambda: saved(photo(1, 1), "JPEG"),
    "restart.jpg": lambda: saved(photo(), "JPEG", restart_marker_rows=1),
    "stereo.jpg": many_pictures,
    "motion.jpg": motion_photo,
    "phone.jpg": phone_trailer,
    "code.jpg": lambda: saved(qr_code("https://example.org/pay"), "JPEG"),
    "wide.jpg": lambda: saved(photo(3000, 40), "JPEG"),
    "one.gif": lambda: saved(photo(mode="P"), "GIF"),
    "gray.gif": lambda: saved(photo(mode="L"), "GIF"),
    "interlaced.gif": lambda: saved(photo(mode="P"), "GIF", interlace=1),
    "two colours.gif": lambda: saved(photo(mode="1"), "GIF"),
    "animation.gif": animation,
    "whole frames.gif": lambda: animation(disposal=1, optimize=False),
    "clear.gif": clear_animation,
    "zero too many.gif": lambda: animation()[:-1] + b"\0\x3b",
    "tiny.gif": lambda: (
        b"GIF89a\1\0\1\0\x80\0\0" + b"\0\0\0\xff\xff\xff\x2c" + bytes(4) + b"\1\0\1\0\0\2\2\x44\1\0\x3b"
    ),
    "colours.png": lambda: saved(photo(), "PNG"),
    "clear.png": lambda: saved(photo(mode="RGBA"), "PNG"),
    "gray.png": lambda: saved(photo(mode="L"), "PNG"),
    "gray clear.png": lambda: saved(photo(mode="LA"), "PNG"),
    "palette.png": lambda: saved(photo(mode="P"), "PNG"),
    "palette clear.png": lambda: saved(photo(mode="P"), "PNG", transparency=3),
    "black and white.png": lambda: saved(photo(mode="1"), "PNG"),
    "colour clear.png": lambda: saved(photo(), "PNG", transparency=(0, 0, 0)),
    "16 gray.png": lambda: sixteen_bits(0, 1),
    "16 gray clear.png": lambda: sixteen_bits(0, 1, chunk(b"tRNS", b"\x02\xbc")),
    "16 colours.png": lambda: sixteen_bits(2, 3),
    "16 colours one clear.png": lambda: sixteen_bits(2, 3, chunk(b"tRNS", b"\x02\xbc" * 3)),
    "16 clear.png": lambda: sixteen_bits(6, 4),
    "interlaced.png": interlaced,
    "2 bits of gray.png": lambda: few_bits(2),
    "4 bits of gray clear.png": lambda: few_bits(4, more=chunk(b"tRNS", b"\0\3")),
    "4 colours.png": lambda: few_bits(2, 3, chunk(b"PLTE", bytes(range(12))) + chunk(b"tRNS", b"\x80")),
    "2 colours.png": lambda: few_bits(1, 3, chunk(b"gAMA", b"\0\0\xb1\x8f") + chunk(b"PLTE", b"\xff\0\0\0\0\xff")),
    "animated.png": animated_png,
    "animated palette.png": lambda: animated_png("P"),
    "notes.PNG": png_with_notes,
}

TEXTS: dict[str, Callable[[], bytes]] = {
    "letter.txt": LETTER.encode,
    "mark.txt": lambda: LETTER.encode("utf-8-sig"),
    "windows.txt": lambda: LETTER.replace("\n", "\r\n").encode("cp1252"),
    "latin.txt": lambda: LETTER.replace("€", "EUR").encode("latin-1"),
    "little.txt": lambda: b"\xff\xfe" + LETTER.encode("utf-16-le"),
    "big.txt": lambda: b"\xfe\xff" + LETTER.encode("utf-16-be"),
    "blank.txt": lambda: b"\r\n\r\n\n",
    "long lines.TXT": ("wort " * 100_000).encode,
    "log.txt": LOG.encode,
    "coloured log.txt": lambda: b"\x1b[31mERROR\x1b[0m failed\n\x0cpage 2\n",
    "dos.txt": lambda: b"END OF FILE\r\n\x1a",
    "asian.txt": "壊れたカップ 杯子碎了 깨진 컵 😀".encode,
    "arabic.txt": lambda: "الكوب مكسور".encode("utf-16"),
    "table.txt": lambda: b"a;b;c\n1;2;3\n",
    "xml.txt": lambda: b"<?xml version='1.0'?>\n<order><item>1</item></order>\n",
    "shouting.txt": lambda: "ÄÖÜ ß".encode("latin-1"),
    "mz.txt": lambda: b"MZ-1234 is the number of the part\n",
    "pk.txt": lambda: b"PK is short for Privatkunde\n",
}
