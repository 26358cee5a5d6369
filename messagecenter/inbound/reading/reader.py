"""Reads a mail: who wrote what to whom, with which files."""

from __future__ import annotations

from collections.abc import Iterable

from messagecenter.inbound.reading import headers
from messagecenter.inbound.reading.body import SMALL_PICTURE, Body, gathered, marked_pictures, without_marks
from messagecenter.inbound.reading.letter import File, Letter
from messagecenter.inbound.reading.quotes import MARKS, written
from messagecenter.inbound.reading.tree import Beyond, Part, tree

_MAX_CARRIED = 5  # forwarded mails whose words are taken; their files count all


def read(raw: bytes) -> Letter:
    """Return what a mail says. Never raises: one beyond our limits has only its header, and says why in ``trouble``."""
    try:
        root = tree(raw)
    except Beyond as beyond:
        fields = headers.split_fields(
            raw[: headers.MAX_HEADER_BYTES // 4].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        )
        return Letter(size=len(raw), trouble=str(beyond), **_envelope(fields))  # type: ignore[arg-type]
    envelope = _envelope(root.fields)
    body = gathered(root)
    found = written(body.text(), subject=str(envelope["subject"]))
    forwarded, files, whole = _carried(body.carried, depth=0)
    words = _joined((found.own, found.forwarded, *forwarded))
    return Letter(
        size=len(raw),
        text=without_marks(words).strip(),
        full_text=_without_all_marks(_joined((*body.whole, *whole))),
        files=(*body.files, *_kept_pictures(body, words, subject=str(envelope["subject"])), *files),
        reports=tuple(body.reports),
        original=body.original,
        content_type=root.kind,
        report_type=root.parameters.get("report-type", "").lower(),
        signed=body.signed,
        encrypted=body.encrypted,
        cut=body.cut,
        **envelope,  # type: ignore[arg-type]
    )


def _envelope(fields: headers.Fields) -> dict[str, object]:
    """Return what the header says, as a letter's fields."""
    by_name = headers.gathered(fields)

    def people(*names: str) -> object:
        return headers.addresses(headers.all_values(fields, *names))

    path = headers.first(by_name, "return-path") if "return-path" in by_name else None
    return {
        "headers": by_name,
        "from_": people("from"),
        "sender": people("sender"),
        "return_path": None if path is None else path.strip().strip("<>").strip().lower(),
        "reply_to": people("reply-to"),
        "to": people("to"),
        "cc": people("cc"),
        "delivered_to": people("delivered-to", "x-original-to", "envelope-to", "x-envelope-to"),
        "message_id": next(iter(headers.ids(headers.first(by_name, "message-id"))), ""),
        "in_reply_to": headers.ids(headers.first(by_name, "in-reply-to")),
        "references": headers.ids(headers.first(by_name, "references")),
        "date": headers.moment(headers.first(by_name, "date")),
        "subject": headers.first(by_name, "subject")[:1000],
    }


def _carried(parts: list[Part], depth: int) -> tuple[list[str], list[File], list[str]]:
    """Return words, files and whole texts of mails that are attached to a mail, and of those attached to them."""
    words: list[str] = []
    files: list[File] = []
    whole: list[str] = []
    for part in parts:
        body = gathered(part)
        if len(whole) < _MAX_CARRIED:
            found = written(body.text())
            words.append(without_marks(found.own or found.forwarded))
            whole += body.whole
        files += [*body.files, *_kept_pictures(body, body.text(), subject="")]
        more_words, more_files, more_whole = _carried(body.carried, depth + 1)
        words += more_words
        files += more_files
        whole += more_whole
    return words, files, whole


def _kept_pictures(body: Body, words: str, *, subject: str) -> list[File]:
    """Return the pictures inside the text that are the person's: not the small ones of a signature or of a quote.

    A picture counts as the person's where its mark is left in what they wrote, where nothing shows it at all, or
    where it is too big for a logo.
    """
    if not body.pictures:
        return []
    shown = {one for page in body.pages for one in page.pictures}
    own = marked_pictures(words, body.shown)
    for page in body.pages if not body.shown else ():
        # The words came from the text part; where the pictures stand only the page beside it knows.
        found = written(page.marked, subject=subject)
        own |= marked_pictures(f"{found.own}\n{found.forwarded}", page.pictures)
    return [
        one.file
        for one in body.pictures
        if one.content_id in own or one.content_id not in shown or len(one.file.content) > SMALL_PICTURE
    ]


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(one.strip("\n") for one in texts if one.strip())


def _without_all_marks(text: str) -> str:
    for mark in MARKS:
        text = text.replace(mark, "")
    return text
