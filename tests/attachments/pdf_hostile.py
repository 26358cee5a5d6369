"""Hostile PDF files, made here: what acts, hides, bursts or is broken, each in several hiding places."""

from __future__ import annotations

import zlib
from base64 import a85encode
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Encryption, Name, ObjectStreamMode, Pdf, Stream, String

from .pdf_files import (
    INVOICE,
    MEGABYTE,
    by_hand,
    document,
    embed,
    field,
    invoice,
    link,
    one_page,
    saved,
    signed,
    stream,
    with_picture,
    zeros,
)


def script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def launch() -> Dictionary:
    return Dictionary(S=Name.Launch, F=String("calc.exe"))


def acting(place: Callable[[Pdf, pikepdf.Object], None], action: Callable[[], Dictionary], **how: object) -> bytes:
    pdf = document("One", "Two")
    place(pdf, pdf.make_indirect(action()))
    return saved(pdf, **how)


def on_open(pdf: Pdf, action: pikepdf.Object) -> None:
    pdf.Root.OpenAction = action


def on_close(pdf: Pdf, action: pikepdf.Object) -> None:
    pdf.Root.AA = Dictionary(WC=action)


def on_page(pdf: Pdf, action: pikepdf.Object) -> None:
    pdf.pages[1].obj.AA = Dictionary(O=action)


def in_annotation(pdf: Pdf, action: pikepdf.Object) -> None:
    annotation = link(S=Name.GoTo)
    annotation.AA = Dictionary(E=action)
    pdf.pages[0].obj.Annots = Array([annotation])


def in_link(pdf: Pdf, action: pikepdf.Object) -> None:
    annotation = link(S=Name.GoTo)
    annotation.A = action
    pdf.pages[0].obj.Annots = Array([annotation])


def in_field(pdf: Pdf, action: pikepdf.Object) -> None:
    """In a field that stands on no page."""
    field(pdf)
    pdf.Root.AcroForm.Fields.append(
        pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("hidden"), AA=Dictionary(K=action)))
    )


def in_outline(pdf: Pdf, action: pikepdf.Object) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Chapter one", 0))
    del pdf.Root.Outlines.First["/Dest"]
    pdf.Root.Outlines.First.A = action


def in_chain(pdf: Pdf, action: pikepdf.Object) -> None:
    for _number in range(20):
        action = pdf.make_indirect(Dictionary(S=Name.GoTo, D=Array([0, Name.Fit]), Next=Array([action])))
    pdf.Root.OpenAction = action


def in_name_tree(pdf: Pdf, action: pikepdf.Object) -> None:
    leaf = Dictionary(Limits=[String("a"), String("a")], Names=[String("a"), action])
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Kids=[pdf.make_indirect(leaf)]))


def in_stream(pdf: Pdf, action: pikepdf.Object) -> None:
    """As entries of a stream, which a parser may take for a dictionary."""
    odd = pdf.make_stream(b"odd")
    for key, value in action.items():
        odd[key] = value
    pdf.Root.OpenAction = odd


def kept_apart(pdf: Pdf, action: pikepdf.Object) -> None:
    """The word that says what the action does is an object of its own."""
    action.S = pdf.make_indirect(action.S)
    if "/JS" in action:
        del action["/JS"]
    pdf.Root.OpenAction = action


PLACES = (
    *(on_open, on_close, on_page, in_annotation, in_link, in_field, in_outline, in_chain, in_name_tree, in_stream),
    kept_apart,
)
ACTIONS = {
    "Launch": launch,
    "SubmitForm": lambda: Dictionary(S=Name.SubmitForm, F=String("https://example.org/collect")),
    "ImportData": lambda: Dictionary(S=Name.ImportData, F=String("data.fdf")),
    "GoToR": lambda: Dictionary(S=Name.GoToR, F=String("\\\\example.org\\share\\x.pdf"), D=Array([0, Name.Fit])),
    "GoToE": lambda: Dictionary(S=Name.GoToE, F=String("\\\\example.org\\share\\x.pdf"), D=Array([0, Name.Fit])),
    "Rendition": lambda: Dictionary(S=Name.Rendition, OP=0),
    "Movie": lambda: Dictionary(S=Name.Movie, T=String("film")),
    "Sound": lambda: Dictionary(S=Name.Sound),
    "RichMedia": lambda: Dictionary(S=Name.RichMediaExecute),
    "3D": lambda: Dictionary(S=Name.GoTo3DView),
}


def address() -> Dictionary:
    return Dictionary(S=Name.URI, URI=String("https://example.org/ping"))


def locked(**how: object) -> bytes:
    return saved(document(), encryption=Encryption(owner="secret", user="also secret", **how))


def annotated(subtype: str, **entries: object) -> bytes:
    pdf = document()
    pdf.pages[0].obj.Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name(subtype), Rect=[0, 0, 9, 9], **entries)])
    return saved(pdf)


def xfa(form: Callable[[Pdf], object], **how: object) -> bytes:
    pdf = document()
    field(pdf)
    pdf.Root.AcroForm.XFA = form(pdf)
    return saved(pdf, **how)


def second_file() -> bytes:
    pdf = invoice()
    embed(pdf, "xrechnung.xml", INVOICE)
    return saved(pdf)


def second_file_elsewhere() -> bytes:
    pdf = invoice()
    other = pdf.make_stream(b"MZ")
    pdf.pages[0].obj.AF = Array([Dictionary(Type=Name.Filespec, F=String("a.exe"), EF=Dictionary(F=other))])
    return saved(pdf)


def two_under_one_name() -> bytes:
    pdf = invoice()
    pdf.Root.AF[0].EF.UF = pdf.make_stream(b"MZ")
    return saved(pdf)


def portfolio() -> bytes:
    pdf = invoice()
    pdf.Root.Collection = Dictionary(Type=Name.Collection, View=Name.T)
    return saved(pdf)


def attached(name: str, content: bytes) -> bytes:
    pdf = document()
    embed(pdf, name, content)
    return saved(pdf)


def pinned() -> bytes:
    pdf = invoice()
    spec = pdf.Root.AF[0]
    pdf.pages[0].obj.Annots = Array(
        [Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=[0, 0, 9, 9], FS=spec)]
    )
    return saved(pdf)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lollollollol">'
    + b"".join(b'<!ENTITY %c "%s">' % (number + 98, b"&%c;" % (number + 97) * 10) for number in range(9))
    + b"]><CrossIndustryInvoice>&j;</CrossIndustryInvoice>"
)
WITH_FILE_INSIDE = INVOICE.replace(
    b"<ram:ID>", b'<ram:AttachmentBinaryObject mimeCode="application/pdf">TVo=</ram:AttachmentBinaryObject><ram:ID>'
)


def bomb(packed: bytes, filters: bytes, **entries: bytes) -> bytes:
    extra = b"".join(b"/%s %s " % (key.encode(), value) for key, value in entries.items())
    return one_page(stream(packed, b"/Filter %s %s" % (filters, extra)))


def bomb_of_many() -> bytes:
    """Many streams that are each harmless."""
    packed = zeros(8 * MEGABYTE)
    return one_page(stream(b"0 0 m"), b"", *(stream(packed, b"/Filter /FlateDecode") for _number in range(20)))


def bomb_of_objects() -> bytes:
    """An object stream, which a parser unpacks on opening."""
    packed = zlib.compress(b"5 0 << /A (" + b" " * (200 * MEGABYTE) + b") >>", 9)
    objects = stream(packed, b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")
    catalog, pages = b"<< /Type /Catalog /Pages 2 0 R /Extra 5 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"
    out = bytearray(b"%PDF-1.7\n")
    places = [0]
    for number, body in ((1, catalog), (2, pages), (3, page), (4, objects)):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    rows = b"\0\0\0\0\0\0" + b"".join(b"\1" + place.to_bytes(4, "big") + b"\0" for place in places[1:])
    rows += b"\2" + (4).to_bytes(4, "big") + b"\0" + b"\1" + table.to_bytes(4, "big") + b"\0"
    out += b"6 0 obj\n" + stream(rows, b"/Type /XRef /W [1 4 1] /Size 7 /Root 1 0 R") + b"\nendobj\n"
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % table


def many_blank_pictures() -> bytes:
    """Pictures that are what they say, and are nothing."""
    pdf = with_picture(zeros(25 * MEGABYTE), 2480, 3508, Filter=Name.FlateDecode)
    for number in range(6):
        packed = zeros(25 * MEGABYTE)
        pdf.Root[f"/P{number}"] = Stream(
            pdf, packed, Subtype=Name.Image, Width=2480, Height=3508, Filter=Name.FlateDecode, BitsPerComponent=8
        )
    return saved(pdf)


def lzw_bomb() -> bytes:
    """Codes that each name the entry they are about to make: two thousand zeros for twelve bits."""
    bits = []
    for turn in range(30):
        bits.append(f"{256:012b}" if turn else f"{256:09b}")  # the width that was reached
        bits.append(f"{0:09b}")
        bits += (f"{code:0{(code + 1).bit_length()}b}" for code in range(258, 4095))
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def in_circles() -> bytes:
    return by_hand(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
    )


def very_deep() -> bytes:
    depth = 30_000
    kids = (b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 3) for number in range(depth))
    return by_hand(b"<< /Type /Catalog /Pages 2 0 R >>", *kids, b"<< /Type /Page /MediaBox [0 0 9 9] >>")


def too_many_pages() -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(5_001))
    return by_hand(
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count 5001 >>" % kids, *[page] * 5_001
    )


def endless_chain() -> bytes:
    return one_page(stream(b""), b"/OpenAction 5 0 R", b"<< /S /GoTo /D [3 0 R /Fit] /Next 5 0 R >>")


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "user password AES-256": ("password", lambda: locked(R=6)),
    "user password AES-128": ("password", lambda: locked(R=4)),
    "user password RC4": ("password", lambda: locked(R=3, aes=False, metadata=False)),
    **{f"script {place.__name__}": ("pdf_javascript", lambda place=place: acting(place, script)) for place in PLACES},
    **{
        f"script {place.__name__} in object stream": (
            "pdf_javascript",
            lambda place=place: acting(place, script, object_stream_mode=ObjectStreamMode.generate),
        )
        for place in PLACES
    },
    "script behind an owner password": (
        "pdf_javascript",
        lambda: acting(in_outline, script, encryption=Encryption(owner="secret", user="", R=6)),
    ),
    "script as hex name": (
        "pdf_javascript",
        lambda: one_page(stream(b""), b"/OpenAction << /S /J#61vaScript /#4aS (app.alert) >>"),
    ),
    "script as all hex name": (
        "pdf_javascript",
        lambda: one_page(stream(b""), b"/OpenAction 5 0 R", b"<</S/#4a#61#76#61#53#63#72#69#70#74/Other 1>>"),
    ),
    "script as address": (
        "pdf_javascript",
        lambda: acting(in_link, lambda: Dictionary(S=Name.URI, URI=String(" java\nscript:alert(1)"))),
    ),
    "script nobody refers to": ("pdf_javascript", lambda: one_page(stream(b""), b"", b"<< /S /JavaScript /JS (x) >>")),
    "script in a signed file": (
        "pdf_javascript",
        lambda: one_page(stream(b""), b"", b"<< /S /JavaScript /JS (x) >>", b"<< /ByteRange [0 1 2 3] >>"),
    ),
    "script in a signed file's past": (
        "pdf_javascript",
        lambda: signed().replace(b"%PDF-1.", b"%PDF-1.", 1).replace(b"\nxref\n", b"\n%/S /JavaScript\nxref\n", 1),
    ),
    **{
        f"{name} {place.__name__}": ("pdf_action", lambda place=place, action=action: acting(place, action))
        for name, action in ACTIONS.items()
        for place in (on_open, in_link, in_chain)
    },
    **{f"launch {place.__name__}": ("pdf_action", lambda place=place: acting(place, launch)) for place in PLACES[:-3]},
    "address on open": ("pdf_action", lambda: acting(on_open, address)),
    "address on page": ("pdf_action", lambda: acting(on_page, address)),
    "address in chain": ("pdf_action", lambda: acting(in_chain, address)),
    "endless chain": ("pdf_action", endless_chain),
    "film": ("pdf_action", lambda: annotated("/Movie")),
    "sound": ("pdf_action", lambda: annotated("/Sound")),
    "rich media": ("pdf_action", lambda: annotated("/RichMedia")),
    "three dimensions": ("pdf_action", lambda: annotated("/3D")),
    "XFA stream": ("pdf_xfa", lambda: xfa(lambda pdf: pdf.make_stream(b"<xdp/>"))),
    "XFA parts": (
        "pdf_xfa",
        lambda: xfa(
            lambda pdf: Array([String("template"), pdf.make_stream(b"<t/>")]),
            object_stream_mode=ObjectStreamMode.generate,
        ),
    ),
    "attached program": ("embedded_file", lambda: attached("setup.exe", b"MZ\x90")),
    "attached XML": ("embedded_file", lambda: attached("notes.xml", INVOICE)),
    "program as invoice": ("embedded_file", lambda: attached("factur-x.xml", b"MZ\x90" + bytes(100))),
    "page as invoice": ("embedded_file", lambda: attached("factur-x.xml", b"<html><script>x</script></html>")),
    "empty invoice": ("embedded_file", lambda: attached("factur-x.xml", b"")),
    "laughing invoice": ("embedded_file", lambda: saved(invoice(content=LAUGHS))),
    "invoice with a document type": (
        "embedded_file",
        lambda: saved(invoice(content=b'<!DOCTYPE Invoice SYSTEM "http://example.org/x.dtd"><Invoice/>')),
    ),
    "invoice with a file inside": ("embedded_file", lambda: saved(invoice(content=WITH_FILE_INSIDE))),
    "huge invoice": ("embedded_file", lambda: saved(invoice(content=INVOICE + b" " * (3 * MEGABYTE)))),
    "second file": ("embedded_file", second_file),
    "second file elsewhere": ("embedded_file", second_file_elsewhere),
    "two under one name": ("embedded_file", two_under_one_name),
    "portfolio": ("embedded_file", portfolio),
    "pinned file": ("embedded_file", pinned),
    "file nobody refers to": (
        "embedded_file",
        lambda: one_page(stream(b""), b"", stream(b"MZ", b"/Type /EmbeddedFile")),
    ),
    "content elsewhere": ("external_target", lambda: one_page(stream(b"", b"/F (\\\\\\\\example.org\\\\x)"))),
    "page elsewhere": (
        "external_target",
        lambda: one_page(stream(b""), b"", stream(b"", b"/Subtype /Form /Ref << /F (x.pdf) /Page 0 >>")),
    ),
    "bomb": ("unpacks_too_large", lambda: bomb(zeros(300 * MEGABYTE), b"/FlateDecode")),
    "small bomb": ("unpacks_too_large", lambda: bomb(zeros(30 * MEGABYTE), b"/FlateDecode")),
    "nested bomb": (
        "unpacks_too_large",
        lambda: bomb(zlib.compress(zeros(300 * MEGABYTE)), b"[/FlateDecode /FlateDecode]"),
    ),
    "bomb in ASCII": (
        "unpacks_too_large",
        lambda: bomb(a85encode(zeros(300 * MEGABYTE)) + b"~>", b"[/ASCII85Decode /FlateDecode]"),
    ),
    "bomb of many": ("unpacks_too_large", bomb_of_many),
    "bomb of objects": ("unpacks_too_large", bomb_of_objects),
    "bomb as picture": (
        "unpacks_too_large",
        lambda: bomb(zeros(300 * MEGABYTE), b"/FlateDecode", Subtype=b"/Image", Width=b"10", Height=b"10"),
    ),
    "picture too large": (
        "unpacks_too_large",
        lambda: saved(with_picture(zeros(200 * MEGABYTE), 10_000, 7_000, Filter=Name.FlateDecode)),
    ),
    "many blank pictures": ("unpacks_too_large", many_blank_pictures),
    "LZW bomb": ("unpacks_too_large", lambda: bomb(lzw_bomb(), b"/LZWDecode")),
    "run length bomb": (
        "unpacks_too_large",
        lambda: bomb(zlib.compress(b"\x81\0" * MEGABYTE), b"[/FlateDecode /RunLengthDecode]"),
    ),
    "too many filters": ("unpacks_too_large", lambda: bomb(b"", b"[" + b"/FlateDecode " * 9 + b"]")),
    "circle of pages": ("damaged", in_circles),
    "deep tree": ("damaged", very_deep),
    "too many pages": ("too_hard", too_many_pages),
    "no pages": (
        "damaged",
        lambda: by_hand(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"),
    ),
    "missing page": (
        "damaged",
        lambda: by_hand(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [9 0 R] /Count 1 >>"),
    ),
    "one page missing": (
        "damaged",
        lambda: by_hand(
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R 7] /Count 2 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        ),
    ),
    "only a header": ("damaged", lambda: b"%PDF-1.7\n"),
    "header and end": ("damaged", lambda: b"%PDF-1.7\nstartxref\n0\n%%EOF\n"),
    "broken content": ("damaged", lambda: bomb(b"\x78\x9c" + b"\xff" * 200, b"/FlateDecode")),
    "no catalog": ("damaged", lambda: by_hand(b"<< /Type /Nothing >>")),
}
