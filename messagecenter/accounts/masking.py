"""How much of a buyer's name the other side sees: the first name and an initial."""

from __future__ import annotations

import re

_TITLES = {"dr", "prof", "herr", "frau", "fr", "hr", "mr", "mrs", "ms", "miss", "ing", "dipl", "mag", "dipl-ing"}
_TELLING = re.compile(r"[@\d/\\<>]|\.\w")


def masked_name(name: str) -> str:
    """Return "Anna M." for "Dr. Anna Maria Müller" or "Müller, Anna", "Anna" for "Anna", and "" for no name.

    A "name" that is really an address, a number or a link is not shown at all.
    """
    if name.count(",") == 1:
        last, first = name.split(",")
        name = f"{first} {last}"
    words = [word for word in name.split() if word.strip(".").lower() not in _TITLES]
    if not words or not words[0][0].isalpha() or _TELLING.search(words[0]):
        return ""
    first = words[0][:40]
    return f"{first} {words[-1][0].upper()}." if len(words) > 1 and words[-1][0].isalpha() else first
