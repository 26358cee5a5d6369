"""The promises about the labelled corpus: what is in it, and what screening makes of it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.policy.measure import CATEGORIES, Screened, figures_of, load, screen_all, table

LEAST_RECALL = 0.95


@pytest.fixture(scope="module")
def screened() -> list[Screened]:
    return screen_all(load())


def test_the_corpus_is_large_varied_and_well_formed() -> None:
    rows = load()
    assert len(rows) >= 520
    assert len({row["id"] for row in rows}) == len({row["text"] for row in rows}) == len(rows)
    languages = Counter(row["lang"] for row in rows)
    assert languages["de"] >= len(rows) / 2
    assert min(languages[lang] for lang in ("en", "fr", "es", "it", "pl", "nl", "tr")) >= 12
    assert sum(not row["categories"] for row in rows) >= 0.48 * len(rows)
    for row in rows:
        assert row["sender_role"] in ("buyer", "seller")
        assert row["context"] in ("order", "inquiry", "case")
        assert set(row["categories"]) <= set(CATEGORIES)
        assert row["text"].strip()
    for category in CATEGORIES:
        meant = [row for row in rows if category in row["categories"]]
        assert len(meant) >= 30
        assert sum("evasion" in row["tags"] for row in meant) >= 10


def test_no_honest_message_is_blocked(screened: list[Screened]) -> None:
    blocked = [one.row["id"] for one in screened if one.is_honest and one.said["action"] == "block"]
    assert blocked == []


@pytest.mark.parametrize("category", CATEGORIES)
def test_forbidden_messages_are_found(screened: list[Screened], category: str) -> None:
    figures = figures_of(screened)[category]
    recall, missed = figures.recall, [one.row["id"] for one in figures.missed]
    assert recall >= LEAST_RECALL, f"missed: {missed}"


def test_spans_point_into_the_text(screened: list[Screened]) -> None:
    for one in screened:
        for finding in one.said["findings"]:
            assert 0 <= finding["start"] < finding["end"] <= len(one.row["text"]), one.row["id"]


def test_the_figures_are_printed(screened: list[Screened]) -> None:
    lines = list(table(screened))
    assert [line.split()[0] for line in lines if line.startswith(CATEGORIES)] == list(CATEGORIES)
