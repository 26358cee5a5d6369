"""The verdict on one file: what its bytes look like, whether they are something else too, what its own parser says."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from . import sniffing
from .inspected import Inspected
from .limits import MOST_TEXT
from .refusal import Refusal

FORMATS = {
    "txt": "texts",
    "pdf": "pdf",
    "jpg": "pictures",
    "png": "pictures",
    "gif": "gifs",
    "doc": "doc",
    "docx": "docx",
}


def judge(kind: str, content: bytes, sniffed_type: str | None = None) -> Inspected:
    """Return what is in a file that claims to be of this kind, made ready to be stored.

    ``sniffed_type`` spares a second look by libmagic. Raises Refusal; any other exception means that the format's own
    parser gave up.
    """
    sniffing.refuse_other_kind(kind, content, sniffing.sniff(content) if sniffed_type is None else sniffed_type)
    sniffing.refuse_second_format(kind, content)
    inspected = _parser(kind)(content)
    if inspected.kind != kind:
        raise Refusal("mismatch")
    inspected.text = inspected.text[:MOST_TEXT]
    return inspected


def _parser(kind: str) -> Callable[[bytes], Inspected]:
    """Return the ``inspect`` of a kind's format. Imported late: who sniffs only need not load every parser."""
    found: Callable[[bytes], Inspected] = import_module(f".{FORMATS[kind]}", __package__).inspect
    return found
