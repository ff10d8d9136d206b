"""Patterns of policies as pieces: literal text, wildcards, and variables such as `${aws:PrincipalTag/team}`.

After "IAM policy elements: Variables and tags" in the IAM user guide. Variables work in policies of version
2012-10-17, in Resource, NotResource, and the values of string and ARN conditions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeAlias


class Wild(Enum):
    """The two wildcards."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`; `key` is in lower case."""

    key: str
    default: str | None = None


Piece: TypeAlias = "str | Wild | Variable"
Pattern: TypeAlias = tuple[Piece, ...]
Glob: TypeAlias = "tuple[str | Wild, ...]"

_TOKENS = re.compile(r"\$\{([^{}]*)\}|([*?])")
_WILDCARDS = re.compile(r"([*?])")
_DEFAULT = re.compile(r"\s*([^,]+?)\s*,\s*'(.*)'\s*", re.DOTALL)
_LITERALS = frozenset("*?$")


@lru_cache(maxsize=65_536)
def parse_pattern(text: str, *, variables: bool, wildcards: bool = True) -> Pattern:
    """The pieces of `text`. `${...}` is special with `variables`, `*` and `?` with `wildcards`."""
    pieces: list[Piece] = []
    end = 0
    for found in (_TOKENS if variables else _WILDCARDS).finditer(text):
        pieces += [text[end : found.start()]]
        pieces += [_piece(found, wildcards=wildcards)]
        end = found.end()
    pieces += [text[end:]]
    return tuple(piece for piece in pieces if piece != "")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A pattern under a context: `glob` is None where a variable has no value, which equals nothing.

    `open` names variables that are not known; each stands in `glob` as a `*`.
    """

    glob: Glob | None
    open: frozenset[str] = frozenset()


def resolve(pattern: Pattern, context: Mapping[str, tuple[str, ...]]) -> Resolved:
    """`pattern` with its variables replaced from `context` (keys in lower case).

    "When a policy variable references a condition context key that has no value or is not present in an
    authorization context for a request, the value is effectively null. There is no equal or like value."
    Several values cannot be a variable's value either.
    """
    pieces: list[str | Wild] = []
    names: set[str] = set()
    for piece in pattern:
        if not isinstance(piece, Variable):
            pieces.append(piece)
            continue
        values = context.get(piece.key)
        if values is None:
            names.add(piece.key)
            pieces.append(Wild.ANY)
        elif len(values) == 1:
            pieces.append(values[0])
        elif piece.default is not None and not values:
            pieces.append(piece.default)
        else:
            return Resolved(None)
    return Resolved(tuple(pieces), frozenset(names))


def _piece(found: re.Match[str], *, wildcards: bool) -> Piece:
    if found.re is _WILDCARDS:
        return Wild(found[1]) if wildcards else found[1]
    if found[2]:
        return Wild(found[2]) if wildcards else found[2]
    inside = found[1]
    if inside in _LITERALS:
        return inside
    default = _DEFAULT.fullmatch(inside)
    if default:
        return Variable(default[1].lower(), default[2])
    return Variable(inside.strip().lower())
