"""A .docx without what it tells about its writer: properties, names beside changes, thumbnail, notes in pictures."""

from __future__ import annotations

import re
from xml.sax.saxutils import quoteattr

from .archives import Archive, open_archive, pack
from .packages import CHARTS, TYPES_PART, Package, rels_name, resolve
from .picture_segments import JPEG, PNG, without_notes
from .safe_xml import SEPARATOR, elements, local

PROPERTIES = re.compile(r"core-properties\+xml|extended-properties\+xml|custom-properties\+xml", re.I)
PROPERTY_KINDS = {
    "core-properties",
    "extended-properties",
    "extendedproperties",
    "custom-properties",
    "customproperties",
}
DROPPED_KINDS = {"thumbnail"}
SIGNATURE = re.compile(r"(^|/)_xmlsignatures/|digital-signature", re.I)
WORD_PART = re.compile(r"wordprocessingml\.(?!people)|ms-word\.(comments|document)", re.I)
PEOPLE = re.compile(r"wordprocessingml\.people\+xml", re.I)
WORD_PREFIX = re.compile(
    rb"""xmlns:([\w.\-]{1,40})\s*=\s*["']http://(?:schemas\.openxmlformats\.org/wordprocessingml/2006/main"""
    rb"""|purl\.oclc\.org/ooxml/wordprocessingml/main)["']"""
)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OWN_TEMPLATE = "Normal.dotm"  # what Word writes when there is nothing to tell; a path would name the writer's account


def is_signed(package: Package) -> bool:
    """Whether the document carries a digital signature, which any change would break."""
    return any(SIGNATURE.search(name) or SIGNATURE.search(package.type_of(name)) for name in package.archive.entries)


def clean(package: Package) -> bytes:
    """Return the package without its writer's traces; pictures, text, tables and layout stay as they are."""
    archive = package.archive
    changed: dict[str, bytes | None] = {}
    for name in archive.entries:
        content_type = package.type_of(name)
        if PROPERTIES.search(content_type) or PEOPLE.search(content_type):
            changed[name] = _emptied(archive.read(name))
        elif WORD_PART.search(content_type):
            _note_change(changed, archive, name, _without_names(archive.read(name)))
        elif name.casefold().endswith(".rels"):
            _note_change(changed, archive, name, _clean_relationships(archive.read(name)))
        elif content_type.startswith("image/") or "/media/" in name.casefold():
            picture = archive.read(name)
            if picture.startswith((JPEG, PNG)):
                _note_change(changed, archive, name, without_notes(picture))
    for name in _workbooks(package):
        changed[name] = clean(Package(open_archive(archive.read(name), archive.most)))
    for name in _named_by_kind(package, PROPERTY_KINDS):
        changed[name] = _emptied(archive.read(name))
    types = package.names[TYPES_PART.casefold()]
    thumbnails = _named_by_kind(package, DROPPED_KINDS)
    if thumbnails:
        changed |= dict.fromkeys(thumbnails, None)
        changed[types] = _without_overrides(package.read(types), {f"/{name}".casefold() for name in thumbnails})
    return pack(archive, changed, [types, *(name for name in archive.entries if name != types)])


def _note_change(changed: dict[str, bytes | None], archive: Archive, name: str, new: bytes) -> None:
    if new != archive.read(name):
        changed[name] = new


def _emptied(part: bytes) -> bytes:
    """Return an XML part's root element with nothing in it."""
    return _flat_xml(elements(part)[0][0], [])


def _without_names(part: bytes) -> bytes:
    """Return a part of Word's in which every author is called Author."""
    if part.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _without_names(part.decode("utf-16").encode()).decode().encode("utf-16")
    for prefix in sorted(set(WORD_PREFIX.findall(part))):
        for attribute, value in ((b"author", b"Author"), (b"initials", b"A")):
            if prefix + b":" + attribute not in part:
                continue  # a search without a pattern is a hundred times faster
            pattern = rb"(\s" + re.escape(prefix) + b":" + attribute + rb"\s*=\s*)(?:\"[^\"<]*\"|'[^'<]*')"
            part = re.sub(pattern, rb'\1"' + value + b'"', part)
    return part


def _clean_relationships(part: bytes) -> bytes:
    """Return a .rels part without thumbnails and without the path of the template on the writer's disk."""
    found = elements(part)
    kept, is_same = [], True
    for name, attributes in found[1:]:
        kind = attributes.get("Type", "").strip().rpartition("/")[2].casefold()
        is_same = is_same and kind not in DROPPED_KINDS and kind != "attachedtemplate"
        if kind == "attachedtemplate":
            kept.append((name, attributes | {"Target": OWN_TEMPLATE, "TargetMode": "External"}))
        elif kind not in DROPPED_KINDS:
            kept.append((name, attributes))
    return part if is_same else _flat_xml(found[0][0], kept)


def without_ids(part: bytes, ids: set[str]) -> bytes:
    """Return a .rels part without the relationships of these ids."""
    found = elements(part)
    return _flat_xml(found[0][0], [child for child in found[1:] if child[1].get("Id", "") not in ids])


def _without_overrides(types: bytes, names: set[str]) -> bytes:
    found = elements(types)
    kept = [
        (name, attributes) for name, attributes in found[1:] if attributes.get("PartName", "").casefold() not in names
    ]
    return _flat_xml(found[0][0], kept)


def _flat_xml(root: str, children: list[tuple[str, dict[str, str]]]) -> bytes:
    """Write a root element and its children, all of one namespace; attributes without namespaces only."""
    namespace, _, local_root = root.rpartition(SEPARATOR)
    lines = [f"<{local_root} xmlns={quoteattr(namespace)}>"]
    for name, attributes in children:
        words = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items() if SEPARATOR not in key)
        lines.append(f"<{local(name)}{words}/>")
    return (HEAD + "".join(lines) + f"</{local_root}>").encode()


def _named_by_kind(package: Package, kinds: set[str]) -> list[str]:
    """Return the parts the package itself relates to by one of these kinds of relationship."""
    found = (resolve("", relationship.target) for relationship in package.relationships() if relationship.kind in kinds)
    return [package.names[name.casefold()] for name in found if name and name.casefold() in package.names]


def _workbooks(package: Package) -> list[str]:
    found = []
    for name in package.archive.entries:
        if package.type_of(name) in CHARTS and rels_name(name).casefold() in package.names:
            for relationship in package.relationships(name):
                target = resolve(name, relationship.target) or ""
                if relationship.kind == "package" and target.casefold() in package.names:
                    found.append(package.names[target.casefold()])
    return found
