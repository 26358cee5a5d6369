"""The life of a case: its states, and who may take it from which to which. The one place that decides."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """Where a case stands."""

    NEW = "new"  # nobody of support has looked at it
    OPEN = "open"  # support is working on it
    WAITING = "waiting"  # support asked something and waits for the seller
    ANSWERED = "answered"  # support has answered; the seller has not said whether that was it
    ON_HOLD = "on_hold"  # the seller asked for time
    TRANSFERRED = "transferred"  # another queue has it and nobody there has looked at it
    REOPENED = "reopened"  # it was resolved, and was not
    RESOLVED = "resolved"
    CLOSED = "closed"  # for good: what follows is a new case that links back


class Actor(StrEnum):
    """Who moves a case."""

    SELLER = "seller"
    AGENT = "agent"
    LEAD = "lead"
    CLOCK = "clock"  # nobody: time ran out


S, A = Status, Actor
STAFF = frozenset({A.AGENT, A.LEAD})
BOTH = STAFF | {A.SELLER}

#: Support owes the next word.
WITH_SUPPORT = frozenset({S.NEW, S.OPEN, S.TRANSFERRED, S.REOPENED})
#: The seller has the next word; no clock runs.
WITH_SELLER = frozenset({S.WAITING, S.ANSWERED, S.ON_HOLD})
#: Not yet at its end.
ACTIVE = WITH_SUPPORT | WITH_SELLER


def _moves() -> Mapping[tuple[Status, Status], frozenset[Actor]]:
    """Return who may make each move; what is not in it, nobody may."""
    moves: dict[tuple[Status, Status], frozenset[Actor]] = {}
    for here in ACTIVE:
        moves[here, S.RESOLVED] = BOTH
        moves[here, S.TRANSFERRED] = STAFF
        moves[here, S.CLOSED] = STAFF  # a duplicate, merged into another case
        for answer in (S.WAITING, S.ANSWERED):
            moves[here, answer] = STAFF
    for here in WITH_SUPPORT - {S.OPEN}:
        moves[here, S.OPEN] = STAFF  # somebody took it up
    for here in WITH_SELLER:
        moves[here, S.OPEN] = BOTH  # the seller wrote, or support goes on by itself
    for here in (S.WAITING, S.ANSWERED):
        moves[here, S.ON_HOLD] = frozenset({A.SELLER})  # who says until when
    moves[S.ON_HOLD, S.WAITING] = frozenset({A.CLOCK}) | STAFF  # the time the seller asked for is over
    # Support asked and was not answered, or answered and heard nothing more.
    moves[S.WAITING, S.RESOLVED] = BOTH | {A.CLOCK}
    moves[S.ANSWERED, S.RESOLVED] = BOTH | {A.CLOCK}
    moves[S.RESOLVED, S.REOPENED] = BOTH
    moves[S.RESOLVED, S.CLOSED] = frozenset({A.CLOCK, A.LEAD})
    for here in Status:
        moves.pop((here, here), None)
    moves[S.TRANSFERRED, S.TRANSFERRED] = STAFF  # on to a third queue
    return moves


MOVES = _moves()


def may_move(actor: Actor, here: Status, there: Status) -> bool:
    """Return whether ``actor`` may take a case from one state to another."""
    return actor in MOVES.get((here, there), frozenset())


def moves_of(actor: Actor, here: Status) -> list[Status]:
    """Return where ``actor`` may take a case that stands ``here``, in the order of the states."""
    return [there for there in Status if may_move(actor, here, there)]


def after_sellers_word(here: Status) -> Status:
    """Return where a case stands once the seller has written. Raises ValueError for a closed one: nobody can."""
    if here == S.CLOSED:
        raise ValueError("Nobody can write in a closed case.")
    if here == S.RESOLVED:
        return S.REOPENED
    return S.OPEN if here in WITH_SELLER else here
