"""winmail.dat, Outlook's own envelope (MS-OXTNEF): its files and, where there is one, its plain body.

Only what a reader of mail needs, within limits; what is broken ends the reading, what was read until then counts.
The body in compressed RTF is not read: such mails bring their words as text beside the envelope.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from messagecenter.inbound.reading.charsets import decode
from messagecenter.inbound.reading.letter import File

MAX_FILES = 50

_SIGNATURE = 0x223E9F78
_ATTACHMENT_STARTS, _TITLE, _DATA, _PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_BODY, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x0002800C, 0x00069003, 0x00069007
# MAPI properties (MS-OXPROPS).
_P_BODY, _P_HTML, _P_DATA, _P_NAME, _P_LONG_NAME, _P_TYPE = 0x1000, 0x1013, 0x3701, 0x3704, 0x3707, 0x370E
_FIXED = {0x0002: 4, 0x0003: 4, 0x0004: 4, 0x000A: 4, 0x000B: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x0014: 8, 0x0040: 8,
          0x0048: 16}  # fmt: skip
_COUNTED = (0x000D, 0x001E, 0x001F, 0x0102)


@dataclass
class Envelope:
    """What a winmail.dat holds."""

    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)


@dataclass
class _Found:
    name: str = ""
    content: bytes = b""
    kind: str = ""


def opened(content: bytes) -> Envelope:
    """Return what the envelope holds; nothing for bytes that are none."""
    envelope, found, charset = Envelope(), list[_Found](), "cp1252"
    if len(content) < 6 or struct.unpack_from("<I", content)[0] != _SIGNATURE:
        return envelope
    place = 6
    while place + 9 <= len(content) and len(found) <= MAX_FILES:
        attribute, length = struct.unpack_from("<II", content, place + 1)
        data = content[place + 9 : place + 9 + length]
        if len(data) < length:
            break
        place += 9 + length + 2  # the checksum is not asked: a wrong one would help nobody
        if attribute == _CODE_PAGE and len(data) >= 4:
            charset = f"cp{struct.unpack_from('<I', data)[0]}"
        elif attribute == _BODY:
            envelope.text = envelope.text or _string(data, charset)
        elif attribute == _MESSAGE_PROPERTIES:
            properties = _properties(data, charset)
            envelope.text = envelope.text or properties.get(_P_BODY, b"").decode()
            envelope.html = decode(properties.get(_P_HTML, b""), charset)
        elif attribute == _ATTACHMENT_STARTS:
            found.append(_Found())
        elif found and attribute == _TITLE:
            found[-1].name = found[-1].name or _string(data, charset)
        elif found and attribute == _DATA:
            found[-1].content = data
        elif found and attribute == _PROPERTIES:
            _describe(found[-1], _properties(data, charset))
    envelope.files = [
        File(one.name or "file", one.content, one.kind or "application/octet-stream") for one in found if one.content
    ][:MAX_FILES]
    return envelope


def _describe(found: _Found, properties: dict[int, bytes]) -> None:
    """Give an attachment the names and bytes its properties know better."""
    found.name = (properties.get(_P_LONG_NAME) or found.name.encode() or properties.get(_P_NAME, b"")).decode()
    found.kind = properties.get(_P_TYPE, b"").decode()
    found.content = found.content or properties.get(_P_DATA, b"")


def _properties(data: bytes, charset: str) -> dict[int, bytes]:
    """Return MAPI properties with one value; strings as UTF-8, others as their bytes."""
    properties: dict[int, bytes] = {}
    if len(data) < 4:
        return properties
    count, place = struct.unpack_from("<I", data)[0], 4
    for _ in range(min(count, 1000)):
        if place + 4 > len(data):
            break
        kind, key = struct.unpack_from("<HH", data, place)
        place += 4
        if key >= 0x8000:  # a named property: GUID, then a number or a counted name
            if place + 24 > len(data):
                break
            numbered, length = struct.unpack_from("<II", data, place + 16)
            place += 24 if numbered == 0 else 24 + length + (-length % 4)
        many, kind = bool(kind & 0x1000), kind & 0x0FFF
        values = 1
        if many or kind in _COUNTED:
            if place + 4 > len(data):
                break
            values = struct.unpack_from("<I", data, place)[0]
            place += 4
        for number in range(min(values, 1000)):
            value, place = _value(data, place, kind)
            if value is None:
                return properties
            if number == 0 and not many:
                strings = {0x001E: charset, 0x001F: "utf-16-le"}
                properties[key] = _string(value, strings[kind]).encode() if kind in strings else value
    return properties


def _value(data: bytes, place: int, kind: int) -> tuple[bytes | None, int]:
    """Return one value and where the next begins; None where the data ends too early."""
    length = _FIXED.get(kind)
    if length is None:
        if kind not in _COUNTED or place + 4 > len(data):
            return None, place
        length = struct.unpack_from("<I", data, place)[0]
        place += 4
    value = data[place : place + length]
    if len(value) < length:
        return None, place
    # An object (attached message, OLE) starts with the interface's id.
    return (value[16:] if kind == 0x000D else value), place + length + (-length % 4)


def _string(value: bytes, charset: str) -> str:
    if charset == "utf-16-le":
        return value.decode("utf-16-le", "replace").rstrip("\x00")
    return decode(value.rstrip(b"\x00"), charset)
