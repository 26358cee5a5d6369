"""Addresses of cryptocurrency wallets: what is sent there is paid past the marketplace and never comes back."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice

from .finding import Category, Finding
from .folding import Folded, expression

RULE = "payment.outside"
_MANY = 100

# Bitcoin's bech32 (BIP 173, BIP 350) and Ethereum's hexadecimal: nothing else is written so.
# Bitcoin, Litecoin, Dogecoin, Dash, Tron: 25 bytes in base 58, the last four of them a checksum.
_ADDRESS = expression(r"\b(?:(bc1[02-9ac-hj-np-z]{38,59}|0x[0-9a-f]{40})|[13dlmtx][1-9a-z]{25,34})\b")
_ALPHABET = {letter: value for value, letter in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}


def find(folded: Folded) -> list[Finding]:
    """Return the wallets' addresses in a text."""
    reading = folded.plain
    found = []
    for one in islice(_ADDRESS.finditer(reading.flat), _MANY):
        first, last = reading.span(*one.span())
        if one.group(1) or _is_base58(folded.typed[first:last]):
            found.append(Finding(first, last, RULE, Category.OFF_PLATFORM_PAYMENT, 0.9))
    return found


def _is_base58(written: str) -> bool:
    """Return whether these letters are 21 bytes and the beginning of their double SHA-256 (Base58Check)."""
    number = 0
    for letter in written:
        if letter not in _ALPHABET:
            return False
        number = number * 58 + _ALPHABET[letter]
    if number.bit_length() > 200:
        return False
    data = number.to_bytes(25, "big")
    return sha256(sha256(data[:21]).digest()).digest()[:4] == data[21:]
