"""Judges files on this disk exactly as those that people send."""

from __future__ import annotations

import json
import os
import stat
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from messagecenter.attachments.checking import check_total, opinion
from messagecenter.attachments.inspection.limits import MOST_BYTES
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.names import clean_name
from messagecenter.attachments.reasons import sentence_of
from messagecenter.attachments.workshop import AT_ONCE

HEAD = 64 * 1024  # of a file that is too large anyway, enough to name its type


@dataclass(frozen=True)
class Task:
    """A file to judge: its path as it was given, where it is, and the name it is said to have."""

    given: str
    place: str
    upload_name: str


class Command(BaseCommand):
    """Needs no database. One JSON line a file, in the order given, then one a message."""

    help = (
        "Judge files as if they were sent. Prints one JSON line a file: path (as given), verdict (accept, refuse, or"
        " error when the file could not be judged), reason (a code, empty when accepted), message (the sentence the"
        " sender reads), sniffed_type, size_bytes, seconds. For each message of a manifest one line more:"
        " message_index, files (as given), verdict, reason, message, size_bytes of all files together; it says whether"
        " their number and total fit into one message. Exits with 1 when anything could not be judged."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take paths, a manifest, or both."""
        parser.add_argument("paths", nargs="*", metavar="PATH", help="a file, or a folder with all that is in it")
        parser.add_argument(
            "--manifest",
            metavar="FILE",
            help='JSON: {"files": [{"path", "upload_name"}], "messages": [{"files": [path, ...]}]}, both optional;'
            " paths are relative to the manifest; each file is judged under its upload_name",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge all files, two at a time, and say which could not be judged."""
        tasks = list(files_below(options["paths"]))
        messages: list[tuple[list[str], Path]] = []
        if options["manifest"]:
            listed, messages = _manifest(Path(options["manifest"]))
            tasks += listed
        if not (tasks or messages or options["paths"] or options["manifest"]):
            raise CommandError("Name files or folders, or a manifest.")
        errors = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # disable=None: no bar unless it goes to a terminal. It is written to standard error.
            for line in tqdm(pool.map(_judged, tasks), total=len(tasks), unit="file", disable=None):
                errors += self._say(line)
        for index, (paths, folder) in enumerate(messages):
            errors += self._say({"message_index": index} | _counted(paths, folder))
        if errors:
            raise CommandError(f"{errors} could not be judged.", returncode=1)

    def _say(self, line: dict[str, Any]) -> bool:
        """Write one line; return whether it tells of an error."""
        with tqdm.external_write_mode():
            self.stdout.write(json.dumps(line))
        return bool(line["verdict"] == "error")


def files_below(paths: list[str]) -> Iterator[Task]:
    """Yield the files named and those in the folders named, each folder in the order of the alphabet."""
    for given in paths:
        if not os.path.isdir(given):
            yield Task(given, given, os.path.basename(given))
            continue
        for folder, folders, names in os.walk(given):
            folders.sort()
            for name in sorted(names):
                place = os.path.join(folder, name)
                yield Task(place, place, name)


def _manifest(file: Path) -> tuple[list[Task], list[tuple[list[str], Path]]]:
    """Return the files and the messages a manifest lists. Raises CommandError when it is none."""
    try:
        read = json.loads(file.read_bytes())
        tasks = [
            Task(entry["path"], os.path.join(file.parent, entry["path"]), str(entry.get("upload_name", entry["path"])))
            for entry in read.get("files", [])
        ]
        return tasks, [([str(path) for path in entry["files"]], file.parent) for entry in read.get("messages", [])]
    except OSError as error:
        raise CommandError(f"The manifest cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        wanted = '{"files": [{"path": …, "upload_name": …}], "messages": [{"files": [path, …]}]}'
        raise CommandError(f"The manifest is not JSON of the form {wanted}.") from error


def _judged(task: Task) -> dict[str, Any]:
    """Return the line about one file."""
    begun = time.monotonic()
    line: dict[str, Any] = {"path": task.given, "verdict": "error", "reason": "unreadable", "message": ""}
    line |= {"sniffed_type": "", "size_bytes": 0, "seconds": 0.0}
    try:
        size = line["size_bytes"] = size_of(task.place)
        with open(task.place, "rb") as file:
            content = file.read(MOST_BYTES if size <= MOST_BYTES else HEAD)
    except (OSError, ValueError) as error:
        line["message"] = why_unreadable(error)
    else:
        found = opinion(task.upload_name, content, size)
        line |= {"verdict": "accept", "reason": "", "sniffed_type": found.sniffed_type}
        if found.refusal is not None:
            message = sentence_of(found.refusal, found.name)
            line |= {"verdict": "refuse", "reason": found.refusal.code, "message": message}
    line["seconds"] = round(time.monotonic() - begun, 3)
    return line


def _counted(paths: list[str], folder: Path) -> dict[str, Any]:
    """Return the line about one message: whether its files fit into it."""
    line: dict[str, Any] = {"files": paths, "verdict": "accept", "reason": "", "message": "", "size_bytes": 0}
    try:
        sizes = [size_of(os.path.join(folder, path)) for path in paths]
    except (OSError, ValueError) as error:
        return line | {"verdict": "error", "reason": "unreadable", "message": why_unreadable(error)}
    line["size_bytes"] = sum(sizes)
    try:
        check_total(0, sizes)
    except Refusal as refusal:
        line |= {"verdict": "refuse", "reason": refusal.code, "message": sentence_of(refusal, clean_name(""))}
    return line


def size_of(place: str) -> int:
    """Return a file's bytes. Raises OSError or, for what no disk can hold, ValueError."""
    found = os.stat(place)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(None, "not a regular file")
    return found.st_size


def why_unreadable(error: OSError | ValueError) -> str:
    """Return why a path cannot be read."""
    return f"{error.strerror if isinstance(error, OSError) else error}"
