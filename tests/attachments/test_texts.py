"""Text: which encodings are read, what is binary, and what is a page in disguise."""

from __future__ import annotations

import pytest

from messagecenter.attachments.inspection import texts
from messagecenter.attachments.inspection.limits import MOST_TEXT
from messagecenter.attachments.inspection.refusal import Refusal
from tests.attachments.honest import LETTER, LOG, TEXTS


@pytest.mark.parametrize("name", ["letter.txt", "mark.txt", "windows.txt", "little.txt", "big.txt"])
def test_a_letter_reads_the_same_in_every_encoding_and_stays_as_it_came(name: str) -> None:
    content = TEXTS[name]()
    read = texts.inspect(content)
    assert read.content == content
    assert read.text.replace("\r\n", "\n") == LETTER


def test_latin_text_is_read_as_windows_text() -> None:
    assert "Schöne Grüße\nJörg Müßig" in texts.inspect(TEXTS["latin.txt"]()).text


def test_a_log_that_quotes_a_page_is_a_text() -> None:
    assert texts.inspect(LOG.encode()).text == LOG
    assert texts.inspect(b"see <html> and <script>").text == "see <html> and <script>"


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b" \n\t<HTML lang=en>",
        b"<!DOCTYPE html>\n<p>",
        b"<!doctype  HTML PUBLIC>",
        b"<script>alert(1)</script>",
        b"<!-- a comment --> <svg/onload=alert(1)>",
        b"\xef\xbb\xbf<?php echo 1;",
        b"\xff\xfe" + "<html>".encode("utf-16-le"),
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "x"><svg>',
        b"#!/usr/bin/python\n",
        b"{\\rtf1 x}",
    ],
)
def test_what_begins_as_a_page_or_a_script_is_not_a_text(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        texts.inspect(content)
    assert refused.value.code == "mismatch"


@pytest.mark.parametrize(
    "content", [b"<htmlish words>", b"# a heading\n", b"<?xml version='1.0'?><order/>", b"#1 broken"]
)
def test_what_only_resembles_a_page_is_a_text(content: bytes) -> None:
    assert texts.inspect(content).text == content.decode()


@pytest.mark.parametrize("control", [0, 1, 7, 14, 26, 28, 127])
def test_one_control_character_is_enough_to_be_binary(control: int) -> None:
    with pytest.raises(Refusal) as refused:
        texts.inspect(b"a perfectly harmless text" + bytes([control]) + b" that goes on")
    assert refused.value.code == "not_text"


@pytest.mark.parametrize("control", [8, 9, 10, 11, 12, 13, 27])
def test_what_old_printers_needed_is_fine(control: int) -> None:
    texts.inspect(b"a text" + bytes([control]) + b" that goes on")


def test_of_a_very_long_text_the_beginning_is_screened() -> None:
    assert len(texts.inspect(b"x" * (MOST_TEXT + 10)).text) == MOST_TEXT
