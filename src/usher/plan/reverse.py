"""The reverse of one change, from what is there now: what undoes it, nothing, or why it is left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar, assert_never

from usher.core.organization import ActualAccess
from usher.core.permission_sets import PermissionSet
from usher.core.principals import PrincipalKind
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
    settings_of,
)
from usher.plan.contents import creation_of, own_tags

_CHANGED = "others have changed it since"
_UNREAD = "it was not read"
_GONE = "it no longer exists"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Left:
    """A change that is not reversed."""

    why: str


Reversal: TypeAlias = tuple[Change, ...] | Left
"""The changes that undo one; none when the world is as it was before it."""


def reverse_of(change: Change, actual: ActualAccess) -> Reversal:
    """What undoes `change`, if it still stands as it was made."""
    match change:
        case (
            CreateUser()
            | UpdateUser()
            | DeleteUser()
            | CreateGroup()
            | UpdateGroup()
            | DeleteGroup()
            | AddMember()
            | RemoveMember()
        ):
            return _reverse_of_people(change, actual)
        case CreateAssignment() | DeleteAssignment() | CreateEntitlement() | DeleteEntitlement():
            return _reverse_of_access(change, actual)
        case DeletePermissionSet():
            return _reverse_of_deletion(change, actual)
        case CreatePermissionSet():
            return reverse_of_creation(change, [change], [], actual)
        case ProvisionPermissionSet():
            return ()
        case TagPermissionSet() | UntagPermissionSet():
            there = actual.permission_sets.get(change.name)
            return Left(_GONE) if there is None else _reverse_of_tags(change, own_tags(there))
        case _:
            return _reverse_of_contents(change, actual)


def reverse_of_creation(
    change: CreatePermissionSet, done: Sequence[Change], uncertain: Sequence[Change], actual: ActualAccess
) -> Reversal:
    """What undoes the making of a permission set together with its contents: they go as one.

    `done` and `uncertain` are all changes of the run; those of the set say how the run left it.
    """
    there = actual.permission_sets.get(change.name)
    if there is None:
        return ()
    if change.name in actual.unread.policies_of or change.name in actual.unread.assignments_of:
        return Left(_UNREAD)
    as_made = PermissionSet(
        change.name,
        change.settings.description,
        change.settings.session_seconds,
        change.settings.relay_state,
        tags=change.tags,
    )
    certain = _with_contents(as_made, done)
    if replace(there, tags=own_tags(there)) not in (certain, _with_contents(certain, uncertain)):
        return Left(_CHANGED)
    return (DeletePermissionSet(change.name, there),)


def _with_contents(made: PermissionSet, changes: Sequence[Change]) -> PermissionSet:
    """`made` after those of `changes` that fill a new permission set."""
    for change in changes:
        match change:
            case AttachManagedPolicy(name=made.name, policy=managed):
                made = replace(made, managed_policies=made.managed_policies | {managed})
            case AttachCustomerPolicy(name=made.name, policy=customer):
                made = replace(made, customer_policies=made.customer_policies | {customer})
            case PutInlinePolicy(name=made.name, policy=inline):
                made = replace(made, inline_policy=inline)
            case PutBoundary(name=made.name, boundary=boundary):
                made = replace(made, boundary=boundary)
            case _:
                pass
    return made


def _reverse_of_deletion(change: DeletePermissionSet, actual: ActualAccess) -> Reversal:
    there = actual.permission_sets.get(change.name)
    if there is not None:
        return () if there == change.content else Left("another of that name exists by now")
    if change.content is None:
        return Left("its policies were not read before it was deleted, so it cannot be made again")
    return tuple(creation_of(change.content))


def _reverse_of_people(
    change: CreateUser
    | UpdateUser
    | DeleteUser
    | CreateGroup
    | UpdateGroup
    | DeleteGroup
    | AddMember
    | RemoveMember,
    actual: ActualAccess,
) -> Reversal:
    users, groups = actual.users, actual.groups
    match change:
        case CreateUser(user=user):
            return _step(users.get(user.user_name), None, user, (DeleteUser(user),))
        case UpdateUser(before=before, after=after):
            back: Change = UpdateUser(after, before)
            return _step(users.get(after.user_name), before, after, (back,))
        case DeleteUser(user=user):
            return _step(users.get(user.user_name), user, None, (CreateUser(user),))
        case CreateGroup(group=group, description=text):
            return _step(_description(group, actual), None, text, (DeleteGroup(group, text),))
        case UpdateGroup(group=group, before=old, after=new):
            return _step(_description(group, actual), old, new, (UpdateGroup(group, new, old),))
        case DeleteGroup(group=group, description=text):
            return _step(_description(group, actual), text, None, (CreateGroup(group, text),))
        case AddMember(group=group, user_name=user_name) | RemoveMember(group=group, user_name=user_name):
            if group in actual.unread.members_of:
                return Left(_UNREAD)
            is_member = group in groups and user_name in groups[group].members
            if isinstance(change, AddMember):
                return (RemoveMember(group, user_name),) if is_member else ()
            return () if is_member else (AddMember(group, user_name),)
        case _:
            assert_never(change)


def _description(group: str, actual: ActualAccess) -> str | None:
    return actual.groups[group].description if group in actual.groups else None


def _reverse_of_access(
    change: CreateAssignment | DeleteAssignment | CreateEntitlement | DeleteEntitlement, actual: ActualAccess
) -> Reversal:
    if _access_is_unread(change, actual):
        return Left(_UNREAD)
    match change:
        case CreateAssignment(assignment=assignment):
            return (DeleteAssignment(assignment),) if assignment in actual.assignments else ()
        case CreateEntitlement(entitlement=entitlement):
            return (DeleteEntitlement(entitlement),) if entitlement in actual.entitlements else ()
        case DeleteAssignment(assignment=assignment):
            return () if assignment in actual.assignments else (CreateAssignment(assignment),)
        case DeleteEntitlement(entitlement=entitlement):
            return () if entitlement in actual.entitlements else (CreateEntitlement(entitlement),)
        case _:
            assert_never(change)


def _access_is_unread(
    change: CreateAssignment | DeleteAssignment | CreateEntitlement | DeleteEntitlement, actual: ActualAccess
) -> bool:
    if isinstance(change, CreateEntitlement | DeleteEntitlement):
        return actual.unread.entitlements
    of_user = change.assignment.principal.kind is PrincipalKind.USER
    unread = change.assignment.permission_set in actual.unread.assignments_of
    return unread or (of_user and actual.unread.user_grants)


def _reverse_of_contents(change: ContentChange, actual: ActualAccess) -> Reversal:
    there = actual.permission_sets.get(change.name)
    if there is None:
        return Left(_GONE)
    name = change.name
    if isinstance(change, UpdatePermissionSet):
        back = UpdatePermissionSet(name, change.after, change.before)
        return _step(settings_of(there), change.before, change.after, (back,))
    if name in actual.unread.policies_of:
        return Left(_UNREAD)
    match change:
        case AttachManagedPolicy(policy=managed):
            return _toggle(
                managed, there.managed_policies, gone=(), there=(DetachManagedPolicy(name, managed),)
            )
        case DetachManagedPolicy(policy=managed):
            return _toggle(
                managed, there.managed_policies, gone=(AttachManagedPolicy(name, managed),), there=()
            )
        case AttachCustomerPolicy(policy=customer):
            return _toggle(
                customer, there.customer_policies, gone=(), there=(DetachCustomerPolicy(name, customer),)
            )
        case DetachCustomerPolicy(policy=customer):
            return _toggle(
                customer, there.customer_policies, gone=(AttachCustomerPolicy(name, customer),), there=()
            )
        case PutInlinePolicy() | DeleteInlinePolicy() | PutBoundary() | DeleteBoundary():
            return _reverse_of_only_one(change, there)
        case _:
            assert_never(change)


def _reverse_of_only_one(
    change: PutInlinePolicy | DeleteInlinePolicy | PutBoundary | DeleteBoundary, there: PermissionSet
) -> Reversal:
    """Of what a permission set has at most one of."""
    name = change.name
    match change:
        case PutInlinePolicy(policy=policy, before=before):
            back = (
                DeleteInlinePolicy(name, policy) if before is None else PutInlinePolicy(name, before, policy)
            )
            return _step(there.inline_policy, before, policy, (back,))
        case DeleteInlinePolicy(before=before):
            return _step(there.inline_policy, before, None, (PutInlinePolicy(name, before, None),))
        case PutBoundary(boundary=new, before=old):
            undone = DeleteBoundary(name, new) if old is None else PutBoundary(name, old, new)
            return _step(there.boundary, old, new, (undone,))
        case DeleteBoundary(before=old):
            return _step(there.boundary, old, None, (PutBoundary(name, old, None),))
        case _:
            assert_never(change)


def _reverse_of_tags(change: TagPermissionSet | UntagPermissionSet, tags: Mapping[str, str]) -> Reversal:
    """Tag by tag; one that others have changed since keeps all of them as they are."""
    wanted = change.before
    made = change.tags if isinstance(change, TagPermissionSet) else {}
    keys = change.tags.keys() if isinstance(change, TagPermissionSet) else change.keys
    if any(tags.get(key) not in (made.get(key), wanted.get(key)) for key in keys):
        return Left(_CHANGED)
    moved = [key for key in keys if tags.get(key) != wanted.get(key)]
    again = {key: wanted[key] for key in moved if key in wanted}
    surplus = tuple(sorted(key for key in moved if key not in wanted))
    back: list[Change] = []
    if again:
        back.append(TagPermissionSet(change.name, again, before={k: tags[k] for k in again if k in tags}))
    if surplus:
        back.append(UntagPermissionSet(change.name, surplus, {key: tags[key] for key in surplus}))
    return tuple(back)


def _step(there: _T | None, before: _T | None, after: _T | None, back: tuple[Change, ...]) -> Reversal:
    """`back` where the world stands as the change left it."""
    if there == after:
        return back
    if there == before:
        return ()
    return Left(_GONE if there is None else _CHANGED)


def _toggle(
    item: _T, items: Collection[_T], *, gone: tuple[Change, ...], there: tuple[Change, ...]
) -> Reversal:
    """`there` where `item` is among `items`, else `gone`."""
    return there if item in items else gone
