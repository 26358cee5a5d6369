"""Turns a message's plain text into safe HTML: escaped, with links one can click. Line breaks stay line breaks."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from linkify_it import LinkifyIt
from linkify_it.main import Match

_finder = LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": False, "fuzzy_ip": False})
for _scheme in ("ftp:", "mailto:", "//"):
    _finder.add(_scheme, None)

# Finding links takes time that grows with the square of an unbroken run of characters, so a run of more than 500 and a
# message's fifty-first link stay plain text: 10,000 hostile characters then cost about 15 ms.
MOST_LINKS = 50
_long_run = re.compile(r"\S{501,}")

# Finding links costs 0.7 ms a message; a text without a dot inside a word has none.
_may_hold_link = re.compile(r"\w\.\w|://")


def as_html(text: str) -> SafeString:
    """Return ``text`` escaped, with http and https addresses as links that tell their target nothing about us."""
    matches = _find(text) if _may_hold_link.search(text) else []
    parts: list[str] = []
    end = 0
    for match in matches:
        url = match.url if match.schema else "https://" + match.url.partition("://")[2]
        parts.append(escape(text[end : match.index]))
        parts.append(
            f'<a href="{escape(url)}" rel="nofollow noopener noreferrer ugc" target="_blank">{escape(match.raw)}</a>'
        )
        end = match.last_index
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308 (every part is escaped above)


def _find(text: str) -> list[Match]:
    """Return the first links of a text, in the order they stand there."""
    readable = _long_run.sub(lambda run: " " * len(run[0]), text)
    found: list[Match] = []
    for piece in re.finditer(r"\S+", readable):
        if _may_hold_link.search(piece[0]):
            for match in _finder.match(piece[0]) or []:
                match.index += piece.start()
                match.last_index += piece.start()
                found.append(match)
                if len(found) == MOST_LINKS:
                    return found
    return found
