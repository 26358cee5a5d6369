"""Starts workers by forking one process that has already loaded Django: a killed one is replaced in milliseconds.

Each line on standard input starts one more ``deliver_notices --watch`` and answers with its process id.
"""

from __future__ import annotations

import os
import signal
import sys

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    from django.db import connections

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            call_command("deliver_notices", "--watch")
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
