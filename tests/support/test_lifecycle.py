"""The life of a case: every state, every move, everybody who may or may not make it."""

from __future__ import annotations

from itertools import product

import pytest

from support.lifecycle import (
    ACTIVE,
    MOVES,
    WITH_SELLER,
    WITH_SUPPORT,
    Actor,
    Status,
    after_sellers_word,
    may_move,
    moves_of,
)

S = Status
SELLER, AGENT, LEAD, CLOCK = Actor.SELLER, Actor.AGENT, Actor.LEAD, Actor.CLOCK
EVERYBODY = {SELLER, AGENT, LEAD}
STAFF = {AGENT, LEAD}

#: Written out by hand, row by row: who may take a case from here to there.
EXPECTED: dict[Status, dict[Status, set[Actor]]] = {
    S.NEW: {
        S.OPEN: STAFF, S.WAITING: STAFF, S.ANSWERED: STAFF, S.TRANSFERRED: STAFF,
        S.RESOLVED: EVERYBODY, S.CLOSED: STAFF,
    },
    S.OPEN: {
        S.WAITING: STAFF, S.ANSWERED: STAFF, S.TRANSFERRED: STAFF, S.RESOLVED: EVERYBODY, S.CLOSED: STAFF,
    },
    S.WAITING: {
        S.OPEN: EVERYBODY, S.ANSWERED: STAFF, S.ON_HOLD: {SELLER}, S.TRANSFERRED: STAFF,
        S.RESOLVED: EVERYBODY | {CLOCK}, S.CLOSED: STAFF,
    },
    S.ANSWERED: {
        S.OPEN: EVERYBODY, S.WAITING: STAFF, S.ON_HOLD: {SELLER}, S.TRANSFERRED: STAFF,
        S.RESOLVED: EVERYBODY | {CLOCK}, S.CLOSED: STAFF,
    },
    S.ON_HOLD: {
        S.OPEN: EVERYBODY, S.WAITING: STAFF | {CLOCK}, S.ANSWERED: STAFF, S.TRANSFERRED: STAFF,
        S.RESOLVED: EVERYBODY, S.CLOSED: STAFF,
    },
    S.TRANSFERRED: {
        S.OPEN: STAFF, S.WAITING: STAFF, S.ANSWERED: STAFF, S.TRANSFERRED: STAFF,
        S.RESOLVED: EVERYBODY, S.CLOSED: STAFF,
    },
    S.REOPENED: {
        S.OPEN: STAFF, S.WAITING: STAFF, S.ANSWERED: STAFF, S.TRANSFERRED: STAFF,
        S.RESOLVED: EVERYBODY, S.CLOSED: STAFF,
    },
    S.RESOLVED: {S.REOPENED: EVERYBODY, S.CLOSED: {LEAD, CLOCK}},
    S.CLOSED: {},
}  # fmt: skip


@pytest.mark.parametrize(("here", "there", "actor"), list(product(Status, Status, Actor)))
def test_who_may_make_which_move(here: Status, there: Status, actor: Actor) -> None:
    assert may_move(actor, here, there) == (actor in EXPECTED[here].get(there, set()))


def test_nothing_leads_out_of_the_end() -> None:
    assert not [move for move in MOVES if move[0] == S.CLOSED]
    for actor in Actor:
        assert moves_of(actor, S.CLOSED) == []


def test_every_state_but_the_first_can_be_reached_and_the_end_from_everywhere() -> None:
    for there in set(Status) - {S.NEW}:
        assert [here for here in Status if (here, there) in MOVES and here != there], there
    for here in Status:
        reached, before = {here}, set[Status]()
        while reached != before:
            before = set(reached)
            reached |= {there for (begin, there) in MOVES if begin in before}
        assert S.CLOSED in reached, here


def test_the_groups_of_states_do_not_overlap() -> None:
    assert not WITH_SUPPORT & WITH_SELLER
    assert set(Status) == ACTIVE | {S.RESOLVED, S.CLOSED}


@pytest.mark.parametrize("here", list(Status))
def test_a_word_of_the_seller_always_leaves_it_with_support(here: Status) -> None:
    if here == S.CLOSED:
        with pytest.raises(ValueError, match="closed"):
            after_sellers_word(here)
        return
    there = after_sellers_word(here)
    assert there in WITH_SUPPORT
    assert there == here or may_move(SELLER, here, there)
