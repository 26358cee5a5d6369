"""Case numbers survive the telephone: a slip is seen, however they are written they are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.numbers import ALPHABET, NotACaseNumber, check_character, new_number, read, told

numbers = st.text(ALPHABET, min_size=7, max_size=7).map(lambda drawn: drawn + check_character(drawn))


def test_the_alphabet_has_no_look_alikes() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert not set("01ILO") & set(ALPHABET)


def test_new_numbers_are_right_and_different() -> None:
    made = [new_number() for _one in range(500)]
    assert len(set(made)) == 500
    assert all(read(one) == one for one in made)


@given(numbers)
def test_however_it_is_typed(number: str) -> None:
    spelled = told(number)
    assert read(spelled) == read(spelled.lower()) == read(" ".join(number)) == read(f" {spelled} ") == number


@given(numbers, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_seen(number: str, place: int, other: str) -> None:
    wrong = number[:place] + other + number[place + 1 :]
    if wrong != number:
        with pytest.raises(NotACaseNumber):
            read(wrong)


@given(numbers, st.integers(0, 5))
def test_two_neighbours_swapped_are_seen(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        with pytest.raises(NotACaseNumber):
            read(swapped)


@pytest.mark.parametrize("typed", ["", "K7M4", "302-1234567-1234567", "K7M4-92Q1", "ÄÖÜß-1234", "K7M4-92QXX"])
def test_what_is_no_number_is_none(typed: str) -> None:
    with pytest.raises(NotACaseNumber):
        read(typed)
