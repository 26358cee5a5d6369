"""Word documents (.docx): honest ones pass and lose what they tell about their writer, hostile ones are refused."""

from __future__ import annotations

import io
import re
import time
import zipfile

import docx
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from messagecenter.attachments.inspection.docx import inspect
from messagecenter.attachments.inspection.limits import CHILD_SECONDS, MOST_TEXT
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.inspection.targets import is_own_template, judge_link

from .docx_cases import HONEST, HOSTILE, SIGNED, TEMPLATE, external, strict
from .office_files import AUTHOR, MAKER, document, jpeg, packed, parts_of, plain, png, rich, with_chart, with_part

SPEAKING = (
    *("heading, table, pictures, header, footer, comment", "footnotes", "endnotes", "equation", "tracked changes"),
    *("text box with fallback", "custom xml", "smart art", "link to a page", "link to a mail", "link field"),
)
CODES = {"", "damaged", "password", "polyglot", "mismatch", "unpacks_too_large"}
CODES |= {"macros", "embedded_object", "dde", "external_target"}


def refused(content: bytes) -> str:
    """Return the code a document is refused with, nothing when it passes."""
    try:
        inspect(content)
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize("name", HONEST)
def test_honest_document_passes_and_what_is_stored_passes_again(name: str) -> None:
    content = HONEST[name]()
    inspected = inspect(content)
    assert inspected.kind == "docx"
    assert refused(inspected.content) == ""
    with zipfile.ZipFile(io.BytesIO(inspected.content)) as archive:
        assert archive.testzip() is None
    if name != "strict":  # the library knows the transitional variant only
        before = [paragraph.text for paragraph in _opened(content).paragraphs]
        assert [paragraph.text for paragraph in _opened(inspected.content).paragraphs] == before


def _opened(content: bytes) -> docx.document.Document:
    parts = parts_of(content)
    for name, data in parts.items():
        if name.endswith(".rels"):
            parts[name] = re.sub(rb'<Relationship [^>]*Target="(NULL|#[^"]*)"[^>]*>', b"", data)
    return docx.Document(io.BytesIO(packed(parts)))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document_is_refused(name: str) -> None:
    code, make = HOSTILE[name]
    assert refused(make()) == code


def test_cleaned_document_keeps_text_tables_and_pictures() -> None:
    before = document(rich)
    inspected = inspect(before)
    assert inspected.notes == ["metadata_removed"]
    made = docx.Document(io.BytesIO(inspected.content))
    assert [[cell.text for cell in row.cells] for row in made.tables[0].rows][2] == ["Maß 2", "2 kg"]
    assert made.sections[0].header.paragraphs[0].text == "Kopfzeile Nordlicht"
    assert made.comments
    assert next(iter(made.comments)).text == "Bitte prüfen"
    pictures = [shape._inline.graphic.graphicData.pic.nvPicPr.cNvPr.name for shape in made.inline_shapes]
    assert len(pictures) == 2
    old, new = parts_of(before), parts_of(inspected.content)
    for name in old:
        if name.startswith("word/media/"):
            with Image.open(io.BytesIO(old[name])) as was, Image.open(io.BytesIO(new[name])) as now:
                assert was.tobytes() == now.tobytes()


def test_cleaned_document_tells_nothing_about_its_writer() -> None:
    before = document(rich)
    inspected = inspect(before)
    whole = b"".join(parts_of(inspected.content).values())
    for secret in (AUTHOR, MAKER, "Geheim", "ÄG", "python-docx"):
        assert secret in inspected.text or secret == MAKER
        assert secret.encode() not in whole
    assert MAKER.encode() in b"".join(parts_of(before).values())
    assert "docProps/thumbnail.jpeg" in parts_of(before)
    assert "docProps/thumbnail.jpeg" not in parts_of(inspected.content)
    made = docx.Document(io.BytesIO(inspected.content))
    assert made.core_properties.author == ""
    assert next(iter(made.comments)).author == "Author"
    assert next(iter(made.comments)).initials == "A"


def test_changes_and_template_lose_their_names() -> None:
    inspected = inspect(HONEST["tracked changes"]())
    assert "Paul Geheim" in inspected.text
    text = parts_of(inspected.content)["word/document.xml"]
    assert b"Geheim" not in text
    assert text.count(b'w:author="Author"') == 2
    assert "alt" in inspected.text
    inspected = inspect(external("attachedTemplate", TEMPLATE, "word/settings.xml"))
    rels = parts_of(inspected.content)["word/_rels/settings.xml.rels"]
    assert b"geheim" not in rels
    assert b'Target="Normal.dotm"' in rels
    assert "geheim" in inspected.text


def test_charts_workbook_is_cleaned_too() -> None:
    from .office_files import workbook

    properties = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{AUTHOR}</dc:creator></cp:coreProperties>'
    ).encode()
    kind = "application/vnd.openxmlformats-package.core-properties+xml"
    types = f'<Override PartName="/docProps/core.xml" ContentType="{kind}"/>'
    name = "word/embeddings/Microsoft_Excel_Sheet1.xlsx"
    cleaned = parts_of(inspect(with_chart(workbook({"docProps/core.xml": properties}, types))).content)[name]
    assert AUTHOR.encode() not in parts_of(cleaned)["docProps/core.xml"]
    assert b"Zahlen" in parts_of(cleaned)["xl/workbook.xml"]


@pytest.mark.parametrize("turned", [1, 3, 6])
def test_picture_keeps_how_it_is_turned(turned: int) -> None:
    content = with_part("word/media/image9.jpg", jpeg(turned=turned), "image/jpeg", kind="image")
    picture = parts_of(inspect(content).content)["word/media/image9.jpg"]
    with Image.open(io.BytesIO(picture)) as image:
        exif = image.getexif()
        assert exif.get(0x0112, 1) == turned
        assert 0x010F not in exif
        assert not exif.get_ifd(0x8825)


def test_bytes_behind_a_picture_are_dropped() -> None:
    for name, picture in (("a.png", png()), ("a.jpg", jpeg())):
        content = with_part(f"word/media/{name}", picture + b"GPS 52.5200 13.4050", f"image/{name[-3:]}", kind="image")
        assert b"GPS 52" not in parts_of(inspect(content).content)[f"word/media/{name}"]


def test_signed_document_stays_byte_for_byte() -> None:
    content = SIGNED()
    inspected = inspect(content)
    assert inspected.content == content
    assert inspected.notes == ["metadata_kept_signed"]


def test_text_holds_all_a_reader_or_a_policy_needs() -> None:
    text = "\n".join(inspect(HONEST[name]()).text for name in SPEAKING)
    for words in (
        *("Guten Tag, die Lampe ist zerbrochen.", "Maß 2", "Kopfzeile Nordlicht", "Fußzeile Seite", "Bitte prüfen"),
        *("Fußnote", "Endnote", "a=b²", "Im Kasten", "Skizze des Bruchs", "Jena", "Kreislauf", "neu", "alt"),
        *("https://example.com/a?b=c#d", "mailto:shop@example.com", 'HYPERLINK "https://example.com/DDE"', AUTHOR),
    ):
        assert words in text, words


def test_text_ends_at_the_limit() -> None:
    long = document(lambda made: [made.add_paragraph(f"Zeile {number} " * 900) for number in range(120)])
    assert len(inspect(long).text) == MOST_TEXT


def test_codes_in_pictures_are_read() -> None:
    code = zxingcpp.create_barcode("https://pay.example/42", zxingcpp.BarcodeFormat.QRCode).to_image(scale=4)
    out = io.BytesIO()
    Image.fromarray(code).save(out, "PNG")
    content = document(lambda made: made.add_picture(io.BytesIO(out.getvalue())))
    assert "https://pay.example/42" in inspect(content).text


def test_strict_document_keeps_its_variant() -> None:
    inspected = inspect(strict(document(rich)))
    assert "Maß 2" in inspected.text
    assert b"purl.oclc.org" in parts_of(inspected.content)["word/document.xml"]
    assert b"Geheim" not in b"".join(parts_of(inspected.content).values())


def test_many_fields_inside_one_another_are_refused_quickly() -> None:
    from .office_files import paragraph, with_body

    begun = time.process_time()
    content = with_body(paragraph('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' * 20_000))
    assert refused(content) == "damaged"
    deep = with_body("<w:sdt><w:sdtContent>" * 30_000 + "</w:sdtContent></w:sdt>" * 30_000)
    assert refused(deep) in CODES
    assert time.process_time() - begun < CHILD_SECONDS


def test_link_targets() -> None:
    for target in ("https://a.b", "http://a.b:80/", "mailto:a@b.c", "tel:1", "#a", "a.html", "", "www.a.b", "a.b:80/x"):
        judge_link(target)
    for target in (
        *("file:///c:/x", "FILE:x", "\\\\a\\b", "//a/b", "c:\\x", "javascript:x", "java\nscript:x", "vbscript:x"),
        *("ms-word:ofe|u|x", "ms-excel:x", "search-ms:x", "shell:x", "data:text/html,x", "%66ile:///x", "\u200bfile:x"),
    ):
        with pytest.raises(Refusal, match="external_target"):
            judge_link(target)
    assert all(map(is_own_template, ["Normal.dotm", "C:\\a b\\c.dot", "file:///C:/a.dotx", ""]))
    assert not any(
        map(is_own_template, ["http://a/b.dotm", "\\\\a\\b.dot", "//a/b", "file://a/b", "file:////a/b", "a/b"])
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_document_is_judged(data: st.DataObject) -> None:
    content = bytearray(plain())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert refused(bytes(content)) in CODES


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_part_is_judged(data: st.DataObject) -> None:
    parts = parts_of(plain())
    name = data.draw(st.sampled_from(["word/document.xml", "[Content_Types].xml", "_rels/.rels", "docProps/core.xml"]))
    part = bytearray(parts[name])
    at = data.draw(st.integers(0, len(part)))
    part[at : at + data.draw(st.integers(0, 30))] = data.draw(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"<w:fldChar/>", b"&x;", b"<!DOCTYPE x>", b"<x xmlns=''/>"]))
    )
    assert refused(packed(parts | {name: bytes(part)})) in CODES
