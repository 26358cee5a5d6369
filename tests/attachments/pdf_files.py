"""Honest PDF files, made here: by the library where it can, by hand where it would not."""

from __future__ import annotations

import io
import zlib
from base64 import a85encode
from collections.abc import Callable
from random import Random

import pikepdf
from pikepdf import Array, Dictionary, Encryption, Name, ObjectStreamMode, Pdf, Stream, String
from PIL import Image

MEGABYTE = 1024 * 1024

INVOICE = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"'
    b' xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100">'
    b"<rsm:ExchangedDocument><ram:ID>RE-2024-0815</ram:ID></rsm:ExchangedDocument></rsm:CrossIndustryInvoice>"
)
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
 xmp:CreatorTool="Planted Writer" pdf:Producer="Planted Producer">
<dc:creator><rdf:Seq><rdf:li>Planted Author</rdf:li></rdf:Seq></dc:creator>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Rechnung</rdf:li></rdf:Alt></dc:title>
<pdf:Keywords>planted keyword</pdf:Keywords>
{standard}
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
PDFA = "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"
FACTURX = PDFA + (
    "<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>"
    "<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>"
)


def document(*texts: str) -> Pdf:
    """An open document with one page for each text."""
    pdf = pikepdf.new()
    for text in texts or ("Honest text",):
        add_page(pdf, f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode())
    return pdf


def add_page(pdf: Pdf, content: bytes = b"", **entries: object) -> pikepdf.Object:
    """Add an A4 page and return it."""
    pdf.add_blank_page(page_size=(595, 842))
    page = pdf.pages[-1].obj
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    page.Resources = Dictionary(Font=Dictionary(F1=font))
    page.Contents = pdf.make_stream(content)
    for key, value in entries.items():
        page["/" + key] = value
    return page


def saved(pdf: Pdf, **how: object) -> bytes:
    """The bytes of a document."""
    out = io.BytesIO()
    pdf.save(out, **how)
    return out.getvalue()


def by_hand(*objects: bytes, root: int = 1, trailer: bytes = b"", end: bytes = b"\n%%EOF\n") -> bytes:
    """A file of these objects, numbered from 1, with a table of where they stand: for what a library would mend."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d" % (len(objects) + 1, root, trailer, table)
    return bytes(out) + end


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object's body."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def one_page(contents: bytes = stream(b"0 0 m"), catalog: bytes = b"", *more: bytes) -> bytes:
    """A file by hand with one page; ``more`` objects are numbered from 5."""
    return by_hand(
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> /Contents 4 0 R >>",
        contents,
        *more,
    )


def link(**action: object) -> Dictionary:
    """A link annotation."""
    return Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[10, 10, 90, 30], A=Dictionary(**action))


def field(pdf: Pdf, **entries: object) -> pikepdf.Object:
    """A text field on the first page, in a form."""
    made = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("name"), Rect=[50, 50, 200, 80], **entries
        )
    )
    page = pdf.pages[0].obj
    page.Annots = Array([*page.get("/Annots", []), made])
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    pdf.Root.AcroForm = Dictionary(
        Fields=Array([made]), DA=String("/Helv 12 Tf 0 g"), DR=Dictionary(Font=Dictionary(Helv=font))
    )
    return made


def embed(pdf: Pdf, name: str, content: bytes) -> pikepdf.Object:
    """Embed a file in the name tree, as an e-invoice does, and return its specification."""
    file = pdf.make_stream(content, Type=Name.EmbeddedFile, Subtype=Name("/text/xml"))
    spec = pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec, F=String(name), UF=String(name), EF=Dictionary(F=file, UF=file),
            AFRelationship=Name.Alternative,
        )
    )  # fmt: skip
    pdf.Root.AF = Array([*pdf.Root.get("/AF", []), spec])
    names: pikepdf.Object = pdf.Root.get("/Names", Dictionary()).get("/EmbeddedFiles", Dictionary()).get("/Names", [])
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([*names, String(name), spec])))
    return spec


def with_xmp(pdf: Pdf, standard: str = "") -> Pdf:
    """Add metadata: in the document's information and as XMP, which may name a standard."""
    pdf.docinfo["/Author"] = "Planted Author"
    pdf.docinfo["/Producer"] = "Planted Producer"
    pdf.docinfo["/Company"] = "Planted Company"
    pdf.Root.Metadata = pdf.make_stream(XMP.format(standard=standard).encode(), Type=Name.Metadata, Subtype=Name.XML)
    return pdf


def invoice(name: str = "factur-x.xml", content: bytes = INVOICE) -> Pdf:
    """An e-invoice, or what says it is one."""
    pdf = with_xmp(document("Rechnung RE-2024-0815"), FACTURX)
    embed(pdf, name, content)
    return pdf


def with_picture(content: bytes, width: int, height: int, **entries: object) -> Pdf:
    """A page that shows a picture."""
    pdf = pikepdf.new()
    page = add_page(pdf, b"q 500 0 0 700 40 60 cm /I Do Q")
    page.Resources.XObject = Dictionary(
        I=Stream(
            pdf, content, Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height,
            ColorSpace=Name.DeviceRGB, BitsPerComponent=8, **entries,
        )
    )  # fmt: skip
    return pdf


def lzw(content: bytes) -> bytes:
    """Pack as LZW without finding anything twice: nine-bit codes, the table cleared before they grow."""
    codes = []
    for place in range(0, len(content), 200):
        codes += [256, *content[place : place + 200]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def zeros(size: int, level: int = 9) -> bytes:
    """Zeros, packed a thousand times smaller, without holding them."""
    machine = zlib.compressobj(level)
    piece = bytes(MEGABYTE)
    packed = bytearray()
    for _number in range(size // MEGABYTE):
        packed += machine.compress(piece)
    return bytes(packed + machine.flush())


def of_version(version: str, mode: ObjectStreamMode = ObjectStreamMode.disable, **how: object) -> bytes:
    pdf = document("Version " + version, "Second page")
    pdf.docinfo["/Author"] = "Planted Author"
    return saved(pdf, force_version=version, object_stream_mode=mode, **how)


def with_form() -> bytes:
    pdf = document("A form")
    field(pdf, V=String("Typed in by the buyer"), DA=String("/Helv 12 Tf 0 g"))
    reset = Dictionary(S=Name.ResetForm)
    pdf.pages[0].obj.Annots.append(link(S=Name.Hide, T=String("name")))
    pdf.pages[0].obj.Annots.append(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[1, 1, 9, 9], A=reset))
    return saved(pdf)


def with_links() -> bytes:
    pdf = document("Links", "More")
    note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[10, 50, 30, 70], Contents=String("A note beside"))
    pdf.pages[0].obj.Annots = Array(
        [
            link(S=Name.URI, URI=String("https://example.org/shop")),
            link(S=Name.GoTo, D=Array([pdf.pages[1].obj, Name.Fit])),
            link(S=Name.Named, N=Name.NextPage),
            link(S=Name.SetOCGState, State=Array([])),
            note,
        ]
    )
    return saved(pdf)


def with_outline() -> bytes:
    pdf = document("One", "Two")
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Chapter one", 0))
        outline.root.append(pikepdf.OutlineItem("Chapter two", 1))
    pdf.Root.Outlines.First.A = Dictionary(S=Name.URI, URI=String("https://example.org/chapter"))
    return saved(pdf)


def opening_with(action: Callable[[Pdf], object]) -> bytes:
    pdf = document("One", "Two")
    pdf.Root.OpenAction = action(pdf)
    return saved(pdf)


def with_leftovers() -> bytes:
    """What programs leave when a script, attachments and a form's XML were deleted."""
    pdf = document("Leftovers")
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([])), EmbeddedFiles=Dictionary(Names=Array([])))
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=Array([]))
    return saved(pdf)


def about_scripts() -> bytes:
    """A text about /JavaScript and /Launch, not packed, so that the words stand in the file."""
    pdf = document("How /S /JavaScript /JS \\(app.alert\\) and /Launch work")
    pdf.pages[0].obj.Annots = Array([link(S=Name.URI, URI=String("https://example.org/JavaScript"))])
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("The /JavaScript action and /EmbeddedFile", 0))
    return saved(pdf, compress_streams=False)


def changed_later() -> bytes:
    """A file with a second revision at its end, as editors append it."""
    first = one_page()
    place = len(first)
    table = first.rfind(b"startxref\n") + len(b"startxref\n")
    before = int(first[table:].split()[0])
    body = b"4 0 obj\n" + stream(b"0 0 m 9 9 l S") + b"\nendobj\n"
    return first + body + (
        b"xref\n4 1\n%010d 00000 n \ntrailer\n<< /Size 5 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        % (place, before, place + len(body))
    )  # fmt: skip


def signed() -> bytes:
    """As a signed file looks; the signature itself is not one."""
    pdf = with_xmp(document("Signed"))
    signature = Dictionary(
        Type=Name.Sig, Filter=Name("/Adobe.PPKLite"), SubFilter=Name("/adbe.pkcs7.detached"),
        ByteRange=Array([0, 100, 200, 300]), Contents=String(b"\x30\x82" + bytes(500)),
    )  # fmt: skip
    made = field(pdf, V=pdf.make_indirect(signature))
    made.FT = Name.Sig
    pdf.Root.AcroForm.SigFlags = 3
    return saved(pdf)


def shaped(box: list[float], **entries: object) -> bytes:
    pdf = document()
    pdf.pages[0].obj.MediaBox = Array(box)
    for key, value in entries.items():
        pdf.pages[0].obj["/" + key] = value
    return saved(pdf)


def photo() -> bytes:
    image = Image.radial_gradient("L").resize((600, 400)).convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG")
    return saved(with_picture(out.getvalue(), 600, 400, Filter=Name.DCTDecode))


def screenshots() -> bytes:
    """More than 100 MB of pixels of a dozen screens, none of them suspicious."""
    width, height = 1170, 2532
    row = bytes(range(256)) * (width * 3 // 256 + 1)
    pixels = b"".join(row[number % 97 : number % 97 + width * 3] for number in range(height))
    noise = Random(3).randbytes(120_000)
    packed = zlib.compress(noise + pixels[len(noise) :])
    pdf = with_picture(packed, width, height, Filter=Name.FlateDecode)
    image = pdf.pages[0].obj.Resources.XObject.I
    for _number in range(12):
        page = add_page(pdf, b"q 500 0 0 700 40 60 cm /I Do Q")
        copy = Stream(pdf, packed)
        for key, value in image.stream_dict.items():
            if key != "/Length":
                copy[key] = value
        page.Resources.XObject = Dictionary(I=copy)
    return saved(pdf)


def packed_content(content: bytes, filters: object, **entries: object) -> bytes:
    """A page whose content is packed like this."""
    pdf = document()
    pdf.pages[0].obj.Contents = Stream(pdf, content, Filter=filters, **entries)
    return saved(pdf, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def tagged() -> bytes:
    """A structure tree, layers, page labels and an editor's own data, as office programs write them."""
    pdf = document("Tagged")
    top = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    top.K = Array(
        [pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, P=top, K=number)) for number in range(300)]
    )
    pdf.Root.StructTreeRoot = top
    pdf.Root.MarkInfo = Dictionary(Marked=True)
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.D)]))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([]), D=Dictionary(Order=Array([])))
    pdf.pages[0].obj.PieceInfo = Dictionary(Editor=Dictionary(Private=String("planted private data")))
    pdf.pages[0].obj.Metadata = pdf.make_stream(b"<x>planted page metadata</x>", Type=Name.Metadata, Subtype=Name.XML)
    return saved(pdf)


CONTENT = b"BT /F1 24 Tf 72 700 Td (Packed text) Tj ET"

HONEST: dict[str, Callable[[], bytes]] = {
    "1.4": lambda: of_version("1.4"),
    "1.5 object streams": lambda: of_version("1.5", ObjectStreamMode.generate),
    "1.6": lambda: of_version("1.6", ObjectStreamMode.generate),
    "1.7": lambda: of_version("1.7"),
    "2.0": lambda: of_version("2.0", ObjectStreamMode.generate),
    "linearised": lambda: of_version("1.6", linearize=True),
    "linearised object streams": lambda: of_version("1.7", ObjectStreamMode.generate, linearize=True),
    "form": with_form,
    "links": with_links,
    "outline": with_outline,
    "opens at a page": lambda: opening_with(lambda pdf: Array([pdf.pages[1].obj, Name.Fit])),
    "opens with GoTo": lambda: opening_with(lambda pdf: Dictionary(S=Name.GoTo, D=[pdf.pages[1].obj, Name.Fit])),
    "opens to print": lambda: opening_with(lambda pdf: Dictionary(S=Name.Named, N=Name.Print)),
    "leftovers": with_leftovers,
    "about scripts": about_scripts,
    "owner password RC4": lambda: saved(
        document(), encryption=Encryption(owner="secret", user="", R=3, aes=False, metadata=False)
    ),
    "owner password AES-128": lambda: saved(document(), encryption=Encryption(owner="secret", user="", R=4)),
    "owner password AES-256": lambda: saved(document(), encryption=Encryption(owner="secret", user="", R=6)),
    "metadata": lambda: saved(with_xmp(document())),
    "PDF/A": lambda: saved(with_xmp(document(), PDFA)),
    "Factur-X": lambda: saved(invoice()),
    "ZUGFeRD 1": lambda: saved(invoice("ZUGFeRD-invoice.xml", b"<Invoice xmlns='urn:x'>1</Invoice>")),
    "XRechnung": lambda: saved(invoice("xrechnung.xml"), object_stream_mode=ObjectStreamMode.generate),
    "changed later": changed_later,
    "signed": signed,
    "rotated": lambda: shaped([0, 0, 595, 842], Rotate=90),
    "poster": lambda: shaped([0, 0, 14400, 14400], UserUnit=10),
    "strip": lambda: shaped([0, 0, 3, 14400]),
    "stamp": lambda: shaped([0, 0, 3, 3]),
    "shifted": lambda: shaped([-500, -500, 95, 342]),
    "photo": photo,
    "blank scan": lambda: saved(with_picture(zeros(25 * MEGABYTE), 2480, 3508, Filter=Name.FlateDecode)),
    "screenshots": screenshots,
    "1000 pages": lambda: saved(document(*map(str, range(1000))), object_stream_mode=ObjectStreamMode.generate),
    "tagged": tagged,
    "LZW": lambda: packed_content(lzw(CONTENT), Name.LZWDecode),
    "ASCII85 and Flate": lambda: packed_content(
        a85encode(zlib.compress(CONTENT)) + b"~>", [Name.ASCII85Decode, Name.FlateDecode]
    ),
    "hex": lambda: packed_content(CONTENT.hex().encode() + b">", Name.ASCIIHexDecode),
    "run length": lambda: packed_content(bytes([len(CONTENT) - 1]) + CONTENT + b"\x80", Name.RunLengthDecode),
    "wrong checksum": lambda: packed_content(zlib.compress(CONTENT)[:-4] + b"\0\0\0\0", Name.FlateDecode),
    "by hand": one_page,
    "no last line end": lambda: one_page()[:-1],
    "zeros behind the end": lambda: one_page() + bytes(700),
    "other line ends": lambda: one_page().replace(b"\n%%EOF\n", b"\r\n%%EOF\r\n"),
    "table two bytes off": lambda: one_page().replace(b"\nxref\n", b"\n\n\nxref\n"),
    "entries off": lambda: one_page().replace(b"3 0 obj", b"\n\n3 0 obj"),
    "wrong length": lambda: one_page(stream(b"0 0 m 9 9 l S").replace(b"/Length 13", b"/Length 3")),
    "empty page": lambda: by_hand(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
    ),
}
