"""GIF, still and animated: each frame unpacked and packed again, times and colours as before, the notes left behind."""

from __future__ import annotations

import struct
from io import BytesIO

from PIL import GifImagePlugin, Image

from . import barcodes
from .inspected import Inspected
from .picture_parts import GifFrame, Parts, gif_parts
from .pictures import WRONG, joined, previews, readable, refuse_size, view_of
from .refusal import Refusal

# 256 different colours, not gray, so that Pillow gives the frame's own numbers; the true colours are kept beside it.
COLOURS = bytes(value for number in range(256) for value in (number, 255 - number, 7))


def inspect(content: bytes) -> Inspected:
    """Return a GIF written anew. Raises Refusal."""
    try:
        return _gif(content)
    except WRONG:
        raise Refusal("damaged") from None


def _gif(content: bytes) -> Inspected:
    """Return a GIF with each frame's pixels packed again. Frame for frame, so that memory does not grow with them."""
    parts = gif_parts(content)
    refuse_size(parts, sum(frame.box[2] * frame.box[3] for frame in parts.images))
    packed = [_repacked(frame) for frame in parts.images]
    cleaned = _written(parts, packed)
    if len(cleaned) > len(content):
        # Packed tighter than Pillow does: then as it was, frame by frame; it was just unpacked in full.
        packed = [min(ours, frame.data, key=len) for ours, frame in zip(packed, parts.images, strict=True)]
        cleaned = _written(parts, packed)
    image = GifImagePlugin.GifImageFile(BytesIO(cleaned))
    width, height = image.size
    view = view_of(image)
    small, large = previews(view)
    text = joined([*map(readable, parts.notes), *barcodes.read_codes(view)])
    return Inspected(
        *("gif", cleaned, text, small, large), width=width, height=height, frames=parts.frames, notes=["reencoded"]
    )


def _repacked(frame: GifFrame) -> bytes:
    """Return a frame's pixels packed by Pillow, row after row."""
    size = struct.pack("<HH", *frame.box[2:])
    descriptor = b"\x2c" + bytes(4) + size + (b"\x40" if frame.interlaced else b"\0")
    alone = b"GIF89a" + size + b"\xf7\0\0" + COLOURS + descriptor + frame.data + b"\x3b"
    image: Image.Image = GifImagePlugin.GifImageFile(BytesIO(alone))
    image.load()
    out = BytesIO()
    image.save(out, "GIF", interlace=0, optimize=False)
    return gif_parts(out.getvalue()).images[0].data


def _written(parts: Parts, packed: list[bytes]) -> bytes:
    """Return the file: screen, common colours, how often it runs, and the frames with their times."""
    out = [b"GIF89a", parts.header]
    if parts.loop:
        out.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + parts.loop + b"\0")
    for frame, data in zip(parts.images, packed, strict=True):
        if frame.control:
            out.append(b"\x21\xf9\x04" + frame.control + b"\0")
        flags = 0x40 if frame.interlaced and data is frame.data else 0
        if frame.palette:
            flags |= 0x80 | (len(frame.palette) // 3).bit_length() - 2
        out += [b"\x2c", struct.pack("<HHHHB", *frame.box, flags), frame.palette, data]
    return b"".join([*out, b"\x3b"])
