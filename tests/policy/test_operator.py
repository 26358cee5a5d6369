"""An operator's own words and expressions are found, and bad expressions are told before they are saved."""

from __future__ import annotations

import pytest

from messagecenter.policy.detection import operator
from messagecenter.policy.detection.finding import Category, Finding
from messagecenter.policy.detection.folding import fold
from messagecenter.policy.detection.surroundings import Lists, Pattern, Surroundings, Term


def found(text: str, *terms: str, pattern: str = "") -> list[Finding]:
    lists = Lists(
        terms=tuple(Term(one, Category.MARKETING, 0.9) for one in terms),
        patterns=(Pattern("own", pattern, Category.ABUSE, 0.6),) if pattern else (),
    )
    return operator.find(fold(text), Surroundings(lists=lists))


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("Acme Bonus", "Holen Sie sich ACME  bonus!"),
        ("Acme Bonus", "a.c.m.e bonus"),
        ("Größenwahn", "groessenwahn? nein, GRÖSSENWAHN"),
        ("Click-Collect", "click & collect ist da"),
        ("café", "im CAFE"),
        ("bonuspunkte", "B0nuspunkte sammeln"),
        ("C++", "wir können c++"),
    ],
)
def test_a_word_is_found_however_it_is_written(term: str, text: str) -> None:
    hits = found(text, term)

    assert hits
    assert {one.rule for one in hits} == {operator.rule_of_term(term)}
    assert all(text[one.start : one.end].strip() for one in hits)


@pytest.mark.parametrize(("term", "text"), [("bon", "Bonbons"), ("sale", "Salem, wholesale"), ("acme bonus", "acme")])
def test_only_whole_words_count(term: str, text: str) -> None:
    assert found(text, term) == []


def test_the_rule_does_not_tell_the_word() -> None:
    assert "bonus" not in operator.rule_of_term("Bonus")
    assert operator.rule_of_term("Bonus") == operator.rule_of_term("BONUS")


def test_an_expression_is_matched_on_the_folded_text() -> None:
    hits = found("Bitte ORDER-77 nennen", pattern=r"order-\d+")

    assert [(one.rule, one.category, one.confidence) for one in hits] == [("operator.own", Category.ABUSE, 0.6)]
    assert (hits[0].start, hits[0].end) == (6, 14)


def test_a_broken_expression_stops_nothing() -> None:
    assert found("acme", "acme", pattern="(") != []


@pytest.mark.parametrize("expression", [r"acme(corp)?", r"\bfoo\b", r"[a-z]{3,10}\d", "straße|weg"])
def test_good_expressions(expression: str) -> None:
    assert operator.check_pattern(expression) == ""


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("(a", "cannot be read"),
        ("(?=a)b", "cannot be read"),
        (r"(a)\1", "cannot be read"),
        ("a*", "empty text"),
        ("x|", "empty text"),
        ("x" * 501, "501 characters"),
        ("(a{1000}){1000}", "too large"),
        ("(a{200}b{200}){9}", "too large"),
        ("\ud800", "no character"),
    ],
)
def test_bad_expressions_are_told_in_a_sentence(expression: str, says: str) -> None:
    problem = operator.check_pattern(expression)

    assert says in problem
    assert problem.endswith(".")


def test_nothing_listed_nothing_found() -> None:
    assert found("acme bonus") == []
