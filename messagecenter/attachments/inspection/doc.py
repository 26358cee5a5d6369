"""Word documents of 1993 to 2003 (.doc, MS-DOC): judged stream by stream, their text read, cleaned in place."""

from __future__ import annotations

import re

from . import doc_cleaning, property_sets, word_binary
from .compound import Container, judge_names, judge_streams, open_container
from .document_pictures import MOST_PICTURES, read_codes
from .inspected import Inspected
from .limits import MOST_TEXT
from .picture_segments import find_pictures
from .refusal import Refusal
from .targets import is_own_template
from .word_binary import Header
from .word_fields import Fields

FIELD_MARKS = re.compile("([\x13\x14\x15])")
SHOWN = str.maketrans(
    {"\x07": "\t", "\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x1e": "-", "\xa0": " "}
    | dict.fromkeys(map(chr, [*range(7), 8, *range(0x0E, 0x13), *range(0x16, 0x1E), 0x1F]), "")
    | dict.fromkeys("\x13\x14\x15", " ")
)
PDF_WITHIN = 1024  # bytes from the beginning in which readers of PDF look for its header


def inspect(content: bytes) -> Inspected:
    """Judge a .doc and return it cleaned, with its text, field instructions, properties and bar codes.

    Raises ``Refusal``: ``mismatch``, ``password``, ``macros``, ``embedded_object``, ``dde``, ``external_target``,
    ``polyglot``, ``damaged``.
    """
    container = open_container(content)
    judge_names(container)
    if b"%PDF-" in content[:PDF_WITHIN]:
        raise Refusal("polyglot")
    word = container.stream("worddocument") or b""
    header = word_binary.read_header(word)
    tables = container.stream(header.table_name)
    if tables is None:
        raise Refusal("damaged")
    judge_streams(container)
    text = word_binary.read_text(header, word, tables)
    _judge_fields(text)
    if word_binary.holds_dde_field(header, tables):
        raise Refusal("dde")
    if any(word_binary.linked_pictures(stream) for stream in (tables, container.stream("data") or b"")):
        raise Refusal("external_target")
    named = _judge_strings(header, tables)
    cleaned, note = doc_cleaning.clean(container, header)
    lines = [text.translate(SHOWN), *named, *_properties(container), *_codes(container, word)]
    return Inspected("doc", cleaned, "\n".join(lines)[:MOST_TEXT], notes=[note])


def _judge_fields(text: str) -> None:
    fields = Fields()
    for piece in FIELD_MARKS.split(text):
        if piece == "\x13":
            fields.begin()
        elif piece == "\x14":
            fields.separate()
        elif piece == "\x15":
            fields.end()
        elif fields.open:
            fields.text(piece)
    fields.finish()


def _judge_strings(header: Header, tables: bytes) -> list[str]:
    """Return the names and paths the document notes; refuse a template or a mail merge source from elsewhere."""
    associated = [text for _, _, text in word_binary.strings(word_binary.table(header, tables, word_binary.ASSOCIATED))]
    if len(associated) > word_binary.TEMPLATE and not is_own_template(associated[word_binary.TEMPLATE]):
        raise Refusal("external_target")
    if any(text.strip() for text in associated[word_binary.DATA_SOURCE : word_binary.HEADER_SOURCE + 1]):
        raise Refusal("external_target")
    found = associated[: word_binary.HEADER_SOURCE + 1]
    for number in (word_binary.REVISERS, word_binary.SAVED_BY):
        found += [text for _, _, text in word_binary.strings(word_binary.table(header, tables, number))]
    if not header.is_old:
        found += [
            text for _, _, text in word_binary.owners(word_binary.table(header, tables, word_binary.COMMENT_OWNERS))
        ]
    return [text for text in found if text.strip()]


def _properties(container: Container) -> list[str]:
    return [
        text for path in doc_cleaning.PROPERTY_STREAMS for text in property_sets.texts(container.streams.get(path, b""))
    ]


def _codes(container: Container, word: bytes) -> list[str]:
    """Return what bar codes in the first pictures say; Word 97 keeps pictures in Data, older ones beside the text."""
    return read_codes(find_pictures(container.stream("data") or word, MOST_PICTURES))
