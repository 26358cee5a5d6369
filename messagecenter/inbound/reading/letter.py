"""What a mail turns out to be: its letter, its files, and the verdict on what kind of mail it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What somebody, or something, wants with a mail."""

    PERSON = "person"
    AUTO_REPLY = "auto_reply"  # an absence note, a robot, a mailing list: never to be answered
    BOUNCE = "bounce"  # a mail of ours did not arrive (RFC 3464), or is late
    COMPLAINT = "complaint"  # somebody pressed "spam" (RFC 5965)
    RECEIPT = "receipt"  # read or delivered (RFC 8098)
    OWN = "own"  # our own mail came back: a loop
    UNREADABLE = "unreadable"  # encrypted, or beyond our limits; the reason says which
    EMPTY = "empty"  # nothing written, nothing attached


@dataclass(frozen=True)
class Address:
    """A name and an address as a header gives them, the address in small letters, the name decoded."""

    name: str
    address: str


@dataclass(frozen=True)
class File:
    """An attached file: its name without any path, its bytes, and the type its sender's program claims."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True)
class Recipient:
    """Whom a bounce or complaint is about; ``permanent`` is whether it is useless to try again."""

    address: str
    status: str = ""  # enhanced status code of RFC 3463, such as 5.1.1
    permanent: bool = True
    diagnostic: str = ""  # what the other server said, at most 500 characters


@dataclass(frozen=True)
class Report:
    """A machine-readable report inside a mail: its blocks of fields, names in small letters."""

    kind: str  # delivery-status, feedback-report or disposition-notification
    blocks: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Verdict:
    """What kind of mail it is and why; the reason is a word for logs and records, never a text of the mail."""

    kind: Kind
    reason: str = ""
    recipients: tuple[Recipient, ...] = ()
    original_message_id: str = ""


@dataclass(frozen=True)
class Letter:
    """A mail, read. Headers are decoded; several From headers or addresses are all listed, so that none can hide."""

    size: int = 0
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    from_: tuple[Address, ...] = ()
    sender: tuple[Address, ...] = ()
    return_path: str | None = None  # "" for the empty one (<>), None where there is none
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[Address, ...] = ()  # Delivered-To, Envelope-To and X-Original-To
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: datetime | None = None
    subject: str = ""
    text: str = ""  # what the person wrote, and what they forwarded
    full_text: str = ""  # all words, with quotes and signature
    files: tuple[File, ...] = ()
    reports: tuple[Report, ...] = ()
    original: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # headers of the mail a report is about
    content_type: str = "text/plain"
    report_type: str = ""
    signed: bool = False
    encrypted: bool = False
    cut: bool = False  # longer than we read; the rest is only in the raw mail
    trouble: str = ""  # why it could not be read as a whole: size, headers, parts, depth

    def header(self, name: str) -> str:
        """Return a header's first value, or an empty string."""
        return next(iter(self.headers.get(name.lower(), ())), "")

    @property
    def recipients(self) -> tuple[str, ...]:
        """Each address it went to, once, the delivering server's word first."""
        listed = (*self.delivered_to, *self.to, *self.cc)
        return tuple(dict.fromkeys(one.address for one in listed))
