"""PDF files are judged by what they would do, cleaned, and shown."""

from __future__ import annotations

import io
import zlib

import pikepdf
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pikepdf import Name
from PIL import Image

from messagecenter.attachments.inspection import limits, pdf, pdf_streams
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.workshop import inspect_safely

from . import pdf_files as files
from .pdf_hostile import HOSTILE

BOMBS = ["bomb", "nested bomb", "bomb of objects", "bomb in ASCII", "LZW bomb", "run length bomb"]


def refusal_of(content: bytes) -> str:
    """The code a file is refused with, or "" when it passes."""
    try:
        pdf.inspect(content)
    except Refusal as refusal:
        return refusal.code
    return ""


def unpacked(content: bytes) -> bytes:
    """All that stands in a file, its streams unpacked."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(out, qdf=True, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
    return out.getvalue()


@pytest.mark.parametrize("name", files.HONEST)
def test_honest_files_pass_and_open_again(name: str):
    found = pdf.inspect(files.HONEST[name]())

    assert found.kind == "pdf"
    with pikepdf.open(io.BytesIO(found.content)) as document:
        assert len(document.pages) == found.pages >= 1
    assert refusal_of(found.content) == ""
    assert max(Image.open(io.BytesIO(found.small)).size) <= limits.SMALL_SIDE
    assert Image.open(io.BytesIO(found.large)).size == (found.width, found.height)
    assert max(found.width, found.height) <= limits.LARGE_SIDE


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str):
    code, make = HOSTILE[name]

    assert refusal_of(make()) == code


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_noticed_within_the_memory_of_a_child(name: str):
    with pytest.raises(Refusal) as refused:
        inspect_safely("pdf", HOSTILE[name][1]())

    assert refused.value.code == "unpacks_too_large"  # and not "too_hard": nobody ran out of anything


def test_a_page_that_draws_itself_without_end_is_refused_by_the_limits_of_the_child():
    levels = 30
    forms = [
        files.stream(
            b"/X Do " * 20,
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>" % (number + 6),
        )
        for number in range(levels)
    ]
    content = files.by_hand(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
        files.stream(b"/X Do"),
        *forms,
        files.stream(b"0 0 m", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]"),
    )

    with pytest.raises(Refusal) as refused:
        inspect_safely("pdf", content)

    assert refused.value.code == "too_hard"


@pytest.mark.parametrize(
    "name", ["1.4", "1.5 object streams", "linearised", "linearised object streams", "photo", "form", "by hand"]
)
def test_truncated_files_are_refused_wherever_they_were_cut(name: str):
    whole = files.HONEST[name]().rstrip()
    step = max(1, len(whole) // 40)

    for length in [*range(0, len(whole) - 5, step), len(whole) - 6, len(whole) - 1]:
        assert refusal_of(whole[:length]) == "damaged", length


def test_a_file_cut_inside_its_last_change_is_refused():
    whole = files.changed_later()
    first = whole.index(b"%%EOF") + 5

    for length in range(first + 9, len(whole) - 2, 7):
        assert refusal_of(whole[:length]) == "damaged", length


@given(st.binary(max_size=3000))
@settings(max_examples=30, deadline=None)
def test_random_bytes_are_damaged(noise: bytes):
    assert refusal_of(noise) == "damaged"
    assert refusal_of(b"%PDF-1.7\n" + noise + b"\nstartxref\n9\n%%EOF\n") == "damaged"


@given(
    name=st.sampled_from(["1.4", "1.5 object streams", "form", "links", "Factur-X", "owner password AES-256", "hex"]),
    changes=st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["flip", "drop", "double", "number", "name"]), st.integers(0, 255)),
        min_size=1,
        max_size=8,
    ),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_changed_files_pass_or_are_refused_but_never_break_anything(name: str, changes: list[tuple[float, str, int]]):
    content = bytearray(files.HONEST[name]())
    for where, what, value in changes:
        place = int(where * (len(content) - 1))
        if what == "flip":
            content[place] = value
        elif what == "drop":
            del content[place : place + value]
        elif what == "double":
            content[place:place] = content[place : place + value]
        elif what == "number":
            content[place:place] = b" %d " % (value * 10**value)
        else:
            content[place:place] = b"/AA << /O [ 3 0 R /Kids "

    try:
        found = pdf.inspect(bytes(content))
    except Refusal:
        return
    assert refusal_of(found.content) == ""


@pytest.mark.parametrize("name", ["metadata", "PDF/A", "Factur-X", "tagged", "1.4", "2.0"])
def test_metadata_goes_and_is_read_before(name: str):
    content = files.HONEST[name]()
    assert b"lanted" in unpacked(content)

    found = pdf.inspect(content)

    assert b"lanted" not in unpacked(found.content)
    assert found.notes == ["metadata_removed"]
    if name != "tagged":
        assert "Planted Author" in found.text


def linking_to(address: str) -> bytes:
    page = files.document("One")
    page.pages[0].obj.Annots = pikepdf.Array([files.link(S=Name.URI, URI=pikepdf.String(address))])
    return files.saved(page)


@pytest.mark.parametrize(
    "address",
    [
        "file://evil.example/share/x.exe",
        "file:///C:/Windows/System32/calc.exe",
        r"\\evil.example\share\x",
        "ms-msdt:/id PCWDiagnostic",
        "search-ms:query=x&crumb=location:evil",
        "data:text/html,x",
    ],
)
def test_a_link_that_opens_a_program_or_somebodys_disk_is_refused(address: str):
    assert refusal_of(linking_to(address)) == "external_target"


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example/a?b=c",
        "mailto:a@b.example",
        "tel:+4930123",
        "www.shop.example",
        "#top",
        "file:///C:/Briefe/x.docx",
    ],
)
def test_a_link_people_write_passes(address: str):
    assert refusal_of(linking_to(address)) == ""


def test_a_photo_inside_loses_its_place_and_no_pixel():
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Planted Place"
    Image.radial_gradient("L").resize((600, 400)).save(out, "JPEG", exif=exif, comment=b"Planted Comment")
    photo = files.saved(files.with_picture(out.getvalue(), 600, 400, Filter=Name.DCTDecode))
    assert b"Planted" in photo

    found = pdf.inspect(photo)

    assert b"Planted" not in found.content
    assert found.notes == ["metadata_removed"]
    with pikepdf.open(io.BytesIO(found.content)) as document:
        kept = document.pages[0].Resources.XObject.I.read_raw_bytes()
    assert Image.open(io.BytesIO(kept)).tobytes() == Image.open(out).tobytes()


def test_nothing_is_said_about_metadata_where_there_was_none():
    assert pdf.inspect(files.one_page()).notes == []


def test_an_invoice_keeps_its_file_and_what_a_standard_says_of_it():
    found = pdf.inspect(files.HONEST["Factur-X"]())

    with pikepdf.open(io.BytesIO(found.content)) as document:
        assert document.attachments["factur-x.xml"].get_file().read_bytes() == files.INVOICE
        assert len(document.Root.AF) == 1
        with document.open_metadata() as properties:
            assert properties["{http://www.aiim.org/pdfa/ns/id/}part"] == "3"
            assert properties["{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}DocumentType"] == "INVOICE"
            assert properties["dc:title"] == "Rechnung"
            assert "dc:creator" not in properties
        assert "/Filter" not in document.Root.Metadata  # PDF/A: readable by who knows no PDF
    assert "RE-2024-0815" in found.text


@pytest.mark.parametrize("encryption", ["owner password RC4", "owner password AES-128", "owner password AES-256"])
def test_a_file_that_is_locked_against_changes_stays_so_and_loses_its_metadata(encryption: str):
    with pikepdf.open(io.BytesIO(files.HONEST[encryption]())) as document:
        document.docinfo["/Author"] = "Planted Author"
        content = files.saved(document, encryption=True)

    found = pdf.inspect(content)

    with pikepdf.open(io.BytesIO(found.content)) as document:
        assert document.is_encrypted
        assert not document.docinfo
    assert found.notes == ["metadata_removed"]
    assert "Honest text" in found.text


def test_a_signed_file_stays_byte_for_byte():
    content = files.signed()

    found = pdf.inspect(content)

    assert found.content == content
    assert found.notes == ["metadata_kept_signed"]
    assert "Planted Author" in found.text


def test_what_nothing_refers_to_does_not_go_out():
    content = files.one_page(files.stream(b"0 0 m"), b"", b"(left behind by an editor)")

    assert b"left behind" in content
    assert b"left behind" not in unpacked(pdf.inspect(content).content)


def test_a_file_that_would_grow_over_the_limit_is_kept(monkeypatch: pytest.MonkeyPatch):
    content = files.HONEST["metadata"]()
    monkeypatch.setattr(limits, "MOST_BYTES", 300)

    found = pdf.inspect(content)

    assert found.content == content
    assert found.notes == ["metadata_kept"]


def test_text_of_pages_links_notes_fields_and_bookmarks_is_read():
    assert "Version 1.4" in pdf.inspect(files.HONEST["1.4"]()).text
    assert "Second page" in pdf.inspect(files.HONEST["1.4"]()).text
    links = pdf.inspect(files.HONEST["links"]()).text
    assert "https://example.org/shop" in links
    assert "A note beside" in links
    assert "Typed in by the buyer" in pdf.inspect(files.HONEST["form"]()).text
    assert "Chapter two" in pdf.inspect(files.HONEST["outline"]()).text
    for packed in ("LZW", "ASCII85 and Flate", "hex", "run length"):
        assert "Packed text" in pdf.inspect(files.HONEST[packed]()).text


def test_text_ends_at_its_limit():
    document = files.document(*["many words " * 2000] * 40)

    assert len(pdf.inspect(files.saved(document)).text) == limits.MOST_TEXT


def test_words_that_are_no_text_do_no_harm():
    content = files.one_page(
        files.stream(b"0 0 m"), b"/Gr\xfcn << /S /Gr\xfcn /Title <FEFFD800> /URI <FEFFDC00> /Type /#ff#fe >>"
    )

    pdf.inspect(content).text.encode()


def test_a_code_on_the_first_page_is_read():
    code = zxingcpp.create_barcode("https://example.org/pay?iban=planted", zxingcpp.BarcodeFormat.QRCode)
    picture = Image.fromarray(code.to_image(scale=8)).convert("RGB")
    document = files.with_picture(
        zlib.compress(picture.tobytes()), picture.width, picture.height, Filter=Name.FlateDecode
    )

    assert "https://example.org/pay?iban=planted" in pdf.inspect(files.saved(document)).text


@pytest.mark.parametrize(
    ("name", "size"),
    [("rotated", (1600, 1131)), ("poster", (1600, 1600)), ("strip", (1, 1600)), ("stamp", (24, 24))],
)
def test_previews_have_the_shape_of_the_page(name: str, size: tuple[int, int]):
    found = pdf.inspect(files.HONEST[name]())

    assert (found.width, found.height) == size


def test_the_preview_shows_the_page_on_white():
    picture = Image.open(io.BytesIO(pdf.inspect(files.HONEST["1.4"]()).large)).convert("L")

    shades = picture.histogram()
    assert sum(shades[250:]) > 0.9 * picture.width * picture.height
    assert sum(shades[:80]) > 0  # the text


def test_a_form_is_shown_with_what_was_typed_in():
    with pikepdf.open(io.BytesIO(files.with_form())) as document:
        del document.Root.AcroForm.Fields[0].V
        document.Root.AcroForm.NeedAppearances = True
        empty = pdf.inspect(files.saved(document)).large

    assert pdf.inspect(files.with_form()).large != empty


def test_a_picture_too_large_to_draw_means_no_preview_and_no_refusal():
    document = files.with_picture(b"\xff\xd8\xff\xd9", 10_000, 9_000, Filter=Name.DCTDecode)

    found = pdf.inspect(files.saved(document))

    assert (found.small, found.large, found.pages) == (b"", b"", 1)


def _lzw_of_library(content: bytes) -> bytes:
    """Pack with Pillow's TIFF writer, whose LZW is the one PDF has."""
    out = io.BytesIO()
    Image.frombytes("L", (len(content), 1), content).save(out, "TIFF", compression="tiff_lzw")
    image = Image.open(io.BytesIO(out.getvalue()))
    start, size = image.tag_v2[273][0], image.tag_v2[279][0]
    return out.getvalue()[start : start + size]


@given(st.binary(min_size=1, max_size=300).flatmap(lambda part: st.integers(1, 60).map(lambda times: part * times)))
@settings(max_examples=60, deadline=None)
def test_lzw_is_unpacked_as_others_pack_it(content: bytes):
    with pikepdf.new() as document:
        stream = pikepdf.Stream(document, _lzw_of_library(content), Filter=Name.LZWDecode)

        assert b"".join(pdf_streams.Meter(10**9).unpack(stream)) == content


def test_a_filter_written_short_is_counted_too():
    with pikepdf.new() as document:
        stream = pikepdf.Stream(document, files.zeros(120 * files.MEGABYTE), Filter=Name.Fl)

        with pytest.raises(Refusal):
            pdf_streams.Meter(10**9).drain(stream)
