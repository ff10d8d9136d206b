"""What comes before what: create before delete, contents before assignments, and who waits for whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, assert_never

from usher.core.assignments import Granted
from usher.core.principals import Principal, PrincipalKind
from usher.plan.changes import (
    AddMember,
    AttachCustomerPolicy,
    AttachManagedPolicy,
    Change,
    CreateAssignment,
    CreateEntitlement,
    CreateGroup,
    CreatePermissionSet,
    CreateUser,
    DeleteAssignment,
    DeleteBoundary,
    DeleteEntitlement,
    DeleteGroup,
    DeleteInlinePolicy,
    DeletePermissionSet,
    DeleteUser,
    DetachCustomerPolicy,
    DetachManagedPolicy,
    ProvisionPermissionSet,
    PutBoundary,
    PutInlinePolicy,
    RemoveMember,
    TagPermissionSet,
    UntagPermissionSet,
    UpdateGroup,
    UpdatePermissionSet,
    UpdateUser,
)

# Within a permission set detaching comes first: a set may hold twenty policies, and swapping one at the
# limit would not fit otherwise. Nothing is lost in between, because roles change only when provisioned.
_STAGES: tuple[tuple[type, ...], ...] = (
    (CreateUser,),
    (UpdateUser,),
    (CreateGroup,),
    (UpdateGroup,),
    (AddMember,),
    (CreatePermissionSet,),
    (UpdatePermissionSet,),
    (UntagPermissionSet,),
    (TagPermissionSet,),
    (DetachManagedPolicy, DetachCustomerPolicy),
    (AttachManagedPolicy, AttachCustomerPolicy),
    (DeleteInlinePolicy, PutInlinePolicy),
    (DeleteBoundary, PutBoundary),
    (ProvisionPermissionSet,),
    (CreateAssignment,),
    (CreateEntitlement,),
    (DeleteAssignment,),
    (DeleteEntitlement,),
    (RemoveMember,),
    (DeletePermissionSet,),
    (DeleteGroup,),
    (DeleteUser,),
)
_STAGE_OF = {kind: number for number, kinds in enumerate(_STAGES) for kind in kinds}


class Subject(NamedTuple):
    """What a change is about, for example `user`, `permission set` or `assignments of`; its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """`changes` in the order they are carried out; equal inputs give equal orders."""
    return tuple(sorted(changes, key=lambda change: (stage(change), _sort_key(change))))


def stage(change: Change) -> int:
    """The stage that `change` belongs to; a stage starts when all before it have ended."""
    return _STAGE_OF[type(change)]


def settles(change: Change) -> tuple[Subject, ...]:
    """What cannot be relied on when `change` fails; nothing when nothing else depends on it."""
    match change:
        case CreateUser(user=user):
            return (_user(user.user_name),)
        case CreateGroup(group=group):
            return (_group(group),)
        case (
            CreatePermissionSet(name=name)
            | UpdatePermissionSet(name=name)
            | DetachManagedPolicy(name=name)
            | DetachCustomerPolicy(name=name)
            | AttachManagedPolicy(name=name)
            | AttachCustomerPolicy(name=name)
            | PutInlinePolicy(name=name)
            | DeleteInlinePolicy(name=name)
            | PutBoundary(name=name)
            | DeleteBoundary(name=name)
        ):
            return (_permission_set(name),)
        case DeleteAssignment(assignment=assignment):
            return _assignments_of(assignment.permission_set), _access_of(assignment.principal)
        case DeleteEntitlement(entitlement=entitlement):
            return (_access_of(entitlement.principal),)
        case CreateAssignment(assignment=assignment):
            return (_moved(assignment, "the grant of a permission set"),)
        case CreateEntitlement(entitlement=entitlement):
            return (_moved(entitlement, "the grant of a role"),)
        case (
            UpdateUser()
            | UpdateGroup()
            | AddMember()
            | RemoveMember()
            | TagPermissionSet()
            | UntagPermissionSet()
            | ProvisionPermissionSet()
            | DeletePermissionSet()
            | DeleteGroup()
            | DeleteUser()
        ):
            return ()
        case _:
            assert_never(change)


def needs(change: Change) -> tuple[Subject, ...]:
    """What must be settled before `change` may be carried out.

    A permission set whose contents could not all be set is not handed out: nobody may end up with a role
    that lacks its boundary. Where access moves between a permission set and an owned role, what was there
    goes only when what comes is there.
    """
    match change:
        case AddMember(group=group, user_name=user_name):
            return _group(group), _user(user_name)
        case (
            UpdatePermissionSet(name=name)
            | DetachManagedPolicy(name=name)
            | DetachCustomerPolicy(name=name)
            | AttachManagedPolicy(name=name)
            | AttachCustomerPolicy(name=name)
            | PutInlinePolicy(name=name)
            | DeleteInlinePolicy(name=name)
            | PutBoundary(name=name)
            | DeleteBoundary(name=name)
            | ProvisionPermissionSet(name=name)
        ):
            return (_permission_set(name),)
        case CreateAssignment(assignment=assignment):
            return _principal(assignment.principal), _permission_set(assignment.permission_set)
        case CreateEntitlement(entitlement=entitlement):
            return (_principal(entitlement.principal),)
        case DeleteAssignment(assignment=assignment):
            return (_moved(assignment, "the grant of a role"),)
        case DeleteEntitlement(entitlement=entitlement):
            return (_moved(entitlement, "the grant of a permission set"),)
        case DeletePermissionSet(name=name):
            return (_assignments_of(name),)
        case DeleteGroup(group=group):
            return (_access_of(Principal(PrincipalKind.GROUP, group)),)
        case DeleteUser(user=user):
            return (_access_of(Principal(PrincipalKind.USER, user.user_name)),)
        case (
            CreateUser()
            | UpdateUser()
            | CreateGroup()
            | UpdateGroup()
            | RemoveMember()
            | CreatePermissionSet()
            | TagPermissionSet()
            | UntagPermissionSet()
        ):
            return ()
        case _:
            assert_never(change)


def _principal(principal: Principal) -> Subject:
    return _user(principal.name) if principal.kind is PrincipalKind.USER else _group(principal.name)


def _user(name: str) -> Subject:
    return Subject("user", name)


def _group(name: str) -> Subject:
    return Subject("group", name)


def _permission_set(name: str) -> Subject:
    return Subject("permission set", name)


def _assignments_of(name: str) -> Subject:
    return Subject("assignments of", name)


def _access_of(principal: Principal) -> Subject:
    return Subject("access of", str(principal))


def _moved(granted: Granted, what: str) -> Subject:
    """The other kind of access that the same principal gets in the same account."""
    return Subject(what, f"in {granted.account_id} to {granted.principal}")


def _sort_key(change: Change) -> tuple[str, ...]:
    match change:
        case CreateUser(user=user) | UpdateUser(after=user) | DeleteUser(user=user):
            return (user.user_name,)
        case CreateGroup(group=group) | UpdateGroup(group=group) | DeleteGroup(group=group):
            return (group,)
        case AddMember(group=group, user_name=user_name) | RemoveMember(group=group, user_name=user_name):
            return group, user_name
        case AttachManagedPolicy(name=name, policy=managed) | DetachManagedPolicy(name=name, policy=managed):
            return name, managed.arn
        case (
            AttachCustomerPolicy(name=name, policy=customer)
            | DetachCustomerPolicy(name=name, policy=customer)
        ):
            return name, customer.path, customer.name
        case (
            CreatePermissionSet(name=name)
            | UpdatePermissionSet(name=name)
            | PutInlinePolicy(name=name)
            | DeleteInlinePolicy(name=name)
            | PutBoundary(name=name)
            | DeleteBoundary(name=name)
            | TagPermissionSet(name=name)
            | UntagPermissionSet(name=name)
            | ProvisionPermissionSet(name=name)
            | DeletePermissionSet(name=name)
        ):
            return (name,)
        case CreateAssignment(assignment=assignment) | DeleteAssignment(assignment=assignment):
            principal = assignment.principal
            return assignment.permission_set, assignment.account_id, principal.kind, principal.name
        case CreateEntitlement(entitlement=entitlement) | DeleteEntitlement(entitlement=entitlement):
            return entitlement.role, entitlement.principal.kind, entitlement.principal.name
        case _:
            assert_never(change)
