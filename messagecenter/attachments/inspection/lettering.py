"""Text in pictures, for the policy screen: read by the program tesseract where it is installed, else there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from itertools import groupby

from .inspected import Inspected
from .limits import MOST_TEXT

PROGRAM = "tesseract"
LANGUAGES = ("deu", "eng", "fra", "spa", "ita", "pol", "nld", "tur")  # those of them that are installed
SECONDS = 20
MEMORY = 800 * 1024  # kilobytes of address space; a full page takes a tenth of it
AT_ONCE = 2  # programs a process runs at the same time
LEAST_SIDES = (80, 20)  # pixels, the longer and the shorter one; in less nobody reads a line
SURE = 60.0  # of 100: below, patterns and noise are read as letters
SPARSE = 1000  # characters; a document with more text of its own is no scan
# The limits are set by the shell: setting them between fork and exec is unsafe in a process with threads.
LIMITED = f'ulimit -t {SECONDS} && ulimit -v {MEMORY} && ulimit -f 0 && ulimit -c 0 && exec nice -n 10 "$0" "$@"'

_places = threading.BoundedSemaphore(AT_ONCE)
_languages: dict[str, str] = {}  # of a program, once it has told them


def _start_anew() -> None:
    """Give a forked process places of its own."""
    global _places
    _places = threading.BoundedSemaphore(AT_ONCE)


os.register_at_fork(after_in_child=_start_anew)


def add_letters(inspected: Inspected) -> None:
    """Append to a file's text what is written in its picture, or on the first page of a document without much text.

    The large preview is read, never the file as it was sent. Whatever goes wrong, there is only no more text.
    """
    if inspected.kind == "pdf" and len(inspected.text.strip()) >= SPARSE:
        return
    longer, shorter = sorted((inspected.width, inspected.height), reverse=True)
    if inspected.large and longer >= LEAST_SIDES[0] and shorter >= LEAST_SIDES[1]:
        found = read(inspected.large)
        inspected.text = "\n".join(words for words in (inspected.text, found) if words)[:MOST_TEXT]


def read(picture: bytes) -> str:
    """Return what is written in a picture (WebP, PNG or JPEG), line by line; empty when that cannot be told."""
    program = shutil.which(PROGRAM)
    languages = installed_languages(program) if program else ""
    if not program or not languages:
        return ""
    # 150 dots per inch, since the preview does not say: else the program guesses, and warns.
    wishes = ["stdin", "stdout", "-l", languages, "--dpi", "150", "-c", "tessedit_create_tsv=1"]
    if not _places.acquire(timeout=SECONDS):
        return ""
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", LIMITED, program, *wishes],
            input=picture,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # could quote the picture
            timeout=SECONDS,
            check=False,
            cwd="/",
            env=_environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    finally:
        _places.release()
    return "\n".join(_lines(done.stdout.decode("utf-8", "replace")))[:MOST_TEXT] if not done.returncode else ""


def installed_languages(program: str) -> str:
    """Return the languages to read in, as tesseract wants them: ``deu+eng``. Empty when there are none."""
    if program in _languages:
        return _languages[program]
    try:
        done = subprocess.run(
            [program, "--list-langs"], capture_output=True, timeout=SECONDS, check=False, cwd="/", env=_environment()
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    there = done.stdout.decode("utf-8", "replace").split()
    if found := "+".join(language for language in LANGUAGES if language in there):
        _languages[program] = found
    return found


def _environment() -> dict[str, str]:
    """Return an environment without secrets; one thread, or it takes all cores."""
    kept = {name: os.environ[name] for name in ("TESSDATA_PREFIX",) if name in os.environ}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1"} | kept


def _lines(table: str) -> Iterator[str]:
    """Yield the lines in the table tesseract writes: twelve columns, the first five say where a word stands."""
    rows = [columns for row in table.split("\n")[1:] if len(columns := row.split("\t", 11)) == 12]
    for _line, words in groupby(rows, key=lambda columns: columns[1:5]):
        line = " ".join(word for *_place, sure, word in words if word.strip() and _number(sure) >= SURE)
        if line:
            yield line


def _number(written: str) -> float:
    """Return a number as tesseract writes it, -1 for anything else."""
    try:
        return float(written)
    except ValueError:
        return -1.0
