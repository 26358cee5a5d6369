"""What is taken for a thank-you that needs no answer: a labelled list, and tricks that must not hide a request."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.threads.thanks import LONGEST, is_thanks

ROWS = [json.loads(line) for line in Path(__file__).with_name("thanks.jsonl").read_text().splitlines()]
THANKS = [row["text"] for row in ROWS if row["thanks"]]
OTHERS = [row["text"] for row in ROWS if not row["thanks"]]
#: What a request could begin with; none of it is part of a thank-you.
ASKING = [
    *("wann", "wo", "aber", "fehlt", "kaputt", "brauche", "schicken", "stornieren", "3"),
    *("please", "when", "where", "but", "broken", "missing", "need", "send", "€"),
]
LEAST_RECALL = 0.9


def test_the_list_is_large_and_half_german() -> None:
    assert len(ROWS) >= 300
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert len(THANKS) >= 120
    assert len(OTHERS) >= 120
    languages = Counter(row["lang"] for row in ROWS)
    assert languages["de"] >= len(ROWS) / 2
    assert min(languages[lang] for lang in ("fr", "es", "it", "pl", "nl", "tr")) >= 9


def test_no_other_message_is_taken_for_a_thank_you() -> None:
    assert [text for text in OTHERS if is_thanks(text)] == []


def test_thank_yous_are_known() -> None:
    missed = [text for text in THANKS if not is_thanks(text)]
    assert len(missed) <= (1 - LEAST_RECALL) * len(THANKS), missed


def test_any_word_of_a_request_makes_it_none() -> None:
    wrong = []
    for text in THANKS:
        words = text.split(" ")
        for place in range(len(words) + 1):
            texts = (" ".join([*words[:place], asking, *words[place:]]) for asking in ASKING)
            wrong += [changed for changed in texts if is_thanks(changed)]
    assert wrong == []


@pytest.mark.parametrize("sign", ["?", "？", "¿", "؟", "🙄", "👎", "😡", "(", "@", "5", "http://example.org", "/", "€"])
def test_any_question_mark_or_strange_sign_makes_it_none(sign: str) -> None:
    assert [text for text in THANKS if is_thanks(f"{text} {sign}")] == []
    assert [text for text in THANKS if is_thanks(f"{sign}{text}")] == []


@pytest.mark.parametrize("noun", ["Rechnung", "Retoure", "Storno", "Umtausch", "Anwalt", "Refund", "Invoice", "Label"])
def test_a_noun_alone_is_neither_thanks_nor_a_signature(noun: str) -> None:
    for text in (f"Danke\n{noun}", f"Danke. {noun}", f"Ok, {noun}", f"Thanks\n\n{noun}", f"Danke! LG\n{noun}"):
        assert not is_thanks(text)


def test_names_are_known_where_names_stand() -> None:
    assert is_thanks("Danke!\nViele Grüße\nOluwaseun Adébáyò-Müller")
    assert is_thanks("Hallo Frau Öztürk, danke. LG")
    assert is_thanks("Dear Mrs. O'Brien, thank you")
    assert is_thanks("danke, anna")
    assert not is_thanks("Danke, Oluwaseun")  # could be anything
    assert not is_thanks("Viele Grüße\nOluwaseun Adébáyò\nDanke Paketzustellung")


def test_the_other_ways_to_write_the_same_are_the_same() -> None:
    for text in (
        *("VIELEN DANK!", "vielen dank", "Vielen Dank …", "dankeeee!!!!", "Vielen\u00a0Dank \u200b🙏🏽"),
        "Vielen Dank für die sehr freundliche und schnelle\nAntwort. Ich wünsche Ihnen noch einen\r\nschönen Tag",
    ):
        assert is_thanks(text), text
    assert is_thanks("Scho\u0308nen Tag noch, danke")  # composed and not


@pytest.mark.parametrize("text", ["", " ", ".", "!!!", "😊", "\n\n", "N", "^~", "danke ^", "danke~", "#", "danke #"])
def test_nothing_and_marks_alone_are_none(text: str) -> None:
    assert not is_thanks(text)


@given(st.text(max_size=LONGEST + 50))
def test_no_text_is_too_strange(text: str) -> None:
    assert is_thanks(text) in (True, False)


def test_long_texts_are_none_and_the_longest_costs_little() -> None:
    assert not is_thanks("danke " * 67)  # one sign too long
    crowded = ("merci pour la " * 40)[:LONGEST]
    begun = time.process_time()
    for _ in range(20):
        is_thanks(crowded)
    assert (time.process_time() - begun) / 20 < 0.05
