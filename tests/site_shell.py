"""``manage.py`` many times over for one site: Django is loaded once, and each call runs in a fork of that process.

A call thus has a process, connections and an end of its own, as if it had been started alone, but not the seconds of
processor time that loading takes. Nothing is opened before the fork: neither a connection nor a thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.services.processes import die_with_parent

ROOT = Path(__file__).resolve().parent.parent


class SiteShell:
    """The process that has loaded a site, with the environment it was given; starts at the first call."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Keep the environment; a site whose environment changes needs another shell."""
        self.environment = dict(environment)
        self._process: subprocess.Popen[str] | None = None

    def manage(self, *words: str, text: str | None = None, seconds: float = 120.0) -> str:
        """Run ``manage.py`` and return what it printed; ``text`` is its input. Fails with everything it said."""
        with contextlib.ExitStack() as files:
            given, out, err = (files.enter_context(tempfile.NamedTemporaryFile("w+")) for _file in range(3))
            given.write(text or "")
            given.flush()
            call = {"words": words, "files": [given.name, out.name, err.name]}
            status = self._ask(call, seconds)
            printed, said = out.read(), err.read()
        if status:
            raise AssertionError(f"manage.py {' '.join(words)} failed ({status}):\n{printed}\n{said}")
        return printed

    def _ask(self, call: dict[str, Any], seconds: float) -> str:
        """Have a call made; return how it ended: empty when well."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.site_shell"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                process_group=0,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL),
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(call), file=self._process.stdin, flush=True)
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            self.close()
            return f"not done after {seconds} s"
        status = self._process.stdout.readline().strip()
        if not status:
            self.close()
            return "the site could not be loaded"
        return "" if status == "0" else f"status {status}"

    def close(self) -> None:
        """End the process and what it runs. Safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(BrokenPipeError):
            process.communicate()


def serve() -> None:
    """Load the site, then fork for each call that stands on a line of the input, and answer with how it ended."""
    import django

    calls, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    django.setup()
    for number, line in enumerate(iter(calls.readline, "")):
        if number == 1:
            _warm_up()  # Whoever calls twice calls often.
        sys.stdout.flush()
        if (pid := os.fork()) == 0:
            _run(json.loads(line))
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(status, file=answers, flush=True)


def _warm_up() -> None:
    """Make once what each call that writes a message would make for itself: what messages are screened with."""
    from messagecenter.policy.detection.screen import warm_up

    warm_up()


def _run(call: dict[str, Any]) -> None:
    """Do what ``manage.py`` does, with input and outputs in the files named; ends the process as Python ends one."""
    from django.core.management import execute_from_command_line

    die_with_parent(signal.SIGKILL)
    for number, (name, mode) in enumerate(zip(call["files"], (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        file = os.open(name, mode)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.argv = ["manage.py", *call["words"]]
    execute_from_command_line(sys.argv)
    sys.exit()


if __name__ == "__main__":
    serve()
