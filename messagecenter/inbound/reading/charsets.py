"""Bytes of a mail as text: the charset that is claimed, or the one that is true."""

from __future__ import annotations

import codecs

import re2

# What programs write for a charset and Python does not know.
_ALIASES = {
    "unknown-8bit": "", "x-unknown": "", "unknown": "", "default": "", "x-user-defined": "", "none": "", "binary": "",
    "ansi": "cp1252", "windows": "cp1252", "cp-850": "cp850", "x-windows-1252": "cp1252", "utf8mb4": "utf-8",
    "unicode": "utf-8", "utf-8n": "utf-8", "unicode-1-1-utf-7": "utf-7", "x-mac-roman": "mac-roman",
    "x-macroman": "mac-roman", "macintosh": "mac-roman", "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8",
    "ks_c_5601-1987": "cp949", "x-gbk": "gb18030", "gb2312": "gb18030", "x-sjis": "cp932", "shift_jis": "cp932",
    "us-ascii": "", "ascii": "", "ansi_x3.4-1968": "", "iso-ir-100": "cp1252", "utf-16le": "utf-16-le",
}  # fmt: skip
# As browsers do (WHATWG Encoding): what calls itself Latin-1 means the Windows letters.
_WINDOWS = {"iso8859-1": "cp1252", "latin-1": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874"}
# Text codecs of Python that are no charsets of mail; some take a time that grows with the square of the length.
_NO_CHARSETS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "rot13", "unicode_escape"}
_MOJIBAKE = re2.compile("(?:[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ])|â€|ðŸ")
_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_META = re2.compile(rb"(?i)<meta[^>]*?charset\s*=\s*[\"']?\s*([a-z0-9_:.-]+)", options=_BYTES)


def codec(name: str) -> str:
    """Return Python's name of a charset that mails may use, or an empty string for unknown and unsuitable ones."""
    wanted = name.strip().strip("\"'").lower()[:40]
    wanted = _ALIASES.get(wanted, wanted)
    if not wanted:
        return ""
    try:
        found = codecs.lookup(wanted)
    except (LookupError, ValueError, UnicodeError):
        return ""
    if not getattr(found, "_is_text_encoding", True) or found.name in _NO_CHARSETS:
        return ""
    return _WINDOWS.get(found.name, found.name)


def decode(content: bytes, claimed: str = "") -> str:
    """Return the text, whatever the charset: the marked, the provable (UTF-8), the claimed, Windows Latin at last.

    UTF-8 comes before the claim: text in another charset with letters beyond ASCII is hardly ever valid UTF-8, while
    UTF-8 that calls itself Latin-1 is common. Charsets that are ASCII underneath (ISO-2022, UTF-7) keep their claim.
    """
    if content.startswith(codecs.BOM_UTF8):
        content = content[3:]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _whole(content.decode("utf-16", "replace"))
    name = codec(claimed)
    if name.startswith(("utf-16", "utf-32", "iso2022", "utf-7", "hz")):
        return _whole(content.decode(name, "replace"))
    try:
        return _whole(unmix(content.decode("utf-8")))
    except UnicodeDecodeError as trouble:
        # Cut in the middle of a letter at the very end: still UTF-8.
        if trouble.start >= len(content) - 3 and trouble.start > 0 and not content[: trouble.start].isascii():
            return _whole(unmix(content[: trouble.start].decode("utf-8")))
    if name == "utf-8":
        return _whole(_mostly_utf8(content))
    if name:
        try:
            return _whole(content.decode(name))
        except (UnicodeDecodeError, ValueError):
            if not name.startswith("cp125"):
                return _whole(content.decode(name, "replace"))
    return _whole(_windows(content))


def declared_in(html: bytes) -> str:
    """Return the charset an HTML page names in its first 2 kB, or an empty string."""
    found = _META.search(html[:2048])
    return found.group(1).decode("ascii") if found else ""


def unmix(text: str) -> str:
    """Return the text with UTF-8 that was once read as Latin-1 (``GrÃ¼ÃŸe``) put right, or as it was."""
    if not _MOJIBAKE.search(text):
        return text
    try:
        return _as_windows(text).decode("utf-8")
    except UnicodeError:
        return text


def _as_windows(text: str) -> bytes:
    """Return the bytes of a text in Windows-1252, with the five codes that charset leaves free as they are."""
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError:
        return b"".join(
            one.encode("latin-1") if "\x80" <= one <= "\x9f" else one.encode("cp1252") for one in text[:100_000]
        )


def _mostly_utf8(content: bytes) -> str:
    """Return UTF-8 with single wrong bytes as that, and what is mostly wrong as Windows Latin."""
    text = content.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(one > "\x7f" for one in text[:20_000]) - text[:20_000].count("\ufffd")
    return text if right >= wrong else _windows(content)


def _windows(content: bytes) -> str:
    return content.decode("cp1252", "replace")


def _whole(text: str) -> str:
    """Return the text without NULs and lone surrogates, which neither databases nor XML take."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8")
