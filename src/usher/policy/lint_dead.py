"""Statements that change nothing: another one allows all of it already, or denies all of it in any case.

Said only where it is certain: patterns are compared as patterns, and conditions only when they are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from usher.policy.lint_findings import LintFinding, LintKind, finding
from usher.policy.match import as_glob, covers, overlap
from usher.policy.request import RolePolicies
from usher.policy.statements import Statement, compile_document
from usher.policy.variables import Glob


@dataclass(frozen=True, slots=True)
class _Placed:
    policy: str
    statement: Statement


def dead_findings(policies: RolePolicies, own: frozenset[str]) -> Iterator[LintFinding]:
    """The statements of the policies named by `own` that change nothing among all `policies`."""
    everything = [
        _Placed(name, statement)
        for name, document in policies.identity
        for statement in compile_document(document)
    ]
    for at, placed in enumerate(everything):
        if placed.policy not in own or not placed.statement.allows:
            continue
        denier = next((each for each in everything if _denies(each.statement, placed.statement)), None)
        if denier is not None:
            words = f"everything it allows is denied by {denier.statement.name} of {denier.policy}"
            yield finding(LintKind.DENIED, placed.policy, placed.statement, words)
            continue
        wider = _wider(everything, at)
        if wider is not None:
            words = f"everything it allows is allowed by {wider.statement.name} of {wider.policy} already"
            yield finding(LintKind.COVERED, placed.policy, placed.statement, words)


def _wider(everything: Sequence[_Placed], at: int) -> _Placed | None:
    """Another allow that makes the one `at` superfluous; of two that are equal, the later one is."""
    ours = everything[at].statement
    for other, placed in enumerate(everything):
        theirs = placed.statement
        if other == at or not theirs.allows or not _contains(theirs, ours):
            continue
        if theirs.conditions and theirs.conditions != ours.conditions:
            continue
        equal = _contains(ours, theirs) and ours.conditions == theirs.conditions
        if not equal or other < at:
            return placed
    return None


def _denies(denier: Statement, ours: Statement) -> bool:
    return not denier.allows and not denier.conditions and _contains(denier, ours)


def _contains(wide: Statement, narrow: Statement) -> bool:
    """Whether `wide` surely speaks of every action on every resource that `narrow` speaks of."""
    return _set_contains(
        wide.actions_as_written, wide.not_action, narrow.actions_as_written, narrow.not_action, fold=True
    ) and _set_contains(
        wide.resources_as_written,
        wide.not_resource,
        narrow.resources_as_written,
        narrow.not_resource,
        fold=False,
    )


def _set_contains(
    wide: Sequence[str], wide_not: bool, narrow: Sequence[str], narrow_not: bool, *, fold: bool
) -> bool:
    if not wide_not and not narrow_not:
        return all(any(covers(one, other, fold=fold) for one in wide) for other in narrow)
    if wide_not and narrow_not:
        # All but `wide` contains all but `narrow` when each exception of `wide` is one of `narrow`.
        return all(any(covers(other, one, fold=fold) for other in narrow) for one in wide)
    if wide_not:
        return not any(overlap(_glob(one, fold), _glob(other, fold)) for one in wide for other in narrow)
    return "*" in wide


def _glob(pattern: str, fold: bool) -> Glob:
    return as_glob(pattern.lower() if fold else pattern)
