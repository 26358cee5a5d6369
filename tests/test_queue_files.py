"""The embedded broker hands over whole messages only, however many write while one reads."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Empty

from kombu import Connection

from messagecenter import queue_files

WRITERS, EACH = 4, 150


def exchange(folder: Path) -> int:
    """Let four threads write while one reads; return how many messages were read."""
    for name in ("messages", "control"):
        (folder / name).mkdir()
    options = {"data_folder_in": str(folder / "messages"), "data_folder_out": str(folder / "messages")}
    options["control_folder"] = str(folder / "control")

    def write(number: int) -> None:
        with Connection("filesystem://", transport=queue_files.Transport, transport_options=options) as connection:
            channel = connection.default_channel
            for count in range(EACH):
                channel._put("celery", {"body": f"{number}-{count}", "filler": "x" * 200_000})

    with Connection("filesystem://", transport=queue_files.Transport, transport_options=options) as connection:
        channel = connection.default_channel
        writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        read = set()
        while True:
            working = any(writer.is_alive() for writer in writers)
            try:
                read.add(channel._get("celery")["body"])
            except Empty:
                if not working:
                    break
        for writer in writers:
            writer.join()
    return len(read)


def test_every_message_arrives_whole(tmp_path: Path) -> None:
    """kombu's own channel opens the file under its final name first: a reader in that moment ends the worker."""
    assert exchange(tmp_path) == WRITERS * EACH
