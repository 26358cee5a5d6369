"""Headers of a mail: fields, encoded words (RFC 2047), parameters (RFC 2231), addresses, ids and dates."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

import re2

from messagecenter.inbound.reading.charsets import codec, decode
from messagecenter.inbound.reading.letter import Address

MAX_HEADER_BYTES = 256 * 1024  # of one block; real ones stay below 64 kB
MAX_FIELDS = 1000
MAX_VALUE = 32_768  # characters of one field; what is longer is cut
MAX_ADDRESSES = 500
MAX_ADDRESS = 320  # 64 before the @, 255 behind it (RFC 3696)

Fields = list[tuple[str, str]]

_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_FIELD = re2.compile(rb"^([!-9;-~]+)[ \t]*:[ \t]*(.*)$", options=_BYTES)
_WORD = re2.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)(?:\?=|$)")
_ANGLE = re2.compile(r"<([^<>]*)>")
_ADDRESS = re2.compile(r'^(?:[^\s<>"(),:;@\\\x00-\x1f]+|"[^"\\\x00-\x1f]+")@[\pL\pN._-]+$')
_ID = re2.compile(r"<([^<>\s]+)>")
_PARAMETER = re2.compile(r"^([^*]+)(?:\*([0-9]{1,3}))?(\*)?$")


def split_fields(block: bytes) -> Fields:
    """Return the fields of a header block, names in small letters, folded lines joined, words still encoded."""
    fields: list[tuple[str, list[bytes]]] = []
    for line in block.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1].append(line.strip())
        elif (found := _FIELD.match(line[:MAX_VALUE])) and len(fields) < MAX_FIELDS:
            fields.append((found.group(1).decode("ascii").lower(), [found.group(2)]))
    return [(name, decode(b" ".join(pieces)[:MAX_VALUE]).strip()) for name, pieces in fields]


def is_field(line: bytes) -> bool:
    """Whether a line can start a header field."""
    return _FIELD.match(line[:300]) is not None


def gathered(fields: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return all values of each field, decoded."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(words(value))
    return {name: tuple(several) for name, several in values.items()}


def words(value: str) -> str:
    """Return a value with its encoded words read (RFC 2047).

    Letters split between two words are joined, a word cut off at the end is read as far as it goes.
    """
    if "=?" not in value:
        return value
    pieces: list[str] = []
    pending: tuple[str, bytes] | None = None
    end = 0
    for found in _WORD.finditer(value):
        between = value[end : found.start()]
        charset, content = found.group(1).partition("*")[0], _encoded(found.group(2), found.group(3))
        if pending and not between.strip() and codec(pending[0]) == codec(charset):
            pending = (charset, pending[1] + content)
        else:
            if pending:
                pieces.append(decode(pending[1], pending[0]))
            if between.strip() or not pending:
                pieces.append(between)
            pending = (charset, content)
        end = found.end()
    if pending:
        pieces.append(decode(pending[1], pending[0]))
    pieces.append(value[end:])
    return "".join(pieces).replace("\r", " ").replace("\n", " ").strip()


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Return a structured field's first word in small letters and its parameters (RFC 2045, 2231), names decoded."""
    pieces = _split(value, ";")
    plain: dict[str, str] = {}
    extended: dict[str, list[tuple[int, str, bool]]] = {}
    for piece in pieces[1:101]:
        name, equals, raw = piece.partition("=")
        found = _PARAMETER.match(name.strip().lower())
        if not equals or not found:
            continue
        plainly = _unquoted(raw.strip())
        if found.group(2) is None and not found.group(3):
            plain.setdefault(found.group(1), words(plainly))
        else:
            extended.setdefault(found.group(1), []).append((int(found.group(2) or 0), plainly, bool(found.group(3))))
    for name, several in extended.items():
        plain[name] = _continued(sorted(several))
    return pieces[0].strip().lower(), plain


def addresses(values: Iterable[str]) -> tuple[Address, ...]:
    """Return every address of a field's values. In doubt more rather than fewer: none may hide behind another."""
    found: list[Address] = []
    for value in values:
        for piece in _split(_ungrouped(value), ","):
            bare = _uncommented(piece)
            angles = _ANGLE.findall(_unquoted_parts(bare)) or _ANGLE.findall(bare)
            candidates = angles or [bare]
            name = words(_unquoted(bare.partition("<")[0].strip())) if angles else ""
            for candidate in candidates:
                address = candidate.strip().rpartition(":")[2] if candidate.startswith("@") else candidate.strip()
                if len(address) <= MAX_ADDRESS and _ADDRESS.match(address):
                    found.append(Address(name[:200], address.lower()))
            if len(found) >= MAX_ADDRESSES:
                return tuple(found)
    return tuple(found)


def ids(value: str) -> tuple[str, ...]:
    """Return the message ids of a field, without their angle brackets, each once, at most 100."""
    found = _ID.findall(value) or [one.strip("<>,;") for one in value.split() if "@" in one]
    return tuple(dict.fromkeys(one for one in found if one))[:100]


def moment(value: str) -> datetime | None:
    """Return a Date field's moment, always with its offset (none means UTC), or None where it is none."""
    try:
        found = parsedate_to_datetime(value[:120])
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def all_values(fields: Fields, *names: str) -> list[str]:
    """Return the undecoded values of these fields in order."""
    return [value for name, value in fields if name in names]


def first(values: Mapping[str, tuple[str, ...]], name: str) -> str:
    """Return a field's first decoded value, or an empty string."""
    return next(iter(values.get(name, ())), "")


def _encoded(how: str, text: str) -> bytes:
    if how in "qQ":
        return binascii.a2b_qp(text.replace(" ", "_").encode("utf-8", "replace"), header=True)
    letters = bytes(one for one in text.encode("ascii", "ignore") if chr(one).isalnum() or one in b"+/-_")
    letters = letters.replace(b"-", b"+").replace(b"_", b"/")
    letters = letters[: len(letters) - (1 if len(letters) % 4 == 1 else 0)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _continued(pieces: list[tuple[int, str, bool]]) -> str:
    """Join a parameter's numbered pieces; percent-encoded ones name the charset in the first."""
    charset, content = "", bytearray()
    for place, (_, raw, encoded) in enumerate(pieces):
        value = raw
        if encoded and place == 0 and raw.count("'") >= 2:
            charset, _, value = raw.split("'", 2)
        content += unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    return words(decode(bytes(content), charset))


def _split(value: str, separator: str) -> list[str]:
    """Split at separators that stand neither in quotes nor in angle brackets nor in comments."""
    pieces: list[str] = []
    start, quoted, escaped, depth, angle = 0, False, False, 0, False
    for place, one in enumerate(value):
        if escaped:
            escaped = False
        elif one == "\\" and (quoted or depth):
            escaped = True
        elif one == '"' and not depth:
            quoted = not quoted
        elif quoted:
            continue
        elif one == "(":
            depth += 1
        elif one == ")" and depth:
            depth -= 1
        elif depth:
            continue
        elif one == "<":
            angle = True
        elif one == ">":
            angle = False
        elif one == separator and not angle:
            pieces.append(value[start:place])
            start = place + 1
    return [*pieces, value[start:]]


def _uncommented(value: str) -> str:
    """Return the value without comments in round brackets outside quotes."""
    if "(" not in value:
        return value.strip()
    kept: list[str] = []
    quoted, escaped, depth = False, False, 0
    for one in value:
        if escaped:
            escaped = False
            if not depth:
                kept.append(one)
            continue
        if one == "\\":
            escaped = True
        if one == '"' and not depth:
            quoted = not quoted
        if one == "(" and not quoted:
            depth += 1
        elif one == ")" and not quoted and depth:
            depth -= 1
        elif not depth:
            kept.append(one)
    return "".join(kept).strip()


def _ungrouped(value: str) -> str:
    """Return the members of a group (``Team: a@x.example, b@x.example;``) as a plain list."""
    pieces = _split(value, ";")
    if len(pieces) == 1 and ":" not in value.partition("<")[0].partition('"')[0]:
        return value
    return ",".join(piece.partition(":")[2] if ":" in piece.partition("<")[0] else piece for piece in pieces)


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
        return value.replace('\\"', '"').replace("\\\\", "\\") if "\\" in value else value
    return value.strip('"')


def _unquoted_parts(value: str) -> str:
    """Return what stands outside double quotes, so that an address in a display name is not taken for one."""
    return "".join(value.split('"')[::2])
