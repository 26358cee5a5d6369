"""Addresses in documents: which links a reader may click, which paths stay on the writer's own disk."""

from __future__ import annotations

import re
from urllib.parse import unquote

from .refusal import Refusal

# What people link to. All others (file:, javascript:, ms-msdt:, search-ms:, …) start programs on the reader's machine.
SCHEMES = {
    *("http", "https", "mailto", "tel", "ftp", "ftps", "sftp"),
    *(
        "x-apple-data-detectors",
        "applewebdata",
        "x-webdoc",
        "webcal",
        "cid",
        "blocked",
        "unsafe",
    ),  # left by mail programs
    *("sms", "sip", "sips", "callto", "skype", "whatsapp", "xmpp", "geo", "news", "urn", "doi", "about"),
}
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.?)")
IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]+")  # readers skip these in front and within
TEMPLATE = re.compile(r"(file:/{2,3}|file:)?([A-Za-z]:[\\/].*|[^\\/:]*)", re.IGNORECASE | re.DOTALL)
LONGEST = 20_000  # characters of an address anyone looks at


def judge_link(address: str) -> None:
    """Raise ``Refusal("external_target")`` unless a click on the address opens a page, a mail, a call or this document.

    A file on a disk or a server, and every scheme that starts another program, is refused.
    """
    plain = IGNORED.sub("", address[:LONGEST])
    for spelling in (plain, IGNORED.sub("", unquote(plain))):
        if spelling.startswith(("\\\\", "//", "\\/", "/\\")):
            raise Refusal("external_target")
        scheme = SCHEME.match(spelling)
        if scheme is None or scheme[1].lower() in SCHEMES:
            continue
        if ("." in scheme[1] or scheme[1].lower() == "localhost") and scheme[2].isdigit():
            continue  # example.com:8080/page
        raise Refusal("external_target")


def is_own_template(address: str) -> bool:
    """Whether a template's address is a bare name or a path on the writer's own disk, as Word itself notes it."""
    plain = unquote(address.strip())
    return len(address) < LONGEST and TEMPLATE.fullmatch(plain) is not None and "\\\\" not in plain


def is_elsewhere(address: str) -> bool:
    """Whether an address leaves the document: a scheme, a server, a drive."""
    plain = IGNORED.sub("", address[:LONGEST])
    return SCHEME.match(plain) is not None or plain.startswith(("\\\\", "//", "\\/", "/\\"))
