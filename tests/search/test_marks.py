"""Snippets and highlighted hits, in the text as it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given

from messagecenter.search.marks import LEAD, SNIPPET_CHARACTERS, pieces, snippet
from messagecenter.search.query import parse
from messagecenter.search.terms import matches, spans
from tests.search.texts import texts


def hits(text, typed):
    return [piece.text for piece in pieces(text, parse(typed).terms) if piece.is_hit]


@pytest.mark.parametrize(
    ("text", "typed", "found"),
    [
        ("Meine RÜCKSENDUNG, die Ruecksendungen", "rücksendung", ["RÜCKSENDUNG", "Ruecksendungen"]),
        ("in der Große Straße 5", "strasse", ["Straße"]),
        ("Das Rücksendeetikett fehlt", "rücksende", ["Rücksendeetikett"]),
        ("302-1234567-7654321", "7654321", ["7654321"]),
        ("Nr. 302-1234567-7654321.", "30212345677654321", ["302-1234567-7654321"]),
        ("eine E-Mail, eine Email, e mail", "E-Mail", ["E-Mail", "Email", "e mail"]),
        ("kam kaputt an. Kaputt kam sie", '"kaputt an"', ["kaputt an"]),
        ("Lampe und Schirm", "-Lampe Schirm", ["Schirm"]),
        ("ﬂach und U\u0308bung", "flach übung", ["ﬂach", "U\u0308bung"]),
        ("Nichts davon", "Lampe", []),
    ],
)
def test_hits_are_marked_as_typed(text, typed, found):
    assert hits(text, typed) == found


def test_snippet_stands_around_the_first_hit():
    text = "Guten Tag,\n\n" + "vorher gesagt " * 20 + "die Lampe   flackert\nseit gestern. " + "danach gesagt " * 20
    found = snippet(text, parse("lampen").terms)
    before, hit, after = found.pieces
    assert (hit.text, hit.is_hit) == ("Lampe", True)
    assert before.text.startswith(("vorher", "gesagt"))
    assert len(before.text) <= LEAD
    assert after.text.startswith(" flackert seit gestern. danach")
    assert len(str(found)) <= SNIPPET_CHARACTERS
    assert (found.is_cut_before, found.is_cut_after) == (True, True)


def test_snippet_without_a_hit_is_the_beginning():
    found = snippet("  Guten Tag,\n die Lampe ist da.  ", parse("Schirm").terms)
    assert (str(found), found.has_hit, found.is_cut_before, found.is_cut_after) == (
        "Guten Tag, die Lampe ist da.",
        False,
        False,
        False,
    )
    assert snippet("", parse("Schirm").terms).pieces == ()


@given(texts(), texts())
def test_pieces_are_the_text_and_only_hits_are_marked(text, typed):
    terms = parse(typed).terms
    shown = pieces(text, terms)
    assert "".join(piece.text for piece in shown) == text
    assert all(piece.text for piece in shown)
    for start, end in spans(text, terms):
        assert any(matches([[text[start:end]]], type(terms)((term,))) for term in terms.wanted)
    assert any(piece.is_hit for piece in shown) == any(matches([[text]], type(terms)((term,))) for term in terms.wanted)


@given(texts(), texts())
def test_snippet_is_short_single_spaced_and_of_the_text(text, typed):
    terms = parse(typed).terms
    found = snippet(text, terms, size=40)
    shown = str(found)
    assert shown == " ".join(shown.split())
    assert shown in " ".join(text.split())
    # A hit is never cut, and has a quarter of the size before it.
    assert len(shown) <= max(40, 10 + max((end - start for start, end in spans(text, terms)), default=0))
    if spans(text, terms):
        assert found.has_hit
