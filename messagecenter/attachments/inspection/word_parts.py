"""The XML parts of a .docx, read once: their text, their fields and what no part may hold."""

from __future__ import annotations

import re

from . import safe_xml
from .limits import MOST_TEXT
from .refusal import Refusal
from .targets import is_elsewhere, judge_link
from .word_fields import Fields

# Short names for namespaces, the transitional and the strict spelling of each.
FAMILIES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/drawingml/2006/chart": "c",
    "http://purl.oclc.org/ooxml/drawingml/chart": "c",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
    "http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing": "wp15",
    "http://www.w3.org/2000/svg": "svg",
}
TEXT = {"w t", "w delText", "m t", "a t", "c v", "c f"}
CODE = {"w instrText", "w delInstrText"}
BREAKS = {"w p": "\n", "a p": "\n", "w tab": "\t", "w br": "\n", "w cr": "\n", "w tr": "\n", "c pt": "\n"}
OBJECTS = {"w altChunk", "w objectEmbed"}
LOADING = {"w subDoc", "w objectLink", "wp15 webVideoPr"}
SOURCES = {"v imagedata", "v fill", "v stroke", "svg image", "svg use", "svg feImage"}
SVG_FORBIDDEN = {"svg script", "svg foreignObject", "svg handler"}
VALUES = {"w docVar", "w default", "w helpText", "w statusText", "w alias", "w listEntry", "w listItem"}
KNOWN = TEXT | CODE | set(BREAKS) | OBJECTS | LOADING | SOURCES | VALUES
KNOWN |= {"w body", "w fldChar", "w fldSimple", "w control", "o OLEObject"}
AUTHORS = {
    f"{namespace}{safe_xml.SEPARATOR}{name}"
    for namespace, family in FAMILIES.items()
    for name in ("author", "initials")
    if family == "w"
}
SPOKEN = {"descr", "title", "alt", "string", "tooltip"} | AUTHORS  # attributes that say something to a reader
SVG_PART = re.compile(r"\.svg$", re.I)


class Collected:
    """Text put together up to the limit the policy screen reads."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.left = MOST_TEXT

    def add(self, text: str) -> None:
        """Take text as long as there is room."""
        if self.left > 0:
            self.pieces.append(text[: self.left])
            self.left -= len(text)

    def line(self, text: str) -> None:
        """Take text as a line of its own."""
        if text.strip():
            self.add(f"\n{text}\n")

    def __str__(self) -> str:
        return "".join(self.pieces)


class WordPart:
    """Follows one part: text and alternative texts into ``collected``, fields and elements judged on the way.

    Called for every element of documents with a million of them: what an element is, is found out once per name.
    """

    def __init__(self, collected: Collected, *, is_data: bool = False) -> None:
        self.collected, self.is_data = collected, is_data
        self.fields = Fields()
        self.authors: set[str] = set()
        self._shorts: dict[str, str] = {}  # full name → "family local", nothing for elements without a meaning here
        self._into: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Judge an element as it begins; see ``safe_xml.Reader``. Raises ``Refusal``."""
        short = self._shorts.get(name)
        if short is None:
            short = self._shorten(name)
        if short:
            self._known(short, attributes)
        if attributes and (self.is_data or not SPOKEN.isdisjoint(attributes)):
            self._take_attributes(attributes)

    def end(self, name: str) -> None:
        """An element ends."""
        short = self._shorts.get(name)
        if not short:
            return
        if short in TEXT or short in CODE:
            self._into = None
        elif short == "w fldSimple":
            self.fields.end()

    def characters(self, text: str) -> None:
        """Text between tags."""
        if self._into is None:
            if self.is_data:
                self.collected.line(text)
            return
        self.fields.text(text, is_code=self._into == "code")
        self.collected.add(text)

    def finish(self) -> None:
        """The part ends: judge what its fields left open."""
        self.fields.finish()

    @property
    def has_body(self) -> bool:
        """Whether this is a document with a body."""
        return "w body" in self._shorts.values()

    def _shorten(self, name: str) -> str:
        namespace, _, local = name.rpartition(safe_xml.SEPARATOR)
        family = FAMILIES.get(namespace, "?")
        short = f"{family} {local}"
        if short not in KNOWN and family not in ("svg", "v"):
            short = ""
        self._shorts[name] = short
        return short

    def _known(self, short: str, attributes: dict[str, str]) -> None:
        if short in TEXT:
            self._into = "text"
        elif short in BREAKS:
            self.collected.add(BREAKS[short])
        elif short in CODE:
            self._into = "code"
        elif short == "w fldChar":
            self._field_character(attributes)
        elif short == "w fldSimple":
            instruction = _value(attributes, "instr")
            self.fields.begin()
            self.fields.text(instruction, is_code=True)
            self.fields.separate()
            self.collected.line(instruction)
        elif short in VALUES:
            self.collected.line(_value(attributes, "val") or _value(attributes, "displayText"))
        else:
            _judge_element(short, attributes)
            if short.startswith("v ") and (link := attributes.get("href")):
                judge_link(link)
                self.collected.line(link)

    def _field_character(self, attributes: dict[str, str]) -> None:
        kind = _value(attributes, "fldCharType").strip().casefold()
        if kind == "begin":
            self.fields.begin()
        elif kind == "separate":
            self.fields.separate()
        elif kind == "end":
            self.fields.end()
        self.collected.add(" ")

    def _take_attributes(self, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            if name in AUTHORS:
                self.authors.add(value)
            elif value and (self.is_data or name in SPOKEN):
                self.collected.line(value)


def _judge_element(short: str, attributes: dict[str, str]) -> None:
    if short == "w control":
        raise Refusal("macros")
    if short == "o OLEObject":
        is_link = _value(attributes, "Type").strip().casefold() == "link"
        raise Refusal("external_target" if is_link else "embedded_object")
    if short in OBJECTS:
        raise Refusal("embedded_object")
    if short in LOADING:
        raise Refusal("external_target")
    if short in SOURCES:
        for name, value in attributes.items():
            if safe_xml.local(name) in ("src", "href") and not value.startswith("data:image/") and is_elsewhere(value):
                raise Refusal("external_target")
    elif short.startswith("svg "):
        if short in SVG_FORBIDDEN or any(safe_xml.local(name).casefold().startswith("on") for name in attributes):
            raise Refusal("embedded_object")
        for name, value in attributes.items():
            if safe_xml.local(name) == "href":
                judge_link(value)


def _value(attributes: dict[str, str], name: str) -> str:
    """Return an attribute by its name without namespace, as tolerant readers do."""
    return next((value for full, value in attributes.items() if safe_xml.local(full) == name), "")


def read_part(name: str, content: bytes, collected: Collected, *, is_data: bool = False) -> WordPart:
    """Read one XML part: text into ``collected``, all of it when ``is_data``; return what was found.

    Raises ``Refusal``: ``damaged``, ``dde``, ``external_target``, ``embedded_object``, ``macros``.
    """
    reader = WordPart(collected, is_data=is_data)
    safe_xml.read(content, reader, doctype_allowed=bool(SVG_PART.search(name)))
    reader.finish()
    collected.add("\n")
    return reader
