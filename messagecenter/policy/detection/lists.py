"""Plain lists of words and domains, kept as text in ``lists/``: apart by blanks and lines, ``#`` begins a remark."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "lists"


def words(name: str) -> frozenset[str]:
    """Return the words of the list ``name``."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
