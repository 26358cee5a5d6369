"""What people type into the search field, and what is made of it; whatever they type."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.search.query import MOST_TERMS, Query, day_of, parse
from messagecenter.search.terms import Term


def wanted(typed):
    return [" ".join(term.parts) for term in parse(typed).terms.wanted]


def unwanted(typed):
    return [" ".join(term.parts) for term in parse(typed).terms.unwanted]


def test_words_phrases_and_exclusions():
    query = parse('Lampe "kaputt angekommen" -Gutschein -"vielen Dank"')
    assert query.terms.wanted == (Term(("lampe",), "lamp", "lampe"), Term(("kaputt", "angekommen")))
    assert query.terms.unwanted == (Term(("gutschein",), "gutschein", "gutschein"), Term(("vielen", "dank")))


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("from:anna", "senders", ("anna",)),
        ('von:"Anna Müller"', "senders", ("Anna Müller",)),
        ("order:302-1234567-1234567", "orders", ("302-1234567-1234567",)),
        ("Bestellung: 302-12", "orders", ("302-12",)),
        ("label:Eilig etikett:Garantie", "labels", ("Eilig", "Garantie")),
        ("in:archive", "boxes", ("archive",)),
        ("before:2026-03-05", "before", dt.date(2026, 3, 5)),
        ("vor:5.3.2026 before:2026-02-01", "before", dt.date(2026, 2, 1)),
        ("nach:05.03.26 after:2026", "after", dt.date(2026, 3, 5)),
        ("-before:2026-03", "after", dt.date(2026, 3, 1)),
        ("has:file", "has_file", True),
        ("hat:Anhang", "has_file", True),
        ("-has:file", "has_file", False),
        ("-label:Eilig -from:anna", "excluded", (("label", "Eilig"), ("from", "anna"))),
    ],
)
def test_operator(typed, field, value):
    query = parse(typed)
    assert getattr(query, field) == value
    assert not query.terms
    assert query


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ('"', []),
        ('""', []),
        ('"kaputt angekommen', ["kaputt angekommen"]),
        ('Lampe"kaputt angekommen"Schirm', ["lampe", "kaputt angekommen", "schirm"]),
        ("„kaputt angekommen“", ["kaputt angekommen"]),
        ("order:", ["order"]),
        ("before:yesterday", ["yesterday"]),
        ("has:humour", ["humour"]),
        ("https://shop.example/lamp", ["https", "shop example", "lamp"]),
        ("Re: lamp", ["re", "lamp"]),
        ("12:30", ["12", "30"]),
        ("E-Mail", ["e mail"]),
        ("Lampe und Schirm", ["lampe", "schirm"]),
        ("und", ["und"]),
        ("to be", ["to", "be"]),
        ("Lampe lampe LAMPE", ["lampe"]),
        ("- -- : \0 …", []),
    ],
)
def test_odd_input_is_taken_sensibly(typed, found):
    assert wanted(typed) == found


def test_stop_words_are_never_unwanted():
    assert unwanted("Lampe -und -Schirm") == ["schirm"]


def test_only_so_much_is_read():
    many = parse(" ".join(f"w{number}" for number in range(40)))
    assert (len(many.terms.wanted), many.is_cut) == (MOST_TERMS, True)
    long = parse("Lampe " * 40)
    assert (wanted("Lampe " * 40), long.is_cut) == (["lampe"], True)
    assert wanted("x" * 198 + " Lampe") == [("x" * 64)]
    assert parse("Lampe").is_cut is False


@pytest.mark.parametrize("typed", ["31.2.2026", "2026-13", "0", "gestern", "1.1.1.1", "٣.٣.٢٠٢٦x", ""])
def test_no_day(typed):
    assert day_of(typed) is None


def test_nothing_typed_asks_for_nothing():
    assert not parse("  ")
    assert parse("") == Query()


@given(
    st.text(alphabet=st.sampled_from('ab"-:„“ \0\t\u3000äfromvonbeforehas.123@'), max_size=250) | st.text(max_size=250)
)
def test_nothing_is_an_error(typed):
    query = parse(typed)
    assert query.typed == typed
    assert len(query.terms.wanted) + len(query.terms.unwanted) <= 2 * MOST_TERMS
    for term in (*query.terms.wanted, *query.terms.unwanted):
        assert all(term.parts)
