"""What drift modes do to differences in access: which are set right, which stay and are told, which stay
untold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.organization import DesiredAccess
from usher.core.rules import DriftMode, Place
from usher.plan.changes import Difference, DifferenceKind

_GRANTED_IN = (DriftMode.ENFORCE, DriftMode.ADOPT)
_TOLD_IN = (DriftMode.OBSERVE, DriftMode.ADOPT)


@dataclass(frozen=True, slots=True)
class ByMode:
    """Differences in access, sorted out: `missing` is granted and `surplus` taken away; `kept` is surplus
    that stays, `standing` everything that stays and is told."""

    missing: frozenset[Granted]
    surplus: frozenset[Granted]
    kept: frozenset[Granted]
    standing: tuple[Difference, ...]


def sort_by_mode(desired: DesiredAccess, *, missing: Iterable[Granted], surplus: Iterable[Granted]) -> ByMode:
    """What becomes of access that is missing and of access that no rule gives."""
    missing_in = {each: mode_of_missing(desired, each) for each in missing}
    surplus_in = {each: desired.drift_of(each) for each in surplus}
    kept = {each for each, mode in surplus_in.items() if mode is not DriftMode.ENFORCE}
    near = _rules_near(desired) if kept else {}
    standing = [
        Difference(each, DifferenceKind.MISSING, mode, _places(desired, desired.origins.get(each, ())))
        for each, mode in missing_in.items()
        if mode is DriftMode.OBSERVE
    ]
    standing += [
        Difference(
            each, DifferenceKind.SURPLUS, surplus_in[each], _places(desired, near.get(_where(each), ()))
        )
        for each in kept
        if surplus_in[each] in _TOLD_IN
    ]
    return ByMode(
        frozenset(each for each, mode in missing_in.items() if mode in _GRANTED_IN),
        frozenset(surplus_in.keys() - kept),
        frozenset(kept),
        tuple(sorted(standing, key=_reading_order)),
    )


def mode_of_missing(desired: DesiredAccess, granted: Granted) -> DriftMode:
    """What becomes of access that the file gives and that is not there: its strictest rule decides."""
    rules = desired.origins.get(granted, ())
    modes = [desired.rules[index].drift for index in rules]
    return max(modes, key=lambda mode: mode.strictness, default=desired.drift_default)


def _rules_near(desired: DesiredAccess) -> Mapping[tuple[str, AccountId], tuple[int, ...]]:
    """The rules that give others the same permission set or role in the same account."""
    found: dict[tuple[str, AccountId], set[int]] = {}
    for granted, rules in desired.origins.items():
        found.setdefault(_where(granted), set()).update(rules)
    return {where: tuple(sorted(rules)) for where, rules in found.items()}


def _places(desired: DesiredAccess, rules: Iterable[int]) -> tuple[Place, ...]:
    return tuple(desired.rules[index].at for index in rules)


def _where(granted: Granted) -> tuple[str, AccountId]:
    name = granted.permission_set if isinstance(granted, Assignment) else granted.role_name
    return name, granted.account_id


def _reading_order(difference: Difference) -> tuple[str, ...]:
    name, account = _where(difference.granted)
    who = difference.granted.principal
    return difference.kind, type(difference.granted).__name__, name, account, who.kind, who.name
