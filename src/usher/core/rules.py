"""What the author of an access rule said of it, and what becomes of differences that others make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class DriftMode(StrEnum):
    """What a plan does about access that differs from the file within a rule's permission sets and accounts.

    | mode | access that the rule gives and that is missing | access that no rule gives |
    |---|---|---|
    | enforce | is granted | is taken away |
    | adopt | is granted | stays, and is shown as lines for the file |
    | observe | is shown | stays, and is shown |
    | ignore | is not mentioned | is not mentioned |
    """

    IGNORE = "ignore"
    OBSERVE = "observe"
    ADOPT = "adopt"
    ENFORCE = "enforce"

    @property
    def strictness(self) -> int:
        """0 for the mildest mode; where several rules meet, the strictest decides."""
        return list(DriftMode).index(self)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in the access files; line and column count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class RuleNote:
    """Where an access rule stands, and why its author wrote it. `starts` and `expires` are in UTC."""

    at: Place
    owner: str = ""
    reason: str = ""
    ticket: str = ""
    expires: datetime | None = None
    review: date | None = None
    drift: DriftMode = DriftMode.ENFORCE
    starts: datetime | None = None
