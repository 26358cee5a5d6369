"""Word documents (.docx, ECMA-376 transitional and strict): judged part by part, cleaned, opened by python-docx."""

from __future__ import annotations

from io import BytesIO

import docx as python_docx
import olefile

from . import docx_cleaning
from .archives import open_archive, pack
from .document_pictures import read_codes
from .inspected import Inspected
from .limits import MEGABYTE, MOST_TEXT
from .packages import (
    WORD_MAIN,
    Package,
    judge_part,
    judge_relationships,
    parse_relationships,
    resolve,
    source_of,
)
from .programs import OLE
from .refusal import Refusal
from .word_parts import Collected, read_part

PDF_HEADER = b"%PDF-"
PDF_WITHIN = 1024  # bytes from the beginning in which readers of PDF look for its header
MOST_FOR_PARSER = 6 * MEGABYTE  # of XML; python-docx keeps it as a tree of up to twenty times the size
ENCRYPTED = "EncryptedPackage"
# The order in which a reader meets the text; all other parts follow.
READING_ORDER = ("document", "header", "footer", "footnotes", "endnotes", "comments")


def inspect(content: bytes) -> Inspected:
    """Judge a .docx and return it cleaned, with its text, addresses, properties and bar codes.

    Raises ``Refusal``: ``mismatch``, ``password``, ``macros``, ``embedded_object``, ``dde``, ``external_target``,
    ``unpacks_too_large``, ``polyglot``, ``damaged``.
    """
    if content.startswith(OLE):
        raise Refusal("password" if _is_encrypted(content) else "mismatch")
    if PDF_HEADER in content[:PDF_WITHIN]:
        raise Refusal("polyglot")
    package = Package(open_archive(content))
    main, is_strict = package.main_part(WORD_MAIN)
    workbooks = judge_relationships(package)
    collected, xml_size, pictures = Collected(), 0, []
    authors: set[str] = set()
    for name in _in_reading_order(package, main):
        part = package.archive.read(name)
        judge_part(package, name, part, workbooks)
        if package.is_xml(name) or _is_svg(package, name):
            xml_size += len(part)
            found = read_part(name, part, collected, is_data=_is_data(package, name))
            authors |= found.authors
            if name == main and not found.has_body:
                raise Refusal("damaged")
        elif package.type_of(name).startswith("image/"):
            pictures.append(name)
    for line in sorted(authors):
        collected.line(line)
    _collect_targets(package, collected)
    notes = ["metadata_kept_signed"]
    cleaned = content
    if not docx_cleaning.is_signed(package):
        cleaned = docx_cleaning.clean(package)
        notes = ["metadata_removed"]
    if not is_strict and xml_size <= MOST_FOR_PARSER:
        _open_with_library(cleaned)
    for code in read_codes(package.archive.read(name) for name in pictures):
        collected.line(code)
    return Inspected("docx", cleaned, str(collected)[:MOST_TEXT], notes=notes)


def _is_encrypted(content: bytes) -> bool:
    """Whether an OLE file is a document with a password (MS-OFFCRYPTO 2.3.4.4). A damaged directory counts as no."""
    try:
        with olefile.OleFileIO(BytesIO(content)) as container:
            return bool(container.exists(ENCRYPTED) or container.exists("\x06DataSpaces"))
    except Exception:  # noqa: BLE001  # the library raises whatever a broken container leads it to
        return ENCRYPTED.encode("utf-16-le") in content


def _in_reading_order(package: Package, main: str) -> list[str]:
    def place(name: str) -> int:
        if name == main:
            return 0
        stem = name.rpartition("/")[2].casefold()
        return next((at for at, start in enumerate(READING_ORDER, 1) if stem.startswith(start)), len(READING_ORDER) + 1)

    return sorted(package.archive.entries, key=place)


def _is_data(package: Package, name: str) -> bool:
    """Whether all of a part's text counts: properties, and data that fields of the document show."""
    content_type = package.type_of(name).casefold()
    return "properties+xml" in content_type or name.casefold().startswith(("customxml/", "docprops/", "docmetadata/"))


def _is_svg(package: Package, name: str) -> bool:
    return name.casefold().endswith(".svg") or "svg" in package.type_of(name).casefold()


def _collect_targets(package: Package, collected: Collected) -> None:
    for name in package.archive.entries:
        if name.casefold().endswith(".rels"):
            for relationship in parse_relationships(package.archive.read(name)):
                if relationship.is_external:
                    collected.line(relationship.target)


def _open_with_library(content: bytes) -> None:
    """Let python-docx open the document and walk it. Raises ``Refusal("damaged")`` when it cannot."""
    try:
        document = python_docx.Document(BytesIO(_without_dangling(content)))
        for _ in document.element.body.iter():
            pass
        _ = (document.sections, document.styles, document.settings)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # the library raises KeyError, ValueError, its own and lxml's
        raise Refusal("damaged") from None


def _without_dangling(content: bytes) -> bytes:
    """Return the document without relationships to parts that are not there.

    Word itself leaves them behind (``Target="NULL"``, ``Target="#bookmark"``) and opens such files; the library
    does not.
    """
    package = Package(open_archive(content))
    changed: dict[str, bytes | None] = {}
    for name in package.archive.entries:
        if not name.casefold().endswith(".rels"):
            continue
        part = package.archive.read(name)
        source = source_of(name)
        missing = {
            relationship.id
            for relationship in parse_relationships(part)
            if not relationship.is_external
            and (resolve(source, relationship.target) or "").casefold() not in package.names
        }
        if missing:
            changed[name] = docx_cleaning.without_ids(part, missing)
    return pack(package.archive, changed) if changed else content
