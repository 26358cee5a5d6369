"""Variables: what is filled in, what stays, what is missing, and what nobody knows, with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.replies.variables import as_text, fill, gaps_in, names_in, unknown_in

KNOWN = {"buyer_name", "order_number", "tracking_link"}
GAPS = {"buyer_name": "buyer’s name", "order_number": "order number", "tracking_link": "link"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {buyer_name}!", "Hello Anna!"),
        ("{ buyer_name }{buyer_name}", "AnnaAnna"),
        ("Write {{buyer_name}} like this", "Write {buyer_name} like this"),
        ("A set {1, 2}, a smile :{ and a lone }", "A set {1, 2}, a smile :{ and a lone }"),
        ("Order {order_number}.", "Order ⟦order number⟧."),
        ("{nobody_knows_me}", "{nobody_knows_me}"),
        ("{buyer_name\n}", "{buyer_name\n}"),
    ],
)
def test_a_text_is_filled(text: str, filled: str) -> None:
    assert fill(text, {"buyer_name": "Anna", "order_number": " \t"}, GAPS).text == filled


def test_what_is_missing_is_named_once_and_seen() -> None:
    result = fill("{order_number} {order_number} {tracking_link}", {}, GAPS)
    assert result.missing == ("order_number", "tracking_link")
    assert gaps_in(result.text) == ["order number", "order number", "link"]


def test_a_value_is_text_and_never_read_again() -> None:
    """A buyer may call themselves what they like: no other value comes in with it, and no gap is closed or opened."""
    values = {"buyer_name": "{order_number}\n<b>\u202e⟦x⟧", "order_number": "302-1"}
    assert fill("Hi {buyer_name}, bye", values, GAPS).text == "Hi {order_number} <b> x, bye"
    assert len(as_text("x" * 5000)) == 500


def test_an_unknown_variable_is_named_with_its_place_and_what_was_meant() -> None:
    found = unknown_in("Hello {{not_me}} {buyer_name}\n  your {order_nummer} and {zebra}", KNOWN)
    assert [(one.name, one.line, one.column, one.meant) for one in found] == [
        ("order_nummer", 2, 8, "order_number"),
        ("zebra", 2, 27, ""),
    ]


@given(st.text(alphabet="ab{} _\n⟦⟧", max_size=60), st.text(max_size=20))
def test_any_text_is_read_the_same_way_by_all_three(text: str, value: str) -> None:
    """Without unknown ones and with every value there, nothing is missing; and without variables nothing changes."""
    names = names_in(text)
    values = dict.fromkeys(names, value)
    result = fill(text, values, dict.fromkeys(names, "gap"))
    assert {one.name for one in unknown_in(text, set())} == set(names)
    assert set(result.missing) == (set() if as_text(value) else set(names))
    if not names and "{{" not in text:
        assert result.text == text
