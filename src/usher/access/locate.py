"""Where things stand in the file: positions, and the located tree that YAML text becomes.

The tree keeps the position of every key and value, so that each later check can point at its cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from usher.core.rules import Place

T = TypeVar("T")


# Positions, scalars and entries are made by the hundred thousand: named tuples are made fastest.
class Position(NamedTuple):
    """A place in the text of `file`; line and column count from 1, columns in characters."""

    line: int
    column: int
    file: str = ""

    @property
    def place(self) -> Place:
        """The same as a core value."""
        return Place(self.file, self.line, self.column)


START = Position(1, 1)


def line_words(first: Position, here: Position) -> str:
    """How a message at `here` refers to `first`: by line, and by file where it is another."""
    line = f"line {first.line}"
    return line if first.file == here.file else f"{line} of {first.file}"


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """A value with the position it was written at."""

    value: T
    at: Position


class Scalar(NamedTuple):
    """A single value. `text` is how it was written, `value` what YAML 1.2's core schema makes of it."""

    at: Position
    text: str
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    at: Position
    nodes: Sequence[Node]


class Entry(NamedTuple):
    """One key of a mapping with its value."""

    key: Scalar
    node: Node


@dataclass(frozen=True, slots=True)
class Fields:
    """A YAML mapping in the file's order, without duplicate keys."""

    at: Position
    entries: Sequence[Entry]


Node: TypeAlias = Scalar | Items | Fields


def describe(node: Node) -> str:
    """What `node` is, in a person's words: `a list`, `a number`, `nothing`."""
    match node:
        case Items():
            return "a list"
        case Fields():
            return "a mapping"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=str()):
            return "text"
        case Scalar():
            return "a number"


def is_nothing(node: Node) -> bool:
    """Whether `node` is an empty value, as after `groups:` with nothing below it."""
    return isinstance(node, Scalar) and node.value is None
