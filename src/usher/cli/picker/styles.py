"""How a word of style is said to a terminal, by our own first paint and by prompt_toolkit after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Saying(NamedTuple):
    """One style: the number of the terminal's SGR sequence, and prompt_toolkit's words."""

    sgr: str
    toolkit: str
    is_colour: bool = False


STYLES: Mapping[str, Saying] = {
    "here": Saying("7", "reverse"),
    "found": Saying("1;4", "bold underline"),
    "strong": Saying("1", "bold"),
    "dim": Saying("2", "dim"),
    "red": Saying("31", "fg:ansired", is_colour=True),
    "orange": Saying("38;5;208", "fg:#ff8700", is_colour=True),
    "yellow": Saying("33", "fg:ansiyellow", is_colour=True),
    "green": Saying("32", "fg:ansigreen", is_colour=True),
    "turquoise": Saying("36", "fg:ansicyan", is_colour=True),
    "blue": Saying("34", "fg:ansiblue", is_colour=True),
    "purple": Saying("35", "fg:ansimagenta", is_colour=True),
    "pink": Saying("38;5;205", "fg:#ff5faf", is_colour=True),
}


def sgr(style: str, *, colours: bool) -> str:
    """The escape sequence that begins `style`, words apart by spaces; empty for the plain one."""
    numbers = [STYLES[word].sgr for word in style.split() if colours or not STYLES[word].is_colour]
    return f"\x1b[{';'.join(numbers)}m" if numbers else ""


def toolkit_style(style: str, *, colours: bool) -> str:
    """The same in prompt_toolkit's words."""
    said = [STYLES[word].toolkit for word in style.split() if colours or not STYLES[word].is_colour]
    return " ".join(said)
