"""Which parts of a mail are its words, which its files, and which only its wrapping."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field

import re2

from messagecenter.inbound.reading import headers, tnef
from messagecenter.inbound.reading.flowed import unflowed
from messagecenter.inbound.reading.letter import File, Report
from messagecenter.inbound.reading.pages import Page, read_page
from messagecenter.inbound.reading.quotes import MARKS, MAX_LINES, PICTURE
from messagecenter.inbound.reading.tree import Part

MAX_TEXT = 500_000  # characters of words; a message of the product has a few thousand
SMALL_PICTURE = 50_000  # bytes: a logo or an icon of a letterhead, not a photograph

_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_WRAPPING = (*_SIGNATURES, "application/applefile", "text/x-amp-html", "text/watch-html", "application/pgp-encrypted")
_REPORTS = {"message/delivery-status": "delivery-status", "message/global-delivery-status": "delivery-status",
            "message/feedback-report": "feedback-report", "message/disposition-notification": "disposition-notificatio"
                                                                                              "n",
            "message/global-disposition-notification": "disposition-notification"}  # fmt: skip
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_NOT_IN_NAMES = re2.compile(r"[\x00-\x1f\x7f\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]")
_PGP_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_PGP_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----"
_PLACEHOLDER = re2.compile(r"\[cid:[^\]\s]+\]|<mailto:[^>\s]+>|\[(?:Bild|image|Image|inline image)[^\]\n]*\]")
_PICTURE_MARK = re2.compile(f"{PICTURE}([0-9]{{1,5}}){PICTURE}")


@dataclass
class _Inline:
    """A picture inside a mail, and its Content-ID by which the HTML shows it."""

    file: File
    content_id: str


@dataclass
class Body:
    """A mail's words as one text with marks, the same whole, and everything that came with it."""

    marked: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    pictures: list[_Inline] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # Content-IDs the marks in ``marked`` number
    carried: list[Part] = field(default_factory=list)  # whole mails attached
    reports: list[Report] = field(default_factory=list)
    original: dict[str, tuple[str, ...]] = field(default_factory=dict)
    signed: bool = False
    encrypted: bool = False
    cut: bool = False

    def text(self) -> str:
        """Return the words with the marks quotes are found by."""
        return "\n".join(self.marked)


def gathered(root: Part) -> Body:
    """Return what a mail's parts hold."""
    body = Body()
    _take(root, body, report=root.kind == "multipart/report")
    return body


def _take(part: Part, body: Body, *, report: bool = False) -> None:
    """Put a part where it belongs."""
    if part.kind == "multipart/alternative":
        _take_alternative(part, body)
    elif part.kind == "multipart/encrypted":
        body.encrypted = True
    elif part.kind.startswith("multipart/"):
        body.signed = body.signed or part.kind == "multipart/signed"
        for child in part.children:
            _take(child, body, report=report or part.kind == "multipart/report")
    elif part.kind in _REPORTS:
        body.reports.append(Report(_REPORTS[part.kind], _blocks(part.content)))
    elif part.kind == "text/rfc822-headers" or (report and part.children):
        block = part.content if part.kind == "text/rfc822-headers" else b""
        body.original = headers.gathered(part.children[0].fields if part.children else headers.split_fields(block))
    elif part.children:
        body.carried.append(part.children[0])
    elif part.kind in _WRAPPING:
        body.signed = body.signed or part.kind in _SIGNATURES
    elif part.kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        body.encrypted = True  # opaque-signed ones too: their words cannot be seen without opening the envelope
    elif part.kind in _TNEF or part.name.lower() == "winmail.dat":
        _take_envelope(part, body)
    elif part.kind in ("text/plain", "text/html") and part.disposition != "attachment" and not part.name:
        _take_words(part, body)
    else:
        _take_file(part, body)


def _take_alternative(part: Part, body: Body) -> None:
    """Take the plain words if there are any, else the page; of the page the pictures in either case."""
    options = [_option(child) for child in part.children]
    plain = next((one for one in options if one.marked and not one.pages and one.text().strip()), None)
    page = next((one for one in options if one.pages), None)
    chosen = plain or page
    for option in options:
        body.files += option.files
        body.pictures += option.pictures
        body.carried += option.carried
        body.reports += option.reports
        body.signed, body.encrypted = body.signed or option.signed, body.encrypted or option.encrypted
        body.cut = body.cut or option.cut
    if chosen is None:
        return
    body.whole += chosen.whole
    if chosen is page:
        body.marked += [_renumbered(one, len(body.shown)) for one in page.marked]
        body.shown += page.shown
    else:
        body.marked += chosen.marked
    if page is not None:
        body.pages += page.pages


def _option(part: Part) -> Body:
    body = Body()
    _take(part, body)
    return body


def _renumbered(text: str, first: int) -> str:
    if not first or PICTURE not in text:
        return text
    return str(_PICTURE_MARK.sub(lambda found: f"{PICTURE}{int(found.group(1)) + first}{PICTURE}", text))


def _take_words(part: Part, body: Body) -> None:
    text = part.text()
    body.cut = body.cut or len(text) > MAX_TEXT or text.count("\n") > MAX_LINES
    text = text[:MAX_TEXT]
    if part.kind == "text/html":
        page = read_page(text)
        body.pages.append(page)
        body.whole.append(page.whole)
        body.marked.append(_renumbered(page.marked, len(body.shown)))
        body.shown += page.pictures
        return
    for mark in MARKS:
        text = text.replace(mark, "")
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    start = text.lstrip()
    if start.startswith(_PGP_MESSAGE):
        body.encrypted = True
        return
    if start.startswith(_PGP_SIGNED):
        body.signed, text = True, _cleartext(start)
    body.whole.append(text)
    body.marked.append(str(_PLACEHOLDER.sub("", text)))


def _cleartext(text: str) -> str:
    """Return the words of a PGP clear-signed text (RFC 9580, 7): behind the first empty line, dashes unescaped."""
    words = text.partition("\n\n")[2].partition(_PGP_SIGNATURE)[0]
    return "\n".join(line.removeprefix("- ") for line in words.split("\n"))


def _take_file(part: Part, body: Body) -> None:
    content = part.content
    file = File(clean_name(part.name, part.kind), content, part.kind)
    if not content:
        return
    if part.kind.startswith("image/") and part.content_id and part.disposition != "attachment":
        body.pictures.append(_Inline(file, part.content_id))
    else:
        body.files.append(file)


def _take_envelope(part: Part, body: Body) -> None:
    content = part.content
    envelope = tnef.opened(content)
    if not envelope.files and not envelope.text and not envelope.html:
        if content:
            body.files.append(File(clean_name(part.name, part.kind), content, part.kind))
        return
    body.files += [
        File(clean_name(one.name, one.content_type), one.content, one.content_type) for one in envelope.files
    ]
    if body.text().strip():
        return  # the words stand in a part of their own
    if envelope.text.strip():
        body.marked.append(envelope.text[:MAX_TEXT].replace("\r\n", "\n"))
        body.whole.append(body.marked[-1])
    elif envelope.html:
        page = read_page(envelope.html)
        body.marked.append(page.marked)
        body.whole.append(page.whole)
        body.pages.append(page)


def _blocks(content: bytes) -> tuple[dict[str, str], ...]:
    """Return a report's groups of fields, at most 200: delivery reports have one for the mail, one a recipient."""
    groups = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n")
    found = [
        {name: headers.words(value) for name, value in reversed(headers.split_fields(one))} for one in groups[:200]
    ]
    return tuple(one for one in found if one)


def clean_name(name: str, kind: str) -> str:
    """Return a file name without any path and without unseen characters; a made-up one where there is none."""
    name = str(_NOT_IN_NAMES.sub("", name.replace("\\", "/").rpartition("/")[2])).strip().strip(".")
    if not name:
        return "file" + (mimetypes.guess_extension(kind) or ".bin")
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= 200 else f"{(stem or ending)[:180]}{dot}{ending[:15]}"


def without_marks(text: str) -> str:
    """Return the text without marks of pictures."""
    return str(_PICTURE_MARK.sub("", text)) if PICTURE in text else text


def marked_pictures(text: str, shown: list[str] | tuple[str, ...]) -> set[str]:
    """Return the Content-IDs of the pictures whose marks are in a text."""
    numbers = {int(one) for one in _PICTURE_MARK.findall(text)}
    return {shown[one] for one in numbers if one < len(shown)}
