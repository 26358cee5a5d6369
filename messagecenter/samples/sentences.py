"""Writes what buyers and shops say to each other: greeting, sentences about a matter, closing. Pure, by a seed.

The words stand in ``german.toml`` and ``english.toml``; what fills their braces is given by the caller.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import TypeVar

One = TypeVar("One")

# What a thread is about, by its topic's key, as the files name it.
MATTERS = {
    "where_is_it": "delivery",
    "not_received": "delivery",
    "delivery_date": "delivery",
    "receiving": "delivery",
    "return": "return",
    "return_question": "return",
    "damaged": "damaged",
    "order_problem": "damaged",
    "buyer_invoice": "invoice",
    "invoice": "invoice",
    "change_order": "change",
    "more_information": "change",
    "customisation": "change",
    "refund": "refund",
    "refund_notice": "refund",
    "product_question": "parts",
    "buyer_other": "parts",
    "documents": "parts",
    "details": "details",
    "inquiry_other": "details",
    "availability": "availability",
    "delivery": "availability",
}
BEFORE_BUYING = {"details", "availability"}
OF_ORDERS = ("{order}", "{date}", "{amount}", "{serial}")  # who has bought nothing does not speak of these
EXTRAS = (1, 2, 2, 3)  # how many sentences a message says besides


def pick(chance: Random, words: Sequence[One]) -> One:
    """Return one of them by chance; a third of the time of ``Random.choice``."""
    return words[int(chance.random() * len(words))]


class Phrases:
    """The phrases of one language."""

    def __init__(self, file: str) -> None:
        words = tomllib.loads(Path(__file__).with_name(file).read_text("utf-8"))
        self.thanks: Sequence[str] = words["thanks"]
        self._subjects = {matter: _begun(words[matter]["subjects"]) for matter in set(MATTERS.values())}
        self._frames = {side: (words[f"greetings_{side}"], words[f"closings_{side}"]) for side in ("buyer", "shop")}
        self._extras: dict[tuple[str, str], list[str]] = {}
        # The first sentence goes on after a greeting; the others begin with a capital.
        self._parts: dict[tuple[str, str], list[Sequence[str]]] = {}
        for matter in self._subjects:
            for side in ("buyer", "shop"):
                extras = _begun(words[f"extra_{side}"])
                if matter in BEFORE_BUYING:
                    extras = [one for one in extras if not any(sign in one for sign in OF_ORDERS)]
                self._extras[matter, side] = extras
            for part, lists in (words[matter] | {"reaction": words["reaction"]}).items():
                if part != "subjects":
                    self._parts[matter, part] = [lists[0], *map(_begun, lists[1:])]

    def subject(self, chance: Random, matter: str, facts: Mapping[str, str]) -> str:
        """Return a subject line."""
        return pick(chance, self._subjects[matter]).format_map(facts)

    def message(self, chance: Random, matter: str, part: str, facts: Mapping[str, str], *, by_shop: bool) -> str:
        """Return a message. ``part`` says what it does: opening, answer, follow, reply, notice or reaction."""
        side = "shop" if by_shop else "buyer"
        greetings, closings = self._frames[side]
        said = [pick(chance, sentences) for sentences in self._parts[matter, part]]
        said += [pick(chance, self._extras[matter, side]) for _ in range(pick(chance, EXTRAS))]
        return f"{pick(chance, greetings)}\n{' '.join(said)}\n\n{pick(chance, closings)}".format_map(facts)


def _begun(sentences: Sequence[str]) -> list[str]:
    """Return sentences with a capital at their beginning; ``{part}`` has its own."""
    return [
        one.replace("{part}", "{Part}", 1) if one.startswith("{part}") else one[0].upper() + one[1:]
        for one in sentences
    ]


LANGUAGES = {"de": Phrases("german.toml"), "en": Phrases("english.toml")}
