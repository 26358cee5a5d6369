"""A file's name: made harmless first, judged afterwards."""

from __future__ import annotations

import re
import unicodedata

from .inspection.limits import KINDS, MOST_NAME
from .inspection.refusal import Refusal

# Control (Cc), format: zero-width and bidi (Cf), lone surrogate (Cs), private (Co), line and paragraph separators.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Characters of other classes that show nothing: joiners, fillers, the blank Braille cell, variation selectors.
BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
FORBIDDEN = re.compile(r'[<>:"|?*]')  # no Windows disk keeps a name with these
DEVICES = frozenset({"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)})
LONGEST_EXTENSION = max(len(extension) for extension in KINDS)


def clean_name(upload_name: str) -> str:
    """Return the name a file is kept under, at most MOST_NAME characters; empty when nothing usable is left.

    NFKC first, so that a full-width dot or slash counts as what it looks like. Then everything unseen goes, then the
    path, then what Windows trips over. The extension survives the cut.
    """
    name = unicodedata.normalize("NFKC", upload_name)
    name = "".join(character for character in name if unicodedata.category(character) not in UNSEEN)
    # What stood apart may now combine: once more, or a second look at the same name would give another one.
    name = unicodedata.normalize("NFKC", BLANK.sub("", name))
    name = re.split(r"[/\\]", name)[-1]
    name = FORBIDDEN.sub("_", " ".join(name.split())).lstrip(". ").rstrip(". ")
    if name.partition(".")[0].rstrip().upper() in DEVICES:
        name = f"_{name}"
    return _cut(name)


def _cut(name: str) -> str:
    """Return the name with at most MOST_NAME characters, shortened before its extension."""
    if len(name) <= MOST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > LONGEST_EXTENSION:
        return name[:MOST_NAME].rstrip(". ")
    return stem[: MOST_NAME - len(extension) - 1].rstrip(". ") + dot + extension


def kind_of(name: str) -> str:
    """Return what a name that ``clean_name`` made promises the file to be, a value of KINDS.

    Raises Refusal "no_name" when nothing is left of the name, "not_accepted" when its last extension is not ours.
    """
    if not name:
        raise Refusal("no_name")
    stem, _dot, extension = name.rpartition(".")
    kind = KINDS.get(extension.lower())
    if kind is None or not stem:
        raise Refusal("not_accepted")
    return kind
