"""Word documents of 1993 to 2003 (.doc): honest ones pass and lose their writer's traces, hostile ones are refused."""

from __future__ import annotations

import io
import struct

import olefile
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from messagecenter.attachments.inspection.doc import inspect
from messagecenter.attachments.inspection.property_sets import silent, texts
from messagecenter.attachments.inspection.refusal import Refusal

from .doc_cases import HONEST, HOSTILE, LONG
from .doc_files import AUTHOR, doc, property_set, string_table
from .office_files import MAKER, jpeg

CODES = {"", "damaged", "password", "polyglot", "mismatch", "macros", "embedded_object", "dde", "external_target"}
COMPANY = "Geheim & Söhne"


def refused(content: bytes) -> str:
    """Return the code a document is refused with, nothing when it passes."""
    try:
        inspect(content)
    except Refusal as refusal:
        return refusal.code
    return ""


def streams_of(content: bytes) -> dict[str, bytes]:
    with olefile.OleFileIO(io.BytesIO(content)) as container:
        return {"/".join(path): container.openstream(path).read() for path in container.listdir()}


@pytest.mark.parametrize("name", HONEST)
def test_honest_document_passes_and_what_is_stored_passes_again(name: str) -> None:
    content = HONEST[name]()
    inspected = inspect(content)
    assert inspected.kind == "doc"
    assert len(inspected.content) == len(content)
    again = inspect(inspected.content)
    assert again.text.partition("\n")[0] == inspected.text.partition("\n")[0]
    if name != "signed":
        assert AUTHOR not in again.text
        assert COMPANY not in again.text
    assert {path: len(data) for path, data in streams_of(inspected.content).items()} == {
        path: len(data) for path, data in streams_of(content).items()
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document_is_refused(name: str) -> None:
    code, make = HOSTILE[name]
    assert refused(make()) == code


def test_text_is_read_from_its_pieces() -> None:
    assert inspect(doc(LONG, pieces=60)).text.startswith(LONG)
    assert inspect(doc(LONG, pieces=60, narrow=True)).text.startswith(LONG)
    assert inspect(doc("Größe: 5 m, Preis: 9 €\r", narrow=True)).text.startswith("Größe: 5 m, Preis: 9 €\n")
    text = inspect(doc("a\x07b\x07\x07\r\x13 PAGE \x143\x15\r", notes="Fußnote\r")).text
    assert "a\tb" in text
    assert "PAGE" in text
    assert "Fußnote" in text


def test_cleaned_document_tells_nothing_about_its_writer() -> None:
    owners = struct.pack("<H", len(AUTHOR)) + AUTHOR.encode("utf-16-le")
    tables = {36: owners, 51: string_table(["Unknown", AUTHOR]), 71: string_table([AUTHOR, "C:\\geheim.doc"])}
    before = doc(tables=tables, streams={"Data": bytes(68) + jpeg() + bytes(5000)})
    inspected = inspect(before)
    assert inspected.notes == ["metadata_removed"]
    for secret in (AUTHOR, COMPANY, "Reklamation", "C:\\geheim.doc"):
        assert secret in inspected.text
        for encoding in ("cp1252", "utf-16-le"):
            assert secret.encode(encoding) not in inspected.content
    assert MAKER.encode() in before
    assert MAKER.encode() not in inspected.content
    assert "Guten Tag" in inspected.text
    after = streams_of(inspected.content)
    assert "Author".encode("utf-16-le") in after["1Table"]
    assert texts(after["\x05SummaryInformation"]) == []
    with olefile.OleFileIO(io.BytesIO(inspected.content)) as container:
        assert container.get_metadata().author is None


def test_picture_keeps_its_pixels_and_how_it_is_turned() -> None:
    picture = jpeg(turned=6)
    before = bytes(68) + picture + bytes(5000)
    after = streams_of(inspect(doc(streams={"Data": before})).content)["Data"]
    with Image.open(io.BytesIO(picture)) as was, Image.open(io.BytesIO(after[68:])) as now:
        assert was.tobytes() == now.tobytes()
        assert now.getexif().get(0x0112) == 6
        assert 0x010F not in now.getexif()


def test_free_sectors_are_emptied() -> None:
    before = doc() + b"deleted words".ljust(512, b"\0")
    assert b"deleted words" not in inspect(before).content


def test_signed_document_stays_byte_for_byte() -> None:
    content = HONEST["signed"]()
    inspected = inspect(content)
    assert inspected.content == content
    assert inspected.notes == ["metadata_kept_signed"]


def test_properties_too_short_to_be_emptied_are_said_to_be_kept() -> None:
    short = property_set({4: "x"})[:70]
    assert silent(short) is None
    assert inspect(doc(streams={"\x05SummaryInformation": short})).notes == ["metadata_kept"]


def test_codes_in_pictures_are_read() -> None:
    code = zxingcpp.create_barcode("https://pay.example/42", zxingcpp.BarcodeFormat.QRCode).to_image(scale=4)
    out = io.BytesIO()
    Image.fromarray(code).save(out, "PNG")
    assert "https://pay.example/42" in inspect(doc(streams={"Data": bytes(68) + out.getvalue() + bytes(5000)})).text


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_document_is_judged(data: st.DataObject) -> None:
    source = data.draw(
        st.sampled_from(["plain", "text in pieces", "revisers and paths", "pictures", "Word 6", "custom xml"])
    )
    content = bytearray(HONEST[source]())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        new = data.draw(st.binary(min_size=1, max_size=4))
        content[at : at + len(new)] = new
    cut = data.draw(st.integers(0, 700))
    assert refused(bytes(content[: len(content) - cut])) in CODES


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_directory_and_tables_are_judged(data: st.DataObject) -> None:
    content = bytearray(HONEST["revisers and paths"]())
    places = [range(512), range(content.index(b"R\0o\0o\0t\0"), len(content))]
    places.append(range(at := content.index(b"\xec\xa5\xc1\0"), at + 0x400))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.sampled_from(data.draw(st.sampled_from(places))))] = data.draw(st.integers(0, 255))
    assert refused(bytes(content)) in CODES


@given(st.binary(max_size=400))
def test_any_property_set_is_read(stream: bytes) -> None:
    assert isinstance(texts(b"\xfe\xff\0\0" + bytes(20) + b"\1\0\0\0" + stream), list)
