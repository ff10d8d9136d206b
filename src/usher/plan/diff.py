"""The difference between what the access file says and what is there, as a plan.

Who decides about what: the file is exact for the permission sets it names (contents, tags and all their
assignments), for the owned roles it names, for the members of the groups it names and for the attributes of
the users it names. A permission set that carries the access file's tag and is no longer named goes, with its
assignments. Everything else is left alone, and listed, and so is access to suspended accounts. Where a
rule's drift mode is milder than `enforce`, access that others changed stays as it is.

A set that somebody else made gets the tag with its first real change: declaring what is there is no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, ActualAccess, DesiredAccess
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind
from usher.plan.changes import (
    AddMember,
    Change,
    CreateAssignment,
    CreateEntitlement,
    CreateGroup,
    CreateUser,
    DeleteAssignment,
    DeleteEntitlement,
    DeletePermissionSet,
    Difference,
    LeftAlone,
    Plan,
    ProvisioningReason,
    ProvisionPermissionSet,
    RemoveMember,
    TagPermissionSet,
    UntagPermissionSet,
    UpdateGroup,
    UpdateUser,
)
from usher.plan.contents import content_changes, creation_of, own_tags
from usher.plan.modes import sort_by_mode
from usher.plan.order import in_order
from usher.plan.readiness import check_enabled, check_names, check_read


def plan_changes(desired: DesiredAccess, actual: ActualAccess) -> Plan:
    """The changes that make `actual` what `desired` says; none when it is so already.

    Raises UsageError when the file spells a user name otherwise than the identity store, where names
    differ by more than case; when it refers to users or groups of another directory that are not there; and
    when the reading left out what the file decides about.
    """
    check_enabled(desired, actual)
    check_names(desired, actual)
    check_read(desired, actual)
    grants = _compare_grants(desired, actual)
    emptied = _emptied(desired, actual, grants)
    undeclared = sorted(actual.permission_sets.keys() - desired.permission_sets.keys())
    doomed = [name for name in undeclared if name in grants.doomed]
    set_changes = list(_permission_set_changes(desired, actual, grants))
    changes = [
        *_user_changes(desired, actual),
        *_group_changes(desired, actual),
        *set_changes,
        *(_grant(each) for each in grants.missing),
        *(_removal(each, actual) for each in grants.surplus),
        *(_deletion(name, actual) for name in doomed),
    ]
    return Plan(
        in_order(changes),
        accounts=_accounts(desired, actual),
        managed_assignments=len(grants.decided | set(emptied)),
        left_alone=LeftAlone(
            permission_sets=tuple(name for name in undeclared if name not in grants.doomed),
            users=tuple(sorted(actual.users.keys() - desired.users.keys() - desired.external_users)),
            groups=tuple(sorted(actual.groups.keys() - desired.groups.keys() - desired.external_groups)),
        ),
        differences=grants.standing,
        emptied=emptied,
        managed_sets=sum(is_managed(each) for each in actual.permission_sets.values()),
        unmarked=_unmarked(desired, actual, set_changes),
    )


def is_managed(permission_set: PermissionSet) -> bool:
    """Whether an access file made this permission set, or took it over."""
    return permission_set.tags.get(MANAGED_BY_TAG) == MANAGED_BY_ACCESS_FILE


@dataclass(frozen=True, slots=True)
class _Grants:
    """How the grants compare. `decided` are those in place that the file decides about."""

    decided: frozenset[Granted]
    missing: frozenset[Granted]
    surplus: frozenset[Granted]
    standing: tuple[Difference, ...]
    doomed: frozenset[str]


def _compare_grants(desired: DesiredAccess, actual: ActualAccess) -> _Grants:
    no_longer_named = {
        name
        for name, each in actual.permission_sets.items()
        if name not in desired.permission_sets
        and is_managed(each)
        and name not in actual.unread.assignments_of
    }
    sets = desired.permission_sets.keys() | no_longer_named
    suspended = {account.id for account in actual.accounts.values() if not account.active}
    assignments = {
        each
        for each in actual.assignments
        if each.permission_set in sets and each.account_id not in suspended
    }
    entitlements = {
        each
        for each in actual.entitlements
        if each.role_name in desired.roles and each.account_id not in suspended
    }
    sorted_out = sort_by_mode(
        desired,
        missing=(desired.assignments - actual.assignments) | (desired.entitlements - actual.entitlements),
        surplus=(assignments - desired.assignments) | (entitlements - desired.entitlements),
    )
    kept = {each.permission_set for each in sorted_out.kept if isinstance(each, Assignment)}
    kept |= {each.permission_set for each in actual.assignments if each.account_id in suspended}
    return _Grants(
        frozenset(assignments | entitlements),
        sorted_out.missing,
        sorted_out.surplus,
        sorted_out.standing,
        frozenset(no_longer_named - kept),
    )


def _grant(granted: Granted) -> Change:
    return CreateAssignment(granted) if isinstance(granted, Assignment) else CreateEntitlement(granted)


def _removal(granted: Granted, actual: ActualAccess) -> Change:
    dangling = _is_gone(granted.principal, actual)
    if isinstance(granted, Assignment):
        return DeleteAssignment(granted, dangling)
    return DeleteEntitlement(granted, dangling)


def _deletion(name: str, actual: ActualAccess) -> Change:
    unread = name in actual.unread.policies_of
    return DeletePermissionSet(name, None if unread else actual.permission_sets[name])


def _accounts(desired: DesiredAccess, actual: ActualAccess) -> dict[AccountId, Account]:
    return {**actual.accounts, **desired.accounts}


def _user_changes(desired: DesiredAccess, actual: ActualAccess) -> Iterator[Change]:
    for name, user in desired.users.items():
        there = actual.users.get(name)
        if there is None:
            yield CreateUser(user)
        elif there != user:
            yield UpdateUser(there, user)


def _group_changes(desired: DesiredAccess, actual: ActualAccess) -> Iterator[Change]:
    for name, group in desired.groups.items():
        there = actual.groups.get(name)
        if there is None:
            yield CreateGroup(name, group.description)
            there = Group(name, group.description)
        elif there.description != group.description:
            yield UpdateGroup(name, there.description, group.description)
        for member in group.members - there.members:
            yield AddMember(name, member)
        for member in there.members - group.members:
            yield RemoveMember(name, member)


def _permission_set_changes(
    desired: DesiredAccess, actual: ActualAccess, grants: _Grants
) -> Iterator[Change]:
    staying = _staying_roles(actual, grants)
    regranted = {
        each.permission_set for each in grants.missing | grants.surplus if isinstance(each, Assignment)
    }
    for name, wanted in desired.permission_sets.items():
        there = actual.permission_sets.get(name)
        if there is None:
            yield from creation_of(wanted)
            continue
        contents = tuple(content_changes(there, wanted))
        yield from contents
        yield from _tag_changes(there, wanted, changed=bool(contents) or name in regranted)
        yield from _provisioning(name, staying.get(name, set()), actual, changed=bool(contents))


def _tag_changes(there: PermissionSet, wanted: PermissionSet, *, changed: bool) -> Iterator[Change]:
    tags, wished = own_tags(there), own_tags(wanted)
    added = {key: value for key, value in wished.items() if tags.get(key) != value}
    surplus = sorted(tags.keys() - wished.keys())
    if added.keys() == {MANAGED_BY_TAG} and not surplus and not changed:
        return
    if added:
        before = {key: tags[key] for key in added if key in tags}
        adopts = not is_managed(there) and is_managed(wanted)
        yield TagPermissionSet(wanted.name, added, adopts, before)
    if surplus:
        yield UntagPermissionSet(wanted.name, tuple(surplus), {key: tags[key] for key in surplus})


def _unmarked(desired: DesiredAccess, actual: ActualAccess, changes: Iterable[Change]) -> tuple[str, ...]:
    """The sets of the file that others made and that this plan does not take over either."""
    marked = {each.name for each in changes if isinstance(each, TagPermissionSet) and each.adopts}
    there = desired.permission_sets.keys() & actual.permission_sets.keys()
    return tuple(sorted(name for name in there - marked if not is_managed(actual.permission_sets[name])))


def _staying_roles(actual: ActualAccess, grants: _Grants) -> Mapping[str, Set[AccountId]]:
    """Per permission set, the accounts where its role was before and is after, even if for others."""
    # Grants come before removals, so a role stays when its last holder changes.
    before = {(each.permission_set, each.account_id) for each in actual.assignments}
    after = {
        (each.permission_set, each.account_id)
        for each in (actual.assignments - grants.surplus) | grants.missing
        if isinstance(each, Assignment)
    }
    staying: dict[str, set[AccountId]] = {}
    for name, account in before & after:
        staying.setdefault(name, set()).add(account)
    return staying


def _provisioning(
    name: str, staying: Set[AccountId], actual: ActualAccess, *, changed: bool
) -> Iterator[ProvisionPermissionSet]:
    """One provisioning, if a role that stays is concerned: a first assignment brings its role by itself."""
    stale = {account for account in staying if (name, account) in actual.stale}
    concerned, reason = (
        (staying, ProvisioningReason.CHANGED) if changed else (stale, ProvisioningReason.STALE)
    )
    if concerned:
        yield ProvisionPermissionSet(name, reason, tuple(sorted(concerned)))


def _emptied(desired: DesiredAccess, actual: ActualAccess, grants: _Grants) -> tuple[Granted, ...]:
    """The grants of groups whose last member leaves; those that are removed as well are not repeated."""
    hollow = {
        Principal(PrincipalKind.GROUP, name)
        for name, group in desired.groups.items()
        if not group.members and name in actual.groups and actual.groups[name].members
    }
    if not hollow:
        return ()
    held: Set[Granted] = actual.assignments | actual.entitlements
    concerned = {each for each in held if each.principal in hollow} - grants.surplus
    return tuple(sorted(concerned, key=lambda each: (type(each).__name__, *map(str, _fields(each)))))


def _fields(granted: Granted) -> tuple[object, ...]:
    if isinstance(granted, Assignment):
        return granted.permission_set, granted.account_id, granted.principal
    return granted.role, granted.account_id, granted.principal


def _is_gone(principal: Principal, actual: ActualAccess) -> bool:
    """Whether no such user or group exists any more."""
    known: Mapping[str, object] = actual.users if principal.kind is PrincipalKind.USER else actual.groups
    return principal.name not in known
