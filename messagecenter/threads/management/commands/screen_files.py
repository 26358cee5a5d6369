"""Screens files on this disk as if they were sent with a message: their names and the text found in them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from messagecenter.attachments.checking import check, opinion
from messagecenter.attachments.inspection.limits import MOST_BYTES
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.management.commands.check_attachments import (
    HEAD,
    Task,
    files_below,
    size_of,
    why_unreadable,
)
from messagecenter.attachments.names import clean_name
from messagecenter.attachments.reasons import sentence_of
from messagecenter.attachments.workshop import AT_ONCE
from messagecenter.policy.detection.screen import screen
from messagecenter.policy.detection.surroundings import Surroundings
from messagecenter.policy.management.commands.screen_messages import (
    add_domains,
    lists_allowing,
    told,
    without_lone_surrogates,
)
from messagecenter.policy.rules import CONTEXTS, SENDER_ROLES, judge, severest
from messagecenter.policy.versions import SHIPPED

PARTS = ("file_name", "file")


class Command(BaseCommand):
    """Needs no database. One JSON line a file, in the order given."""

    help = (
        "Screen files as if they were sent. Prints one JSON line a file: path (as given), action (allow, warn, review,"
        " block; refuse when no such file may be sent, error when it could not be read), categories, findings (part:"
        " file_name or file; rule, category, start, end, confidence, action; start and end count characters of the"
        " name or of the text found), reason (a code) and message (a sentence) when it was refused or could not be"
        " read, and characters: how much text was found. Uses the policy that came with the software. Exits with 1"
        " when a file could not be read."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take paths and what is known about the message."""
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder with all that is in it")
        parser.add_argument("--sender-role", choices=SENDER_ROLES, default="", help="who sends them")
        parser.add_argument("--context", choices=CONTEXTS, default="", help="what they are about")
        add_domains(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Screen all files, two at a time, and say which could not be read."""
        lists = lists_allowing(options["domains"])
        around = Surroundings(sender_role=options["sender_role"], about=options["context"], lists=lists)
        tasks = list(files_below(options["paths"]))
        errors = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            lines = pool.map(partial(_screened, around=around), tasks)
            # disable=None: no bar unless it goes to a terminal. It is written to standard error.
            for line in tqdm(lines, total=len(tasks), unit="file", disable=None):
                with tqdm.external_write_mode():
                    self.stdout.write(json.dumps(line))
                    self.stdout.flush()
                errors += line["action"] == "error"
        if errors:
            raise CommandError(f"{errors} could not be read.", returncode=1)


def _screened(task: Task, around: Surroundings) -> dict[str, Any]:
    """Return the line about one file."""
    line: dict[str, Any] = {"path": task.given, "action": "error", "categories": [], "findings": []}
    line |= {"reason": "unreadable", "message": "", "characters": 0}
    try:
        size = size_of(task.place)
        with open(task.place, "rb") as file:
            content = file.read(MOST_BYTES if size <= MOST_BYTES else HEAD)
    except (OSError, ValueError) as error:
        return line | {"message": why_unreadable(error)}
    try:
        if size > MOST_BYTES and (refusal := opinion(task.upload_name, content, size).refusal):
            raise refusal
        checked = check(task.upload_name, content)
    except Refusal as refusal:
        message = sentence_of(refusal, clean_name(task.upload_name))
        return line | {"action": "refuse", "reason": refusal.code, "message": message}
    # Nobody can be shown a file with some of its words hidden: what would be, a person looks at.
    texts = [without_lone_surrogates(text) for text in (checked.name, checked.inspected.text)]
    verdicts = [judge(screen(text, around), SHIPPED, around, can_redact=False) for text in texts]
    parts = [told(verdict) for verdict in verdicts]
    return line | {
        "action": str(severest(verdict.action for verdict in verdicts)),
        "categories": sorted({category for part in parts for category in part["categories"]}),
        "findings": [{"part": key} | one for key, part in zip(PARTS, parts, strict=True) for one in part["findings"]],
        "reason": "",
        "characters": len(checked.inspected.text),
    }
