"""What reading and changing an Identity Center takes: the ports that `aws` implements.

Every method raises UsherError when the other end refuses; BusyError when the same call may succeed in a
moment (a throttle, or a change that still settles); UnavailableError when it cannot be reached. An error is
never an answer: a list that could not be read is not an empty list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from usher.core.ids import AccountId, PermissionSetArn, PrincipalId, RoleArn
from usher.core.permission_sets import CustomerPolicy, ManagedPolicy, PermissionSet
from usher.core.policy_document import PolicyDocument
from usher.core.principals import Group, PrincipalKind, User
from usher.plan.changes import PermissionSetSettings


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """An assignment as the API names it, by ids."""

    kind: PrincipalKind
    principal_id: PrincipalId
    permission_set: PermissionSetArn
    account_id: AccountId


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """An entitlement as the API names it. `id` names the entitlement itself, and is needed to end it."""

    id: str
    kind: PrincipalKind
    principal_id: PrincipalId
    role: RoleArn


@dataclass(frozen=True, slots=True)
class Membership:
    """A user in a group. `id` names the membership itself, and is needed to end it."""

    id: str
    user_id: PrincipalId


class RequestKind(Enum):
    """The three kinds of asynchronous request; each has status calls of its own."""

    CREATION = "assignment creation"
    DELETION = "assignment deletion"
    PROVISIONING = "provisioning"


class RequestState(Enum):
    """Where an asynchronous request stands."""

    RUNNING = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Request:
    """An asynchronous request as last seen; `reason` is AWS's own when it failed."""

    id: str
    state: RequestState
    reason: str = ""


class StatusReader(Protocol):
    """How asynchronous requests are followed."""

    def running(self, kind: RequestKind) -> frozenset[str]:
        """The ids of all requests of `kind` that are in progress in the instance, whoever made them."""
        ...

    def outcome(self, kind: RequestKind, request_id: str) -> Request:
        """Where one request stands. Raises NotFoundError for an unknown id."""
        ...


class AccessReader(StatusReader, Protocol):
    """Reads permission sets and assignments. Implementations are safe to call from several threads."""

    def list_permission_sets(self) -> Sequence[PermissionSetArn]:
        """The ARNs of all permission sets."""
        ...

    def read_settings(self, permission_set: PermissionSetArn) -> PermissionSet:
        """Name, description, session and relay state; policies and tags are empty. One call."""
        ...

    def read_tags(self, permission_set: PermissionSetArn) -> Mapping[str, str]:
        """The permission set's tags. One call."""
        ...

    def read_policies(self, permission_set: PermissionSet, arn: PermissionSetArn) -> PermissionSet:
        """`permission_set` with its policies and boundary. Four calls."""
        ...

    def list_grants_of(self, kind: PrincipalKind, principal: PrincipalId) -> Sequence[Grant]:
        """What AWS lists for one principal: what it was given itself, and for a user also what its groups
        were given, under their ids."""
        ...

    def list_grants_in(self, permission_set: PermissionSetArn, account: AccountId) -> Sequence[Grant]:
        """Who has one permission set in one account; also principals that no longer exist."""
        ...

    def list_accounts_of(self, permission_set: PermissionSetArn) -> Sequence[AccountId]:
        """The accounts in which the permission set has a role."""
        ...

    def list_stale_accounts_of(self, permission_set: PermissionSetArn) -> Sequence[AccountId]:
        """Those of these accounts whose role lags behind the permission set."""
        ...


class PeopleReader(Protocol):
    """Reads the identity store beside it. Implementations are safe to call from several threads."""

    def list_groups(self) -> Mapping[PrincipalId, Group]:
        """All groups, without their members."""
        ...

    def list_users(self) -> Mapping[PrincipalId, User]:
        """All users."""
        ...

    def list_members(self, group: PrincipalId) -> Sequence[Membership]:
        """The memberships of one group."""
        ...


class PeopleWriter(Protocol):
    """Changes the identity store. What exists already counts as made, what is gone as removed."""

    def create_user(self, user: User) -> PrincipalId:
        """Add a user."""
        ...

    def update_user(self, user_id: PrincipalId, before: User, after: User) -> None:
        """Change what differs between `before` and `after`."""
        ...

    def create_group(self, name: str, description: str) -> PrincipalId:
        """Add an empty group."""
        ...

    def update_group(self, group_id: PrincipalId, description: str) -> None:
        """Set the group's description; empty removes it."""
        ...

    def add_member(self, group_id: PrincipalId, user_id: PrincipalId) -> None:
        """Put a user into a group."""
        ...

    def remove_member(self, membership_id: str) -> None:
        """End a membership."""
        ...

    def delete_group(self, group_id: PrincipalId) -> None:
        """Remove a group."""
        ...

    def delete_user(self, user_id: PrincipalId) -> None:
        """Remove a user."""
        ...


@dataclass(frozen=True, slots=True)
class ApplicationLookup:
    """Whether the instance keeps entitlements at all, and how many calls it took to know."""

    found: bool
    calls: int


class EntitlementReader(Protocol):
    """Reads who may assume owned roles. Implementations are safe to call from several threads."""

    def look_for_application(self) -> ApplicationLookup:
        """Whether there is an application that keeps entitlements; asked once, then known."""
        ...

    def list_entitlements_in(self, account: AccountId) -> Sequence[RoleGrant]:
        """The entitlements on roles in one account; none where the instance has no such application."""
        ...

    def list_entitlements_of(self, kind: PrincipalKind, principal: PrincipalId) -> Sequence[RoleGrant]:
        """The entitlements of one principal itself; none where the instance has no such application."""
        ...


class EntitlementWriter(Protocol):
    """Changes who may assume owned roles. What exists counts as made, what is gone as removed."""

    def create_entitlement(self, kind: PrincipalKind, principal: PrincipalId, role: RoleArn) -> str:
        """Let a principal assume a role; the entitlement's id."""
        ...

    def delete_entitlement(self, entitlement_id: str) -> None:
        """End an entitlement."""
        ...


class AccessWriter(StatusReader, Protocol):
    """Changes permission sets and assignments. What exists counts as made, what is gone as removed."""

    def create_permission_set(
        self, name: str, settings: PermissionSetSettings, tags: Mapping[str, str]
    ) -> PermissionSetArn:
        """Make a permission set without policies."""
        ...

    def update_permission_set(
        self, arn: PermissionSetArn, before: PermissionSetSettings, after: PermissionSetSettings
    ) -> None:
        """Set all settings."""
        ...

    def attach_managed_policy(self, arn: PermissionSetArn, policy: ManagedPolicy) -> None:
        """Attach an AWS managed policy."""
        ...

    def detach_managed_policy(self, arn: PermissionSetArn, policy: ManagedPolicy) -> None:
        """Detach an AWS managed policy."""
        ...

    def attach_customer_policy(self, arn: PermissionSetArn, policy: CustomerPolicy) -> None:
        """Attach a reference to a customer managed policy."""
        ...

    def detach_customer_policy(self, arn: PermissionSetArn, policy: CustomerPolicy) -> None:
        """Detach a reference to a customer managed policy."""
        ...

    def put_inline_policy(self, arn: PermissionSetArn, policy: PolicyDocument) -> None:
        """Set the inline policy."""
        ...

    def delete_inline_policy(self, arn: PermissionSetArn) -> None:
        """Remove the inline policy."""
        ...

    def put_boundary(self, arn: PermissionSetArn, boundary: ManagedPolicy | CustomerPolicy) -> None:
        """Set the permissions boundary."""
        ...

    def delete_boundary(self, arn: PermissionSetArn) -> None:
        """Remove the permissions boundary."""
        ...

    def tag(self, arn: PermissionSetArn, tags: Mapping[str, str]) -> None:
        """Add tags or change their values."""
        ...

    def untag(self, arn: PermissionSetArn, keys: Sequence[str]) -> None:
        """Remove tags."""
        ...

    def delete_permission_set(self, arn: PermissionSetArn) -> None:
        """Remove a permission set that is assigned nowhere."""
        ...

    def start_provisioning(self, arn: PermissionSetArn) -> Request:
        """Begin to bring the set's roles up to date in all accounts that have one."""
        ...

    def start_creation(self, grant: Grant) -> Request:
        """Begin to make an assignment."""
        ...

    def start_deletion(self, grant: Grant) -> Request:
        """Begin to remove an assignment."""
        ...
