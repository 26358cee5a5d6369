"""What a PDF holds besides its pages: everything that acts, files inside, words and metadata in its objects.

Every object of the file is looked at, whether or not something leads to it: what hides in a name tree, an outline,
a field or a chain of actions is found without following any of them, so nothing can lead in circles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pikepdf

from . import limits, pdf_invoice
from .pdf_streams import Broken, Meter, name_of, pixel_bytes
from .refusal import Refusal
from .targets import judge_link

MOST_CHAINED = 1_000  # actions that start one another

# The values of /S, /Type or /Subtype that make something happen, or are a file (ISO 32000-2, 12.5.6 and 12.6.4).
HARMFUL = {
    "/JavaScript": "pdf_javascript",
    "/JS": "pdf_javascript",
    "/Launch": "pdf_action",
    "/SubmitForm": "pdf_action",
    "/ImportData": "pdf_action",
    "/GoToR": "pdf_action",  # a file at a path of the sender's choice, which may be on a machine of his
    "/GoToE": "pdf_action",
    "/Rendition": "pdf_action",
    "/Movie": "pdf_action",
    "/Sound": "pdf_action",
    "/RichMedia": "pdf_action",
    "/RichMediaExecute": "pdf_action",
    "/GoTo3DView": "pdf_action",
    "/3D": "pdf_action",
    "/FileAttachment": "embedded_file",
}
ACTING = {"/JS", "/JavaScript", "/XFA", "/Collection", "/Ref", "/URI", "/OpenAction", "/AA", "/ByteRange", "/Perms"}
WORDS = {"/URI", "/Contents", "/V", "/RC", "/TU", "/Title"}
HOLDERS = {"/Metadata", "/PieceInfo"}
OWN_DISK = re.compile(r"file:///(?!/)")
PROGRAM = re.compile(r"\.(?:exe|com|bat|cmd|msi|scr|pif|lnk|ps1|vbs|js|hta|jar)(?![a-z0-9])")
BOXES = (pikepdf.Dictionary, pikepdf.Array)

Entries = Mapping[str, object]
Files = dict[tuple[int, int], tuple[pikepdf.Stream, set[str]]]  # embedded ones by number, with all their names

# Objects are written out by the library, hex escapes in names resolved, and only those with one of these are opened.
TELLING = re.compile(
    b"/(?:"
    + b"|".join(
        name[1:].encode() for name in sorted({*HARMFUL, *ACTING, *WORDS, *HOLDERS, "/EF", "/EmbeddedFile", "/Thread"})
    )
    + rb")(?=[ \])>]|$)"
)


@dataclass
class Contents:
    """What was found in a PDF that may pass. ``words`` are texts for the policy screen."""

    words: list[str] = field(default_factory=list)
    holders: list[pikepdf.Object] = field(default_factory=list)  # objects with metadata or an editor's own data
    broken: set[tuple[int, int]] = field(default_factory=set)  # streams that do not unpack
    signed: bool = False
    largest_picture: int = 0  # bytes, unpacked to pixels
    _letters: int = 0

    def say(self, value: object) -> None:
        """Keep a text for the policy screen, while there is room."""
        text = text_of(value)[: limits.MOST_TEXT - self._letters]
        if text:
            self._letters += len(text)
            self.words.append(text)


def text_of(value: object) -> str:
    """Return a PDF's text string; nothing for what is none."""
    try:
        return str(value) if isinstance(value, pikepdf.String | str) else ""
    except UnicodeDecodeError:
        return ""


def look_through(pdf: pikepdf.Pdf, meter: Meter) -> Contents:
    """Look at every object of a PDF and return what was found. Raises Refusal."""
    found = Contents()
    files: Files = {}
    for thing in pdf.objects:
        about: object = thing
        if isinstance(thing, pikepdf.Stream):
            about = thing.stream_dict
            _judge_stream(thing, about, found, meter)
        if not isinstance(about, pikepdf.Object) or not TELLING.search(about.unparse(resolved=True)):
            continue
        if name_of(about) in HARMFUL:
            raise Refusal(HARMFUL[name_of(about)])  # a name kept apart, to be the /S of something
        for part, entries in _dictionaries(about):
            _judge(entries, found)
            _collect(entries, found)
            _add_files(entries, thing, files)
            if not HOLDERS.isdisjoint(entries):
                found.holders.append(thing if part is about else part)
    if files:
        found.say(_words_of_the_only_invoice(files, meter))
    return found


def _dictionaries(about: pikepdf.Object) -> Iterator[tuple[pikepdf.Object, Entries]]:
    """Give the dictionaries written inside one object. Others it refers to are looked at on their own."""
    waiting = [about]
    while waiting:
        thing = waiting.pop()
        inside: Iterable[object] = ()
        if isinstance(thing, pikepdf.Dictionary):
            entries = dict(thing.items())
            yield thing, entries
            inside = entries.values()
        elif isinstance(thing, pikepdf.Array):
            inside = thing
        waiting += [value for value in inside if isinstance(value, BOXES) and not value.is_indirect]


def _judge(entries: Entries, found: Contents) -> None:
    """Raise Refusal when a dictionary acts, loads something or is a file other than an invoice may be."""
    for key in ("/S", "/Type", "/Subtype"):
        if key in entries and (kind := name_of(entries[key])) in HARMFUL:
            raise Refusal(HARMFUL[kind])
    if name_of(entries.get("/S")) == "/Thread" and entries.get("/F") is not None:
        raise Refusal("pdf_action")  # as /GoToR
    if ACTING.isdisjoint(entries):
        return
    if entries.get("/JS") is not None or _is_full(entries.get("/JavaScript")):
        raise Refusal("pdf_javascript")
    if _is_full(entries.get("/XFA")):
        raise Refusal("pdf_xfa")
    if isinstance(entries.get("/Collection"), pikepdf.Dictionary):
        raise Refusal("embedded_file")
    reference = entries.get("/Ref")
    if isinstance(reference, pikepdf.Dictionary) and reference.get("/F") is not None:
        raise Refusal("external_target")
    _judge_address(text_of(entries.get("/URI")))
    _judge_automatic(entries.get("/OpenAction"))
    events = entries.get("/AA")
    if isinstance(events, pikepdf.Dictionary):
        for action in events.values():
            _judge_automatic(action)
    if "/ByteRange" in entries or isinstance(entries.get("/Perms"), pikepdf.Dictionary):
        found.signed = True


def _judge_automatic(first: object) -> None:
    """Raise Refusal when something that starts by itself opens an address. Going to a page is fine."""
    waiting, seen = [first], 0
    while waiting:
        action = waiting.pop()
        if isinstance(action, pikepdf.Array):
            waiting += [entry for entry in action if isinstance(entry, BOXES)]
        elif isinstance(action, pikepdf.Dictionary):
            if action.get("/S") == "/URI":
                raise Refusal("pdf_action")
            waiting.append(action.get("/Next"))
        seen += 1
        if seen > MOST_CHAINED:
            raise Refusal("pdf_action")


def _is_full(value: object) -> bool:
    """Say whether a form's XML or a name tree holds anything. Empty ones are left behind when all was deleted."""
    if isinstance(value, pikepdf.Array):
        return len(value) > 0
    if isinstance(value, pikepdf.Dictionary):
        return any(not isinstance(inside, pikepdf.Array) or len(inside) > 0 for inside in value.values())
    return value is not None


def _judge_address(address: str) -> None:
    """Raise Refusal when a click on an address would run a script, open a file of a server or start a program.

    A path on the writer's own disk (``file:///C:/…``) opens nothing for anybody else; word processors leave such links.
    """
    start = "".join(letter for letter in address[:100] if letter > " ").lower()
    if start.startswith(("javascript:", "vbscript:")):
        raise Refusal("pdf_javascript")
    if not OWN_DISK.match(start) or PROGRAM.search(address.lower()):
        judge_link(address)


def _judge_stream(stream: pikepdf.Stream, about: pikepdf.Object, found: Contents, meter: Meter) -> None:
    """Raise Refusal when a stream lies in another file or unpacks too far."""
    if isinstance(about.get("/F"), pikepdf.String | pikepdf.Dictionary):
        raise Refusal("external_target")
    found.largest_picture = max(found.largest_picture, pixel_bytes(about))
    try:
        meter.drain(stream)
    except (Broken, pikepdf.PdfError, ValueError):
        found.broken.add(stream.objgen)


def _collect(entries: Entries, found: Contents) -> None:
    """Keep the texts of links, notes, fields and bookmarks."""
    if "/ByteRange" in entries:
        return  # the /Contents of a signature are its bytes
    for key in WORDS & entries.keys():
        value = entries[key]
        if isinstance(value, pikepdf.Array) and key == "/V":
            for entry in value:
                found.say(entry)
        else:
            found.say(value)


def _add_files(entries: Entries, thing: pikepdf.Object, files: Files) -> None:
    """Add the files a dictionary embeds to those found, each once with all its names."""
    if entries.get("/Type") == "/EmbeddedFile" and isinstance(thing, pikepdf.Stream):
        files.setdefault(thing.objgen, (thing, set()))
    inside = entries.get("/EF")
    if not isinstance(inside, pikepdf.Dictionary):
        return
    if entries.get("/RF") is not None:
        raise Refusal("embedded_file")
    names = {str(entries[key]) for key in ("/F", "/UF", "/DOS", "/Mac", "/Unix") if key in entries}
    for stream in inside.values():
        if isinstance(stream, pikepdf.Stream):
            files.setdefault(stream.objgen, (stream, set()))[1].update(names)


def _words_of_the_only_invoice(files: dict[tuple[int, int], tuple[pikepdf.Stream, set[str]]], meter: Meter) -> str:
    """Return the words of the e-invoice's XML when that is all a PDF embeds. Raises Refusal."""
    if len(files) > 1:
        raise Refusal("embedded_file")
    ((stream, names),) = files.values()
    content = bytearray()
    try:
        for piece in meter.unpack(stream):
            content += piece
            if len(content) > pdf_invoice.MOST_XML:
                break
    except (Broken, pikepdf.PdfError, ValueError) as error:
        raise Refusal("embedded_file") from error
    words = pdf_invoice.words_of_invoice(names, bytes(content))
    if words is None:
        raise Refusal("embedded_file")
    return words
