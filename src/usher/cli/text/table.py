"""Rows in columns: aligned and cut to the terminal's width for people, whole and quoted for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from unicodedata import combining, east_asian_width

from usher.cli.terminal import printable

_GAP = 2
_LEAST = 8
_MEASURED = 2_000
# A spreadsheet takes what begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[str]], width: int | None) -> Iterator[str]:
    """The rows in columns, in `width` columns of a terminal where one is given; a wide cell is cut with `…`.

    Rows are streamed: the first two thousand decide how wide the columns are.
    """
    cells = ([printable(cell) for cell in row] for row in rows)
    first = list(islice(cells, _MEASURED))
    widths = [max(columns_of(cell) for cell in column) for column in zip(headings, *first, strict=True)]
    if width is not None:
        widths = _squeezed(widths, width)
    for row in chain([headings], first, cells):
        padded = (_fitted(cell, room, cut=width is not None) for cell, room in zip(row, widths, strict=True))
        yield (" " * _GAP).join(padded).rstrip()


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The rows as CSV (RFC 4180), one record each; what a spreadsheet would run gets a `'` before it."""
    for row in chain([headings], rows):
        buffer = io.StringIO()
        csv.writer(buffer).writerow([_inert(cell) for cell in row])
        yield buffer.getvalue().removesuffix("\r\n")


def columns_of(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _inert(cell: str) -> str:
    safe = cell.encode("utf-8", "replace").decode()
    return f"'{safe}" if safe.startswith(_FORMULA) else safe


def _squeezed(widths: Sequence[int], width: int) -> list[int]:
    """`widths` made to fit, the widest column first."""
    found = list(widths)
    while sum(found) + _GAP * (len(found) - 1) > width and max(found) > _LEAST:
        found[found.index(max(found))] -= 1
    return found


def _fitted(cell: str, room: int, *, cut: bool) -> str:
    if cut and columns_of(cell) > room:
        kept = cell
        while columns_of(kept) > room - 1:
            kept = kept[:-1]
        cell = f"{kept}…"
    return cell + " " * max(0, room - columns_of(cell))
