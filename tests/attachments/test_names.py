"""A file's name: what is left of it, what it promises, and who is turned away for it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.attachments.inspection.limits import KINDS, MOST_NAME
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.names import UNSEEN, clean_name, kind_of


@pytest.mark.parametrize(
    ("upload_name", "name"),
    [
        ("Rechnung Müller.pdf", "Rechnung Müller.pdf"),
        ("Rechnung Mu\u0308ller.pdf", "Rechnung Müller.pdf"),
        ("photo.jpg\u202egpj.exe", "photo.jpggpj.exe"),
        ("a.txt\0.exe", "a.txt.exe"),
        ("pho\u200bto\ufeff.j\u00adpg", "photo.jpg"),
        ("x.p\ufe0fd\u034ff\u3164", "x.pdf"),
        ("photo．ｊｐｇ", "photo.jpg"),
        ("x․exe", "x.exe"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\Anna\\cup.jpg", "cup.jpg"),
        ("a／b.txt", "b.txt"),
        ("invoice.pdf ", "invoice.pdf"),
        ("invoice.pdf. . .", "invoice.pdf"),
        ("..hidden.txt", "hidden.txt"),
        ("  . .a   b\t.txt", "a b.txt"),
        ("line\nbreak\u2028.txt", "linebreak.txt"),
        ('a<b>c:"d"|e?*.txt', "a_b_c__d__e__.txt"),
        ("CON.txt", "_CON.txt"),
        ("com1.tar.txt", "_com1.tar.txt"),
        ("console.txt", "console.txt"),
        ("nul", "_nul"),
        ("lone\ud800.txt", "lone.txt"),
        ("\u200b\u202e\0", ""),
        ("../", ""),
        ("", ""),
    ],
)
def test_a_name_is_made_harmless(upload_name: str, name: str) -> None:
    assert clean_name(upload_name) == name


def test_a_long_name_is_cut_before_its_extension() -> None:
    name = clean_name("ü" * 500 + ".JPEG")
    assert len(name) == MOST_NAME
    assert name.endswith("ü.JPEG")
    assert clean_name("x" * 500) == "x" * MOST_NAME
    assert clean_name("x." + "y" * 500) == "x." + "y" * (MOST_NAME - 2)
    assert clean_name("x" * (MOST_NAME - 4) + ".txt") == "x" * (MOST_NAME - 4) + ".txt"


@given(st.text(max_size=300))
def test_any_name_comes_out_short_visible_and_the_same_the_second_time(upload_name: str) -> None:
    name = clean_name(upload_name)
    assert len(name) <= MOST_NAME
    assert not {unicodedata.category(character) for character in name} & UNSEEN
    assert not set(name) & set('/\\<>:"|?*')
    assert name == name.strip(". ")
    assert clean_name(name) == name


@pytest.mark.parametrize("extension", KINDS)
def test_each_kind_is_known_in_any_case(extension: str) -> None:
    assert kind_of(f"a.{extension}") == kind_of(f"A.{extension.upper()}") == KINDS[extension]


@pytest.mark.parametrize(
    "upload_name",
    [
        "photo.jpg\u202egpj.exe",
        "a.txt\0.exe",
        "x.pdf.exe",
        "x․exe",
        "photo",
        "pdf",
        ".pdf",
        "a.docm",
        "a.heic",
    ],
)
def test_other_names_are_not_accepted(upload_name: str) -> None:
    with pytest.raises(Refusal) as refused:
        kind_of(clean_name(upload_name))
    assert refused.value.code == "not_accepted"


@pytest.mark.parametrize("upload_name", ["", "\u200b\u202e", "../..", "/ . /"])
def test_no_name_is_said_to_be_none(upload_name: str) -> None:
    with pytest.raises(Refusal) as refused:
        kind_of(clean_name(upload_name))
    assert refused.value.code == "no_name"
