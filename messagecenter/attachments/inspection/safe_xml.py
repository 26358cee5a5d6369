"""XML of office documents, read as a stream: no document types, no entities, flat memory."""

from __future__ import annotations

from typing import Protocol
from xml.parsers import expat

from .refusal import Refusal

SEPARATOR = " "  # between namespace and name, cannot be part of either


class Reader(Protocol):
    """What follows an XML part: names come as ``namespace name`` (or ``name`` without one)."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def characters(self, text: str) -> None:
        """Text between tags."""


class _Elements:
    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.found.append((name, attributes))

    def end(self, name: str) -> None:
        pass

    def characters(self, text: str) -> None:
        pass


def read(part: bytes, reader: Reader, *, doctype_allowed: bool = False) -> None:
    """Send an XML part to ``reader``.

    Raises ``Refusal("damaged")`` when it is not well-formed or declares a document type or entities (ECMA-376-2,
    6.2.5 forbids them); ``doctype_allowed`` lets a bare document type without entities pass.
    """
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    parser.buffer_text = True

    def doctype(name: str, system: str | None, public: str | None, has_subset: int) -> None:
        if has_subset or not doctype_allowed:
            raise Refusal("damaged")

    def entity(*_: object) -> None:
        raise Refusal("damaged")

    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler = doctype, entity
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, ValueError, LookupError):  # the latter two: encodings nobody knows
        raise Refusal("damaged") from None


def elements(part: bytes) -> list[tuple[str, dict[str, str]]]:
    """Return a small part's elements in order as (name, attributes). Raises ``Refusal("damaged")``."""
    found = _Elements()
    read(part, found)
    return found.found


def local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition(SEPARATOR)[2]
