"""Word documents (.docx) and zip archives for the tests, honest and hostile, made by code part by part."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import docx
from docx.document import Document
from docx.shared import Cm
from PIL import Image, PngImagePlugin

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
STORED, DEFLATED = 0, 8
MAKER = "GEHEIMKAMERA"
AUTHOR = "Änne Geheim"
# A Windows program's first bytes: "MZ", and at the place its header names, "PE".
PROGRAM = b"MZ" + bytes(58) + struct.pack("<L", 64) + b"PE\0\0" + bytes(200)

Parts = dict[str, bytes]


@dataclass
class Item:
    """One entry of an archive; what is not None overrides what is true."""

    name: str
    data: bytes
    method: int = DEFLATED
    flags: int = 0
    listed_size: int | None = None
    listed_checksum: int | None = None
    own_name: str | None = None  # in the header before the bytes
    mode: int = 0
    hidden: bool = False  # has bytes, but the directory does not name it
    again: int | None = None  # the directory points to this other entry's bytes


def zipped(
    items: Iterable[Item], *, stub: bytes = b"", comment: bytes = b"", streamed: bool = False, wide: bool = False
) -> bytes:
    """Write a zip archive. ``streamed``: sizes follow the bytes, as in files made on the fly; ``wide``: zip64."""
    body, directory, count, places = bytearray(stub), bytearray(), 0, []
    for item in items:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(item.data) + packer.flush() if item.method == DEFLATED else item.data
        size = len(item.data) if item.listed_size is None else item.listed_size
        checksum = zlib.crc32(item.data) if item.listed_checksum is None else item.listed_checksum
        flags = item.flags | (8 if streamed else 0) | (0 if item.name.isascii() else 0x800)
        raw, own = item.name.encode(), (item.own_name or item.name).encode()
        place = len(body)
        own_sizes = (0, 0, 0) if streamed else (checksum, len(packed), size)
        body += b"PK\x03\x04" + struct.pack("<5H3L2H", 20, flags, item.method, 0, 0x21, *own_sizes, len(own), 0)
        body += own + packed
        if streamed:
            body += b"PK\x07\x08" + struct.pack("<3L", checksum, len(packed), size)
        places.append(place)
        if item.hidden:
            continue
        place = place if item.again is None else places[item.again]
        extra = struct.pack("<2H3Q", 1, 24, size, len(packed), place) if wide else b""
        sizes = (0xFFFFFFFF,) * 3 if wide else (len(packed), size, place)
        directory += b"PK\x01\x02" + struct.pack("<6H", 20, 20, flags, item.method, 0, 0x21)
        directory += struct.pack(
            "<3L5H2L", checksum, *sizes[:2], len(raw), len(extra), 0, 0, 0, item.mode << 16, sizes[2]
        )
        directory += raw + extra
        count += 1
    start = len(body)
    body += directory
    if wide:
        end = len(body)
        body += b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, count, count, len(directory), start)
        body += b"PK\x06\x07" + struct.pack("<LQL", 0, end, 1)
        body += b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, len(comment))
    else:
        body += b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, len(directory), start, len(comment))
    return bytes(body + comment)


def parts_of(content: bytes) -> Parts:
    """Return an archive's entries by name, in order."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts, *, method: int = DEFLATED, **settings: object) -> bytes:
    """Write parts as a document."""
    return zipped([Item(name, data, method) for name, data in parts.items()], **settings)


def jpeg(side: int = 64, turned: int = 1) -> bytes:
    """A JPEG with its maker and its place in EXIF, and a comment."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = MAKER, turned
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    out = io.BytesIO()
    Image.effect_noise((side, side), 50).convert("RGB").save(out, "JPEG", exif=exif, comment=MAKER, progressive=True)
    return out.getvalue()


def png(side: int = 32) -> bytes:
    """A PNG with its maker in a text chunk."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", MAKER)
    out = io.BytesIO()
    Image.new("RGBA", (side, side), (200, 30, 30, 128)).save(out, "PNG", pnginfo=notes, dpi=(96, 96))
    return out.getvalue()


def document(build: Callable[[Document], object] | None = None) -> bytes:
    """Return a document of python-docx with a paragraph and an author, and what ``build`` adds."""
    made = docx.Document()
    made.core_properties.author = AUTHOR
    made.add_paragraph("Guten Tag, die Lampe ist zerbrochen.")
    if build is not None:
        build(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@cache
def plain() -> bytes:
    """Return the plainest document."""
    return document()


def edited(content: bytes, changes: dict[str, Callable[[bytes], bytes]]) -> bytes:
    """Return a document with some parts changed."""
    parts = parts_of(content)
    return packed({name: changes[name](data) if name in changes else data for name, data in parts.items()})


def with_body(xml: str, content: bytes | None = None, part: str = "word/document.xml") -> bytes:
    """Return a document with markup added at the end of its text (or of another part)."""
    parts = parts_of(content or plain())
    text = parts[part].decode()
    mark = "<w:sectPr" if part == "word/document.xml" else "</w:"
    at = text.rindex(mark)
    parts[part] = (text[:at] + xml + text[at:]).encode()
    return packed(parts)


def paragraph(inside: str) -> str:
    """Return a paragraph's markup."""
    return f'<w:p xmlns:w="{W}" xmlns:r="{RELATIONSHIPS}">{inside}</w:p>'


def field(*pieces: str, result: str = "x") -> str:
    """Return the markup of a field whose instruction stands in several runs."""
    code = "".join(f'<w:r><w:instrText xml:space="preserve">{piece}</w:instrText></w:r>' for piece in pieces)
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r>{code}<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'<w:r><w:t>{result}</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def with_part(
    name: str, data: bytes, content_type: str, content: bytes | None = None, *, kind: str = "", source: str = ""
) -> bytes:
    """Return a document with one part more; with ``kind`` also a relationship to it from ``source``."""
    parts = parts_of(content or plain())
    parts[name] = data
    override = f'<Override PartName="/{name}" ContentType="{content_type}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", override.encode())
    made = packed(parts)
    return with_relationship(kind, f"/{name}", made, source=source or "word/document.xml") if kind else made


def with_relationship(
    kind: str, target: str, content: bytes | None = None, *, source: str = "word/document.xml", mode: str = ""
) -> bytes:
    """Return a document with one relationship more; ``kind`` is the last word of its type or a whole address."""
    parts = parts_of(content or plain())
    folder, _, own = source.rpartition("/")
    name = f"{folder}/_rels/{own}.rels" if source else "_rels/.rels"
    empty = f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE_RELATIONSHIPS}"></Relationships>'.encode()
    type_ = kind if "://" in kind else f"{RELATIONSHIPS}/{kind}"
    mode = f' TargetMode="{mode}"' if mode else ""
    number = len(parts.get(name, b"")) + len(target)
    line = f'<Relationship Id="rIdX{number}" Type="{type_}" Target="{target}"{mode}/></Relationships>'
    parts[name] = parts.get(name, empty).replace(b"</Relationships>", line.encode())
    return packed(parts)


def workbook(extra: Parts | None = None, types: str = "", links: str = "") -> bytes:
    """Return a small workbook, as charts keep their numbers in one."""
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = {
        "[Content_Types].xml": (
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="bin" ContentType="{main}.printerSettings"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"/>'
            f'<Override PartName="/xl/sheet1.xml" ContentType="{main}.worksheet+xml"/>{types}</Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{PACKAGE_RELATIONSHIPS}"><Relationship Id="rId1" '
            f'Type="{RELATIONSHIPS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{namespace}" xmlns:r="{RELATIONSHIPS}"><sheets><sheet name="Zahlen" sheetId="1" '
            'r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{PACKAGE_RELATIONSHIPS}"><Relationship Id="rId1" '
            f'Type="{RELATIONSHIPS}/worksheet" Target="sheet1.xml"/>{links}</Relationships>'
        ),
        "xl/sheet1.xml": f'<worksheet xmlns="{namespace}"><sheetData/></worksheet>',
    }
    return packed({name: text.encode() for name, text in parts.items()} | (extra or {}))


def with_chart(data: bytes | None = None, name: str = "word/embeddings/Microsoft_Excel_Sheet1.xlsx") -> bytes:
    """Return a document with a chart and the workbook it keeps its numbers in."""
    chart = (
        '<?xml version="1.0"?><c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        f'xmlns:r="{RELATIONSHIPS}"><c:chart><c:plotArea/></c:chart><c:externalData r:id="rId1"/></c:chartSpace>'
    )
    made = with_part(
        "word/charts/chart1.xml",
        chart.encode(),
        "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
        kind="chart",
    )
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return with_part(
        name, workbook() if data is None else data, sheet, made, kind="package", source="word/charts/chart1.xml"
    )


def rich(made: Document) -> None:
    """Fill a document with what people use: heading, table, pictures, header, footer, comment."""
    made.add_heading("Größe & Gewicht", 1)
    table = made.add_table(3, 2)
    for number, row in enumerate(table.rows):
        row.cells[0].text, row.cells[1].text = f"Maß {number}", f"{number} kg"
    made.add_picture(io.BytesIO(jpeg()), width=Cm(3))
    made.add_picture(io.BytesIO(png()), width=Cm(2))
    made.sections[0].header.paragraphs[0].text = "Kopfzeile Nordlicht"
    made.sections[0].footer.paragraphs[0].text = "Fußzeile Seite"
    made.add_comment(made.paragraphs[0].runs, text="Bitte prüfen", author=AUTHOR, initials="ÄG")
