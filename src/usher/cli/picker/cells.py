"""Text in terminal cells: safe, measured and cut to columns, whatever somebody named an account."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from usher.core.printable import printable

# Marks on marks would climb into the lines above; more than this no language needs.
_MOST_MARKS = 2
_JAMO = range(0x1160, 0x1200)
ELLIPSIS = "…"


def safe(text: str) -> str:
    """`text` on one line, without what could move the cursor, reorder the line or pile up on it."""
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = _MOST_MARKS  # a mark at the beginning would sit on the column before
    for character in printable(text):
        category = unicodedata.category(character)
        if category in {"Zl", "Zp"}:
            character = "�"
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def width(text: str) -> int:
    """The columns that `text` fills."""
    return len(text) if text.isascii() else sum(map(_width, text))


def widest(texts: Sequence[str]) -> int:
    """The columns that the widest of `texts` fills, once they are safe."""
    together = "".join(texts)
    if together.isascii() and together.isprintable():
        return max(map(len, texts), default=0)
    return max((width(safe(text)) for text in texts), default=0)


def cut(text: str, columns: int) -> list[int]:
    """The places of the characters that fit; a -1 stands for the ellipsis.

    The middle goes: names of accounts differ at their beginnings, permission sets at their ends.
    """
    if width(text) <= columns:
        return list(range(len(text)))
    if columns < 1:
        return []
    tail = _fitting(text[::-1], (columns - 1) // 2)
    head = _fitting(text, columns - 1 - width(text[len(text) - tail :]))
    return [*range(head), -1, *range(len(text) - tail, len(text))]


def beginning(text: str, columns: int) -> list[int]:
    """The same where the end may go."""
    if width(text) <= columns or columns < 1:
        return list(range(len(text) if columns > 0 else 0))
    return [*range(_fitting(text, columns - 1)), -1]


def shown(text: str, places: Sequence[int]) -> str:
    """The characters at `places`."""
    return "".join(ELLIPSIS if place < 0 else text[place] for place in places)


def _fitting(text: str, columns: int) -> int:
    """How many characters of `text` fit into `columns`."""
    for count, character in enumerate(text):
        columns -= _width(character)
        if columns < 0:
            return count
    return len(text)


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in {"Mn", "Me"} or ord(character) in _JAMO:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
