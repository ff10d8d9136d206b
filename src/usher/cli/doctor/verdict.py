"""What a check says: how it stands, in words, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was looked at. `fix` is the command or step that helps; empty when all is well."""

    check: str
    state: State
    words: str
    fix: str = ""


def good(check: str, words: str) -> Verdict:
    """All is well."""
    return Verdict(check, State.GOOD, words)


def note(check: str, words: str, fix: str = "") -> Verdict:
    """Worth knowing; nothing is broken."""
    return Verdict(check, State.NOTE, words, fix)


def bad(check: str, words: str, fix: str) -> Verdict:
    """Something does not work, or not as it seems."""
    return Verdict(check, State.BAD, words, fix)
