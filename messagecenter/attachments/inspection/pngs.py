"""PNG, still and animated: each frame unpacked and packed again, the notes left behind."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, PngImagePlugin

from . import barcodes
from .inspected import Inspected
from .limits import MEGABYTE, MOST_BYTES
from .picture_parts import Parts, png_parts
from .pictures import (
    exif_lines,
    joined,
    previews,
    profile_lines,
    read_exif,
    refuse_size,
    upright,
    usable_profile,
    view_of,
)
from .refusal import Refusal

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BANDS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# The seven passes of an interlaced picture: first column, first row, and the steps to the next ones.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
COLOUR = (b"sRGB", b"gAMA", b"cHRM", b"cICP", b"pHYs")  # numbers only: how the colours are meant, and how large
LONGEST_NOTE = MEGABYTE
# Bytes of all frames unpacked: up to the first there is time to pack tightly, up to the second to pack at all.
LITTLE, MUCH = 4_000_000, 100_000_000

Chunk = tuple[bytes, bytes]


def png(content: bytes) -> Inspected:
    """Return a PNG written anew: pixels, colours and animation as before. Raises Refusal and what Pillow raises."""
    parts = png_parts(content)
    frames = list(_frames(parts))
    refuse_size(parts, sum(width * height for _control, (width, height), _data in frames))
    found = dict(reversed(parts.chunks))  # the first of each name counts
    profile = (
        usable_profile(_unpacked(found[b"iCCP"].partition(b"\0")[2][1:], 4 * MEGABYTE)) if b"iCCP" in found else None
    )
    exif = read_exif(b"Exif\0\0" + found[b"eXIf"] if b"eXIf" in found else None)
    kept: list[Chunk] = [(name, found[name]) for name in COLOUR if name in found and len(found[name]) <= 32]
    if profile:
        kept.insert(0, (b"iCCP", b"icc\0\0" + zlib.compress(profile)))
    width, height = parts.width, parts.height
    packed: list[list[Chunk]] = []
    frames = [(control, size, _whole(parts.chunks[0][1], size, data)) for control, size, data in frames]
    unpacked = sum(frame[1][0] * frame[1][1] for frame in frames)
    view: Image.Image | None = None
    for number, (_control, size, data) in enumerate(frames):
        image: Image.Image = _unpack(found, size, data)
        if len(frames) == 1:
            image = upright(image, exif)
            width, height = image.size
        if number == 0:
            view = view_of(image, profile)
            unpacked *= len(image.getbands())
        if unpacked <= MUCH:
            packed.append(_pack(image, level=6 if unpacked <= LITTLE else 4))
        del image
    if view is None:
        raise Refusal("damaged")
    lines = [*exif_lines(exif), *profile_lines(profile), *_notes(parts), *barcodes.read_codes(view)]
    small, large = previews(view)
    notes = ["reencoded"]
    alike = len({pieces[0][1][8:] for pieces in packed}) == 1  # or the frames came out as different kinds of pixels
    cleaned = _written(parts, frames, packed, kept) if alike else b""
    if not cleaned or len(cleaned) > MOST_BYTES:
        # Packed tighter than we can in the time there is: its own packing then, which was just unpacked in full.
        own = [_own(found, size, data) for _control, size, data in frames]
        cleaned = _written(parts, frames, own, kept)
        width, height = parts.width, parts.height
        notes = ["metadata_removed"]
    return Inspected(
        *("png", cleaned, joined(lines), small, large), width=width, height=height, frames=parts.frames, notes=notes
    )


def _frames(parts: Parts) -> Iterator[tuple[bytes, tuple[int, int], bytes]]:
    """Yield each picture in the file: its control chunk or nothing, its size, its packed pixels.

    A picture that stands before the first control chunk is only shown by programs that know no animation.
    """
    whole = (parts.width, parts.height)
    control, pieces, first = b"", list[bytes](), True
    for name, data in [*parts.chunks, (b"fcTL", b"")]:
        if name == b"IDAT":
            pieces.append(data)
        elif name == b"fdAT":
            pieces.append(data[4:])
        elif name == b"fcTL":
            if pieces:
                size = _size(control) if control else whole
                if first and size != whole:
                    raise Refusal("damaged")
                yield control, size, b"".join(pieces)
                first = False
            elif control:
                raise Refusal("damaged")
            control, pieces = data, []


def _size(control: bytes) -> tuple[int, int]:
    """Return the width and height a frame's control chunk names."""
    if len(control) != 26:
        raise Refusal("damaged")
    width, height = struct.unpack(">II", control[4:12])
    return width, height


def _unpack(found: dict[bytes, bytes], size: tuple[int, int], data: bytes) -> Image.Image:
    """Return one frame's pixels, read in full by Pillow from nothing but what they need."""
    header, *colours, pixels = _own(found, size, data)
    if header[1][9] == 3 and b"PLTE" not in found:
        raise Refusal("damaged")
    if header[1][8:10] == b"\x10\2":
        # Pillow makes 8 bits of 16 where there are colours; the one that shows through has to follow.
        through = [data for name, data in colours if name == b"tRNS" and len(data) == 6]
        colours = [(b"tRNS", bytes([0, data[0], 0, data[2], 0, data[4]])) for data in through]
    alone = _file([header, *colours, pixels])
    image = PngImagePlugin.PngImageFile(BytesIO(alone))
    image.load()
    return image


def _own(found: dict[bytes, bytes], size: tuple[int, int], data: bytes) -> list[Chunk]:
    """Return a frame as chunks of a still picture, as they are in the file."""
    header = found[b"IHDR"]
    colours = [(name, found[name]) for name in (b"PLTE", b"tRNS") if name in found]
    return [(b"IHDR", struct.pack(">II", *size) + header[8:]), *colours, (b"IDAT", data)]


def _whole(header: bytes, size: tuple[int, int], data: bytes) -> bytes:
    """Return a frame's packed pixels without what stands behind their end.

    Raises Refusal "damaged" unless they unfold to exactly the rows they should: Pillow takes missing rows for black.
    """
    wanted, found = _unpacked_size(header, *size), 0
    unpacking, rest = zlib.decompressobj(), data
    while rest and not unpacking.eof and found <= wanted:
        found += len(unpacking.decompress(rest, MEGABYTE))
        rest = unpacking.unconsumed_tail
    if not unpacking.eof or found != wanted:
        raise Refusal("damaged")
    return data[: len(data) - len(unpacking.unused_data)]


def _unpacked_size(header: bytes, width: int, height: int) -> int:
    """Return how many bytes a picture of this size unfolds to: each row has one more for its filter."""
    bits = header[8] * BANDS.get(header[9], 1)
    passes = ADAM7 if header[12] else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _pack(image: Image.Image, level: int) -> list[Chunk]:
    """Return a frame packed again. Level 9 takes four times as long as 6 and saves nothing, 6 three times as 4."""
    out = BytesIO()
    image.save(out, "PNG", compress_level=level, exif=b"", icc_profile=None)
    chunks = png_parts(out.getvalue()).chunks
    colours = [(name, data) for name, data in chunks if name in (b"IHDR", b"PLTE", b"tRNS")]
    return [*colours, (b"IDAT", b"".join(data for name, data in chunks if name == b"IDAT"))]


def _written(
    parts: Parts, frames: list[tuple[bytes, tuple[int, int], bytes]], packed: list[list[Chunk]], kept: list[Chunk]
) -> bytes:
    """Return the file: header, colours, and each frame's pixels with its control chunk, numbered anew."""
    header, *colours = packed[0][:-1]
    animated = [control for control, _size, _data in frames if control]
    chunks = [header, *kept, *colours]
    if animated:
        plays = next((data[4:8] for name, data in parts.chunks if name == b"acTL" and len(data) == 8), bytes(4))
        chunks.append((b"acTL", struct.pack(">I", len(animated)) + plays))
    sequence = 0
    for number, ((control, _size, _data), pieces) in enumerate(zip(frames, packed, strict=True)):
        data = pieces[-1][1]
        if control:
            chunks.append((b"fcTL", struct.pack(">I", sequence) + control[4:]))
            sequence += 1
        if number:
            data = struct.pack(">I", sequence) + data
            sequence += 1
        chunks.append((b"fdAT" if number else b"IDAT", data))
    return _file(chunks)


def _file(chunks: list[Chunk]) -> bytes:
    """Return chunks as a PNG file."""
    out = [SIGNATURE]
    for name, data in [*chunks, (b"IEND", b"")]:
        out += [struct.pack(">I", len(data)), name, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))]
    return b"".join(out)


def _notes(parts: Parts) -> Iterator[str]:
    """Yield the words in the text chunks, those unpacked that are packed (PNG specification, 11.3.3)."""
    for name, data in parts.chunks:
        key, _null, rest = data.partition(b"\0")
        if name == b"tEXt":
            yield f"{key.decode('latin-1')}: {rest.decode('latin-1')}"
        elif name == b"zTXt":
            yield f"{key.decode('latin-1')}: {(_unpacked(rest[1:], LONGEST_NOTE) or b'').decode('latin-1')}"
        elif name == b"iTXt":
            words = rest[2:].split(b"\0", 2)[-1]
            words = (_unpacked(words, LONGEST_NOTE) or b"") if rest[:1] == b"\1" else words
            yield f"{key.decode('latin-1')}: {words.decode('utf-8', 'replace')}"


def _unpacked(packed: bytes, most: int) -> bytes | None:
    """Return at most so many bytes of packed data, or None when it cannot be unpacked."""
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return None
