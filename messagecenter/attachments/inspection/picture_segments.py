"""Pictures inside documents: their notes (EXIF, GPS, XMP, comments) taken out without touching a pixel."""

from __future__ import annotations

import struct
import zlib

from PIL import Image

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
ORIENTATION = 0x0112
STANDALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
KEPT_CHUNKS = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"pHYs", b"bKGD"),
    *(b"sBIT", b"sPLT", b"hIST", b"acTL", b"fcTL", b"fdAT", b"mDCV", b"cLLI"),
}


def without_notes(picture: bytes) -> bytes:
    """Return a JPEG or PNG without its notes and whatever follows its end; all else, and broken ones, as it came.

    A JPEG keeps its orientation, its colour profile and its Adobe mark, without which it would look different.
    """
    if picture.startswith(JPEG):
        return _jpeg(picture)
    if picture.startswith(PNG):
        return _png(picture)
    return picture


def _jpeg(picture: bytes) -> bytes:
    kept = bytearray(b"\xff\xd8")
    at = 2
    while at + 4 <= len(picture):
        if picture[at] != 0xFF:
            return picture
        marker = picture[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            return bytes(kept + b"\xff\xd9")
        if marker in STANDALONE:
            kept += picture[at : at + 2]
            at += 2
            continue
        length = struct.unpack_from(">H", picture, at + 2)[0]
        segment = picture[at : at + 2 + length]
        if length < 2 or len(segment) < 2 + length:
            return picture
        at += 2 + length
        if marker == 0xDA:
            end = _scan_end(picture, at)
            kept += segment + picture[at:end]
            at = end
        elif marker == 0xE1:
            kept += _turned(segment[10:]) if segment[4:10] == b"Exif\0\0" else b""
        elif _is_needed(marker, segment[4:15]):
            kept += segment
    if picture[at:] == b"\xff\xd9":
        kept += b"\xff\xd9"
    return bytes(kept)


def _is_needed(marker: int, name: bytes) -> bool:
    """Whether the picture would look different without this segment."""
    if marker == 0xE0:
        return name.startswith((b"JFIF", b"JFXX"))
    if marker == 0xE2:
        return name == b"ICC_PROFILE"
    return marker == 0xEE or not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _scan_end(picture: bytes, at: int) -> int:
    """Return where a scan's packed pixels end: at the next marker that is neither stuffing nor a restart."""
    while (at := picture.find(b"\xff", at)) >= 0 and at + 1 < len(picture):
        if picture[at + 1] != 0 and not 0xD0 <= picture[at + 1] <= 0xD7:
            return at
        at += 2
    return len(picture)


def _turned(exif: bytes) -> bytes:
    """Return an EXIF segment that says only how the picture is turned, nothing when it is upright."""
    try:
        found = Image.Exif()
        found.load(exif)
        turned = found.get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001  # EXIF is written by every camera's own ideas: whatever fails, it goes
        return b""
    if not isinstance(turned, int) or not 2 <= turned <= 8:
        return b""
    # One directory with one entry: orientation, a short, once (TIFF 6.0, section 2).
    body = b"Exif\0\0MM\0*" + struct.pack(">LHHHLHHL", 8, 1, ORIENTATION, 3, 1, turned, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png(picture: bytes) -> bytes:
    kept = bytearray(PNG)
    at = len(PNG)
    while at + 12 <= len(picture):
        length = struct.unpack_from(">L", picture, at)[0]
        kind = picture[at + 4 : at + 8]
        chunk = picture[at : at + 12 + length]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != struct.unpack(">L", chunk[-4:])[0]:
            return picture
        at += 12 + length
        if kind in KEPT_CHUNKS:
            kept += chunk
        if kind == b"IEND":
            return bytes(kept)
    return picture


def blank_notes(stream: bytes) -> bytes:
    """Return a stream of the same length in which every JPEG's EXIF, XMP, IPTC and comments are zeros.

    For pictures inside binary documents, where nothing may move.
    """
    out = bytearray(stream)
    at = stream.find(JPEG)
    while at >= 0:
        place = at + 2
        while place + 4 <= len(stream) and stream[place] == 0xFF:
            marker, length = stream[place + 1], struct.unpack_from(">H", stream, place + 2)[0]
            if marker in (0xDA, 0xD9, 0xFF) or marker in STANDALONE or length < 2 or place + 2 + length > len(stream):
                break
            if marker in (0xE1, 0xED, 0xFE):
                payload = stream[place + 4 : place + 2 + length]
                turned = _turned(payload[6:])[4:] if payload.startswith(b"Exif\0\0") else b""
                out[place + 4 : place + 2 + length] = turned[: length - 2].ljust(length - 2, b"\0")
            place += 2 + length
        at = stream.find(JPEG, max(place, at + 3))
    return bytes(out)


def find_pictures(stream: bytes, most: int) -> list[bytes]:
    """Return the first ``most`` JPEGs and PNGs that begin anywhere in a stream, each up to its end or the stream's."""
    found: list[bytes] = []
    at = 0
    while len(found) < most:
        places = [place for place in (stream.find(JPEG, at), stream.find(PNG, at)) if place >= 0]
        if not places:
            break
        at = min(places)
        found.append(stream[at:])
        ending = stream.find(b"IEND" if stream.startswith(PNG, at) else b"\xff\xd9", at)
        at = max(ending, at + 3)
    return found
