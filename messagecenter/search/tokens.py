"""Turns keys of words into blind tokens: 64 bits that say nothing without the mailbox's key, which the vault has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from messagecenter.vault import macs

TOKEN_BYTES = 8
# Keyed BLAKE2b (RFC 7693): a MAC by itself, a third of HMAC-SHA-256's time. The label keeps other uses of a key apart.
LABEL = b"search token 1"


class Blinder:
    """Makes one mailbox's tokens."""

    def __init__(self, mailbox_id: UUID) -> None:
        """Take the mailbox's key, made on first use. Raises Erased, KeyMissing or Damaged."""
        self._keyed = blake2b(key=macs.mac_key(mailbox_id), digest_size=TOKEN_BYTES, person=LABEL)

    def token(self, key: str) -> int:
        """Return the token of a word's key, a signed 64-bit number as databases have it."""
        mac = self._keyed.copy()
        mac.update(key.encode())
        return int.from_bytes(mac.digest(), "big", signed=True)

    def tokens(self, keys: Iterable[str]) -> list[int]:
        """Return the tokens of several keys in ascending order, which tells nothing about the text's order."""
        return sorted({self.token(key) for key in keys})


class Row(NamedTuple):
    """One message of one mailbox, as the database stores it."""

    at: datetime
    mailbox_id: UUID
    thread_id: UUID
    message_id: UUID
    tokens: list[int]


class AskedClause(NamedTuple):
    """Tokens of which a thread must have one; a ``certain`` one says that the term is there."""

    certain: list[int]
    any: list[int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for in one mailbox, as tokens.

    ``without`` rules a thread out; ``tokens`` are those of every message that decides. Unless ``is_certain``, tokens
    alone are certain of no thread.
    """

    mailbox_id: UUID
    clauses: list[AskedClause]
    without: list[int]
    tokens: list[int]
    is_certain: bool


# Threads, newest first, and whether each is certain to have what is looked for.
Found = dict[UUID, bool]
