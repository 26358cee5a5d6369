"""What a program or a letterhead adds below a person's words: signatures, "sent from my phone", legal notices.

Losing a person's word is worse than keeping a signature's: only what is surely one is cut. The closing and the name
below it are words of the person and stay.
"""

from __future__ import annotations

from messagecenter.inbound.reading import phrases

MAX_LINE = 300
MAX_SIGNATURE = 25  # lines


def unsigned(lines: list[str], *, after_words: bool = False) -> str:
    """Return a run of lines without what stands below the person's words.

    ``after_words`` says that they wrote something above already: then the run may be nothing but a legal notice.
    """
    lines = _without_delimited(_stripped(lines))
    for _ in range(3):  # one may stand above the other, in any order
        before = len(lines)
        lines = _without_contacts(_without_disclaimer(_without_device(lines), after_words))
        lines = _without_rule(lines)
        if len(lines) == before:
            break
    return "\n".join(lines)


def _stripped(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def _without_delimited(lines: list[str]) -> list[str]:
    """Cut at "-- ", the delimiter of RFC 3676 (4.3); programs and people lose its space, so "--" counts too."""
    for place, line in enumerate(lines):
        if line.strip(" \u00a0") in ("--", "—", "––") and len(lines) - place <= MAX_SIGNATURE * 2:
            return _stripped(lines[:place])
    return lines


def _without_rule(lines: list[str]) -> list[str]:
    """Cut a line of underscores or dashes that is left alone at the end."""
    while lines and lines[-1].strip() and set(lines[-1].strip()) <= set("_-*=—–") and len(lines[-1].strip()) > 1:
        lines = _stripped(lines[:-1])
    return lines


def _without_device(lines: list[str]) -> list[str]:
    """Cut "Sent from my iPhone" and kin from the end: up to three lines."""
    for _ in range(3):
        if not lines or not phrases.DEVICE.match(lines[-1][:MAX_LINE].strip(" \u00a0[]*")):
            break
        lines = _stripped(lines[:-1])
    return lines


def _without_disclaimer(lines: list[str], after_words: bool) -> list[str]:
    """Cut from the paragraph on that starts like a legal notice and speaks of mail, confidence or printing."""
    paragraph_starts = [
        place
        for place in range(max(0, len(lines) - 60), len(lines))
        if lines[place].strip() and (place == 0 or not lines[place - 1].strip() or _is_rule(lines[place - 1]))
    ]
    for place in paragraph_starts:
        if (place or after_words) and phrases.DISCLAIMER.match(lines[place][:MAX_LINE]):
            paragraph = " ".join(line[:2000] for line in lines[place : place + 12])
            if phrases.DISCLAIMS.search(paragraph) and len(paragraph) > 60:
                return _stripped(lines[:place])
    return lines


def _is_rule(line: str) -> bool:
    return len(line.strip()) > 4 and set(line.strip()) <= set("_-*=—–")


def _without_contacts(lines: list[str]) -> list[str]:
    """Cut the lines of a letterhead behind the closing and the name; without a closing, a clear one at the end."""
    for place in range(len(lines) - 1, max(-1, len(lines) - MAX_SIGNATURE - 6), -1):
        if _closes_with_a_name(lines[place][:MAX_LINE].strip()):
            return _stripped(lines[: place + 1]) if _is_letterhead(lines[place + 1 :], 1) else lines
        if phrases.CLOSING.match(lines[place][:MAX_LINE].strip()):
            name = next((at for at in range(place + 1, len(lines)) if lines[at].strip()), len(lines))
            if name < len(lines) and not _is_name(lines[name]):
                name -= 1
            below = lines[name + 1 :]
            return _stripped(lines[: name + 1]) if _is_letterhead(below, 1) else lines
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    block = lines[start:]
    if start and len(block) >= 3 and _is_letterhead(block, 2):
        return _stripped(lines[:start])
    return lines


def _closes_with_a_name(line: str) -> bool:
    """Whether closing and name stand in one line: "Viele Grüße, Anna", "LG Anna"."""
    closing, comma, name = line.partition(",")
    if not comma:
        closing, _, name = line.partition(" ")
    return bool(name.strip()) and _is_name(name) and phrases.CLOSING.match(closing.strip()) is not None


def _is_name(line: str) -> bool:
    """Whether a line below the closing is a name: few words, no digits, nothing to reach somebody by."""
    words = line.replace("i. A.", "").replace("i.A.", "").split()
    return 0 < len(words) <= 5 and not any(one.isdigit() or one in "@:/" for one in line)


def _is_letterhead(lines: list[str], needed: int) -> bool:
    """Whether lines hold ways to reach somebody and nothing that is said to the reader."""
    filled = [line[:MAX_LINE] for line in lines if line.strip()]
    if not filled or len(filled) > MAX_SIGNATURE:
        return False
    if any(
        line.rstrip().endswith(("?", ":", "!")) or len(line) > 200 or phrases.POSTSCRIPT.match(line) for line in filled
    ):
        return False
    return sum(phrases.CONTACT.search(line) is not None for line in filled) >= needed
