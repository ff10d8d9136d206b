"""What a look at a policy finds: its kind, how grave it is, where, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from usher.policy.statements import Statement


class LintLevel(StrEnum):
    """ERROR: it does not do what it says. WARNING: it does more, or nothing. NOTE: worth a look."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class LintKind(StrEnum):
    """The mistakes that are looked for."""

    UNKNOWN_ACTION = "unknown-action"
    UNKNOWN_OPERATOR = "unknown-operator"
    OLD_VERSION = "old-version"
    NO_VERSION = "no-version"
    SAME_SID = "same-sid"
    WRONG_RESOURCE = "wrong-resource"
    LITERAL_WILDCARD = "literal-wildcard"
    DENIED = "denied"
    COVERED = "covered"
    ALLOW_NOT_ACTION = "allow-not-action"
    ALLOW_NOT_RESOURCE = "allow-not-resource"
    WILDCARD = "wildcard"
    PASS_ROLE = "pass-role"  # noqa: S105 -- the name of an IAM action
    ABSENT_KEY = "absent-key"

    @property
    def level(self) -> LintLevel:
        """How grave it is."""
        if self in _ERRORS:
            return LintLevel.ERROR
        return LintLevel.NOTE if self in _NOTES else LintLevel.WARNING


_ERRORS = frozenset(
    {LintKind.UNKNOWN_OPERATOR, LintKind.OLD_VERSION, LintKind.SAME_SID, LintKind.LITERAL_WILDCARD}
)
_NOTES = frozenset({LintKind.NO_VERSION, LintKind.COVERED})


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One mistake. `statement` is its Sid or number; empty for the document as a whole."""

    kind: LintKind
    policy: str
    statement: str
    words: str

    @property
    def level(self) -> LintLevel:
        """How grave it is."""
        return self.kind.level


def finding(kind: LintKind, policy: str, statement: Statement, words: str) -> LintFinding:
    """A finding in `statement`."""
    return LintFinding(kind, policy, statement.name, words)
