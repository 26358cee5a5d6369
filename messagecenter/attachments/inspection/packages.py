"""OOXML packages: content types, relationships, and what no part of one may be or point to."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import unquote

from . import safe_xml
from .archives import Archive, open_archive
from .programs import ZIP, begins_as_other_file, holds_program
from .refusal import Refusal
from .targets import is_elsewhere, is_own_template, judge_link

TYPES_PART = "[Content_Types].xml"
WORD_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
WORKBOOK_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
CHARTS = {
    "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
    "application/vnd.ms-office.chartex+xml",
}
# The last word of a relationship's type, in small letters; the transitional, the strict and Microsoft's own share them.
MACRO_TYPES = {
    *("vbaproject", "wordvbadata", "vbaprojectsignature", "vbaprojectsignatureagile", "vbaprojectsignaturev3"),
    *("activexcontrolbinary", "control", "ctrlprop", "attachedtoolbars", "xlmacrosheet", "xlintlmacrosheet"),
    *("extensibility", "usercustomization", "dialogsheet"),
}
OBJECT_TYPES = {"oleobject", "package", "afchunk", "embeddedobject", "slide", "worddocument"}
LOADING_TYPES = {
    *("subdocument", "frame", "webextension", "webextensiontaskpanes", "taskpanes", "externallink", "externallinkpath"),
    *("connections", "querytable", "mailmergesource"),
}
MACRO_CONTENT = re.compile(r"macroenabled|vbaproject|vbadata|activex|macrosheet|attachedtoolbar|controlprop", re.I)
OBJECT_CONTENT = re.compile(r"oleobject|x-msdownload|text/html|application/(rtf|msword|x-mimearchive)", re.I)
MACRO_NAME = re.compile(r"(^|/)(vba\w*\.bin|vbaData\.xml|activeX[^/]*\.(xml|bin))$", re.I)
OBJECT_NAME = re.compile(
    r"\.(exe|dll|scr|com|pif|bat|cmd|ps1|vbs?|vbe|jse?|wsf|wsh|hta|lnk|msi|jar|cpl|reg|inf|url|chm|iso|img|zip|rar|7z"
    r"|html?|mhtml?|rtf|docx?|dot|xls|ppt|pdf|eml|msg|ole|docm|dotm|xlsm|xlsb|pptm|pptx|swf|sh|py)$"
    r"|(^|/)oleObject[^/]*\.bin$",
    re.I,
)
# Metafiles of Windows compressed with gzip, and the PDF that Word for the Mac keeps drawings in.
OWN_PICTURE = re.compile(r"\.(emz|wmz)$|(^|/)media/[^/]+\.pdf$", re.I)
XML_NAME = re.compile(r"\.(xml|rels|vml|psmdcp)$", re.I)


@dataclass(frozen=True)
class Relationship:
    """One line of a .rels part; ``kind`` is the last word of its type in small letters."""

    id: str
    kind: str
    target: str
    is_external: bool


class Package:
    """A zip archive with content types; names are looked up without regard to case, as the standard says."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.names = {name.casefold(): name for name in archive.entries}
        if TYPES_PART.casefold() not in self.names:
            raise Refusal("mismatch")
        self._defaults: dict[str, str] = {}
        self._overrides: dict[str, str] = {}
        for name, attributes in safe_xml.elements(self.read(TYPES_PART)):
            content_type = attributes.get("ContentType", "").strip()
            if safe_xml.local(name) == "Default":
                self._defaults.setdefault(attributes.get("Extension", "").casefold(), content_type)
            elif safe_xml.local(name) == "Override":
                self._overrides.setdefault(attributes.get("PartName", "").lstrip("/").casefold(), content_type)

    def read(self, name: str) -> bytes:
        """Return a part's bytes; see ``Archive.read``."""
        return self.archive.read(self.names[name.casefold()])

    def type_of(self, name: str) -> str:
        """Return a part's content type or nothing."""
        key = name.casefold()
        return self._overrides.get(key) or self._defaults.get(key.rpartition(".")[2], "")

    def is_xml(self, name: str) -> bool:
        """Whether a part must be XML by its name or type."""
        content_type = self.type_of(name).casefold()
        return bool(XML_NAME.search(name)) or content_type.endswith(("+xml", "/xml"))

    def relationships(self, part: str = "") -> list[Relationship]:
        """Return the relationships of a part, or of the package itself."""
        name = rels_name(part)
        return parse_relationships(self.read(name)) if name.casefold() in self.names else []

    def main_part(self, expected: str) -> tuple[str, bool]:
        """Return the main part's name and whether the package is of the strict variant.

        Raises ``Refusal``: ``macros`` when the main part is a kind with macros, ``mismatch`` when it is not of the
        ``expected`` content type, ``damaged`` when there is none or more than one.
        """
        with_types = safe_xml.elements(self.read("_rels/.rels")) if "_rels/.rels" in self.names else []
        mains = [attributes for _, attributes in with_types if attributes.get("Type", "").endswith("/officeDocument")]
        if not mains:
            raise Refusal("mismatch" if "mimetype" in self.names or not with_types else "damaged")
        if len(mains) > 1:
            raise Refusal("damaged")
        name = resolve("", mains[0].get("Target", "")) or ""
        if name.casefold() not in self.names:
            raise Refusal("damaged")
        content_type = self.type_of(name)
        if MACRO_CONTENT.search(content_type):
            raise Refusal("macros")
        if content_type.strip().casefold() != expected:
            raise Refusal("mismatch")
        return self.names[name.casefold()], mains[0]["Type"].startswith("http://purl.oclc.org/")


def rels_name(part: str) -> str:
    """Return the name of the part that holds another one's relationships."""
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"


def source_of(rels: str) -> str:
    """Return the name of the part a .rels part belongs to, nothing for the package."""
    return re.sub(r"(^|/)_rels/([^/]*)\.rels$", r"\1\2", rels, flags=re.I)


def resolve(source: str, target: str) -> str | None:
    """Return the part an internal target names, seen from the part it stands in; None when it leaves the package."""
    target = unquote(target.partition("#")[0]).replace("\\", "/")
    path = posixpath.normpath(posixpath.join("/" + posixpath.dirname(source), target)).lstrip("/")
    return None if path.startswith("..") or not target else path


def parse_relationships(part: bytes) -> list[Relationship]:
    """Return what a .rels part lists. Raises ``Refusal("damaged")``."""
    return [
        Relationship(
            attributes.get("Id", ""),
            attributes.get("Type", "").strip().rpartition("/")[2].casefold(),
            attributes.get("Target", ""),
            attributes.get("TargetMode", "").strip().casefold() == "external",
        )
        for name, attributes in safe_xml.elements(part)
        if safe_xml.local(name) == "Relationship"
    ]


def judge_relationships(package: Package) -> set[str]:
    """Judge every relationship of every part, reachable or not; return the workbooks that charts keep their data in.

    Raises ``Refusal``: ``macros``, ``embedded_object``, ``external_target``.
    """
    workbooks, others = set(), False
    for rels in package.names.values():
        if not rels.casefold().endswith(".rels"):
            continue
        source = source_of(rels)
        for relationship in parse_relationships(package.read(rels)):
            if relationship.kind == "package" and not relationship.is_external and package.type_of(source) in CHARTS:
                if name := package.names.get((resolve(source, relationship.target) or "").casefold()):
                    workbooks.add(name)
                continue
            others = others or relationship.kind in OBJECT_TYPES
            _judge_relationship(relationship)
    if others:
        raise Refusal("embedded_object")
    return workbooks


def _judge_relationship(relationship: Relationship) -> None:
    kind, target = relationship.kind, relationship.target
    if kind == "hyperlink":
        judge_link(target)
    elif kind == "attachedtemplate":
        # Word notes the template a document was made with; one on the writer's own disk is cleaned away later.
        if not is_own_template(target):
            raise Refusal("external_target")
    elif relationship.is_external or is_elsewhere(target) or kind in LOADING_TYPES:
        raise Refusal("external_target")
    elif kind in MACRO_TYPES:
        raise Refusal("macros")


def judge_part(package: Package, name: str, content: bytes, workbooks: set[str]) -> None:
    """Judge one part by name, type and first bytes. Raises ``Refusal``: ``macros``, ``embedded_object`` and others."""
    content_type = package.type_of(name)
    if MACRO_NAME.search(name) or MACRO_CONTENT.search(content_type):
        raise Refusal("macros")
    if name in workbooks:
        judge_workbook(content, package.archive)
        return
    if OWN_PICTURE.search(name) and content.startswith((b"\x1f\x8b\x08", b"%PDF-")):
        return
    if OBJECT_NAME.search(name) or OBJECT_CONTENT.search(content_type) or begins_as_other_file(content):
        raise Refusal("embedded_object")
    if not package.is_xml(name) and holds_program(content):
        raise Refusal("embedded_object")


def judge_workbook(content: bytes, outer: Archive) -> None:
    """Judge a chart's data: a workbook without macros, objects or sources elsewhere.

    Raises ``Refusal`` as for the document itself; ``embedded_object`` when it is no such workbook.
    """
    if not content.startswith(ZIP):
        raise Refusal("embedded_object")
    package = Package(open_archive(content, outer.most))
    try:
        package.main_part(WORKBOOK_MAIN)
    except Refusal as refusal:
        raise Refusal("macros" if refusal.code == "macros" else "embedded_object") from None
    workbooks = judge_relationships(package)
    if workbooks:  # a chart inside the chart's workbook takes its data from there, not from a third file
        raise Refusal("embedded_object")
    for name in package.archive.entries:
        part = package.archive.read(name)
        judge_part(package, name, part, set())
        if package.is_xml(name):
            reader = _NoLinks()
            safe_xml.read(part, reader)


class _NoLinks:
    """Refuses cells that take values from other programs or files."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = safe_xml.local(name)
        if kind == "ddeLink":
            raise Refusal("dde")
        if kind in ("oleLink", "externalBook"):
            raise Refusal("external_target")

    def end(self, name: str) -> None:
        pass

    def characters(self, text: str) -> None:
        pass
