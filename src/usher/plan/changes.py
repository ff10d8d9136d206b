"""The changes a plan is made of: one frozen value per thing that can be done to an Identity Center.

A plan is shown and executed from the same values. Whoever handles a `Change` handles all of them, with
`match` and `assert_never`. Everything is named as people name it; ids are looked up when it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from usher.core.accounts import Account
from usher.core.assignments import Assignment, Entitlement, Granted
from usher.core.ids import AccountId
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.core.principals import User
from usher.core.rules import DriftMode, Place


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Add a person to the identity store."""

    user: User


@dataclass(frozen=True, slots=True)
class UpdateUser:
    """Change a person's names or email address."""

    before: User
    after: User


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Add an empty group; its members follow as `AddMember`."""

    group: str
    description: str


@dataclass(frozen=True, slots=True)
class UpdateGroup:
    """Change a group's description."""

    group: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AddMember:
    """Put a user into a group: from then on they have what the group has."""

    group: str
    user_name: str


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """Take a user out of a group."""

    group: str
    user_name: str


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Remove a group. Only the undoing of its creation does that: an access file never deletes one."""

    group: str
    description: str


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Remove a person. Only the undoing of their creation does that: an access file never deletes one."""

    user: User


@dataclass(frozen=True, slots=True)
class PermissionSetSettings:
    """The fields of a permission set that AWS changes in one call; `session_seconds` is in seconds."""

    description: str
    session_seconds: int
    relay_state: str


@dataclass(frozen=True, slots=True)
class CreatePermissionSet:
    """Make a permission set with its settings and tags; its policies follow as changes of their own."""

    name: str
    settings: PermissionSetSettings
    tags: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class UpdatePermissionSet:
    """Change settings. All of them are sent: AWS clears a relay state that an update leaves out."""

    name: str
    before: PermissionSetSettings
    after: PermissionSetSettings


@dataclass(frozen=True, slots=True)
class AttachManagedPolicy:
    """Attach an AWS managed policy."""

    name: str
    policy: ManagedPolicy


@dataclass(frozen=True, slots=True)
class DetachManagedPolicy:
    """Detach an AWS managed policy."""

    name: str
    policy: ManagedPolicy


@dataclass(frozen=True, slots=True)
class AttachCustomerPolicy:
    """Refer to a customer managed policy, which every target account must have."""

    name: str
    policy: CustomerPolicy


@dataclass(frozen=True, slots=True)
class DetachCustomerPolicy:
    """No longer refer to a customer managed policy."""

    name: str
    policy: CustomerPolicy


@dataclass(frozen=True, slots=True)
class PutInlinePolicy:
    """Set the inline policy; `before` is None when there was none."""

    name: str
    policy: PolicyDocument
    before: PolicyDocument | None


@dataclass(frozen=True, slots=True)
class DeleteInlinePolicy:
    """Remove the inline policy."""

    name: str
    before: PolicyDocument


@dataclass(frozen=True, slots=True)
class PutBoundary:
    """Set the permissions boundary; `before` is None when there was none."""

    name: str
    boundary: ManagedPolicy | CustomerPolicy
    before: ManagedPolicy | CustomerPolicy | None


@dataclass(frozen=True, slots=True)
class DeleteBoundary:
    """Remove the permissions boundary."""

    name: str
    before: ManagedPolicy | CustomerPolicy


@dataclass(frozen=True, slots=True)
class TagPermissionSet:
    """Add tags, or change their values. `before` holds the values that change, for those that were there."""

    name: str
    tags: Mapping[str, str] = field(hash=False)
    adopts: bool = False
    """Whether this takes over a permission set that Usher did not make."""
    before: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class UntagPermissionSet:
    """Remove tags by key; `before` are their values."""

    name: str
    keys: tuple[str, ...]
    before: Mapping[str, str] = field(default_factory=dict, hash=False)


class ProvisioningReason(StrEnum):
    """Why roles have to be brought up to date."""

    CHANGED = "its contents change"
    STALE = "its roles lag behind"


@dataclass(frozen=True, slots=True)
class ProvisionPermissionSet:
    """Bring the set's role up to date in every account that has it; `accounts` are those concerned."""

    name: str
    reason: ProvisioningReason
    accounts: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class CreateAssignment:
    """Grant; AWS makes the role in the account when it is the first of its set there."""

    assignment: Assignment


@dataclass(frozen=True, slots=True)
class DeleteAssignment:
    """Take one grant away. `dangling` says that its user or group no longer exists."""

    assignment: Assignment
    dangling: bool = False


@dataclass(frozen=True, slots=True)
class CreateEntitlement:
    """Let a principal assume an owned role. The role itself, and its trust, are somebody else's to make."""

    entitlement: Entitlement


@dataclass(frozen=True, slots=True)
class DeleteEntitlement:
    """No longer let a principal assume an owned role. `dangling`: its user or group no longer exists."""

    entitlement: Entitlement
    dangling: bool = False


@dataclass(frozen=True, slots=True)
class DeletePermissionSet:
    """Remove a permission set that the access file made and no longer names.

    `content` is what it holds, so that it can be made again; None when its policies were not read.
    """

    name: str
    content: PermissionSet | None = None


ContentChange: TypeAlias = (
    UpdatePermissionSet
    | DetachManagedPolicy
    | DetachCustomerPolicy
    | AttachManagedPolicy
    | AttachCustomerPolicy
    | PutInlinePolicy
    | DeleteInlinePolicy
    | PutBoundary
    | DeleteBoundary
)
"""What changes a permission set's roles, once it is provisioned."""

Change: TypeAlias = (
    CreateUser
    | UpdateUser
    | CreateGroup
    | UpdateGroup
    | AddMember
    | CreatePermissionSet
    | ContentChange
    | TagPermissionSet
    | UntagPermissionSet
    | ProvisionPermissionSet
    | CreateAssignment
    | CreateEntitlement
    | DeleteAssignment
    | DeleteEntitlement
    | RemoveMember
    | DeletePermissionSet
    | DeleteGroup
    | DeleteUser
)


class DifferenceKind(StrEnum):
    """Which way the accounts differ from the file."""

    MISSING = "missing"
    SURPLUS = "surplus"


@dataclass(frozen=True, slots=True)
class Difference:
    """Access that differs from the file and that a drift mode leaves as it is.

    `rules` are the places of the rules that give what is missing, or that give others what is surplus.
    """

    granted: Granted
    kind: DifferenceKind
    mode: DriftMode
    rules: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """What exists but is not in the file, and therefore stays as it is. Names, sorted."""

    permission_sets: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes in the order they are carried out, and what a reader needs to judge them.

    `accounts` gives account ids their names. `managed_assignments` counts the existing assignments of the
    permission sets and the entitlements of the roles that the file decides about, before the plan;
    `managed_sets` the permission sets that the file made or took over. `differences` are what drift modes
    leave as it is. `emptied` is access that stays and that nobody has any more, because its group's last
    member leaves. `unmarked` are sets of the file that somebody else made and that nothing changes: until
    their first change marks them, they stay as they are when they leave the file.
    """

    changes: tuple[Change, ...]
    accounts: Mapping[AccountId, Account] = field(hash=False)
    managed_assignments: int = 0
    left_alone: LeftAlone = LeftAlone()
    differences: tuple[Difference, ...] = ()
    emptied: tuple[Granted, ...] = ()
    managed_sets: int = 0
    unmarked: tuple[str, ...] = ()

    @property
    def removals(self) -> tuple[DeleteAssignment | DeleteEntitlement, ...]:
        """The assignments and entitlements that the plan takes away."""
        return tuple(
            change for change in self.changes if isinstance(change, DeleteAssignment | DeleteEntitlement)
        )


def granted_by(
    change: CreateAssignment | DeleteAssignment | CreateEntitlement | DeleteEntitlement,
) -> Granted:
    """The grant that `change` makes or takes away."""
    if isinstance(change, CreateAssignment | DeleteAssignment):
        return change.assignment
    return change.entitlement


def settings_of(permission_set: PermissionSet) -> PermissionSetSettings:
    """The part of `permission_set` that one update call changes."""
    return PermissionSetSettings(
        permission_set.description, permission_set.session_seconds, permission_set.relay_state
    )
