"""A file's bytes, opened: its content, its previews and the text found in it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from messagecenter.vault import chunks

from . import store
from .models import Attachment, Details

# What can go wrong while stored bytes are read: no store, no object, or not what was stored.
UNREADABLE_NOW = (store.StoreDown, store.ObjectMissing, chunks.Broken)

CONTENT, SMALL, LARGE, TEXT = "content", "small", "large", "text"


def bond_of(attachment: Attachment, part: str) -> chunks.FileBond:
    """Return what the sealed bytes of one part are bound to."""
    return chunks.FileBond(file_id=attachment.pk, part=part)


def has(attachment: Attachment, part: str) -> bool:
    """Whether the file has this part. Raises Unreadable."""
    return part in attachment.details.parts


def size_of(attachment: Attachment, part: str = CONTENT) -> int:
    """Return a part's size in bytes; KeyError when there is none. Raises Unreadable."""
    return attachment.details.parts[part][1]


def read(attachment: Attachment, part: str = CONTENT, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield a part's bytes from ``start`` to before ``stop``, at most 1 MiB at a time.

    Raises Unreadable, StoreDown or ObjectMissing, and chunks.Broken before any byte that is not what was stored.
    """
    begin, size = attachment.details.parts[part]

    def sealed(first: int, last: int) -> Iterable[bytes]:
        return store.read(attachment.object_name, begin + first, begin + last)

    key = base64.b64decode(attachment.details.key)
    return chunks.open_range(key, bond_of(attachment, part), size, sealed, start, size if stop is None else stop)


def extracted_text(attachment: Attachment) -> str:
    """Return what can be read in the file: its text, metadata as it came, bar codes; at most 500,000 characters.

    Raises what ``read`` raises.
    """
    return b"".join(read(attachment, TEXT)).decode() if has(attachment, TEXT) else ""


def seal_parts(attachment: Attachment, parts: dict[str, bytes]) -> tuple[Details, list[bytes]]:
    """Return fresh details with a new key and the places of ``parts``, and the sealed bytes of the stored object."""
    key = chunks.new_file_key()
    details = Details(name="", key=base64.b64encode(key).decode())
    blocks: list[bytes] = []
    begin = 0
    for part, plain in parts.items():
        details.parts[part] = (begin, len(plain))
        begin += chunks.sealed_size(len(plain))
        blocks += chunks.seal_chunks(key, plain, bond_of(attachment, part))
    return details, blocks
