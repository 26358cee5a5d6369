"""Whether a rule's conditions hold: folded words at the beginning of words, all conditions, one of the words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.filing.rules import Arrived, Conditions, folded, has_word, words_in


def arrived(*texts: str, **values: object) -> Arrived:
    known = {"topic": "invoice", "marketplace": "Amazon.de", "sender": "Anna Müller", "has_files": False}
    return Arrived(**known | values, texts=lambda: texts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("invoice, tax  number\nRechnung", ("invoice", "tax number", "Rechnung")),
        (" , ,\n", ()),
        ("a,a,a", ("a",)),
        (",".join(f"w{number}" for number in range(30)), tuple(f"w{number}" for number in range(20))),
        ("x" * 100, ("x" * 60,)),
        ("\u0301", ()),
    ],
)
def test_words_are_separated_by_commas_and_lines(typed, words):
    assert words_in(typed) == words


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("Please send the INVOICES", "invoice", True),
        ("die Rechnungsnummer fehlt", "rechnung", True),
        ("Abrechnung", "rechnung", False),
        ("Abrechnung, Rechnung", "rechnung", True),
        ("straße", "STRASSE", True),
        ("Rückgabe", "ruckgabe", True),
        ("my  tax\nnumber", "Tax number", True),
        ("taxnumber", "tax number", False),
        ("price(s)", "(s)", True),
        ("", "x", False),
        (".*", "x", False),
        ("a.b", ".*", False),
    ],
)
def test_a_word_is_found_at_the_beginning_of_a_word(text, word, found):
    assert has_word(folded(text), folded(word)) is found


@given(st.text(max_size=30), st.text(max_size=30), st.text(min_size=1, max_size=10))
def test_a_phrase_is_found_wherever_it_stands_after_a_blank(before, after, word):
    if folded(word):
        assert has_word(folded(f"{before} {word}{after}"), folded(word)) or not folded(f"{word}{after}").startswith(
            folded(word)
        )


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        (Conditions(), True),
        (Conditions(topic="invoice"), True),
        (Conditions(topic="return"), False),
        (Conditions(marketplace="amazon.DE"), True),
        (Conditions(marketplace="amazon"), False),
        (Conditions(sender="muller"), True),
        (Conditions(sender="Otto"), False),
        (Conditions(has_files=True), False),
        (Conditions(words=("nothing", "vat")), True),
        (Conditions(words=("nothing",)), False),
        (Conditions(topic="invoice", words=("nothing",)), False),
        (Conditions(topic="return", words=("vat",)), False),
        (Conditions(topic="invoice", marketplace="amazon.de", sender="anna", words=("vat",)), True),
    ],
)
def test_all_that_is_asked_must_hold(conditions, holds):
    assert conditions.hold(arrived("Subject", "The VAT is missing")) is holds
    assert Conditions.from_data(conditions.as_data()) == conditions


def test_texts_are_not_read_when_something_else_decides():
    def texts():
        raise AssertionError

    asked = Arrived("invoice", "", "Anna", False, texts)
    assert Conditions(topic="return", words=("vat",)).hold(asked) is False
    assert Conditions(topic="invoice").hold(asked) is True
    assert Conditions(topic="invoice", has_files=True).hold(asked) is False
