"""What holds for every text: tricks and politeness hide nothing, places are right, and time grows with the length."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messagecenter.policy.detection.finding import Category, Finding
from messagecenter.policy.detection.folding import fold
from messagecenter.policy.detection.screen import OVERLAP, PIECE, screen, settle
from messagecenter.policy.detection.surroundings import Lists, Surroundings

#: Messages that are blocked; what is done to them must not let any of them through.
FORBIDDEN = [
    "Rufen Sie mich an: 0176 12345678",
    "anna.mueller@firma.de",
    "name (at) firma punkt de",
    "Schreib mir auf WhatsApp",
    "https://firma.de/shop",
    "www.firma.com",
    "firma dot com",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "+44 7700 900123",
]
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u034f\u180e"
HOMOGLYPHS = str.maketrans("aeopcxysi", "аеорсхуѕі")
POLITE = [
    ("Guten Tag, ", ". Vielen Dank und freundliche Grüße"),
    ("Hello, I hope you are well. ", ". Have a nice day!"),
    ("Bonjour, ", " Merci beaucoup."),
    ("Hallo!\n\n", "\n\nMit freundlichen Grüßen"),
    ("Danke für die schnelle Lieferung. ", ""),
]


def blocked(text: str) -> bool:
    return any(one.confidence >= 0.8 for one in screen(text))


def stopped(text: str) -> bool:
    return any(one.confidence >= 0.3 for one in screen(text))


@pytest.mark.parametrize("text", FORBIDDEN)
def test_forbidden_messages_are_forbidden(text: str) -> None:
    assert blocked(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORBIDDEN), st.lists(st.tuples(st.integers(0, 60), st.sampled_from(INVISIBLE)), max_size=12))
def test_invisible_characters_hide_nothing(text: str, signs: list[tuple[int, str]]) -> None:
    for place, sign in signs:
        text = text[:place] + sign + text[place:]
    assert stopped(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORBIDDEN), st.data())
def test_case_hides_nothing(text: str, data: st.DataObject) -> None:
    upper = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    text = "".join(one.upper() if up else one.lower() for one, up in zip(text, upper, strict=True))
    assert stopped(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORBIDDEN), st.data())
def test_homoglyphs_hide_nothing(text: str, data: st.DataObject) -> None:
    other = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    text = "".join(one.translate(HOMOGLYPHS) if swap else one for one, swap in zip(text, other, strict=True))
    assert stopped(text)


@pytest.mark.parametrize("text", FORBIDDEN)
@pytest.mark.parametrize("around", POLITE)
def test_politeness_hides_nothing(text: str, around: tuple[str, str]) -> None:
    assert stopped(around[0] + text + around[1])


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300) | st.text("0123456789+-. @abcdewhtsp()/:äıſﬁ\u200b\u202e\u202c\n", max_size=300))
def test_any_text_gives_the_same_findings_in_places_that_exist(text: str) -> None:
    found = screen(text)
    assert found == screen(text) == sorted(found)
    for one in found:
        assert 0 <= one.start < one.end <= len(text)
        assert 0 < one.confidence <= 1
    for category in Category:
        places = [(one.start, one.end) for one in found if one.category is category]
        assert all(left[1] <= right[0] for left, right in pairwise(places))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_readings_know_their_places(text: str) -> None:
    folded = fold(text)
    for reading in (folded.plain, folded.bare):
        assert len(reading.text) == len(reading.starts) == len(reading.ends) == len(reading.flat)
        assert all(0 <= start < end <= len(text) for start, end in zip(reading.starts, reading.ends, strict=True))
        reading.text.encode("utf-8")


@pytest.mark.parametrize(
    "piece", ["Guten Tag, wo ist mein Paket? ", "0 1 7 6 ", "a@b ", "w h a t ", "(at) ", "раураl "]
)
def test_time_grows_with_the_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        best = 9.0
        for _ in range(2):
            start = time.process_time()
            screen(text)
            best = min(best, time.process_time() - start)
        return best

    seconds(2_000)
    assert seconds(80_000) < 12 * seconds(20_000) + 0.2


@pytest.mark.parametrize(
    "place", [PIECE - OVERLAP - 5, PIECE - OVERLAP // 2 - 8, PIECE - 8, PIECE, 2 * PIECE - OVERLAP]
)
def test_nothing_is_lost_or_found_twice_where_long_texts_are_cut(place: int) -> None:
    text = ("wort " * 20_000)[:place] + " anna@firma.de " + "wort " * 9_000
    (found,) = screen(text)
    assert text[found.start : found.end] == "anna@firma.de"


def test_settling_keeps_the_surer_and_covers_both() -> None:
    kind = Category.CONTACT_DETAILS
    found = [Finding(0, 8, "contact.phone", kind, 0.95), Finding(4, 12, "contact.messenger", kind, 0.6)]
    around = Surroundings()
    assert settle(found, fold("x" * 20), around) == [Finding(0, 12, "contact.phone", kind, 0.95)]
    assert settle([found[0], Finding(4, 12, "contact.email", kind, 0.4)], fold("x" * 20), around) == found[:1]
    other = Finding(4, 12, "link.url", Category.EXTERNAL_LINK, 0.9)
    assert settle([found[0], other], fold("x" * 20), around) == [found[0], other]


def test_switched_off_rules_and_exceptions_find_nothing() -> None:
    text = "Unser Partner Firma.de und www.andere.com"
    guesses = frozenset(f"classifier.{category}" for category in Category)
    rules = {one.rule for one in screen(text)} - guesses
    assert rules == {"link.domain"}
    assert screen(text, Surroundings(lists=Lists(switched_off=guesses | {"link.domain"}))) == []
    (left,) = screen(text, Surroundings(lists=Lists(exceptions=("Partner  FIRMA.de",), switched_off=guesses)))
    assert text[left.start : left.end] == "www.andere.com"
