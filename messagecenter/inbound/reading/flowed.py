"""Text with ``format=flowed`` (RFC 3676): soft line breaks taken out, also those of quoted lines."""

from __future__ import annotations


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Return the text with its paragraphs in one line each; quoted lines keep their ``>`` signs.

    ``delete_space`` is the parameter ``DelSp=yes``: the space before a soft break is not part of the text.
    """
    lines: list[str] = []
    paragraph: list[str] = []
    depth = -1
    for line in text.split("\n"):
        quoted = len(line) - len(line.lstrip(">"))
        words = line[quoted:]
        words = words[1:] if words.startswith(" ") else words  # space-stuffing (4.4)
        signature = words.rstrip("\r") == "-- "
        if paragraph and (quoted != depth or signature):
            lines.append(_joined(depth, paragraph))
            paragraph = []
        depth = quoted
        if words.endswith(" ") and not signature:
            paragraph.append(words[:-1] if delete_space else words)
        else:
            lines.append(_joined(depth, [*paragraph, words]))
            paragraph = []
    if paragraph:
        lines.append(_joined(depth, paragraph))
    return "\n".join(lines)


def _joined(depth: int, paragraph: list[str]) -> str:
    words = "".join(paragraph)
    return f"{'>' * depth} {words}" if depth else words
