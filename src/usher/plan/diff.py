"""The difference between what the access file says and what is there, as a plan.

Who decides about what: the file is exact for the permission sets it names (contents, tags and all their
assignments), for the members of the groups it names and for the attributes of the users it names. A
permission set that carries the access file's tag and is no longer named goes, with its assignments.
Everything else is left alone, and listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from usher.core.assignments import Assignment, Entitlement
from usher.core.errors import UsageError
from usher.core.ids import AccountId
from usher.core.organization import MANAGED_BY_ACCESS_FILE, MANAGED_BY_TAG, ActualAccess, DesiredAccess
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Group, Principal, PrincipalKind
from usher.plan.changes import (
    AddMember,
    AttachCustomerPolicy,
    AttachManagedPolicy,
    Change,
    ContentChange,
    CreateAssignment,
    CreateEntitlement,
    CreateGroup,
    CreatePermissionSet,
    CreateUser,
    DeleteAssignment,
    DeleteBoundary,
    DeleteEntitlement,
    DeleteInlinePolicy,
    DeletePermissionSet,
    DetachCustomerPolicy,
    DetachManagedPolicy,
    LeftAlone,
    Plan,
    ProvisioningReason,
    ProvisionPermissionSet,
    PutBoundary,
    PutInlinePolicy,
    RemoveMember,
    TagPermissionSet,
    UntagPermissionSet,
    UpdateGroup,
    UpdatePermissionSet,
    UpdateUser,
    settings_of,
)
from usher.plan.order import in_order

_AWS_OWN_TAG = "aws:"  # tags with this prefix belong to AWS and cannot be removed


def plan_changes(desired: DesiredAccess, actual: ActualAccess) -> Plan:
    """The changes that make `actual` what `desired` says; none when it is so already.

    Raises UsageError when the file spells a user name otherwise than the identity store, where names
    differ by more than case.
    """
    _check_spelling(desired, actual)
    undeclared = sorted(actual.permission_sets.keys() - desired.permission_sets.keys())
    doomed = [name for name in undeclared if is_managed(actual.permission_sets[name])]
    decided = desired.permission_sets.keys() | set(doomed)
    managed = [assignment for assignment in actual.assignments if assignment.permission_set in decided]
    entitled = [each for each in actual.entitlements if each.role_name in desired.roles]
    changes = [
        *_user_changes(desired, actual),
        *_group_changes(desired, actual),
        *_permission_set_changes(desired, actual),
        *_assignment_changes(desired, managed, actual),
        *_entitlement_changes(desired, entitled, actual),
        *(DeletePermissionSet(name) for name in doomed),
    ]
    return Plan(
        in_order(changes),
        accounts={**actual.accounts, **desired.accounts},
        managed_assignments=len(managed) + len(entitled),
        left_alone=LeftAlone(
            permission_sets=tuple(name for name in undeclared if name not in doomed),
            users=tuple(sorted(actual.users.keys() - desired.users.keys())),
            groups=tuple(sorted(actual.groups.keys() - desired.groups.keys())),
        ),
    )


def is_managed(permission_set: PermissionSet) -> bool:
    """Whether an access file made this permission set, or took it over."""
    return permission_set.tags.get(MANAGED_BY_TAG) == MANAGED_BY_ACCESS_FILE


def _check_spelling(desired: DesiredAccess, actual: ActualAccess) -> None:
    spelled = {name.casefold(): name for name in actual.users}
    for name in desired.users:
        there = spelled.get(name.casefold(), name)
        if name not in actual.users and there != name:
            raise UsageError(
                f"the file calls a user '{name}', the identity store '{there}'",
                hint=f"AWS does not tell these names apart: write '{there}' in the file",
            )


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


def _permission_set_changes(desired: DesiredAccess, actual: ActualAccess) -> Iterator[Change]:
    # A role stays where its set is assigned before and after, even if to others: grants come before removals.
    kept = _pairs(desired.assignments) & _pairs(actual.assignments)
    for name, wanted in desired.permission_sets.items():
        there = actual.permission_sets.get(name)
        if there is None:
            yield CreatePermissionSet(name, settings_of(wanted), wanted.tags)
            yield from _content_changes(PermissionSet(name), _as_created(wanted))
            continue
        contents = tuple(_content_changes(there, wanted))
        yield from contents
        yield from _tag_changes(there, wanted)
        yield from _provisioning(name, kept, actual, changed=bool(contents))


def _as_created(wanted: PermissionSet) -> PermissionSet:
    """`wanted` with the settings that creating it sets already, so that only its policies differ."""
    return PermissionSet(
        wanted.name,
        managed_policies=wanted.managed_policies,
        customer_policies=wanted.customer_policies,
        inline_policy=wanted.inline_policy,
        boundary=wanted.boundary,
    )


def _content_changes(there: PermissionSet, wanted: PermissionSet) -> Iterator[ContentChange]:
    name = wanted.name
    if settings_of(there) != settings_of(wanted):
        yield UpdatePermissionSet(name, settings_of(there), settings_of(wanted))
    for managed in there.managed_policies - wanted.managed_policies:
        yield DetachManagedPolicy(name, managed)
    for customer in there.customer_policies - wanted.customer_policies:
        yield DetachCustomerPolicy(name, customer)
    for managed in wanted.managed_policies - there.managed_policies:
        yield AttachManagedPolicy(name, managed)
    for customer in wanted.customer_policies - there.customer_policies:
        yield AttachCustomerPolicy(name, customer)
    if there.inline_policy != wanted.inline_policy:
        if wanted.inline_policy is not None:
            yield PutInlinePolicy(name, wanted.inline_policy, there.inline_policy)
        elif there.inline_policy is not None:
            yield DeleteInlinePolicy(name, there.inline_policy)
    if there.boundary != wanted.boundary:
        if wanted.boundary is not None:
            yield PutBoundary(name, wanted.boundary, there.boundary)
        elif there.boundary is not None:
            yield DeleteBoundary(name, there.boundary)


def _tag_changes(there: PermissionSet, wanted: PermissionSet) -> Iterator[Change]:
    added = {key: value for key, value in wanted.tags.items() if there.tags.get(key) != value}
    surplus = sorted(
        key for key in there.tags.keys() - wanted.tags.keys() if not key.startswith(_AWS_OWN_TAG)
    )
    if added:
        yield TagPermissionSet(wanted.name, added, adopts=not is_managed(there) and is_managed(wanted))
    if surplus:
        yield UntagPermissionSet(wanted.name, tuple(surplus))


def _provisioning(
    name: str, kept: Set[tuple[str, AccountId]], actual: ActualAccess, *, changed: bool
) -> Iterator[ProvisionPermissionSet]:
    """One provisioning, if a role that stays is concerned: a first assignment brings its role by itself."""
    staying = {account for permission_set, account in kept if permission_set == name}
    stale = {account for account in staying if (name, account) in actual.stale}
    concerned, reason = (
        (staying, ProvisioningReason.CHANGED) if changed else (stale, ProvisioningReason.STALE)
    )
    if concerned:
        yield ProvisionPermissionSet(name, reason, tuple(sorted(concerned)))


def _pairs(assignments: frozenset[Assignment]) -> Set[tuple[str, AccountId]]:
    return {(assignment.permission_set, assignment.account_id) for assignment in assignments}


def _assignment_changes(
    desired: DesiredAccess, managed: list[Assignment], actual: ActualAccess
) -> Iterator[Change]:
    for assignment in desired.assignments - actual.assignments:
        yield CreateAssignment(assignment)
    for assignment in managed:
        if assignment not in desired.assignments:
            yield DeleteAssignment(assignment, dangling=_is_gone(assignment.principal, actual))


def _entitlement_changes(
    desired: DesiredAccess, entitled: list[Entitlement], actual: ActualAccess
) -> Iterator[Change]:
    for entitlement in desired.entitlements - actual.entitlements:
        yield CreateEntitlement(entitlement)
    for entitlement in entitled:
        if entitlement not in desired.entitlements:
            yield DeleteEntitlement(entitlement, dangling=_is_gone(entitlement.principal, actual))


def _is_gone(principal: Principal, actual: ActualAccess) -> bool:
    """Whether no such user or group exists any more."""
    known: Mapping[str, object] = actual.users if principal.kind is PrincipalKind.USER else actual.groups
    return principal.name not in known
