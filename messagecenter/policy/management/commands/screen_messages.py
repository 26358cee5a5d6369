"""Screens messages read as JSON lines, by the policy the software brings, and says what would be done about each."""

from __future__ import annotations

import json
import os
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messagecenter.policy.detection.language import detect
from messagecenter.policy.detection.screen import screen, warm_up
from messagecenter.policy.detection.surroundings import Lists, Surroundings
from messagecenter.policy.rules import CONTEXTS, SENDER_ROLES, Verdict, judge
from messagecenter.policy.versions import SHIPPED

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE  # of a text in UTF-8, as of a message
MOST_LINE = 64 * MEGABYTE  # room for such a text with every character escaped
MOST_SHOWN = 40  # characters of a stranger's word in an error
LONE_SURROGATES = re.compile("[\ud800-\udfff]")
KNOWN = {"sender_role": SENDER_ROLES, "context": CONTEXTS}


class BadLine(Exception):
    """A line that is no message, with what is wrong in words."""


class Command(BaseCommand):
    """Needs no database. Each line is written as soon as it was read."""

    help = (
        "Screen messages: JSON lines in, JSON lines out. Reads objects with id, text and, as far as known, lang,"
        " sender_role (buyer, seller, support), context (order, inquiry, case) and order_number. Writes objects with"
        " id, action (allow, warn, redact, review, block), categories, and findings (rule, category, start, end,"
        " confidence, action; start and end count characters of the text) and lang, as given or as it seems. Uses the"
        " policy that came with the software."
        " A line that is no message is told on standard error with its number; then the exit code is 1."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a file, or read standard input; take domains."""
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="JSON lines in UTF-8 (default: -)")
        add_domains(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Screen line after line. A reader that goes away ends it."""
        warm_up()
        try:
            self._screen_lines(options)
        except BrokenPipeError:
            # Or Python would complain once more when it empties its buffers at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    def _screen_lines(self, options: dict[str, Any]) -> None:
        lists = lists_allowing(options["domains"])
        bad = 0
        with ExitStack() as stack:
            source = _opened(options["file"], stack)
            noted: set[str] = set()
            for number, line in _lines(source):
                try:
                    message = _read(line, number)
                    for note in _notes(message):
                        if note not in noted and len(noted) < 100:
                            self._tell(number, note)
                            noted.add(note)
                    said = {"id": message["id"]} | _screened(message, lists)
                except BadLine as wrong:
                    bad += 1
                    self._tell(number, str(wrong))
                    continue
                self.stdout.write(json.dumps(said))
                self.stdout.flush()
        if bad:
            raise CommandError(f"{bad} {'line' if bad == 1 else 'lines'} could not be screened.", returncode=1)

    def _tell(self, number: int, words: str) -> None:
        self.stderr.write(f"Line {number}: {words}", style_func=str)
        self.stderr.flush()


def add_domains(parser: ArgumentParser) -> None:
    """Give a command the option ``--domains``."""
    parser.add_argument(
        "--domains",
        metavar="DOMAIN,…",
        help="the marketplace's own domains, which may be named (default: MARKETPLACE_DOMAINS)",
    )


def lists_allowing(domains: str | None) -> Lists:
    """Return the shipped lists with the domains given, comma separated, or else those of the settings."""
    return SHIPPED.lists_with(settings.MARKETPLACE_DOMAINS if domains is None else domains.split(","))


def told(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the commands write it. What is allowed all the same is no finding."""
    return {
        "action": str(verdict.action),
        "categories": sorted({str(finding.category) for finding, _action in verdict.counted}),
        "findings": [
            {
                "rule": finding.rule,
                "category": str(finding.category),
                "start": finding.start,
                "end": finding.end,
                "confidence": finding.confidence,
                "action": str(action),
            }
            for finding, action in verdict.counted
        ],
    }


def without_lone_surrogates(text: str) -> str:
    """Return a text with U+FFFD for each half of a character, which JSON and file names can hold: as long as before."""
    return text if text.isascii() else LONE_SURROGATES.sub("\ufffd", text)


def _opened(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(open(name, "rb"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"{name} cannot be read: {why}.", returncode=1) from error


def _lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each line that is not blank with its number. Of one that is too long MOST_LINE + 1 bytes are kept."""
    number = 0
    while line := source.readline(MOST_LINE + 1):
        number += 1
        rest = line
        while len(rest) > MOST_LINE and not rest.endswith(b"\n"):
            rest = source.readline(MOST_LINE + 1)
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield number, line


def _read(line: bytes, number: int) -> dict[str, Any]:
    """Return the message on a line. Raises BadLine."""
    if len(line) > MOST_LINE:
        raise BadLine(f"the line is longer than {MOST_LINE // MEGABYTE} MB.")
    try:
        message = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 from byte {error.start + 1} on.") from None
    except json.JSONDecodeError as error:
        raise BadLine(f"not JSON: {error.msg} at character {error.pos + 1}.") from None
    except (ValueError, RecursionError):  # a number with thousands of digits, or thousands of brackets
        raise BadLine("not JSON that can be read.") from None
    if not isinstance(message, dict):
        raise BadLine('not a JSON object like {"id": "1", "text": "Hello"}.')
    for name in ("id", "text"):
        if name not in message:
            raise BadLine(f'"{name}" is missing.')
    if isinstance(message["id"], bool) or not isinstance(message["id"], str | int | float):
        raise BadLine('"id" is neither text nor a number.')
    if not isinstance(message["text"], str):
        raise BadLine('"text" is not text.')
    if isinstance(message.get("order_number"), int) and not isinstance(message["order_number"], bool):
        message["order_number"] = str(message["order_number"])
    for name in ("lang", "sender_role", "context", "order_number"):
        if not isinstance(message.get(name) or "", str):
            raise BadLine(f'"{name}" is not text.')
    size = len(message["text"])
    if size * 4 > MOST_BYTES and (size := len(message["text"].encode(errors="surrogatepass"))) > MOST_BYTES:
        raise BadLine(f'"text" has {size} bytes; the limit is {MOST_BYTES} ({MOST_BYTES // MEGABYTE} MB).')
    return message


def _notes(message: dict[str, Any]) -> Iterator[str]:
    """Yield what is said about a role or a context nobody knows: the message is screened as if it were not told."""
    for name, known in KNOWN.items():
        if _word(message, name) not in ("", *known):
            shown = json.dumps(_word(message, name)[:MOST_SHOWN])
            yield f'"{name}" is {shown}, which is taken as not known; known are {", ".join(known)}.'


def _word(message: dict[str, Any], name: str) -> str:
    return (message.get(name) or "").strip().lower()


def _screened(message: dict[str, Any], lists: Lists) -> dict[str, Any]:
    """Return what is done about a message. Raises BadLine for one no detector can cope with: that is our mistake."""
    role, context = (_word(message, name) for name in KNOWN)
    around = Surroundings(
        sender_role=role if role in SENDER_ROLES else "",
        about=context if context in CONTEXTS else "",
        language=_word(message, "lang"),
        numbers=frozenset({message["order_number"]} if message.get("order_number") else ()),
        lists=lists,
    )
    text = without_lone_surrogates(message["text"])
    try:
        findings = screen(text, around)
    except Exception as error:  # the lines after it are screened all the same
        raise BadLine(f"it could not be screened ({type(error).__name__}).") from error
    return told(judge(findings, SHIPPED, around)) | {"lang": around.language or detect(text)}
