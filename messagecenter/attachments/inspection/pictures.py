"""Pictures: read in full, set upright, written anew without their notes, and made small. JPEG is read here."""

from __future__ import annotations

import math
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import ExifTags, Image, ImageCms, JpegImagePlugin, WebPImagePlugin  # noqa: F401  # named, so that it is loaded

from . import barcodes
from .inspected import Inspected
from .limits import (
    LARGE_SIDE,
    MEGABYTE,
    MOST_ANIMATED_PIXELS,
    MOST_BYTES,
    MOST_FRAMES,
    MOST_PIXELS,
    MOST_TEXT,
    SMALL_SIDE,
)
from .picture_parts import Parts, jpeg_parts
from .refusal import Refusal

Image.MAX_IMAGE_PIXELS = MOST_PIXELS  # a second line: every size is judged by ``refuse_size`` before Pillow sees it

# What Pillow and the parsers of metadata raise about a wrong file, besides MemoryError.
WRONG = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError),
    *(struct.error, zlib.error),
)
# What a picture, its copies and its coefficients may take of the child's memory.
MOST_MEMORY = 205 * MEGABYTE
STRIP = 256  # pixels
QUALITIES = (85, 75, 60, 40)  # tried one by one when a picture would grow over the limit
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_SIDE = (
    *(Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE),
    *(Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270),
)
# Whose first strip becomes the last.
BACKWARDS = (
    *(Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE),
    *(Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM),
)
READABLE = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xbf\xc2-\xf4]{4,}")
TEXT_IN_UTF16 = frozenset({0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F})  # what Windows writes: title, comment, author …
USER_COMMENT, ORIENTATION = 0x9286, 0x0112
CAMERA_NOTES, PLACE_NOTES = 0x8769, 0x8825
POINTERS = (CAMERA_NOTES, PLACE_NOTES)


def inspect(content: bytes) -> Inspected:
    """Return a JPEG or PNG written anew. Raises Refusal."""
    from . import pngs  # it builds on this module

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bent EXIF notes are gone in a moment
        try:
            return pngs.png(content) if content.startswith(b"\x89PNG") else _jpeg(content)
        except WRONG:
            raise Refusal("damaged") from None


def refuse_size(parts: Parts, frame_pixels: int = 0) -> None:
    """Raise Refusal when a picture unfolds to more pixels or frames than allowed.

    ``frame_pixels``: those of all frames together when they differ from the picture's, else reckoned here.
    """
    pixels = parts.width * parts.height
    if not pixels:
        raise Refusal("damaged")
    if pixels > MOST_PIXELS:
        shown = math.ceil(pixels / 100_000) / 10
        raise Refusal("too_many_pixels", megapixels=f"{shown:.1f}", limit=str(MOST_PIXELS // 1_000_000))
    animated = max(frame_pixels, pixels * parts.frames)
    if parts.frames > MOST_FRAMES or (parts.frames > 1 and animated > MOST_ANIMATED_PIXELS):
        raise Refusal("too_many_frames")


def _jpeg(content: bytes) -> Inspected:
    """Return a JPEG written anew with its own tables, so that it looks and weighs as before."""
    parts = jpeg_parts(content)
    refuse_size(parts)
    # Not through Image.open: that one would follow the further pictures some cameras put behind the first.
    opened = JpegImagePlugin.JpegImageFile(BytesIO(content))
    notes = ["reencoded"]
    size = 1 if opened.mode == "L" else 4
    coefficients = _coefficients(opened) if parts.progressive or parts.scans > 1 else 0.0
    if coefficients and opened.width * opened.height * (size + coefficients) > MOST_MEMORY:
        # All scans have to be kept until the last is read: at half the size there is room for both.
        opened.draft(None, (opened.width // 2, opened.height // 2))
        notes.append("reduced")
    tables, sampling = list(opened.quantization.values()), JpegImagePlugin.get_sampling(opened)
    as_rgb = opened.info.get("adobe_transform") == 0 and opened.mode == "RGB"
    exif, dpi = read_exif(opened.info.get("exif")), opened.info.get("dpi")
    profile = usable_profile(opened.info.get("icc_profile"))
    opened.load()
    image = upright(opened, exif)
    del opened
    view = view_of(image, profile)
    text = joined([*exif_lines(exif), *profile_lines(profile), *map(readable, parts.notes), *barcodes.read_codes(view)])
    small, large = previews(view)
    del view
    settings: dict[str, object] = {"icc_profile": profile, "exif": b"", "comment": b"", "xmp": b""}
    settings |= {"qtables": tables, "subsampling": sampling, "keep_rgb": as_rgb} | ({"dpi": dpi} if dpi else {})
    if image.width * image.height * (size + 2 * len(image.getbands()) + 2) <= MOST_MEMORY:
        settings |= {"progressive": parts.progressive, "optimize": True}  # both keep the whole picture once more
    cleaned = _saved(image, settings)
    for quality in QUALITIES:
        if len(cleaned) <= MOST_BYTES:
            break
        settings.pop("qtables", None)
        cleaned = _saved(image, settings | {"quality": quality})
    return Inspected(
        *("jpg", cleaned, text, small, large), width=image.width, height=image.height, frames=1, notes=notes
    )


def _coefficients(image: JpegImagePlugin.JpegImageFile) -> float:
    """Return how many bytes a pixel the JPEG library keeps while it gathers the scans of a picture."""
    across = max(layer[1] for layer in image.layer)
    down = max(layer[2] for layer in image.layer)
    return float(sum(2 * layer[1] * layer[2] / (across * down) for layer in image.layer))


def _saved(image: Image.Image, settings: dict[str, object]) -> bytes:
    """Return a picture as JPEG."""
    out = BytesIO()
    image.save(out, "JPEG", **settings)
    return out.getvalue()


def upright(image: Image.Image, exif: Image.Exif) -> Image.Image:
    """Return the picture as it is meant to be seen. The one given must not be used any more."""
    try:
        turn = TURNS.get(exif.get(ORIENTATION, 1))
    except TypeError:
        turn = None
    if turn is None:
        return image
    if image.width * image.height * 2 * (4 if len(image.getbands()) > 1 else 1) <= MOST_MEMORY:
        return image.transpose(turn)
    return _upright_in_strips(image, turn)


def _upright_in_strips(image: Image.Image, turn: Image.Transpose) -> Image.Image:
    """Return a turned picture that would not fit into memory twice: cut into strips, packed, put together again."""
    on_side = turn in ON_SIDE
    length = image.width if on_side else image.height
    strips: list[bytes] = []
    mode = image.mode
    for begin in range(0, length, STRIP):
        end = min(begin + STRIP, length)
        box = (begin, 0, end, image.height) if on_side else (0, begin, image.width, end)
        out = BytesIO()
        strip = image.crop(box).transpose(turn)
        if image.format == "PNG":
            strip.save(out, "PNG", compress_level=1)
        else:
            strip.save(out, "JPEG", quality=97, subsampling=0)
        strips.append(out.getvalue())
    size = (image.height, image.width) if on_side else image.size
    image.close()  # frees the pixels, whoever else still holds the picture
    turned = Image.new(mode, size)
    if turn in BACKWARDS:
        strips.reverse()
    place = 0
    for packed in strips:
        strip = Image.open(BytesIO(packed), formats=("JPEG", "PNG"))
        turned.paste(strip, (0, place))
        place += strip.height
    return turned


def view_of(image: Image.Image, profile: bytes | None = None) -> Image.Image:
    """Return the picture for the screen, RGB or RGBA in sRGB, at most about twice as long as the large preview.

    Goes in strips: converting a picture of 40 megapixels at once takes its memory twice.
    """
    factor = max(1, max(image.size) // LARGE_SIDE)
    mode = "RGBA" if image.has_transparency_data else "CMYK" if image.mode == "CMYK" else "RGB"
    view = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    step = factor * max(1, STRIP // factor)
    for top in range(0, image.height, step):
        strip = image.crop((0, top, image.width, min(top + step, image.height)))
        if strip.mode.startswith("I"):  # 16 bits of gray
            strip = strip.convert("I").point(lambda value: value * (1 / 256)).convert("L")
            strip.info.pop("transparency", None)  # a number of 16 bits
        view.paste(strip.convert(mode).reduce(factor), (0, top // factor))
    return _in_srgb(view, profile)


def _in_srgb(view: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the view in the colours a browser assumes. A profile that does not fit is passed over."""
    alpha = view.getchannel("A") if view.mode == "RGBA" else None
    if profile:
        colours = view.convert("RGB") if alpha else view
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, *WRONG):
            converted = None
        if converted is not None:
            view = converted
            if alpha:
                view.putalpha(alpha)
    return view.convert("RGBA" if alpha else "RGB")


def previews(view: Image.Image) -> tuple[bytes, bytes]:
    """Return the small and the large WebP of a picture in RGB or RGBA. Neither is larger than the picture."""
    large = _within(view, LARGE_SIDE)
    return _webp(_within(large, SMALL_SIDE)), _webp(large)


def _within(image: Image.Image, side: int) -> Image.Image:
    """Return the picture with its longest side at most so many pixels."""
    longest = max(image.size)
    if longest <= side:
        return image
    size = (max(1, round(image.width * side / longest)), max(1, round(image.height * side / longest)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _webp(image: Image.Image) -> bytes:
    """Return a picture as WebP."""
    out = BytesIO()
    image.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def usable_profile(profile: bytes | None) -> bytes | None:
    """Return a colour profile that can be read, else None: what nobody can read is no profile."""
    if not profile:
        return None
    try:
        ImageCms.ImageCmsProfile(BytesIO(profile))
    except (ImageCms.PyCMSError, *WRONG):
        return None
    return profile


def profile_lines(profile: bytes | None) -> Iterator[str]:
    """Yield the words in a colour profile: they stay in the file."""
    if profile:
        read = ImageCms.ImageCmsProfile(BytesIO(profile)).profile
        for words in (read.profile_description, read.copyright, read.manufacturer, read.model):
            if words:
                yield str(words)


def read_exif(raw: bytes | None) -> Image.Exif:
    """Return EXIF notes, empty when there are none or they cannot be read: they are dropped anyway."""
    exif = Image.Exif()
    try:
        exif.load(raw or b"")
    except WRONG:
        return Image.Exif()
    return exif


def exif_lines(exif: Image.Exif) -> Iterator[str]:
    """Yield EXIF notes, place and maker's name among them, as one line each."""
    for directory, names in ((None, ExifTags.TAGS), (CAMERA_NOTES, ExifTags.TAGS), (PLACE_NOTES, ExifTags.GPSTAGS)):
        try:
            entries = dict(exif if directory is None else exif.get_ifd(directory))
        except WRONG:
            continue
        for tag, value in entries.items():
            if tag not in POINTERS and not isinstance(value, dict):
                yield f"{names.get(tag, tag)}: {_exif_value(tag, value)}"


def _exif_value(tag: int, value: object) -> str:
    """Return one EXIF value in words."""
    if not isinstance(value, bytes):
        return str(value)[:2000].replace("\0", " ")
    if tag in TEXT_IN_UTF16:
        return value[:4000].decode("utf-16-le", "replace").replace("\0", "")
    if tag == USER_COMMENT and value.startswith(b"UNICODE\0"):
        both = [value[8:4008].decode(order, "replace") for order in ("utf-16-le", "utf-16-be")]
        return min(both, key=lambda words: sum(ord(character) > 0x2FF for character in words)).replace("\0", "")
    return readable(value)


def readable(note: bytes) -> str:
    """Return what can be read in bytes that may hold words: runs of four or more readable characters."""
    return " ".join(run.decode("utf-8", "ignore") for run in READABLE.findall(note[: 2 * MOST_TEXT])).strip()


def joined(lines: list[str]) -> str:
    """Return lines as one text of at most MOST_TEXT characters, the empty ones left out."""
    return "\n".join(line for line in lines if line)[:MOST_TEXT]
