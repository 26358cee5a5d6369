"""Content-Transfer-Encoding undone, also where it is broken."""

from __future__ import annotations

import binascii

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOISE = bytes(one for one in range(256) if one not in _BASE64)


def undone(content: bytes, encoding: str) -> bytes:
    """Return the bytes behind a transfer encoding; an unknown one, or one that was not applied, leaves them."""
    name = encoding.strip().lower().partition(";")[0].strip()
    if name == "quoted-printable":
        return binascii.a2b_qp(content)
    if name == "base64":
        return _base64(content)
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uuencoded(content)
    return content


def _base64(content: bytes) -> bytes:
    """Return what can be read up to the padding; a footer some list server added behind it is left out."""
    body, padding, _ = content.partition(b"=")
    letters = body.translate(None, _NOISE)
    if not padding and b" " in content.strip() and len(letters) < len(content) * 0.9:
        return content  # says base64 and is plain text
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _uuencoded(content: bytes) -> bytes:
    pieces = []
    for line in content.splitlines():
        if line.startswith(b"begin "):
            continue
        if line.strip() in (b"end", b"`"):
            break
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(pieces)
