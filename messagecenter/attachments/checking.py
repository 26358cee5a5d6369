"""Whether a file may be sent: its name, its size and, in a limited child process, what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat

from .inspection.inspected import Inspected
from .inspection.lettering import add_letters
from .inspection.limits import MOST_BYTES, MOST_FILES
from .inspection.refusal import Refusal
from .names import clean_name, kind_of
from .workshop import examine


@dataclass(frozen=True)
class Checked:
    """A file that may be sent: its name as it will be shown, what libmagic says it is, and what was found in it."""

    name: str
    sniffed_type: str
    inspected: Inspected


@dataclass(frozen=True)
class Opinion:
    """What is to be said of any file: its harmless name, libmagic's word, and what was found or why it is refused."""

    name: str
    sniffed_type: str
    inspected: Inspected | None
    refusal: Refusal | None


def size_facts(size: int, limit: int) -> dict[str, str]:
    """Return what a sentence about something too large names, in bytes: its size, the limit and what is too much."""
    return {name: filesizeformat(value) for name, value in (("size", size), ("limit", limit), ("over", size - limit))}


def check(upload_name: str, content: bytes) -> Checked:
    """Return a file that may be sent, cleaned. Raises Refusal: for its name first, then its size, then its content.

    Its text holds what is written in pictures too, where the program for it is installed.
    """
    name, kind = _admitted(upload_name, len(content))
    examined = examine(kind, content)
    if examined.refusal is not None:
        raise examined.refusal
    if examined.inspected is None:
        raise Refusal("too_hard")
    add_letters(examined.inspected)
    return Checked(name, examined.sniffed_type, examined.inspected)


def opinion(upload_name: str, content: bytes, size: int | None = None) -> Opinion:
    """Return the same verdict as ``check``, with libmagic's word on refused files too.

    Of a file that is too large the first bytes are enough; ``size`` says then how many it really has.
    """
    try:
        _name, kind = _admitted(upload_name, len(content) if size is None else size)
    except Refusal as refusal:
        sniffed_type = examine("", content).sniffed_type if content else ""
        return Opinion(clean_name(upload_name), sniffed_type, None, refusal)
    examined = examine(kind, content)
    # A child that went down took libmagic's word with it.
    sniffed_type = examined.sniffed_type or examine("", content).sniffed_type
    return Opinion(clean_name(upload_name), sniffed_type, examined.inspected, examined.refusal)


def _admitted(upload_name: str, size: int) -> tuple[str, str]:
    """Return a file's name and kind if these and its size in bytes speak for it. Raises Refusal."""
    name = clean_name(upload_name)
    kind = kind_of(name)
    if not size:
        raise Refusal("empty")
    if size > MOST_BYTES:
        raise Refusal("too_large", **size_facts(size, MOST_BYTES))
    return name, kind


def check_total(text_bytes: int, sizes: Sequence[int]) -> None:
    """Raise Refusal when a message is too much: the one place where this is counted.

    ``text_bytes``: its text in UTF-8; ``sizes``: bytes of each file as it was sent. At most MOST_FILES files, together
    with the text at most MOST_BYTES.
    """
    if len(sizes) > MOST_FILES:
        raise Refusal("too_many", count=len(sizes), limit=MOST_FILES)
    total = text_bytes + sum(sizes)
    if total > MOST_BYTES:
        raise Refusal("total_too_large", **size_facts(total, MOST_BYTES))
