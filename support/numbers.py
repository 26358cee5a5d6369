"""Case numbers: short, random, easy to read aloud, with a character that shows a slip of the tongue or the pen.

Seven random characters out of 31 and a check character, written in two groups: K7M4-92QX. The alphabet has neither
0, 1, I, L nor O, which are taken for each other. The check is the sum of the characters' places in the alphabet,
weighted by 1 to 7, modulo 31: as 31 is prime, one wrong character and two neighbours swapped are always found (the way
of ISBN-10, ISO 2108).
"""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
RANDOM = 7


class NotACaseNumber(ValueError):
    """What was typed is no case number: too long, too short, a character that does not occur, or a slip."""


def new_number() -> str:
    """Return a random number out of 27 thousand million, without its hyphen."""
    drawn = "".join(secrets.choice(ALPHABET) for _place in range(RANDOM))
    return drawn + check_character(drawn)


def check_character(drawn: str) -> str:
    """Return the character that follows seven others."""
    return ALPHABET[sum(weight * ALPHABET.index(one) for weight, one in enumerate(drawn, start=1)) % len(ALPHABET)]


def told(number: str) -> str:
    """Return a number as people read it."""
    return f"{number[:4]}-{number[4:]}"


def read(typed: str) -> str:
    """Return the number somebody typed, in whatever case, with blanks and hyphens. Raises NotACaseNumber."""
    number = _bare(typed)
    if len(number) != RANDOM + 1 or any(one not in ALPHABET for one in number):
        raise NotACaseNumber(typed)
    if check_character(number[:RANDOM]) != number[RANDOM]:
        raise NotACaseNumber(typed)
    return number


def is_misread(typed: str) -> bool:
    """Return whether something looks like a number with a slip in it: right length, a digit, and its check is wrong."""
    number = _bare(typed)
    if len(number) != RANDOM + 1 or not number.isascii() or not number.isalnum() or number.isalpha():
        return False
    try:
        read(number)
    except NotACaseNumber:
        return True
    return False


def _bare(typed: str) -> str:
    return "".join(one for one in typed.upper() if not one.isspace() and one not in "-–—.#")
