"""What a detector may know beside the text: who writes about what, and what is allowed to be named here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .finding import Category


@dataclass(frozen=True)
class Term:
    """An operator's own word or phrase, matched on whole words whatever its case and spelling tricks."""

    text: str
    category: Category
    confidence: float
    language: str = ""  # empty: in every language


@dataclass(frozen=True)
class Pattern:
    """An operator's own expression in RE2 syntax, matched on the folded text. ``name`` becomes ``operator.<name>``."""

    name: str
    expression: str
    category: Category
    confidence: float


@dataclass(frozen=True)
class Lists:
    """What an operator adds to the shipped rules. Domains are registrable or full host names in lower case."""

    allowed_domains: frozenset[str] = frozenset()  # the operator's own, and those listed for fulfilment
    terms: tuple[Term, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    exceptions: tuple[str, ...] = ()  # phrases in which nothing is found, matched as terms are
    switched_off: frozenset[str] = frozenset()  # rule ids


@dataclass(frozen=True)
class Surroundings:
    """Who writes, about what, and which names and numbers belong to the matter itself and are no contact details."""

    sender_role: str = ""  # "buyer" | "seller" | "support" | ""
    about: str = ""  # "order" | "inquiry" | "case" | ""
    topic: str = ""
    order_state: str = ""
    language: str = ""  # as far as known; nothing depends on it
    numbers: frozenset[str] = frozenset()  # order, tracking and article numbers of this matter, as written there
    names: frozenset[str] = frozenset()  # the shop's and the buyer's shown names
    lists: Lists = field(default_factory=Lists)


def is_number_of_the_matter(written: str, around: Surroundings) -> bool:
    """Return whether ``written`` is one of the matter's own numbers, however it is spaced or hyphenated."""
    bare = re.sub(r"[^0-9A-Za-z]", "", written).upper()
    return bool(bare) and any(bare == re.sub(r"[^0-9A-Za-z]", "", one).upper() for one in around.numbers)
