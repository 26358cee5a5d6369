"""How much a file may be, hold and unfold to."""

from __future__ import annotations

MEGABYTE = 1024 * 1024

MOST_BYTES = 10 * MEGABYTE  # a message: the UTF-8 bytes of its text and all its files as they were sent
MOST_FILES = 10
MOST_NAME = 120  # characters of a file's name, its extension included

KINDS = {
    "txt": "txt",
    "pdf": "pdf",
    "jpg": "jpg",
    "jpeg": "jpg",
    "gif": "gif",
    "png": "png",
    "doc": "doc",
    "docx": "docx",
}
EXTENSIONS = tuple(f".{extension}" for extension in KINDS)
CONTENT_TYPES = {
    "txt": "text/plain; charset=utf-8",
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "png": "image/png",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

MOST_PIXELS = 40_000_000
MOST_FRAMES = 1_000
MOST_ANIMATED_PIXELS = 200_000_000  # width × height × frames

MOST_UNPACKED = 100 * MEGABYTE
MOST_ENTRIES = 1_000
MOST_RATIO = 100

MOST_TEXT = 500_000  # characters of extracted text
SMALL_SIDE = 320  # pixels
LARGE_SIDE = 1600

CHILD_MEMORY = 300 * MEGABYTE
CHILD_SECONDS = 5
