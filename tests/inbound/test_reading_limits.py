"""No bytes make the reader fail, and no mail takes it long, not even hostile megabytes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messagecenter.inbound.reading import Kind, Letter, kind_of, read, tnef
from messagecenter.inbound.reading.charsets import decode
from messagecenter.inbound.reading.pages import read_page
from messagecenter.inbound.reading.quotes import MARKS, written
from tests.inbound.corpus import CASES
from tests.inbound.corpus.enclosed import winmail
from tests.inbound.corpus.mail import crlf

SMALL = [case for case in CASES if len(case.raw) < 20_000]
MEGABYTES = 10_000_000
SECONDS = 12.0  # on two slow cores that others use too; alone the worst needs a third
HEAD = crlf("From: a@example.org\nTo: b@example.org\nSubject: Re: x\n")
PAGE = HEAD + crlf("Content-Type: text/html; charset=utf-8\n\n")
MIXED = HEAD + crlf("Content-Type: multipart/mixed; boundary=a\n\n")


def check(raw: bytes) -> Letter:
    """Read a mail, and require what must hold for each."""
    letter = read(raw)
    assert kind_of(letter).kind in Kind
    assert kind_of(raw) == kind_of(letter)
    for text in (letter.text, letter.full_text, letter.subject, *(one.name for one in letter.files)):
        assert "\x00" not in text
        assert text.encode() is not None  # no lone surrogates
    assert not any(mark in letter.text or mark in letter.full_text for mark in MARKS)
    assert all("/" not in one.name and one.name for one in letter.files)
    return letter


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_are_read(raw: bytes) -> None:
    check(raw)


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=1000),
    st.sampled_from(["text/plain", "text/html", "multipart/mixed", "message/rfc822", "multipart/report"]),
)
def test_any_text_in_any_kind_is_read(text: str, kind: str) -> None:
    check(HEAD + f"Content-Type: {kind}\r\n\r\n".encode() + text.encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.randoms(use_true_random=False))
def test_mutated_mails_are_read(number: int, chance: random.Random) -> None:
    raw = bytearray(SMALL[number].raw)
    for _ in range(chance.randint(1, 12)):
        mutate(raw, chance)
    check(bytes(raw))


def mutate(raw: bytearray, chance: random.Random) -> None:
    """Change a mail as fuzzers do: turn bits, drop, double, cut, move in pieces of other mails and odd tokens."""
    place, length = chance.randrange(len(raw) + 1), chance.randint(1, 200)
    tokens = (
        b"\r\n",
        b"--",
        b"=?",
        b"?=",
        b"<",
        b">",
        b"\x00",
        b"\xff",
        b"\n\n",
        b"boundary=",
        b"=",
        b";",
        b'"',
        b"multipart/mixed",
        b"base64",
    )
    match chance.randrange(6):
        case 0 if place < len(raw):
            raw[place] ^= 1 << chance.randrange(8)
        case 1:
            del raw[place : place + length]
        case 2:
            raw[place:place] = raw[place : place + length]
        case 3:
            raw[place:place] = chance.choice(tokens) * chance.randint(1, 5)
        case 4:
            other = chance.choice(SMALL).raw
            start = chance.randrange(len(other))
            raw[place:place] = other[start : start + length]
        case _:
            del raw[max(place, 40) :]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 200), st.binary(max_size=20))
def test_any_envelope_of_outlook_is_opened(tail: bytes, place: int, inserted: bytes) -> None:
    whole = winmail(("a.pdf", b"x" * 40), body="Hallo", long_name="Rechnung.pdf")
    tnef.opened(whole[:place] + inserted + whole[place:])
    tnef.opened(whole[:6] + tail)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=600))
def test_any_page_and_any_words_are_read(text: str) -> None:
    read_page(text)
    read_page(f"<div>{text}</div><blockquote>{text}")
    written(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=200))
def test_utf8_stays_as_it_is_whatever_is_claimed(text: str) -> None:
    body = f"ß漢 {text}"  # with a letter no mixed-up text can hold
    assert decode(body.encode(), "iso-8859-1") == body


HOSTILE: dict[str, Callable[[], bytes]] = {
    "one line": lambda: HEAD + b"\r\n" + b"a" * MEGABYTES,
    "one line of quote signs": lambda: HEAD + b"\r\n" + b">" * MEGABYTES,
    "thousands of quote levels": lambda: HEAD + b"\r\n" + b"".join(b">" * depth + b" x\n" for depth in range(4000)),
    "empty lines": lambda: HEAD + b"\r\n" + b"\n" * MEGABYTES,
    "quoted lines": lambda: HEAD + b"\r\n" + b"> x\n" * (MEGABYTES // 4),
    "attributions begun": lambda: HEAD + b"\r\n" + b"On 1 wrote\n" * (MEGABYTES // 11),
    "attributions of words": lambda: HEAD + b"\r\n" + (b"Am 1 " + b"a " * 400 + b"\n") * 12_000,
    "heads begun": lambda: HEAD + b"\r\n" + b"An: a 1 @\n" * (MEGABYTES // 10),
    "lines for the library": lambda: HEAD + b"\r\n" + (b"On 1 " + b"a " * 70 + b"\n") * 25,
    "nested boxes": lambda: PAGE + b"<div>" * (MEGABYTES // 5),
    "nested quotes": lambda: PAGE + b"<blockquote>x" * (MEGABYTES // 13),
    "flat quotes": lambda: PAGE + b"<blockquote>x</blockquote>" * (MEGABYTES // 26),
    "nested tables": lambda: PAGE + b"<table><tr><td>x" * (MEGABYTES // 16),
    "paragraphs": lambda: PAGE + b"<p>x" * (MEGABYTES // 4),
    "rules": lambda: PAGE + b"<hr width=98%>" * 70_000,
    "angle brackets": lambda: PAGE + b"<" * MEGABYTES,
    "boundaries": lambda: MIXED + b"--a\n" * (MEGABYTES // 4),
    "boundaries that are none": lambda: MIXED + b"\n--ab" * (MEGABYTES // 5),
    "parts in parts": lambda: (
        HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=a%d\r\n\r\n--a%d\r\n" % (n, n) for n in range(3000))
    ),
    "mails in mails": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "a header of megabytes": lambda: b"X: " + b"a" * MEGABYTES,
    "many headers": lambda: b"X: a\n" * (MEGABYTES // 5),
    "encoded words": lambda: b"Subject: " + b"=?utf-8?q?a?= " * 15_000 + b"\n\nx",
    "comments in an address": lambda: b"From: " + b"(" * 200_000 + b"\n\nx",
    "addresses": lambda: b"From: " + b"<a@b.example>" * 18_000 + b"\n\nx",
    "soft breaks": lambda: HEAD + crlf("Content-Type: text/plain; format=flowed\n\n") + b"> a \n>> b \n" * 900_000,
    "a bounce of a million addresses": lambda: (
        b"From: mailer-daemon@example.org\n\nundeliverable\n" + b"<a@b.example>\n" * 700_000
    ),
    "winmail.dat of a million files": lambda: (
        HEAD
        + crlf("Content-Type: application/ms-tnef\n\n")
        + b"\x78\x9f\x3e\x22\x01\x00"
        + b"\x02\x02\x90\x06\x00\x00\x00\x00\x00\x00\x00" * 900_000
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_takes_seconds_at_most(name: str) -> None:
    raw = HOSTILE[name]()
    began = time.process_time()

    check_once = kind_of(raw)

    assert check_once.kind in Kind
    assert time.process_time() - began < SECONDS


def test_twice_the_lines_take_about_twice_the_time() -> None:
    """The text that is looked at is capped; below the cap the time must grow with the length, not with its square."""

    def seconds(lines: int) -> float:
        raw = HEAD + b"\r\n" + b"An: a 1 @\nOn 1 wrote\n> x\n" * lines
        began = time.process_time()
        read(raw)
        return time.process_time() - began

    seconds(100)
    assert min(seconds(3200) for _ in range(2)) < 8 * max(min(seconds(800) for _ in range(3)), 0.01)
