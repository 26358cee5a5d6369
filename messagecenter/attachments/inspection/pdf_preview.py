"""A PDF as people see it: the text of its pages, and its first page as pictures."""

from __future__ import annotations

import io
import time
from contextlib import suppress
from dataclasses import dataclass, field

import pypdfium2
from PIL import Image, WebPImagePlugin  # noqa: F401  # named, or Pillow loads all formats to find it
from pypdfium2 import internal, raw

from . import barcodes, limits

MOST_PAGES = 50  # read for text
TEXT_SECONDS = 1.5  # of CPU time, like the limit of the child
PICTURE_SECONDS = 1.5
MOST_ENLARGED = 8.0  # pixels per point: a stamp is not blown up to a poster
MOST_PICTURE = 100 * limits.MEGABYTE  # of pixels, unpacked; drawing more takes more memory than there is


@dataclass
class Shown:
    """What a viewer shows: the pages' text, the first page's codes and pictures (WebP, empty when it cannot draw)."""

    text: str = ""
    codes: list[str] = field(default_factory=list)
    small: bytes = b""
    large: bytes = b""
    width: int = 0  # of the large picture
    height: int = 0


def show(content: bytes, largest_picture: int) -> Shown:
    """Read and draw a PDF whose streams were counted before. ``largest_picture`` in it takes so many bytes.

    A document or a page the library cannot draw, or not in time, gives no picture: other viewers may.
    """
    shown = Shown()
    with suppress(pypdfium2.PdfiumError), pypdfium2.PdfDocument(content) as document:
        if document.get_formtype() == raw.FORMTYPE_ACRO_FORM:
            document.init_forms()
        first = document[0]
        if largest_picture <= MOST_PICTURE:
            _draw(document, first, shown)
        shown.text = _text(document, first)
    return shown


def _draw(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, shown: Shown) -> None:
    longest = max(page.get_size())
    if not 0 < longest < float("inf"):
        return
    scale = min(limits.LARGE_SIDE / longest, MOST_ENLARGED)
    width, height = (max(1, min(limits.LARGE_SIDE, round(side * scale))) for side in page.get_size())
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGRx)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    ends = time.process_time() + PICTURE_SECONDS
    pause = raw.IFSDK_PAUSE(version=1)
    internal.set_callback(pause, "NeedToPauseNow", lambda _pause: time.process_time() > ends)
    place = (bitmap, page, 0, 0, width, height, 0, raw.FPDF_ANNOT)
    status = raw.FPDF_RenderPageBitmap_Start(*place, pause)
    raw.FPDF_RenderPage_Close(page)
    if status != raw.FPDF_RENDER_DONE:
        return
    if document.formenv:
        raw.FPDF_FFLDraw(document.formenv, *place)
    picture = bitmap.to_pil().convert("RGB")
    shown.codes = barcodes.read_codes(picture)
    shown.large, shown.width, shown.height = _webp(picture), width, height
    picture.thumbnail((limits.SMALL_SIDE, limits.SMALL_SIDE))
    shown.small = _webp(picture)


def _text(document: pypdfium2.PdfDocument, first: pypdfium2.PdfPage) -> str:
    ends = time.process_time() + TEXT_SECONDS
    texts: list[str] = []
    room = limits.MOST_TEXT
    for number in range(min(len(document), MOST_PAGES)):
        if room <= 0 or time.process_time() > ends:
            break
        with suppress(pypdfium2.PdfiumError):
            page = document[number] if number else first
            reader = page.get_textpage()
            count = min(reader.count_chars(), room)
            if count > 0:
                texts.append(reader.get_text_range(0, count))
                room -= count
            page.close()
    return "\n".join(texts)


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=80)
    return out.getvalue()
