"""A change in words and in a sign: the same sentence in the plan, the progress, the journal and a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, assert_never

from usher.core.accounts import Account
from usher.core.durations import plain_duration
from usher.core.ids import AccountId
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy
from usher.core.principals import Principal, User
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
    PermissionSetSettings,
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

Sign = Literal["+", "~", "-"]
Accounts = Mapping[AccountId, Account]


def sign_of(change: Change) -> Sign:
    """`+` for what comes, `-` for what goes, `~` for what becomes different."""
    match change:
        case (
            CreateUser()
            | CreateGroup()
            | AddMember()
            | CreatePermissionSet()
            | AttachManagedPolicy()
            | AttachCustomerPolicy()
            | CreateAssignment()
            | CreateEntitlement()
        ):
            return "+"
        case PutInlinePolicy(before=None) | PutBoundary(before=None):
            return "+"
        case (
            UpdateUser()
            | UpdateGroup()
            | UpdatePermissionSet()
            | PutInlinePolicy()
            | PutBoundary()
            | TagPermissionSet()
            | UntagPermissionSet()
            | ProvisionPermissionSet()
        ):
            return "~"
        case (
            DetachManagedPolicy()
            | DetachCustomerPolicy()
            | DeleteInlinePolicy()
            | DeleteBoundary()
            | DeleteAssignment()
            | DeleteEntitlement()
            | RemoveMember()
            | DeletePermissionSet()
            | DeleteGroup()
            | DeleteUser()
        ):
            return "-"
        case _:
            assert_never(change)


def words_of(change: Change, accounts: Accounts) -> str:
    """What `change` does, as one sentence without a full stop. Names are as given, not made printable."""
    match change:
        case CreateAssignment(assignment=assignment):
            where = account_words(assignment.account_id, accounts)
            return f"{assignment.principal.name} gains {assignment.permission_set} in {where}"
        case DeleteAssignment(assignment=assignment, dangling=dangling):
            where = account_words(assignment.account_id, accounts)
            gone = _gone(assignment.principal) if dangling else ""
            return f"{assignment.principal.name} loses {assignment.permission_set} in {where}{gone}"
        case CreateEntitlement(entitlement=entitlement):
            where = account_words(entitlement.account_id, accounts)
            return f"{entitlement.principal.name} gains the role {entitlement.role_name} in {where}"
        case DeleteEntitlement(entitlement=entitlement, dangling=dangling):
            where = account_words(entitlement.account_id, accounts)
            gone = _gone(entitlement.principal) if dangling else ""
            return f"{entitlement.principal.name} loses the role {entitlement.role_name} in {where}{gone}"
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
            return _people_words(change)
        case _:
            return _permission_set_words(change, accounts)


def account_words(account_id: AccountId, accounts: Accounts) -> str:
    """An account as `name (id)`; an account that the organization does not have by its id alone."""
    account = accounts.get(account_id)
    return str(account) if account else f"{account_id} (not in the organization)"


def _gone(principal: Principal) -> str:
    return f" (this {principal.kind.lower()} no longer exists)"


def _people_words(
    change: CreateUser
    | UpdateUser
    | DeleteUser
    | CreateGroup
    | UpdateGroup
    | DeleteGroup
    | AddMember
    | RemoveMember,
) -> str:
    match change:
        case CreateUser(user=user):
            email = f", {user.email}" if user.email and user.email != user.user_name else ""
            return f"user {user.user_name} is added ({user.display_name}{email})"
        case UpdateUser(before=before, after=after):
            return f"user {after.user_name} changes: {_user_difference(before, after)}"
        case CreateGroup(group=group):
            return f"group {group} is added"
        case UpdateGroup(group=group, before=old, after=new):
            return f"group {group} changes: description {_from_to(old, new)}"
        case AddMember(group=group, user_name=user_name):
            return f"{user_name} joins {group}"
        case RemoveMember(group=group, user_name=user_name):
            return f"{user_name} leaves {group}"
        case DeleteGroup(group=group):
            return f"group {group} is deleted"
        case DeleteUser(user=user):
            return f"user {user.user_name} is deleted ({user.display_name})"
        case _:
            assert_never(change)


_PolicyChange = (
    AttachManagedPolicy
    | DetachManagedPolicy
    | AttachCustomerPolicy
    | DetachCustomerPolicy
    | PutInlinePolicy
    | DeleteInlinePolicy
    | PutBoundary
    | DeleteBoundary
)
_PermissionSetChange = (
    CreatePermissionSet
    | UpdatePermissionSet
    | _PolicyChange
    | TagPermissionSet
    | UntagPermissionSet
    | ProvisionPermissionSet
    | DeletePermissionSet
)


def _permission_set_words(change: _PermissionSetChange, accounts: Accounts) -> str:
    match change:
        case CreatePermissionSet(name=name, settings=settings):
            return f"{name} is added (sessions of {plain_duration(settings.session_seconds)})"
        case UpdatePermissionSet(name=name, before=before, after=after):
            return f"{name} changes: {_settings_difference(before, after)}"
        case TagPermissionSet(name=name, tags=tags, adopts=adopts):
            pairs = ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
            return f"{name} is taken over by this file ({pairs})" if adopts else f"{name} is tagged {pairs}"
        case UntagPermissionSet(name=name, keys=keys):
            return f"{name} loses the tags {', '.join(keys)}"
        case ProvisionPermissionSet(name=name, reason=reason, accounts=where):
            names = ", ".join(account_words(account, accounts) for account in where)
            return f"{name} is brought up to date because {reason}, in {names}"
        case DeletePermissionSet(name=name):
            return f"{name} is deleted"
        case _:
            return _policy_change_words(change)


def _policy_change_words(change: _PolicyChange) -> str:
    match change:
        case AttachManagedPolicy(name=name, policy=managed):
            return f"{name} gets the AWS policy {managed.name}"
        case DetachManagedPolicy(name=name, policy=managed):
            return f"{name} loses the AWS policy {managed.name}"
        case AttachCustomerPolicy(name=name, policy=customer):
            return f"{name} gets each account's own policy {customer.path}{customer.name}"
        case DetachCustomerPolicy(name=name, policy=customer):
            return f"{name} loses each account's own policy {customer.path}{customer.name}"
        case PutInlinePolicy(name=name, before=None):
            return f"{name} gets an inline policy"
        case PutInlinePolicy(name=name):
            return f"{name} gets another inline policy"
        case DeleteInlinePolicy(name=name):
            return f"{name} loses its inline policy"
        case PutBoundary(name=name, boundary=boundary):
            return f"{name} gets the boundary {_policy_words(boundary)}"
        case DeleteBoundary(name=name):
            return f"{name} loses its boundary"
        case _:
            assert_never(change)


def _user_difference(before: User, after: User) -> str:
    pairs = (
        ("display name", before.display_name, after.display_name),
        ("given name", before.given_name, after.given_name),
        ("family name", before.family_name, after.family_name),
        ("email", before.email, after.email),
    )
    return ", ".join(f"{what} {_from_to(old, new)}" for what, old, new in pairs if old != new)


def _settings_difference(before: PermissionSetSettings, after: PermissionSetSettings) -> str:
    pairs = (
        ("description", before.description, after.description),
        ("session", plain_duration(before.session_seconds), plain_duration(after.session_seconds)),
        ("relay state", before.relay_state, after.relay_state),
    )
    return ", ".join(f"{what} {_from_to(old, new)}" for what, old, new in pairs if old != new)


def _from_to(old: str, new: str) -> str:
    return f"{old or '(none)'} -> {new or '(none)'}"


def _policy_words(policy: ManagedPolicy | CustomerPolicy) -> str:
    return policy.name if isinstance(policy, ManagedPolicy) else f"{policy.path}{policy.name}"
