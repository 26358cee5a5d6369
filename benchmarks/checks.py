"""Checks of files by kind: how many a second through the workshop, and the peak memory of a child that does one.

Run by ``.venv/bin/python -m benchmarks.checks``; needs no server. The files are the honest ones of the tests.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

os.environ["DJANGO_SETTINGS_MODULE"] = "messagecenter.settings"

import django

django.setup()

from messagecenter.attachments.checking import check
from messagecenter.attachments.inspection.judge import judge
from messagecenter.attachments.inspection.limits import CHILD_MEMORY, MEGABYTE
from tests.attachments import doc_files, honest, office_files, pdf_files

ROUNDS = 7
FILES: dict[str, Callable[[], bytes]] = {
    "note.txt": ("Zwetschgenkuchen mit Sahne. " * 400).encode,
    "log, 5 MB.txt": lambda: b"2026-11-22 12:00:00 all is well\n" * 160_000,
    "photo, 12 megapixels.jpg": lambda: honest.saved(honest.photo(4000, 3000), "JPEG", quality=85, exif=honest.exif(6)),
    "photo, 40 megapixels.jpg": lambda: honest.saved(honest.photo(8000, 5000), "JPEG", quality=80, exif=honest.exif(6)),
    "screenshot.png": lambda: honest.saved(honest.photo(1920, 1080), "PNG"),
    "animation.gif": lambda: honest.animation(20),
    "invoice with its data.pdf": lambda: pdf_files.saved(pdf_files.invoice()),
    "scan.pdf": pdf_files.photo,
    "letter.docx": lambda: office_files.document(office_files.rich),
    "letter.doc": doc_files.doc,
}


def peak_memory(kind: str, content: bytes) -> int:
    """Return the most bytes a fresh process held while judging one file, less what it held before."""
    child = os.fork()
    if child == 0:
        before = _resident()
        try:
            judge(kind, content)
        finally:
            grown = max(0, _peak() - before)
            os._exit(min(255, -(-grown // (2 * MEGABYTE))))
    return (os.waitpid(child, 0)[1] >> 8) * 2 * MEGABYTE


def _status(name: str) -> int:
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(name))
    return int(line.split()[1]) * 1024


def _resident() -> int:
    return _status("VmRSS:")


def _peak() -> int:
    return _status("VmHWM:")


def main() -> None:
    """Print one line a kind."""
    print(
        f"| file | size kB | median ms | a second | peak MB (limit {CHILD_MEMORY // MEGABYTE}) |\n|---|---|---|---|---|"
    )
    for name, make in FILES.items():
        content = make()
        kind = name.rpartition(".")[2]
        check(name, content)
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            check(name, content)
            times.append(time.perf_counter() - began)
        median = statistics.median(times)
        memory = peak_memory(kind, content) / MEGABYTE
        print(
            f"| {name} | {len(content) // 1000} | {1000 * median:.0f} | {1 / median:.1f} | {memory:.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
