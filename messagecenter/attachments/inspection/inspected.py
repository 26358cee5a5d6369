"""What an inspection found in a file that may pass."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Inspected:
    """A file that may pass: its kind, what will be stored of it, its text and its previews.

    ``content`` is the cleaned file, ``text`` what the policy screen reads (text, metadata as it was, bar codes),
    ``small`` and ``large`` WebP previews or empty, ``notes`` codes of what was done or could not be.
    """

    kind: str
    content: bytes
    text: str = ""
    small: bytes = b""
    large: bytes = b""
    width: int = 0
    height: int = 0
    pages: int = 0
    frames: int = 0
    notes: list[str] = field(default_factory=list)
