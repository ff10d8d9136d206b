"""Conditions that do not mean what they seem to mean: mostly about keys that a request does not carry."""

from __future__ import annotations

from collections.abc import Iterator

from usher.policy.conditions import Condition, Presence, Quantifier
from usher.policy.lint_findings import LintFinding, LintKind, finding
from usher.policy.statements import Statement

_MFA = "aws:multifactorauthpresent"


def condition_findings(policy: str, statement: Statement) -> Iterator[LintFinding]:
    """The mistakes in one statement's conditions."""
    asked_for = {
        condition.key.lower()
        for condition in statement.conditions
        if isinstance(condition, Presence) and condition.absent == {False}
    }
    for condition in statement.conditions:
        if isinstance(condition, Presence):
            continue
        if condition.operator is None:
            words = f"'{condition.written}' is not a condition operator"
            yield finding(LintKind.UNKNOWN_OPERATOR, policy, statement, words)
            continue
        if _has_literal_wildcard(condition):
            words = f"{condition.written} takes no wildcards: {condition.key} is compared with them as text"
            yield finding(LintKind.LITERAL_WILDCARD, policy, statement, words)
        words = _absence_words(statement, condition)
        if words and condition.key.lower() not in asked_for:
            yield finding(LintKind.ABSENT_KEY, policy, statement, words)


def _has_literal_wildcard(condition: Condition) -> bool:
    if not condition.written.lower().rpartition(":")[2].startswith("string"):
        return False
    pieces = [piece for pattern in condition.values for piece in pattern]
    takes_them = condition.operator is not None and condition.operator.patterns
    return not takes_them and any(isinstance(piece, str) and piece in ("*", "?") for piece in pieces)


def _absence_words(statement: Statement, condition: Condition) -> str:
    """What a request without the key makes of the statement, where that is a surprise."""
    key = condition.key
    if statement.allows and condition.quantifier is Quantifier.ALL:
        return (
            f"ForAllValues is true for a request without {key}, which is then allowed; "
            f'add "Null": {{"{key}": "false"}}'
        )
    if statement.allows and condition.if_exists and key.lower() == _MFA:
        return f"{condition.written} allows requests without {key}, such as those of access keys; use Bool"
    if not statement.allows and not condition.if_exists and key.lower() == _MFA:
        return f"a request without {key}, such as one of an access key, is not denied; use BoolIfExists"
    return ""
