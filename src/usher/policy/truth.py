"""Kleene's three values: true, false, and unknown with what it hangs on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Truth:
    """`value` is None when it is unknown; `open` then names the condition keys and documents it hangs on."""

    value: bool | None
    open: frozenset[str] = frozenset()

    def __invert__(self) -> Truth:
        """Not: unknown stays unknown."""
        return self if self.value is None else truth(not self.value)


TRUE = Truth(True)
FALSE = Truth(False)


def truth(value: bool) -> Truth:
    """`value` as a Truth."""
    return TRUE if value else FALSE


def unknown(*names: str) -> Truth:
    """Neither true nor false here: it hangs on `names`."""
    return Truth(None, frozenset(names))


def any_of(truths: Iterable[Truth]) -> Truth:
    """True when one is, false when all are; the first true ends the reading."""
    names: frozenset[str] | None = None
    for each in truths:
        if each.value:
            return TRUE
        if each.value is None:
            names = each.open if names is None else names | each.open
    return FALSE if names is None else Truth(None, names)


def all_of(truths: Iterable[Truth]) -> Truth:
    """False when one is, true when all are; the first false ends the reading."""
    return ~any_of(~each for each in truths)
