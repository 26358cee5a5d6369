"""Rows of a table in text: separated by tab, comma or semicolon, quoted or not, with their physical line numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from orders.formats.source import MAX_LINE, LineTooLong, Source
from orders.rows import BadRow
from orders.values import clean

MAX_CELL = 131_072
SEPARATORS = "\t,;"


class Row(dict[str, str]):
    """Cells by the name of their column, in lower case; an absent one is empty."""

    line_number: int

    def __missing__(self, name: str) -> str:
        return ""

    def first(self, *names: str) -> str:
        """Return the first of these cells that is not empty."""
        return next((cell for name in names if (cell := self[name]).strip()), "")


def columns(header: str, separator: str) -> list[str]:
    """Return the names in a header line, cleaned and in lower case."""
    cells = next(csv.reader([header[:MAX_CELL].replace("\r", " ")], delimiter=separator), [])
    return [clean(cell).lower() for cell in cells]


def unquoted(cell: str) -> str:
    """Return a cell without the quotes a spreadsheet put around it; quotes that belong to the text stay."""
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"':
        return cell
    inner = cell[1:-1]
    return cell if '"' in inner.replace('""', "") else inner.replace('""', '"')


def _quoted_cells(source: Source, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the first physical line of each record with its cells, or with what is wrong with it."""
    quotes = 0

    def feed() -> Iterator[str]:
        nonlocal quotes
        for line in source.lines():
            quotes += line.count('"')
            yield line + "\n"

    reader = csv.reader(feed(), delimiter=separator)
    while True:
        start, quotes = source.line + 1, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield (
                start,
                f"{_span(start, source.line)}a cell is longer than {MAX_CELL:,} characters or its quotes never end",
            )
            continue
        if quotes % 2 and source.line > start and cells and cells[-1].endswith("\n"):
            yield start, f"{_span(start, source.line)}a quotation mark is opened and never closed"
            continue
        yield start, cells


def _span(start: int, end: int) -> str:
    """Return a remark that a record reaches beyond its first line, or nothing."""
    return f"(up to line {end}) " if end > start else ""


def _plain_cells(source: Source, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each line with its cells; quotes mean nothing unless they stand around a whole cell."""
    for line in source.lines():
        cells = line.split(separator)
        if len(line) > MAX_CELL and max(map(len, cells)) > MAX_CELL:
            yield source.line, f"a cell is longer than {MAX_CELL:,} characters"
            continue
        yield source.line, [unquoted(cell) if cell[:1] == '"' else cell for cell in cells]


def read_rows(source: Source, *, separator: str, quoted: bool) -> Iterator[Row | BadRow]:
    """Yield the rows below the header, or what is wrong with one. Empty lines are passed over."""
    records = _quoted_cells(source, separator) if quoted else _plain_cells(source, separator)
    header: list[str] = []
    try:
        for line_number, cells in records:
            if isinstance(cells, str):
                yield BadRow(line_number, cells)
            elif not any(cells):
                continue
            elif not header:
                header = [clean(cell).lower() for cell in cells]
            elif len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                yield BadRow(line_number, f"the row has {len(cells)} cells, the header only {len(header)}")
            else:
                row = Row(zip(header, cells, strict=False))
                row.line_number = line_number
                yield row
    except LineTooLong:
        yield BadRow(source.line, f"the line is longer than {MAX_LINE // 1024**2} MB; it and what follows was not read")
