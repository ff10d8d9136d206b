"""What is there once a plan has been carried out: who is in which group, who holds what, what a set contains.

Only what the plan touches is computed; for the rest the reading stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, assert_never

from usher.core.assignments import Assignment, Granted
from usher.core.ids import AccountId
from usher.core.organization import ActualAccess
from usher.core.permission_sets import PermissionSet
from usher.core.principals import Principal, PrincipalKind
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
    DeleteAssignment,
    DeleteBoundary,
    DeleteEntitlement,
    DeleteGroup,
    DeleteInlinePolicy,
    DeleteUser,
    DetachCustomerPolicy,
    DetachManagedPolicy,
    PutBoundary,
    PutInlinePolicy,
    RemoveMember,
    UpdatePermissionSet,
)


class Target(NamedTuple):
    """What one enters: an account through a permission set, or through a role that the organization owns."""

    account_id: AccountId
    name: str
    is_role: bool = False


Members = Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Movement:
    """What a plan adds and takes away, by whom it concerns. Group names, user names and principals."""

    joined: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    left: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    granted: dict[Principal, set[Target]] = field(default_factory=lambda: defaultdict(set))
    withdrawn: dict[Principal, set[Target]] = field(default_factory=lambda: defaultdict(set))
    new_groups: set[str] = field(default_factory=set)
    gone: set[Principal] = field(default_factory=set)


def target_of(granted: Granted) -> Target:
    """What `granted` lets its principal enter."""
    if isinstance(granted, Assignment):
        return Target(granted.account_id, granted.permission_set)
    return Target(granted.account_id, granted.role_name, is_role=True)


def movement_of(changes: Iterable[Change]) -> Movement:
    """The comings and goings among `changes`."""
    found = Movement()
    for change in changes:
        match change:
            case AddMember(group=group, user_name=user_name):
                found.joined[group].add(user_name)
            case RemoveMember(group=group, user_name=user_name):
                found.left[group].add(user_name)
            case CreateGroup(group=group):
                found.new_groups.add(group)
            case DeleteGroup(group=group):
                found.gone.add(Principal(PrincipalKind.GROUP, group))
            case DeleteUser(user=user):
                found.gone.add(Principal(PrincipalKind.USER, user.user_name))
            case CreateAssignment(assignment=each):
                found.granted[each.principal].add(target_of(each))
            case CreateEntitlement(entitlement=role):
                found.granted[role.principal].add(target_of(role))
            case DeleteAssignment(assignment=each):
                found.withdrawn[each.principal].add(target_of(each))
            case DeleteEntitlement(entitlement=role):
                found.withdrawn[role.principal].add(target_of(role))
            case _:
                pass
    return found


def contents_after(changes: Iterable[Change], actual: ActualAccess) -> dict[str, PermissionSet]:
    """The permission sets that `changes` make or alter, by name, as they are afterwards; tags as before."""
    found: dict[str, PermissionSet] = {}
    for change in changes:
        match change:
            case CreatePermissionSet(name=name, settings=new, tags=tags):
                found[name] = PermissionSet(
                    name, new.description, new.session_seconds, new.relay_state, tags=tags
                )
            case (
                UpdatePermissionSet()
                | AttachManagedPolicy()
                | DetachManagedPolicy()
                | AttachCustomerPolicy()
                | DetachCustomerPolicy()
                | PutInlinePolicy()
                | DeleteInlinePolicy()
                | PutBoundary()
                | DeleteBoundary()
            ):
                there = found.get(change.name) or actual.permission_sets.get(change.name)
                found[change.name] = _changed(there or PermissionSet(change.name), change)
            case _:
                pass
    return found


def _changed(there: PermissionSet, change: ContentChange) -> PermissionSet:
    match change:
        case UpdatePermissionSet(after=after):
            return replace(
                there,
                description=after.description,
                session_seconds=after.session_seconds,
                relay_state=after.relay_state,
            )
        case AttachManagedPolicy(policy=managed):
            return replace(there, managed_policies=there.managed_policies | {managed})
        case DetachManagedPolicy(policy=managed):
            return replace(there, managed_policies=there.managed_policies - {managed})
        case AttachCustomerPolicy(policy=customer):
            return replace(there, customer_policies=there.customer_policies | {customer})
        case DetachCustomerPolicy(policy=customer):
            return replace(there, customer_policies=there.customer_policies - {customer})
        case PutInlinePolicy(policy=policy):
            return replace(there, inline_policy=policy)
        case DeleteInlinePolicy():
            return replace(there, inline_policy=None)
        case PutBoundary(boundary=boundary):
            return replace(there, boundary=boundary)
        case DeleteBoundary():
            return replace(there, boundary=None)
        case _:
            assert_never(change)
