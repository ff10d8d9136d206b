"""Separation of duty: who would hold two things that nobody may hold together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from usher.core.access_tests import Duty, Separation
from usher.core.assignments import Assignment, Granted
from usher.core.organization import ActualAccess, DesiredAccess
from usher.core.principals import Group, Principal, PrincipalKind


@dataclass(frozen=True, slots=True)
class SeparationViolation:
    """A person who has more than one of a separation's duties; `paths` say in words how, one per duty."""

    separation: Separation
    user: str
    paths: tuple[str, ...]


def check_separations(
    desired: DesiredAccess, actual: ActualAccess | None = None
) -> tuple[SeparationViolation, ...]:
    """Who would hold more than one duty of a separation, by the file's order and then by name.

    `actual` adds the members of groups that the file does not manage; without it only the file's own are
    known. A separation of groups alone is checked by membership, whatever the groups may enter.
    """
    world = _World(desired, actual)
    found = (_violations(separation, world) for separation in desired.separations)
    return tuple(violation for violations in found for violation in violations)


def unchecked_groups(desired: DesiredAccess, actual: ActualAccess | None = None) -> frozenset[str]:
    """The groups that separations are about and whose members are not known, so that they are not checked."""
    world = _World(desired, actual)
    duties = [duty for separation in desired.separations for duty in separation.duties]
    named = frozenset[str]().union(*(duty.groups for duty in duties))
    entering = {
        granted.principal.name
        for granted in world.grants
        if granted.principal.kind is PrincipalKind.GROUP and any(_is_within(granted, duty) for duty in duties)
    }
    return (named | entering) - world.groups.keys()


class _World:
    def __init__(self, desired: DesiredAccess, actual: ActualAccess | None) -> None:
        self.desired = desired
        groups: dict[str, Group] = dict(desired.groups)
        if actual is not None:
            external = desired.external_groups - actual.unread.members_of
            groups |= {name: group for name, group in actual.groups.items() if name in external}
        self.groups: Mapping[str, Group] = groups
        every: frozenset[Granted] = desired.assignments | desired.entitlements
        self.grants = sorted(every, key=_order)

    def holders(self, principal: Principal) -> frozenset[str]:
        """The people behind `principal`."""
        if principal.kind is PrincipalKind.USER:
            return frozenset((principal.name,))
        group = self.groups.get(principal.name)
        return group.members if group else frozenset()


def _violations(separation: Separation, world: _World) -> Iterator[SeparationViolation]:
    by_duty = [_paths(duty, world) for duty in separation.duties]
    for user in sorted({user for paths in by_duty for user in paths}):
        held = tuple(paths[user] for paths in by_duty if user in paths)
        if len(held) > 1:
            yield SeparationViolation(separation, user, held)


def _paths(duty: Duty, world: _World) -> Mapping[str, str]:
    """The first way in which each person has `duty`, in words."""
    found: dict[str, str] = {}
    for name in sorted(duty.groups & world.groups.keys()):
        for user in world.groups[name].members:
            found.setdefault(user, f"is a member of group {name}")
    for granted in world.grants:
        if _is_within(granted, duty):
            for user in world.holders(granted.principal):
                found.setdefault(user, _words(granted, world))
    return found


def _is_within(granted: Granted, duty: Duty) -> bool:
    if duty.accounts is not None and granted.account_id not in duty.accounts:
        return False
    if isinstance(granted, Assignment):
        return granted.permission_set in duty.permission_sets
    return granted.role_name in duty.roles


def _words(granted: Granted, world: _World) -> str:
    account = world.desired.accounts.get(granted.account_id)
    name = granted.permission_set if isinstance(granted, Assignment) else granted.role_name
    through = granted.principal
    how = f" through group {through.name}" if through.kind is PrincipalKind.GROUP else ""
    return f"enters {account or granted.account_id} with {name}{how}"


def _order(granted: Granted) -> tuple[str, str, Principal]:
    name = granted.permission_set if isinstance(granted, Assignment) else granted.role
    return granted.account_id, name, granted.principal
