"""Plain text: which bytes are one, in which encoding."""

from __future__ import annotations

import codecs
import re
import unicodedata

from .inspected import Inspected
from .limits import MOST_TEXT
from .refusal import Refusal

# Control characters no text has. Tab, line ends, form feed, backspace (manuals) and escape (coloured logs) are fine.
CONTROL = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")
# A text that begins as a page or a script is that page or script under another name. Further down it is only quoted:
# it is served as an attachment, as text/plain, and browsers are told not to guess.
MARKUP = re.compile(
    r"(?:<!--[^>]{0,500}-->\s{0,100})?"
    r"(?:<(?:!doctype\s{1,20}html|html|head|body|script|svg|iframe|\?php)\b"
    r"|<\?xml[^>]{0,300}>\s{0,100}(?:<!doctype\s[^>]{0,300}>\s{0,100})?<(?:svg|html)\b"
    r"|\#!\s{0,10}/|\{\\rtf)",
    re.IGNORECASE,
)
ODD_SHARE = 0.2  # Latin text has letters above 0xC0; symbols and holes at 0x80 to 0xBF are rare in it
SHORT = 32  # too few bytes to speak of shares
SAMPLE = 20_000


def inspect(content: bytes) -> Inspected:
    """Return a text as it came, and decoded. Raises Refusal "not_text" for binary content, "mismatch" for pages."""
    text = decoded(content)
    if CONTROL.search(text.removesuffix("\x1a")):  # DOS ended its texts with Ctrl-Z
        raise Refusal("not_text")
    if MARKUP.match(text[:2000].lstrip()):
        raise Refusal("mismatch")
    return Inspected(kind="txt", content=content, text=text[:MOST_TEXT])


def decoded(content: bytes) -> str:
    """Return the text in these bytes: UTF-8, UTF-16 with its mark, else Windows-1252. Raises Refusal "not_text"."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _utf16(content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _single_bytes(content)


def _utf16(content: bytes) -> str:
    """Return UTF-16 text. Random pairs of bytes are mostly characters nobody has assigned."""
    try:
        text = content.decode("utf-16")
    except UnicodeDecodeError:
        raise Refusal("not_text") from None
    sample = text[:SAMPLE]
    odd = sum(unicodedata.category(character) in ("Cn", "Co") for character in sample)
    if odd > len(sample) * 0.05:
        raise Refusal("not_text")
    return text


def _single_bytes(content: bytes) -> str:
    """Return text of one byte a character. Windows-1252 is Latin-1 with signs where that has control characters."""
    odd = sum(content.count(bytes([value])) for value in range(0x80, 0xC0) if value != 0xA0)
    if len(content) >= SHORT and odd > len(content) * ODD_SHARE:
        raise Refusal("not_text")
    return content.decode("cp1252", "replace")
