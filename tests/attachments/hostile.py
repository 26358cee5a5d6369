"""Pictures and texts as attackers and bad luck make them: each must be refused, with one of the reasons named."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

from PIL import Image

from tests.attachments.honest import animated_png, animation, chunk, jpeg_with_notes, photo, png, png_with_notes, saved

PAGE = b"<!DOCTYPE html><html><script>alert(document.domain)</script></html>"
PHP = b"<?php system($_GET['c']); ?>"


def archive(comment: bytes = b"") -> bytes:
    """Return a zip with a program in it."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("run.exe", b"MZ" + bytes(500))
        packed.comment = comment
    return out.getvalue()


def windows_program() -> bytes:
    """Return what Windows takes for a program: the two headers."""
    return b"MZ\x90\0" + bytes(56) + struct.pack("<I", 128) + bytes(64) + b"PE\0\0\x64\x86" + bytes(400)


LINUX_PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0\x3e\0" + bytes(200)
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def jpeg() -> bytes:
    """Return a small honest JPEG."""
    return saved(photo(64, 48), "JPEG")


def still_png() -> bytes:
    """Return a small honest PNG."""
    return saved(photo(64, 48), "PNG")


def png_with(name: bytes, data: bytes) -> bytes:
    """Return a PNG with one chunk more, right behind its header."""
    content = still_png()
    return content[:33] + chunk(name, data) + content[33:]


def huge_png(width: int = 9000, height: int = 9000) -> bytes:
    """Return a PNG of a few kilobytes that unfolds to 81 megapixels."""
    return png(width, height, 1, 0, (b"\0" + bytes(-(-width // 8))) * height)


def huge_jpeg() -> bytes:
    """Return a small JPEG whose header says 42 megapixels."""
    return saved(Image.new("L", (7000, 6000)), "JPEG", quality=10)


def gif_of(frames: int, width: int = 1, height: int = 1) -> bytes:
    """Return a GIF that shows the same frame again and again; each costs 20 bytes, whatever its size says."""
    packed = saved(Image.new("P", (width, height)), "GIF")
    image = packed[packed.index(b"\x2c", 13 + 3 * (2 << (packed[10] & 7)) if packed[10] & 0x80 else 13) : -1]
    return packed[: len(packed) - len(image) - 1] + image * frames + b"\x3b"


def huge_gif() -> bytes:
    """Return a GIF whose screen is small and whose frame is not."""
    content = bytearray(animation(1))
    place = content.index(b"\x2c", 13)
    content[place + 5 : place + 9] = struct.pack("<HH", 10_000, 10_000)
    return bytes(content)


def gif_script() -> bytes:
    """Return a GIF that a browser runs as JavaScript: its width opens a comment, its end closes it."""
    content = animation(1)
    return content[:6] + b"/*" + content[8:] + b"*/=1;alert(1)//"


def jpeg_script() -> bytes:
    """Return a JPEG that a browser runs as JavaScript: the length of its first segment opens a comment."""
    content = jpeg()
    return content[:4] + b"/*" + content[6:20] + bytes(0x2F2A - 16) + content[20:]


def tape() -> bytes:
    """Return a GIF that tar takes for an archive: it looks for its mark at byte 257."""
    content = animation()
    return content[:257] + b"ustar\0" + content[263:]


def broken_text_chunk() -> bytes:
    """Return a PNG whose check sum does not fit."""
    content = bytearray(png_with_notes())
    content[60] ^= 0xFF
    return bytes(content)


Case = tuple[str, tuple[str, ...], Callable[[], bytes]]

# What it is called, the reasons that are right, how it is made.
FILES: list[Case] = [
    ("empty.txt", ("empty",), bytes),
    ("empty.png", ("empty",), bytes),
    # Names that promise too much or nothing.
    ("photo.exe", ("not_accepted",), jpeg),
    ("photo.jpg.exe", ("not_accepted",), windows_program),
    ("photo.svg", ("not_accepted",), lambda: b"<svg onload='alert(1)'/>"),
    ("photo", ("not_accepted",), jpeg),
    ("photo.jpg\u202egpj.exe", ("not_accepted",), windows_program),
    ("a.txt\0.exe", ("not_accepted",), windows_program),
    ("\u200b\u202e", ("no_name",), jpeg),
    ("../../", ("no_name",), jpeg),
    # One kind under the name of another.
    ("lies.png", ("mismatch",), jpeg),
    ("lies.jpg", ("mismatch",), still_png),
    ("lies.gif", ("mismatch",), lambda: PAGE),
    ("lies.jpeg", ("mismatch",), windows_program),
    ("webp.png", ("mismatch",), lambda: saved(photo(64, 48), "WEBP")),
    ("zip.jpg", ("mismatch", "polyglot"), archive),
    ("pdf.txt", ("mismatch",), lambda: PDF),
    ("rtf.txt", ("mismatch",), lambda: rb"{\rtf1\ansi hello}"),
    ("page.txt", ("mismatch",), lambda: PAGE),
    ("drawing.txt", ("mismatch",), lambda: b"<?xml version='1.0'?>\n<svg onload='alert(1)'></svg>"),
    ("hidden page.txt", ("mismatch",), lambda: b"\xef\xbb\xbf \n<!-- x -->\n<HTML><script>1</script>"),
    ("php.txt", ("mismatch",), lambda: PHP),
    ("script.txt", ("mismatch",), lambda: b"#!/bin/sh\nrm -rf ~\n"),
    ("picture.txt", ("mismatch",), jpeg),
    ("zip.txt", ("mismatch",), archive),
    # Text that is none.
    ("program.txt", ("mismatch", "not_text"), windows_program),
    ("linux.txt", ("mismatch", "not_text"), lambda: LINUX_PROGRAM),
    ("null.txt", ("not_text",), lambda: b"hello\0world"),
    ("control.txt", ("not_text",), lambda: b"hello \x01\x02\x03 world"),
    ("packed.txt", ("not_text", "mismatch"), lambda: zlib.compress(photo().tobytes())[2:5000]),
    ("high bytes.txt", ("not_text",), lambda: bytes(range(0x80, 0x100)) * 20),
    ("without mark.txt", ("not_text",), lambda: "hallo".encode("utf-16-le")),
    ("32 bits.txt", ("not_text",), lambda: "hallo".encode("utf-32")),
    ("marked rubbish.txt", ("not_text",), lambda: b"\xff\xfe" + zlib.compress(photo().tobytes())[:4000]),
    ("odd mark.txt", ("not_text",), lambda: b"\xff\xfea\0b"),
    ("text then program.txt", ("not_text",), lambda: b"Hello, read me.\n" + windows_program()),
    # Cut, bent and scrambled.
    ("half.jpg", ("damaged",), lambda: jpeg_with_notes()[:-2000]),
    ("header.jpg", ("damaged",), lambda: jpeg()[:300]),
    ("no end.jpg", ("damaged",), lambda: jpeg()[:-2]),
    ("start.jpg", ("damaged", "mismatch"), lambda: b"\xff\xd8\xff\xe0"),
    ("half.png", ("damaged",), lambda: still_png()[:-200]),
    ("no end.png", ("damaged",), lambda: still_png()[:-12]),
    ("bent.png", ("damaged",), broken_text_chunk),
    ("few rows.png", ("damaged",), lambda: png(64, 64, 8, 2, b"\0" + bytes(192))),
    ("bad pixels.png", ("damaged",), lambda: still_png()[:33] + chunk(b"IDAT", b"rubbish") + chunk(b"IEND", b"")),
    ("no pixels.png", ("damaged",), lambda: still_png()[:33] + chunk(b"IEND", b"")),
    ("no colours.png", ("damaged",), lambda: png(8, 8, 8, 3, (b"\0" + bytes(8)) * 8)),
    ("too many rows.png", ("damaged",), lambda: png(8, 8, 8, 0, (b"\0" + bytes(8)) * 9)),
    ("header.png", ("damaged", "mismatch"), lambda: still_png()[:8]),
    ("half.gif", ("damaged",), lambda: animation()[:-300]),
    ("no end.gif", ("damaged",), lambda: animation()[:-1]),
    ("header.gif", ("damaged",), lambda: b"GIF89a" + bytes(20)),
    ("few pixels.gif", ("damaged",), lambda: huge_gif().replace(struct.pack("<HH", 10_000, 10_000), b"\xff\0\xff\0")),
    ("half animation.png", ("damaged",), lambda: animated_png()[:-300]),
    # Far too much of it.
    ("huge.png", ("too_many_pixels",), huge_png),
    ("huge.jpg", ("too_many_pixels",), huge_jpeg),
    ("huge.gif", ("too_many_pixels",), huge_gif),
    ("endless.gif", ("too_many_frames",), lambda: gif_of(1001)),
    ("large animation.gif", ("too_many_frames",), lambda: gif_of(60, 2000, 2000)),
    # Two kinds in one.
    ("zip behind.jpg", ("polyglot",), lambda: jpeg() + archive()),
    ("zip behind.png", ("polyglot",), lambda: still_png() + archive()),
    ("zip behind.gif", ("polyglot",), lambda: animation() + archive()),
    ("zip and more behind.gif", ("polyglot",), lambda: animation() + archive() + bytes(70_000)),
    ("zip inside.jpg", ("polyglot",), lambda: saved(photo(64, 48), "JPEG", comment=archive())),
    ("zip inside.png", ("polyglot",), lambda: png_with(b"zzZz", archive())),
    ("page behind.jpg", ("polyglot",), lambda: jpeg() + PAGE),
    ("page behind.png", ("polyglot",), lambda: still_png() + PAGE),
    ("page inside.png", ("polyglot",), lambda: png_with(b"tEXt", b"Comment\0" + PAGE)),
    ("page inside.gif", ("polyglot",), lambda: animation(comment=PAGE)),
    ("php inside.jpg", ("polyglot",), lambda: saved(photo(64, 48), "JPEG", comment=PHP)),
    ("php behind.gif", ("polyglot",), lambda: animation() + PHP),
    ("document behind.jpg", ("polyglot",), lambda: jpeg() + PDF),
    ("document inside.jpg", ("polyglot",), lambda: saved(photo(64, 48), "JPEG", comment=PDF)),
    ("program behind.png", ("polyglot",), lambda: still_png() + windows_program()),
    ("linux program behind.jpg", ("polyglot",), lambda: jpeg() + LINUX_PROGRAM),
    ("archive behind.png", ("polyglot",), lambda: still_png() + b"Rar!\x1a\x07\x01\0" + bytes(50)),
    ("script.gif", ("polyglot",), gif_script),
    ("script.jpg", ("polyglot",), jpeg_script),
    ("tape.gif", ("polyglot",), tape),
]
