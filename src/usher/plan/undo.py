"""The reverse of an earlier run, made anew from what is there now.

Only what still stands as the run left it is reversed. What is as it was before needs nothing; what others
have changed since is left as they made it, and told. Roles are brought up to date where a reversed
permission set keeps one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess
from usher.core.principals import Principal, PrincipalKind
from usher.plan.changes import (
    AddMember,
    Change,
    ContentChange,
    CreateAssignment,
    CreateEntitlement,
    CreateGroup,
    CreatePermissionSet,
    CreateUser,
    DeleteAssignment,
    DeleteEntitlement,
    DeleteGroup,
    DeletePermissionSet,
    DeleteUser,
    Plan,
    ProvisioningReason,
    ProvisionPermissionSet,
    RemoveMember,
    TagPermissionSet,
    UntagPermissionSet,
    granted_by,
)
from usher.plan.diff import is_managed
from usher.plan.order import in_order
from usher.plan.reverse import Left, Reversal, reverse_of, reverse_of_creation

_ACCESS = (CreateAssignment, DeleteAssignment, CreateEntitlement, DeleteEntitlement)


@dataclass(frozen=True, slots=True)
class Undo:
    """How a run is undone. `left` are changes that stay, each with why; `as_before` need nothing."""

    plan: Plan
    left: tuple[tuple[Change, str], ...] = ()
    as_before: tuple[Change, ...] = ()


def plan_undo(done: Sequence[Change], uncertain: Sequence[Change], actual: ActualAccess) -> Undo:
    """The plan that reverses a run, of which `done` was made and of `uncertain` nobody knows.

    What is uncertain is looked up: it counts as made when the world looks as it would have left it.
    """
    made = [*done, *uncertain]
    new_sets = {change.name for change in made if isinstance(change, CreatePermissionSet)}
    reversals: list[tuple[Change, Reversal]] = []
    for change in reversed(made):
        if isinstance(change, ProvisionPermissionSet) or _name_of_set(change) in new_sets:
            continue  # the first is decided at the end, the others go with their permission set
        reversals.append((change, reverse_of(change, actual)))
    for change in made:
        if isinstance(change, CreatePermissionSet):
            reversals.append((change, reverse_of_creation(change, done, uncertain, actual)))
    return _settle(reversals, made, actual)


def _name_of_set(change: Change) -> str | None:
    """The permission set that `change` is a part of, if it is part of one's making or contents."""
    if isinstance(change, ContentChange | CreatePermissionSet | TagPermissionSet | UntagPermissionSet):
        return change.name
    return None


def _settle(
    reversals: Sequence[tuple[Change, Reversal]], made: Sequence[Change], actual: ActualAccess
) -> Undo:
    """Drop the reversals that cannot be had beside what stays, until all that is left fits together."""
    chosen = {change: reversal for change, reversal in reversals if not isinstance(reversal, Left)}
    left = {change: reversal.why for change, reversal in reversals if isinstance(reversal, Left)}
    while True:
        planned = [each for reversal in chosen.values() for each in reversal]
        after = _After(planned, actual)
        refused = {
            change: why
            for change, reversal in chosen.items()
            for each in reversal
            if (why := after.refuses(each))
        }
        if not refused:
            break
        left.update(refused)
        chosen = {change: reversal for change, reversal in chosen.items() if change not in refused}
    changes = [*planned, *_provisionings(planned, after, actual)]
    return Undo(
        _plan_of(changes, made, after, actual),
        tuple((change, left[change]) for change, _ in reversals if change in left),
        tuple(change for change, reversal in chosen.items() if not reversal),
    )


class _After:
    """The world after the planned changes, as far as changes depend on each other."""

    def __init__(self, planned: Collection[Change], actual: ActualAccess) -> None:
        self._unread = actual.unread
        users, groups, sets = set(actual.users), set(actual.groups), set(actual.permission_sets)
        granted: set[Granted] = {*actual.assignments, *actual.entitlements}
        members = {(name, user) for name, group in actual.groups.items() for user in group.members}
        for change in planned:
            match change:
                case CreateUser(user=user):
                    users.add(user.user_name)
                case CreateGroup(group=group):
                    groups.add(group)
                case CreatePermissionSet(name=name):
                    sets.add(name)
                case AddMember(group=group, user_name=user_name):
                    members.add((group, user_name))
                case RemoveMember(group=group, user_name=user_name):
                    members.discard((group, user_name))
                case CreateAssignment() | CreateEntitlement():
                    granted.add(granted_by(change))
                case DeleteAssignment() | DeleteEntitlement():
                    granted.discard(granted_by(change))
                case _:
                    pass
        self.granted, self.members = granted, members
        self._users, self._groups, self._sets = users, groups, sets

    def refuses(self, change: Change) -> str:
        """Why `change` cannot be made beside the others; empty when it can."""
        match change:
            case AddMember(group=group, user_name=user_name):
                return self._lacks_group(group) or self._lacks_user(user_name)
            case CreateAssignment(assignment=assignment):
                if assignment.permission_set not in self._sets:
                    return f"the permission set {assignment.permission_set} no longer exists"
                return self._lacks(assignment.principal)
            case CreateEntitlement(entitlement=entitlement):
                return self._lacks(entitlement.principal)
            case DeletePermissionSet(name=name):
                return self._held(name)
            case DeleteGroup(group=group):
                if any(name == group for name, _ in self.members):
                    return "it has members that came since"
                return self._used(Principal(PrincipalKind.GROUP, group))
            case DeleteUser(user=user):
                if any(name == user.user_name for _, name in self.members):
                    return "they are in groups that they joined since"
                if self._unread.members_of:
                    return "not all groups were read, and they may be in one"
                return self._used(Principal(PrincipalKind.USER, user.user_name))
            case _:
                return ""

    def _held(self, name: str) -> str:
        held = any(isinstance(each, Assignment) and each.permission_set == name for each in self.granted)
        return "it was given to others since" if held else ""

    def _used(self, principal: Principal) -> str:
        if any(each.principal == principal for each in self.granted):
            return "it was given access since"
        unread = self._unread
        if unread.assignments_of or unread.entitlements or unread.user_grants:
            return "not all access was read, and it may have some"
        return ""

    def _lacks(self, principal: Principal) -> str:
        if principal.kind is PrincipalKind.USER:
            return self._lacks_user(principal.name)
        return self._lacks_group(principal.name)

    def _lacks_user(self, name: str) -> str:
        return "" if name in self._users else f"the user {name} no longer exists"

    def _lacks_group(self, name: str) -> str:
        return "" if name in self._groups else f"the group {name} no longer exists"


def _provisionings(planned: Sequence[Change], after: _After, actual: ActualAccess) -> Iterator[Change]:
    """One provisioning per permission set whose contents change back, where a role of it stays."""
    changed = {change.name for change in planned if isinstance(change, ContentChange)}
    staying = _pairs(after.granted) & _pairs(actual.assignments)
    for name in sorted(changed):
        accounts = tuple(sorted(account for each, account in staying if each == name))
        if accounts:
            yield ProvisionPermissionSet(name, ProvisioningReason.CHANGED, accounts)


def _pairs(grants: Collection[Granted]) -> set[tuple[str, AccountId]]:
    return {(each.permission_set, each.account_id) for each in grants if isinstance(each, Assignment)}


def _plan_of(changes: Sequence[Change], made: Sequence[Change], after: _After, actual: ActualAccess) -> Plan:
    concerned = {_target(granted_by(change)) for change in made if isinstance(change, _ACCESS)}
    held: list[Granted] = [*actual.assignments, *actual.entitlements]
    emptied = tuple(_emptied(changes, after, actual))
    decided = {each for each in held if _target(each) in concerned}
    return Plan(
        in_order(changes),
        actual.accounts,
        managed_assignments=len(decided | set(emptied)),
        emptied=emptied,
        managed_sets=sum(is_managed(each) for each in actual.permission_sets.values()),
    )


def _target(granted: Granted) -> tuple[type, str]:
    name = granted.permission_set if isinstance(granted, Assignment) else granted.role_name
    return type(granted), name


def _emptied(changes: Sequence[Change], after: _After, actual: ActualAccess) -> Iterator[Granted]:
    """The grants that stay with groups whose last member leaves."""
    thinned = {change.group for change in changes if isinstance(change, RemoveMember)}
    hollow = thinned - {group for group, _ in after.members}
    held: list[Granted] = [*sorted(actual.assignments), *sorted(actual.entitlements)]
    for granted in held:
        who = granted.principal
        if who.kind is PrincipalKind.GROUP and who.name in hollow and granted in after.granted:
            yield granted
