"""PDF: opened and looked through by qpdf, cleaned of metadata, shown by PDFium."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress

import pikepdf
from pikepdf.settings import set_qpdf_limits

from . import limits, pdf_invoice, pdf_preview
from .inspected import Inspected
from .pdf_contents import HARMFUL, HOLDERS, Contents, look_through, text_of
from .pdf_streams import Meter
from .picture_segments import without_notes
from .refusal import Refusal

MOST_PAGES = 5_000
MOST_AFTER_END = 1024  # bytes behind %%EOF that every viewer overlooks
MOST_WARNINGS = 20_000  # harmless ones come once a page
MOST_IN_ONE_OBJECT = 500_000  # entries of an array
MOST_METADATA = 20_000  # characters of text

MOST_UNPACKED_BY_LIBRARY = 64 * limits.MEGABYTE  # a stream

# What the library raises of its own, and what comes of objects that are not what they should be.
PARSER_ERRORS = (
    *(pikepdf.PikepdfError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError),
)

# XMP that a standard needs: PDF/A, PDF/UA, PDF/X say what the file is; an e-invoice's says which file inside it is.
STANDARDS = ("http://www.aiim.org/pdf", "http://www.npes.org/pdfx/", "urn:factur-x:", "urn:ferd:", "urn:zugferd:")
KEPT_WITH_STANDARDS = ("{http://purl.org/dc/elements/1.1/}title", "{http://purl.org/dc/elements/1.1/}language")

# What may lie in a signed file's older revisions, which go out with it as it is.
MARKS = re.compile(rb"/(?:JavaScript|Launch|SubmitForm|ImportData)(?![A-Za-z0-9])")


def inspect(content: bytes) -> Inspected:
    """Judge a PDF of at most ``MOST_BYTES`` and return it cleaned, with text and pictures of its first page.

    Raises Refusal: password, pdf_javascript, pdf_action, pdf_xfa, embedded_file, external_target,
    unpacks_too_large, too_hard, damaged.
    """
    _limit_library()
    _check_end(content)
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            contents = look_through(pdf, Meter(len(content)))
            pages = _count_pages(pdf, contents)
            metadata = _metadata(pdf)
            cleaned, notes = _clean(pdf, content, contents)
    except pikepdf.PasswordError as error:
        raise Refusal("password") from error
    except PARSER_ERRORS as error:
        raise Refusal("damaged") from error
    _check_opens(cleaned)
    shown = pdf_preview.show(cleaned, contents.largest_picture)
    text = "\n".join([metadata, *contents.words, *shown.codes, shown.text]).replace("\0", "")
    return Inspected(
        kind="pdf",
        content=cleaned,
        text=text.encode(errors="replace").decode().strip()[: limits.MOST_TEXT],
        small=shown.small,
        large=shown.large,
        width=shown.width,
        height=shown.height,
        pages=pages,
        notes=notes,
    )


def _limit_library() -> None:
    """Stop qpdf, for the rest of this process, from unpacking bombs by itself: it opens the file's own tables."""
    most = MOST_UNPACKED_BY_LIBRARY
    set_qpdf_limits(
        flate_max_memory=most,
        run_length_max_memory=most,
        png_max_memory=most,
        tiff_max_memory=most,
        doc_max_warnings=MOST_WARNINGS,
        parser_max_container_size=MOST_IN_ONE_OBJECT,
    )


def _check_end(content: bytes) -> None:
    """Raise Refusal for a file that stops in the middle. The library would put together what is left of it."""
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise Refusal("damaged")
    rest = content[end + 5 :].strip(b"\r\n\t \0")
    if len(rest) > MOST_AFTER_END or re.search(rb"\d \d+ obj\b|endobj|endstream", rest):
        raise Refusal("damaged")  # the beginning of a change that was added later, or of all but the first page
    whole = re.search(rb"/Linearized\b[^>]{0,200}?/L (\d{1,10})\b", content[:1024])
    if whole and int(whole[1]) > len(content) + MOST_AFTER_END:
        raise Refusal("damaged")


def _check_opens(cleaned: bytes) -> None:
    """Raise Refusal when what would be stored does not open again, which so far only happened without memory."""
    try:
        with pikepdf.open(io.BytesIO(cleaned)):
            pass
    except PARSER_ERRORS as error:
        raise Refusal("too_hard") from error


def _count_pages(pdf: pikepdf.Pdf, contents: Contents) -> int:
    """Return the number of pages. Raises Refusal when one is missing, does not unpack, or there are too many."""
    warnings = pdf.get_warnings()
    mended = any("reconstruct" in warning for warning in warnings)
    if any("non-dictionary" in warning and "Pages" in warning for warning in warnings):
        raise Refusal("damaged")  # a page is missing, and the library left it out
    count = 0
    for page in _pages(pdf.Root.get("/Pages")):
        count += 1
        if count > MOST_PAGES:
            raise Refusal("too_hard")
        inside = page.get("/Contents")
        if inside is None and mended and "/Contents" in page:
            raise Refusal("damaged")
        for stream in inside if isinstance(inside, pikepdf.Array) else [inside]:
            if isinstance(stream, pikepdf.Stream) and stream.objgen in contents.broken:
                raise Refusal("damaged")
            if mended and inside is not None and not isinstance(stream, pikepdf.Stream):
                raise Refusal("damaged")
    if not count:
        raise Refusal("damaged")
    return count


def _pages(top: object) -> Iterator[pikepdf.Object]:
    """Give the pages of a tree. Raises Refusal when it has holes or leads in circles. qpdf refuses very deep ones."""
    waiting = [top]
    seen: set[tuple[int, int]] = set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, pikepdf.Dictionary):
            raise Refusal("damaged")
        kids = node.get("/Kids")
        if kids is None:
            yield node
            continue
        if not isinstance(kids, pikepdf.Array) or (node.is_indirect and node.objgen in seen):
            raise Refusal("damaged")
        seen.add(node.objgen)
        waiting.extend(kids)


def _metadata(pdf: pikepdf.Pdf) -> str:
    """Return the document's metadata as text, as it came."""
    lines = []
    about = pdf.trailer.get("/Info")
    if isinstance(about, pikepdf.Dictionary):
        lines = [f"{key[1:]}: {text_of(value)}" for key, value in about.items() if isinstance(value, pikepdf.String)]
    xmp = pdf.Root.get("/Metadata")
    if isinstance(xmp, pikepdf.Stream):
        with suppress(Refusal, *PARSER_ERRORS):
            lines.append(pdf_invoice.read_words(xmp.read_bytes()).text)
    return "\n".join(lines)[:MOST_METADATA]


def _clean(pdf: pikepdf.Pdf, content: bytes, contents: Contents) -> tuple[bytes, list[str]]:
    """Return the file without metadata and with nothing but what was looked at, and notes about it.

    A signed file stays byte for byte, else its signature would be void. A file that only asks for a password to be
    changed keeps its encryption.
    """
    if contents.signed:
        if mark := MARKS.search(content):
            raise Refusal(HARMFUL[mark[0].decode()])
        return content, ["metadata_kept_signed"]
    removed = _remove_metadata(pdf, contents)
    out = io.BytesIO()
    pdf.save(out, fix_metadata_version=False, encryption=pdf.is_encrypted)
    cleaned = out.getvalue()
    if len(cleaned) > limits.MOST_BYTES:
        return content, ["metadata_kept"]
    return cleaned, ["metadata_removed"] if removed else []


def _remove_metadata(pdf: pikepdf.Pdf, contents: Contents) -> bool:
    """Take metadata out of an open PDF, and return whether there was any."""
    removed = False
    if "/Info" in pdf.trailer:
        removed = isinstance(pdf.trailer.Info, pikepdf.Dictionary) and len(pdf.trailer.Info) > 0
        del pdf.trailer["/Info"]
    kept, dropped = _keep_standards(pdf)
    for holder in contents.holders:
        for key in HOLDERS:
            if holder.get(key) is None or (kept and key == "/Metadata" and holder.objgen == pdf.Root.objgen):
                continue
            del holder[key]
            removed = True
    return _remove_picture_notes(pdf) or removed or dropped > 0


def _remove_picture_notes(pdf: pikepdf.Pdf) -> bool:
    """Take EXIF, GPS and comments out of the JPEGs of a PDF, pixel for pixel, and return whether there were any."""
    removed = False
    for picture in pdf.objects:
        # One packed once more, or with parameters of its own, is rare and stays as it is.
        if (
            isinstance(picture, pikepdf.Stream)
            and "/DecodeParms" not in picture
            and _filters(picture) == ["/DCTDecode"]
        ):
            jpeg = picture.read_raw_bytes()
            cleaned = without_notes(jpeg)
            if cleaned != jpeg:
                picture.write(cleaned, filter=pikepdf.Name.DCTDecode)
                removed = True
    return removed


def _filters(stream: pikepdf.Stream) -> list[str]:
    """Return the names of a stream's filters."""
    found = stream.get("/Filter")
    return [str(name) for name in (found if isinstance(found, pikepdf.Array) else [found])]


def _keep_standards(pdf: pikepdf.Pdf) -> tuple[int, int]:
    """Reduce the document's XMP to what a standard needs. Return how many properties were kept and dropped."""
    xmp = pdf.Root.get("/Metadata")
    if not isinstance(xmp, pikepdf.Stream):
        return 0, 0
    try:
        pdf_invoice.read_words(xmp.read_bytes())
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as properties:
            names = list(properties)
            needed = [name for name in names if name.startswith(tuple("{" + standard for standard in STANDARDS))]
            if needed:
                needed += KEPT_WITH_STANDARDS
            dropped = [name for name in names if name not in needed]
            for name in dropped:
                del properties[name]
    except (Refusal, *PARSER_ERRORS):
        return 0, 0  # XMP of old programs, which the library cannot change: all of it goes
    return len(needed), len(dropped)
