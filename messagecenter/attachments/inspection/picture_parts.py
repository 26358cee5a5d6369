"""Where a picture's parts begin and end: its size, its notes, its pixels, and what follows its end."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from .refusal import Refusal

# In a scan 0xFF is followed by 0x00 (stuffed), D0 to D7 (restart) or another 0xFF (fill); anything else ends it.
END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass
class GifFrame:
    """One image of a GIF: its control block (or none), its place, its colours and its packed pixels."""

    control: bytes
    box: tuple[int, int, int, int]  # left, top, width, height
    interlaced: bool
    palette: bytes
    data: bytes  # the first code size and the sub-blocks, with the closing zero


@dataclass
class Parts:
    """A picture taken apart without looking at its pixels."""

    width: int = 0
    height: int = 0
    frames: int = 1
    notes: list[bytes] = field(default_factory=list)  # metadata and comments as they stand in the file
    trailer: bytes = b""  # what follows the picture's own end
    scans: int = 0  # JPEG: how often the picture is gone over
    progressive: bool = False  # JPEG
    chunks: list[tuple[bytes, bytes]] = field(default_factory=list)  # PNG
    header: bytes = b""  # GIF: the screen's descriptor and the common colours
    loop: bytes = b""  # GIF: how often the animation runs, as its two bytes
    images: list[GifFrame] = field(default_factory=list)  # GIF


def jpeg_parts(content: bytes) -> Parts:
    """Take a JPEG apart (ITU-T T.81, annex B). Raises Refusal "damaged" when it has no end or no size."""
    parts = Parts()
    place = 2
    while True:
        begin = place
        place = content.find(b"\xff", place)
        if place < 0:
            raise Refusal("damaged")
        if place > begin:
            parts.notes.append(content[begin:place])  # readers step over bytes between two segments
        while content[place : place + 1] == b"\xff":
            place += 1
        marker = content[place] if place < len(content) else 0xFF
        place += 1
        if marker == 0xD9:
            break
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            continue
        payload = _segment(content, place)
        place += 2 + len(payload)
        if marker in FRAME_HEADERS and not parts.width and len(payload) >= 6:
            parts.height, parts.width = struct.unpack(">HH", payload[1:5])
            parts.progressive = marker in (0xC2, 0xC6, 0xCA, 0xCE)
        elif marker >= 0xE0:
            parts.notes.append(payload)
        elif marker == 0xDA:
            parts.scans += 1
            end = END_OF_SCAN.search(content, place)
            if end is None:
                raise Refusal("damaged")
            place = end.start()
    if not (parts.width and parts.height and parts.scans):
        raise Refusal("damaged")
    parts.trailer = content[place:]
    return parts


def _segment(content: bytes, place: int) -> bytes:
    """Return the payload of the segment whose length stands at a place."""
    length = int.from_bytes(content[place : place + 2], "big")
    if length < 2 or place + length > len(content):
        raise Refusal("damaged")
    return content[place + 2 : place + length]


def png_parts(content: bytes) -> Parts:
    """Take a PNG apart. Raises Refusal "damaged" when a chunk is cut or wrong, or when IHDR or IEND is missing."""
    parts = Parts(frames=0)
    place = 8
    while not parts.chunks or parts.chunks[-1][0] != b"IEND":
        head = content[place : place + 8]
        if len(head) < 8:
            raise Refusal("damaged")
        length, name = struct.unpack(">I4s", head)
        data = content[place + 8 : place + 8 + length]
        check = content[place + 8 + length : place + 12 + length]
        if len(data) < length or check != struct.pack(">I", zlib.crc32(data, zlib.crc32(name))):
            raise Refusal("damaged")
        parts.chunks.append((name, data))
        parts.frames += name == b"fcTL"
        if name not in (b"IHDR", b"PLTE", b"IDAT", b"fdAT", b"IEND"):
            parts.notes.append(data)
        place += 12 + length
    first, header = parts.chunks[0]
    if first != b"IHDR" or len(header) != 13:
        raise Refusal("damaged")
    parts.width, parts.height = struct.unpack(">II", header[:8])
    parts.frames = max(parts.frames, 1)
    parts.trailer = content[place:]
    return parts


def gif_parts(content: bytes) -> Parts:
    """Take a GIF apart (GIF89a specification). Raises Refusal "damaged" when it is cut or holds no image."""
    parts, place = Parts(frames=0), 13
    if len(content) < place:
        raise Refusal("damaged")
    parts.width, parts.height, flags = struct.unpack("<HHB", content[6:11])
    place += _palette_size(flags)
    parts.header = content[6:place]
    control = b""
    while True:
        introducer = content[place : place + 1]
        if introducer == b"\x3b":
            break
        if introducer == b"\0":  # some programs write one zero too many behind an image
            place += 1
            continue
        if introducer == b"\x21":
            label = content[place + 1 : place + 2]
            blocks, place = _sub_blocks(content, place + 2)
            if label == b"\xf9":
                control = blocks[0] if blocks and len(blocks[0]) == 4 else b""
            elif label == b"\xff" and blocks and blocks[0] in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
                if len(blocks) > 1 and len(blocks[1]) == 3 and blocks[1][0] == 1:
                    parts.loop = blocks[1][1:]
            else:
                parts.notes.append(b"".join(blocks))
        elif introducer == b"\x2c":
            frame, place = _image(content, place, control)
            parts.images.append(frame)
            control = b""
        else:
            raise Refusal("damaged")
    if not parts.images:
        raise Refusal("damaged")
    parts.frames = len(parts.images)
    # A frame may be larger than the screen it is shown on, and is unpacked in full nevertheless.
    parts.width = max([parts.width, *(frame.box[2] for frame in parts.images)])
    parts.height = max([parts.height, *(frame.box[3] for frame in parts.images)])
    parts.trailer = content[place + 1 :]
    return parts


def _palette_size(flags: int) -> int:
    """Return how many bytes of colours follow a descriptor with these flags."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(content: bytes, place: int) -> tuple[list[bytes], int]:
    """Return a chain of sub-blocks and the place behind its closing zero."""
    blocks: list[bytes] = []
    while True:
        if place >= len(content):
            raise Refusal("damaged")
        length = content[place]
        if not length:
            return blocks, place + 1
        blocks.append(content[place + 1 : place + 1 + length])
        place += 1 + length


def _image(content: bytes, place: int, control: bytes) -> tuple[GifFrame, int]:
    """Return the image whose descriptor begins at a place, and the place behind it."""
    descriptor = content[place : place + 10]
    if len(descriptor) < 10:
        raise Refusal("damaged")
    left, top, width, height, flags = struct.unpack("<HHHHB", descriptor[1:])
    begin = place + 10 + _palette_size(flags)
    _blocks, end = _sub_blocks(content, begin + 1)
    if not (width and height):
        raise Refusal("damaged")
    palette = content[place + 10 : begin]
    return GifFrame(control, (left, top, width, height), bool(flags & 0x40), palette, content[begin:end]), end


PARTS: dict[str, Callable[[bytes], Parts]] = {"jpg": jpeg_parts, "png": png_parts, "gif": gif_parts}
