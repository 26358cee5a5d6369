"""People who write over HTTP and ask again until they are answered; each acknowledgement is recorded."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

from benchmarks.faults.scene import Talk

TOKEN = "a" * 32
PATIENCE = 90.0  # seconds until a person gives up; the run then fails
TWENTY = 20


@dataclass
class Posted:
    """One message as its writer knows it; moments are of ``time.monotonic``."""

    talk: Talk
    client_id: str
    begun: float
    acked: float = 0.0
    location: str = ""
    answers: set[str] = field(default_factory=set)
    repeats: int = 0
    twenty: bool = False

    @property
    def message_id(self) -> str:
        """The message's id, as the site named it."""
        return self.location.rpartition("#message-")[2]


class Writer(threading.Thread):
    """Writes in its own threads, one message after the other, so that their order is known."""

    def __init__(self, port: int, talks: list[Talk], dice: random.Random, pause: float, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.talks, self.dice, self.pause, self.stop = port, talks, dice, pause, stop
        self.posted: list[Posted] = []
        self.statuses: Counter[str] = Counter()
        self.hung_up = 0
        self.next_twenty = time.monotonic() + dice.uniform(5, 25)

    def run(self) -> None:
        """Write until told to stop; what was begun is still brought to its end."""
        while not self.stop.wait(self.dice.uniform(0.5, 1.5) * self.pause):
            posted = Posted(self.dice.choice(self.talks), str(uuid4()), time.monotonic())
            self.posted.append(posted)
            if time.monotonic() > self.next_twenty:
                self.next_twenty += 30
                self.send_twenty(posted)
            if self.dice.random() < 0.05:  # sent, but the answer never heard
                self.ask(posted, hang_up=True)
            self.send(posted)
            if posted.acked and self.dice.random() < 0.1:  # the back button, or a proxy that asks again
                self.repeat(posted)

    def write_once(self, talk: Talk) -> Posted:
        """Write one message in another thread, asked for by somebody else, which is not counted."""
        posted = Posted(talk, str(uuid4()), time.monotonic())
        self.send(posted)
        return posted

    def send(self, posted: Posted) -> None:
        """Ask until there is an acknowledgement."""
        while not posted.acked and time.monotonic() < posted.begun + PATIENCE:
            location = self.ask(posted)
            if location:
                posted.acked, posted.location = time.monotonic(), location
                posted.answers.add(location)
            else:
                time.sleep(0.3)

    def repeat(self, posted: Posted) -> None:
        """Send it once more; the answer has to be the same."""
        if location := self.ask(posted):
            posted.repeats += 1
            posted.answers.add(location)

    def send_twenty(self, posted: Posted) -> None:
        """Send it twenty times at once; whoever is answered must have the same answer."""
        posted.twenty = True
        threads = [threading.Thread(target=self.repeat, args=(posted,), daemon=True) for _ in range(TWENTY)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    def ask(self, posted: Posted, *, hang_up: bool = False) -> str:
        """Post it once; return where the acknowledgement leads, or "" when there is none."""
        form = {"body": self.text(posted), "client_id": posted.client_id, "csrfmiddlewaretoken": TOKEN}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"session={posted.talk.session}; csrf={TOKEN}",
            "Host": f"localhost:{self.port}",
        }
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)) as connection:
            try:
                connection.request("POST", f"/messages/{posted.talk.thread}/reply/", urlencode(form), headers)
                if hang_up:
                    self.hung_up += 1
                    return ""
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.statuses[type(error).__name__] += 1
                return ""
        self.statuses[str(answer.status)] += 1
        location = answer.headers.get("Location", "")
        return location if answer.status == 302 and "#message-" in location else ""

    def text(self, posted: Posted) -> str:
        """Return what is written: the same for the same message."""
        return f"The shade number {int(posted.client_id[:6], 16)} has arrived and fits very well."
