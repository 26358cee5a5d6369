"""The way in: takes a request's whole body before a thread sees it, and turns away what is too large or too slow."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from messagecenter.attachments.inspection.limits import MOST_BYTES
from messagecenter.downloads import FileStream
from messagecenter.headers import outside_middleware
from messagecenter.spool import FULL, Spool

# The longest text, each of its characters as twelve bytes of a form, is far below this.
MOST_BODY_BYTES = 2 * 1024 * 1024
# A form with files: a message of the largest size, and what the form itself needs around it.
MOST_FORM_BYTES = MOST_BYTES + 512 * 1024
# A body has half a minute, and more for what has come: 10 MiB in five minutes are quick enough.
MOST_BODY_SECONDS = 30.0
SECONDS_A_BYTE = 300 / MOST_BYTES
# All bodies of this process that wait on disk.
MOST_WAITING_BYTES = 2 * 1024**3
# A sender refused may finish this much into the void: cut off, many browsers show a broken connection, not the answer.
MOST_WASTED_BYTES = 32 * 1024 * 1024
PARTING_SECONDS = 1.0

FILE_IN_FORM = re.compile(rb"filename(?:\*=|=\"?[^\"\s;])", re.IGNORECASE)
SENTENCES = {
    408: ("It took too long for your data to arrive.", "Ihre Daten kamen zu langsam an."),
    413: ("That is more than can be sent at once.", "Das ist mehr, als auf einmal gesendet werden kann."),
    503: ("Too much is being sent at the moment.", "Im Moment wird zu viel gesendet."),
    507: ("There is no room left for your data.", "Für Ihre Daten ist kein Platz mehr."),
}
AGAIN = ("Please go back and try again.", "Bitte gehen Sie zurück und versuchen Sie es erneut.")

_waiting = 0


class Refused(Exception):
    """A request gets no further than the door."""

    def __init__(self, status: int) -> None:
        """Take the HTTP status that says why."""
        super().__init__(status)
        self.status = status


class Left(Exception):
    """The sender has gone."""


class Visit:
    """One request on its way to a thread, and what comes back for sending: the file, when the answer is one.

    ``cut`` is None, or the size of a form that was too large: declared, else received.
    """

    def __init__(self, scope: Any, receive: Any) -> None:
        """Take what the server gives for a request."""
        headers = scope["headers"]
        self.scope = scope
        self.cut: int | None = None
        self.stream: FileStream | None = None
        self.spool = Spool(settings.VAR_DIR / "tmp")
        self._receive = receive
        self._declared = _number(headers)
        self._is_form = _header(headers, b"content-type").lower().startswith(b"multipart/form-data")
        self._got = 0
        self._counted = 0
        self._whole = False

    @property
    def is_upload(self) -> bool:
        """Whether it brings a file or much else, and so takes a thread for long."""
        if self.spool.on_disk or (self.scope["method"] == "POST" and self.scope["path"] == "/attachments/"):
            return True
        # Five kilobytes of picture can take seconds to look into. A form whose file field was left empty brings none.
        return self._is_form and FILE_IN_FORM.search(self.spool.open().read()) is not None

    async def come_in(self) -> None:
        """Take the whole body in. Waiting costs nothing here.

        A form beyond the limit is taken in as far as its text may reach: Django finds the text fields in it, which our
        forms put before the files, and its page can show them again.

        Raises Refused: 413 for another body beyond the limit, 408 for one that comes too slowly, 507 when the disk is
        full, 503 when too much waits there; Left when the sender goes.
        """
        most = MOST_FORM_BYTES if self._is_form else MOST_BODY_BYTES
        if self._declared is not None and self._declared > most:
            if not self._is_form:
                raise Refused(413)
            self.cut, most = self._declared, MOST_BODY_BYTES
        try:
            await self._read(most)
            await self.spool.finish()
        except TimeoutError:
            raise Refused(408) from None
        except OSError as error:
            raise Refused(507 if error.errno in FULL else 503) from None

    async def _read(self, most: int) -> None:
        """Read until the body ends, or ``most`` bytes of a form are there."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout_at(began + MOST_BODY_SECONDS) as limit:
            while not self._whole:
                piece = await self._next()
                if self._got > most:
                    if not self._is_form:
                        raise Refused(413)
                    self.cut = self.cut or self._got
                    await self.spool.add(piece[: len(piece) - (self._got - most)])
                    return
                await self.spool.add(piece)
                self._count()
                if self._got == most and self.cut:
                    return
                limit.reschedule(began + MOST_BODY_SECONDS + self._got * SECONDS_A_BYTE)

    async def _next(self) -> bytes:
        """Return the next piece of the body. Raises Left."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Left
        piece: bytes = message.get("body", b"")
        self._got += len(piece)
        self._whole = not message.get("more_body", False)
        return piece

    def _count(self) -> None:
        """Count what is on disk. Raises Refused when it is too much for all requests together."""
        global _waiting
        if self.spool.on_disk:
            _waiting += self.spool.size - self._counted
            self._counted = self.spool.size
            if _waiting > MOST_WAITING_BYTES:
                raise Refused(503)

    def scope_inside(self) -> Any:
        """Return the request as Django is to see it: with the length of what is really there."""
        headers = [
            pair for pair in self.scope["headers"] if pair[0].lower() not in (b"content-length", b"transfer-encoding")
        ]
        headers.append((b"content-length", str(self.spool.size).encode()))
        return {**self.scope, "headers": headers, "messagecenter.visit": self}

    async def receive(self) -> Any:
        """Receive on behalf of the page: the body is read from the spool, so only the sender's leaving is left."""
        return {"type": "http.request", "body": b"", "more_body": False}

    async def part(self) -> None:
        """Before the connection of one who was refused is closed: let it finish, if that is not much, unread.

        A connection closed with unread data is reset, and the answer may be lost with it (nginx: lingering_close).
        """
        rest = None if self._declared is None else self._declared - self._got
        if self._whole:
            return
        if rest is None or rest > MOST_WASTED_BYTES:
            await asyncio.sleep(PARTING_SECONDS)
            return
        try:
            async with asyncio.timeout(MOST_BODY_SECONDS + rest * SECONDS_A_BYTE):
                while not self._whole:
                    await self._next()
        except (TimeoutError, Left):
            pass

    def close(self) -> None:
        """Give the body's space back."""
        global _waiting
        _waiting -= self._counted
        self._counted = 0
        self.spool.close()


async def refuse(visit: Visit, send: Any, status: int) -> None:
    """Answer with the status and a sentence, and end the connection."""
    paragraphs = "".join(
        f'<p lang="{language}">{sentence} {again}</p>'
        for language, sentence, again in zip(("en", "de"), SENTENCES[status], AGAIN, strict=True)
    )
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{status}</title>{paragraphs}</html>'.encode()
    headers = outside_middleware() | {
        "Cache-Control": "no-store",
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(page)),
        "Connection": "close",
    }
    if status == 503:
        headers["Retry-After"] = "30"
    raw = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": page, "more_body": True})
    if status != 408:
        await visit.part()
    await send({"type": "http.response.body", "body": b""})


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    """Return a header's value, or nothing."""
    return next((value for name, value in headers if name.lower() == wanted), b"").strip()


def _number(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Return the declared length of the body; None when there is none."""
    value = _header(headers, b"content-length")
    return int(value) if value.isdigit() else None
