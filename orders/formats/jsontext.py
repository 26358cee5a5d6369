"""Orders in JSON text: one object, a list, a list under "orders", or one object a line; with physical line numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from orders.formats.source import Source
from orders.rows import BadRow
from orders.values import BadValue

_BLANK = re.compile(r"[ \t\r\n]*")
_LIST = re.compile(r"""[ \t\r\n]*(?:\{[ \t\r\n]*"orders"[ \t\r\n]*:[ \t\r\n]*)?\[""")
_NEXT = re.compile(r"^[ \t]*\{", re.MULTILINE)
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=str)

Found = tuple[int, dict[str, Any]] | BadRow


class _Walk:
    """A position in JSON text that knows its physical line."""

    def __init__(self, source: Source, text: str) -> None:
        self.source, self.text, self.position, self.line = source, text, 0, 1

    def move(self, position: int) -> None:
        """Go on to ``position``."""
        self.line += self.text.count("\n", self.position, position)
        self.position = position
        self.source.line, self.source.offset = self.line, position

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Go past ``pattern`` and return True, or stay where it does not follow."""
        match = pattern.match(self.text, self.position)
        if match:
            self.move(match.end())
        return match is not None

    def value(self) -> Found:
        """Return the value here and go past it, or say what is wrong and stay."""
        line = self.line
        try:
            value, end = _DECODER.raw_decode(self.text, self.position)
        except json.JSONDecodeError as error:
            if error.pos >= len(self.text.rstrip()) or error.msg.startswith("Unterminated"):
                return BadRow(line, f"the JSON breaks off at line {error.lineno}, in the middle of this order")
            return BadRow(line, f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}")
        except RecursionError:
            return BadRow(line, "the JSON is nested too deeply for an order")
        except (ValueError, ArithmeticError):
            return BadRow(line, "the JSON holds a number that is too long")
        self.move(end)
        return (line, value) if isinstance(value, dict) else BadRow(line, "this is not an order but something else")


def read_objects(source: Source) -> Iterator[Found]:
    """Yield each order's first line with its content, or what is wrong.

    One object a line: after a bad line the next ones are still read. In a list nothing after a syntax error can be.
    """
    walk = _Walk(source, source.whole())
    if walk.skip(_LIST):
        yield from _from_list(walk)
        return
    while walk.skip(_BLANK) and walk.position < len(walk.text):
        before = walk.position
        yield walk.value()
        if walk.position == before:
            following = _NEXT.search(walk.text, before + 1)
            walk.move(following.start() if following else len(walk.text))


def _from_list(walk: _Walk) -> Iterator[Found]:
    """Yield the objects of a list up to its end or the first syntax error."""
    comma, end = re.compile(r"[ \t\r\n]*,[ \t\r\n]*"), re.compile(r"[ \t\r\n]*\]")
    walk.skip(_BLANK)
    if walk.skip(end):
        return
    while True:
        before = walk.position
        found = walk.value()
        if walk.position == before and isinstance(found, BadRow):
            yield BadRow(found.line_number, f"{found.reason}; what follows was not read")
            return
        yield found
        if walk.skip(end):
            return
        if not walk.skip(comma):
            yield BadRow(walk.line, "the JSON list breaks off or lacks a comma here; what follows was not read")
            return


def text_of(values: Mapping[str, Any], name: str) -> str:
    """Return a member as text: "" when absent or null, numbers as written. Raises BadValue for lists and objects."""
    value = values.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**30 else "a number that is too long"
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 30 else "a number that is too long"
    if isinstance(value, str):
        return value
    raise BadValue(f"{name} is not text or a number")


def objects_of(values: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list, or [] when it is absent or null. Raises BadValue when it is something else."""
    value = values.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise BadValue(f"{name} is not a list of objects")
    return value


def object_of(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object, or {} when it is absent or something else."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}
