"""How the accounts differ from the file: the differences that apply would set right, and those that stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from usher.core.assignments import Assignment, Granted
from usher.core.organization import DesiredAccess
from usher.core.rules import DriftMode, Place
from usher.plan.changes import (
    AddMember,
    Change,
    CreateAssignment,
    CreateEntitlement,
    DeleteAssignment,
    DeleteEntitlement,
    Difference,
    DifferenceKind,
    Plan,
    ProvisioningReason,
    ProvisionPermissionSet,
    RemoveMember,
    granted_by,
)
from usher.plan.words import Accounts, account_words, words_of


class DriftKind(StrEnum):
    """Which way something differs from the file."""

    GIVEN = "given"
    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Drifted:
    """One difference. `what` is the change that apply would make, or the difference that stays."""

    kind: DriftKind
    what: Change | Difference
    mode: DriftMode
    rules: tuple[Place, ...] = ()

    @property
    def granted(self) -> Granted | None:
        """The grant that it is about, if it is about one."""
        match self.what:
            case Difference(granted=granted):
                return granted
            case (
                CreateAssignment() | DeleteAssignment() | CreateEntitlement() | DeleteEntitlement() as change
            ):
                return granted_by(change)
            case _:
                return None


def drift_of(plan: Plan, desired: DesiredAccess) -> tuple[Drifted, ...]:
    """Every difference between the accounts and the file behind `plan`, in the plan's order."""
    enforced = (_enforced(change, desired) for change in plan.changes if not _is_consequence(change))
    left = (_left(difference) for difference in plan.differences)
    return (*enforced, *left)


def drift_words(drifted: Drifted, accounts: Accounts) -> str:
    """The difference as one sentence without a full stop: how things are, not what will be done."""
    what = drifted.what
    match what:
        case Difference(granted=granted):
            return access_words(granted, drifted.kind, account_words(granted.account_id, accounts))
        case CreateAssignment() | DeleteAssignment() | CreateEntitlement() | DeleteEntitlement():
            granted = granted_by(what)
            return access_words(granted, drifted.kind, account_words(granted.account_id, accounts))
        case AddMember(group=group, user_name=user_name):
            return f"{user_name} is not in {group}"
        case RemoveMember(group=group, user_name=user_name):
            return f"{user_name} is in {group}"
        case _:
            return words_of(what, accounts)


def access_words(granted: Granted, kind: DriftKind, where: str) -> str:
    """Who has or lacks what, `where`."""
    verb = "has" if kind is DriftKind.GIVEN else "lacks"
    if isinstance(granted, Assignment):
        return f"{granted.principal.name} {verb} {granted.permission_set} in {where}"
    return f"{granted.principal.name} {verb} the role {granted.role_name} in {where}"


def _enforced(change: Change, desired: DesiredAccess) -> Drifted:
    match change:
        case CreateAssignment() | CreateEntitlement():
            return Drifted(DriftKind.MISSING, change, DriftMode.ENFORCE, tuple(_rules_of(change, desired)))
        case AddMember():
            return Drifted(DriftKind.MISSING, change, DriftMode.ENFORCE)
        case DeleteAssignment() | DeleteEntitlement() | RemoveMember():
            return Drifted(DriftKind.GIVEN, change, DriftMode.ENFORCE)
        case _:
            return Drifted(DriftKind.CHANGED, change, DriftMode.ENFORCE)


def _rules_of(change: CreateAssignment | CreateEntitlement, desired: DesiredAccess) -> Iterator[Place]:
    for index in desired.origins.get(granted_by(change), ()):
        yield desired.rules[index].at


def _left(difference: Difference) -> Drifted:
    missing = difference.kind is DifferenceKind.MISSING
    kind = DriftKind.MISSING if missing else DriftKind.GIVEN
    return Drifted(kind, difference, difference.mode, difference.rules)


def _is_consequence(change: Change) -> bool:
    """Whether `change` only brings roles up to date with another change of the same plan."""
    return isinstance(change, ProvisionPermissionSet) and change.reason is ProvisioningReason.CHANGED
