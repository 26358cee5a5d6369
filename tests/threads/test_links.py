"""Links in plain text: found, escaped, harmless, and never expensive."""

from __future__ import annotations

import time

import pytest

from messagecenter.threads.links import MOST_LINKS, as_html


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("see https://example.org/a?b=1&c=2.", "https://example.org/a?b=1&amp;c=2"),
        ("example.org/hilfe bitte", "https://example.org/hilfe"),
        ("(http://example.org)", "http://example.org"),
        ("https://müller.example/ä", "https://müller.example/ä"),
    ],
)
def test_addresses_become_links(text: str, href: str) -> None:
    assert as_html(text).count("<a ") == 1
    assert f'<a href="{href}" rel="nofollow noopener noreferrer ugc"' in as_html(text)


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "ftp://example.org/x", "//example.org/x", "a@example.org", "3.50 EUR", "data:text/html,x"],
)
def test_nothing_else_becomes_a_link(text: str) -> None:
    assert "<a " not in as_html(text)


def test_html_is_escaped_around_and_inside_links() -> None:
    html = as_html('<script>alert(1)</script> https://example.org/"onmouseover="x <b>')
    assert "<script" not in html
    assert "<b>" not in html
    assert '"onmouseover' not in html.replace("&quot;onmouseover", "")


def test_text_without_its_links_is_kept_letter_by_letter() -> None:
    text = "Hallo,\n  siehe https://example.org und example.net!\nTschüss"
    assert "siehe" in as_html(text)
    assert as_html(text).count("\n") == 2


@pytest.mark.parametrize("text", ["http://a.de/(" * 769, "http://a.de/( " * 714, "a.de" * 2500, "www." * 2500])
def test_hostile_text_of_full_length_costs_little(text: str) -> None:
    began = time.process_time()
    html = as_html(text)
    assert time.process_time() - began < 0.25
    assert html.count("<a ") <= MOST_LINKS
