"""What a person wrote, found between quotes: lines quoted, attributions, other mails below, forwards.

Marks the HTML reader leaves, so that both kinds of mail take this one way: QUOTE stands where a quote was taken out,
REST where everything behind belongs to another mail.
"""

from __future__ import annotations

from dataclasses import dataclass

import mailparser_reply

from messagecenter.inbound.reading import phrases
from messagecenter.inbound.reading.signatures import unsigned

QUOTE = "\ue000"
REST = "\ue001"
PICTURE = "\ue002"  # …number… : a picture stood here
MARKS = (QUOTE, REST, PICTURE)

MAX_LINE = 1000  # characters of a line that are looked at; attributions and header lines are shorter
MAX_LINES = 10_000  # what stands below them is not read

# The library knows languages we have no rules for. Its expressions backtrack, so it gets little, and short lines only;
# its signatures and disclaimers are not used: "Thanks, …" at the start of a line ends a mail for it.
_LIBRARY_LANGUAGES = ["de", "en", "fr", "es", "it", "pl", "nl", "cs", "da", "sv", "ja", "ko", "zh"]
_LIBRARY_CHARACTERS = 4000
_LIBRARY_LINE = 160


@dataclass(frozen=True)
class Written:
    """A mail's words: the person's own, and those of a mail they passed on (without its header lines)."""

    own: str
    forwarded: str = ""
    quoted: bool = False  # whether anything was taken out


def written(text: str, *, subject: str = "") -> Written:
    """Return the person's words in a body of plain text; the subject tells a forward from an answer."""
    lines = [line.rstrip() for line in text.replace("\u2028", "\n").split("\n", MAX_LINES)[:MAX_LINES]]
    forward = phrases.FORWARD_SUBJECT.match(subject[:200]) is not None
    own, rest, passed_on = _before_the_other_mail(lines, forward)
    segments, quoted = _segments(own)
    pieces: list[str] = []
    for segment in segments:
        if piece := unsigned(segment, after_words=bool(pieces)):
            pieces.append(piece)
    words = "\n\n".join(pieces)
    if not passed_on:
        words = _second_opinion(words)
        return Written(_tidy(words), quoted=quoted or bool(rest))
    return Written(_tidy(words), _tidy("\n".join(_without_head(rest))), quoted=True)


def _before_the_other_mail(lines: list[str], forward: bool) -> tuple[list[str], list[str], bool]:
    """Return the lines before another mail set in without ``>``, that mail's lines, and whether it was passed on."""
    roles = [_role(line[:MAX_LINE]) for line in lines]
    sure = [bool(role) and _is_sure(line) for role, line in zip(roles, lines, strict=True)]
    for place, line in enumerate(lines):
        if not line:
            continue
        if line == REST:
            return lines[:place], lines[place + 1 :], forward
        start = line[:MAX_LINE].strip()
        if start[0] in "-_*#=" or len(start) < 60:
            if phrases.FORWARDED.match(start.lstrip("> ") if forward and _starts_a_quote(lines, place) else start):
                return lines[:place], lines[place + 1 :], True
            if phrases.ORIGINAL.match(start):
                return lines[:place], lines[place + 1 :], forward
            if phrases.MARKER.match(start):
                return lines[:place], lines[place + 1 :], False
        if roles[place] and not start.startswith(">") and _header_block(lines, roles, sure, place):
            before = place
            while before and (not lines[before - 1].strip() or set(lines[before - 1].strip()) <= set("_-*—")):
                before -= 1
            # "-- " above would be a signature's start, not a rule.
            if lines[before : before + 1] and lines[before].strip() == "--":
                before += 1
            return lines[:before], lines[place:], forward
    return lines, [], False


def _starts_a_quote(lines: list[str], place: int) -> bool:
    """Whether a line is the first of a run of quoted ones: Apple Mail quotes what it passes on."""
    before = next((line for line in reversed(lines[max(0, place - 3) : place]) if line), "")
    return lines[place].startswith(">") and not before.startswith(">")


def _role(line: str) -> str:
    """Return what a line can be in the head of another mail: its from, date or other line; "" for none."""
    if (":" not in line and "：" not in line) or not phrases.HEADER_OTHER.match(line):
        return ""
    if phrases.HEADER_FROM.match(line):
        return "from"
    return "date" if phrases.HEADER_DATE.match(line) else "other"


def _is_sure(line: str) -> bool:
    """Whether a line holds an address or a time of day."""
    return phrases.ADDRESS_OR_TIME.search(line[:MAX_LINE]) is not None


def _header_block(lines: list[str], roles: list[str], sure: list[bool], place: int) -> bool:
    """Whether "From: … Sent: … To: … Subject: …" starts here, in any order, as Outlook, GMX and phones write it."""
    seen: list[str] = []
    for at in range(place, min(place + 14, len(lines))):
        if roles[at]:
            seen.append(roles[at])
        elif len(seen) >= 3:
            break
        # Some write an empty line between two; a long list of addresses may go on in the next line.
        elif lines[at].strip() and "@" not in lines[at][:MAX_LINE]:
            return False
    complete = "from" in seen and len(seen) >= 3 and ("date" in seen or len(seen) >= 4)
    # People list "Von: Berlin, An: Hamburg, Datum: 5.12." too; a mail's head has an address or a time of day.
    return complete and any(sure[place : place + 14])


def _without_head(lines: list[str]) -> list[str]:
    """Return a passed-on mail without the header lines at its top: they hold addresses."""
    place, seen = 0, 0
    while place < len(lines):
        start = lines[place][:MAX_LINE].lstrip("> ")
        if not start.strip():
            if seen >= 2 or place > 20:
                break
        elif phrases.HEADER_FROM.match(start) or phrases.HEADER_OTHER.match(start):
            seen += 1
        elif not seen or "@" not in start:
            break
        place += 1
    depth = all(line.startswith(">") or not line.strip() for line in lines[place:])
    return [line[1:].removeprefix(" ") if depth else line for line in lines[place:]]


def _segments(lines: list[str]) -> tuple[list[list[str]], bool]:
    """Return the runs of lines between quotes, without the attributions above them, and whether there was a quote."""
    segments: list[list[str]] = [[]]
    quoted = False
    place = 0
    while place < len(lines):
        line = lines[place]
        if line.startswith((">", QUOTE)) or line.lstrip(" ").startswith("> "):
            quoted = True
            _drop_attribution(segments[-1])
            if segments[-1]:
                segments.append([])
        elif length := _attribution(lines, place):
            # An attribution without ">" lines: what follows is the quote, as some phones and Proton's text part write.
            following = next((one for one in lines[place + length :] if one.strip()), QUOTE)
            if not following.startswith((">", QUOTE)):
                if phrases.ADDRESS_OR_TIME.search(" ".join(lines[place : place + length])[:MAX_LINE]):
                    quoted = True
                    break
                segments[-1].append(line)  # a person's own sentence: "Am 20.11. schrieb mir Ihr Kollege:"
            else:
                place += length - 1
        else:
            segments[-1].append(line)
        place += 1
    return segments, quoted


def _attribution(lines: list[str], place: int) -> int:
    """Return over how many lines an attribution runs that starts here: "On … wrote:"; 0 for none."""
    start = lines[place][:MAX_LINE].strip()
    if not start or not phrases.ATTRIBUTION_STARTS.match(start):
        return 0
    joined = ""
    for length, line in enumerate(lines[place : place + 4], start=1):
        if not line.strip() or line.startswith(">"):
            return 0
        joined = f"{joined} {line[:MAX_LINE].strip()}".strip()
        if line.rstrip().endswith((":", "：")) and phrases.ATTRIBUTION.match(joined):
            return length
    return 0


def _drop_attribution(segment: list[str]) -> None:
    """Take a short line ending in a colon with a name or a date off the end: directly above a quote it is one."""
    end = len(segment)
    while end and not segment[end - 1].strip():
        end -= 1
    if not end:
        return
    last = segment[end - 1].strip()
    if last.endswith((":", "：")) and len(last) < 200 and (phrases.NAMES_A_WRITER.search(last)):
        start = end - 1
        if start and segment[start - 1].strip() and phrases.ATTRIBUTION_STARTS.match(segment[start - 1][:MAX_LINE]):
            start -= 1
        del segment[start:]


def _second_opinion(words: str) -> str:
    """Return the words cut where the library sees another mail's head and we did not."""
    window = words[:_LIBRARY_CHARACTERS]
    if any(len(line) > _LIBRARY_LINE for line in window.split("\n")):
        return words
    message = mailparser_reply.EmailMessage(text=window, languages=list(_LIBRARY_LANGUAGES))
    for found in message.HEADER_REGEX.finditer(message.text):
        head = found.group().strip()
        if phrases.ADDRESS_OR_TIME.search(head) and head.endswith((":", "：")):
            place = words.find(head.split("\n")[0])
            return words[:place] if place >= 0 else words
    return words


def _tidy(words: str) -> str:
    """Return the words without empty lines at the ends and with at most one between."""
    lines: list[str] = []
    for line in map(str.rstrip, words.split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip("\n").rstrip()
