"""Another process that writes into the store its environment names, for tests that kill it or give it too little."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator

from messagecenter.attachments import store
from messagecenter.attachments.store import StoreDown

MIB = 1024 * 1024


def say(word: str) -> None:
    print(word, flush=True)


def halting() -> Iterator[bytes]:
    """Yield a megabyte and stand still: the next one is only asked for when the first is written."""
    yield b"x" * MIB
    say("half")
    time.sleep(60)


def fill(name: str, size: int) -> None:
    """Write so many MiB and say how it went."""
    try:
        store.write(name, (b"x" * MIB for _ in range(size)))
        say("written")
    except StoreDown as trouble:
        say(f"down: {trouble}")


def main(word: str, name: str) -> None:
    if word == "after":
        store.write(name, [b"x" * MIB])
        say("written")
        time.sleep(60)
    elif word == "during":
        store.write(name, halting())
    elif word == "full":
        fill(name, 8)
        fill(name[::-1], 1)
    elif word == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (3 * MIB + 5, 3 * MIB + 5))
        fill(name, 8)
        fill(name[::-1], 1)
    elif word == "stranger":
        list(store.read(name))  # everything is imported and read once before the rights are given up
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        for work in (lambda: fill(name[::-1], 1), store.check, lambda: list(store.read(name))):
            try:
                work()
            except StoreDown as trouble:
                say(f"down: {trouble}")


if __name__ == "__main__":
    main(*sys.argv[1:])
